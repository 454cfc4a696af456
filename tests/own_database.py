"""The database of an installation under test whose processes commit."""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.postgres import PrivatePostgres


def on_postgres() -> bool:
    return str(settings.DATABASES["default"]["ENGINE"]).endswith("postgresql")


def server() -> PrivatePostgres:
    """That of this run: `python -m tests.postgres`."""
    return PrivatePostgres(folder=Path(settings.DATABASES["default"]["HOST"]))


@dataclass(frozen=True, slots=True)
class OwnDatabase:
    """Of the installation in the folder `var`: a file in there, or on the server of this run."""

    var: Path

    @property
    def file(self) -> Path:
        return self.var / "ethonode.sqlite3"

    @property
    def name(self) -> str:
        return hashlib.blake2b(bytes(self.var), digest_size=12).hexdigest()

    @property
    def environment(self) -> dict[str, str]:
        """Of its processes. Without an address it is the file, as a newcomer has it."""
        url = server().url(self.name) if on_postgres() else ""
        return {"ETHONODE_VAR_DIR": str(self.var), "ETHONODE_DATABASE_URL": url}

    def make(self) -> None:
        """Without tables. What is there stays."""
        self.var.mkdir(parents=True, exist_ok=True)
        if on_postgres() and self.name not in server().names():
            server().make(self.name)

    def copy_to(self, var: Path) -> "OwnDatabase":
        """While nobody works on it."""
        copy = OwnDatabase(var)
        var.mkdir(parents=True, exist_ok=True)
        if on_postgres():
            server().make(copy.name, like=self.name)
        else:
            shutil.copy(self.file, copy.file)
        return copy

    def move_to(self, var: Path) -> None:
        if on_postgres():
            server().rename(self.name, OwnDatabase(var).name)
        self.var.rename(var)

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """The file. What was changed is kept at the end."""
        with closing(sqlite3.connect(self.file, timeout=20)) as database, database:
            yield database

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Of a database that others are writing to, or none where it has no answer. %s: a value."""
        if on_postgres():
            return server().ask(self.name, question, *values)
        with self.opened() as database:
            return database.execute(question.replace("%s", "?"), values).fetchall()
