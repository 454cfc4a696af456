"""A private PostgreSQL, and the suite on it: `python -m tests.postgres [pytest's words]`."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from lab.servers.processes import ServerFailed, find_program, run_once, running

NOBODY = 65_534  # it refuses to run as root
QUICK = ("fsync", "synchronous_commit", "full_page_writes")  # nothing of it outlives its test


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivatePostgres:
    folder: Path

    def url(self, name: str = "postgres") -> str:
        return f"postgres://postgres@{quote(str(self.folder), safe='')}/{name}"

    def answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, name: str = "postgres") -> psycopg.Connection:
        """Each statement by itself."""
        return psycopg.connect(host=str(self.folder), user="postgres", dbname=name, autocommit=True)

    def ask(self, name: str, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Of that database; no row where it is no question."""
        with self.connect(name) as connection:
            cursor = connection.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def make(self, name: str, *, like: str = "template1") -> str:
        """A new database, empty, or as another that nobody is connected to; its address."""
        self.ask("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        return self.url(name)

    def rename(self, old: str, new: str) -> None:
        self.ask("postgres", f'ALTER DATABASE "{old}" RENAME TO "{new}"')

    def names(self) -> list[str]:
        return [name for (name,) in self.ask("postgres", "SELECT datname FROM pg_database")]


@contextmanager
def private_postgres() -> Iterator[PrivatePostgres]:
    """On a socket in a folder of its own, and nowhere on the network. Raises ServerFailed."""
    with tempfile.TemporaryDirectory(prefix="ethonode-pg-") as name:
        server = new_postgres(Path(name))
        # SIGINT: by SIGTERM it would wait for everybody to leave.
        with running(command_of(server), server.folder, server.answers, end=signal.SIGINT):
            yield server


def new_postgres(folder: Path) -> PrivatePostgres:
    """Its folder made; nobody serves it yet. Raises ServerFailed."""
    run_once([*_as_nobody(folder), _program("initdb"), *_INITDB, "-D", str(folder / "data")])
    return PrivatePostgres(folder=folder)


def command_of(server: PrivatePostgres, *, listen: str = "") -> list[str]:
    """What serves it: in its folder, and at `listen`, if anywhere else."""
    folder = server.folder
    command = [*_as_nobody(folder), _program("postgres"), "-D", str(folder / "data")]
    command += ["-k", str(folder), "-c", f"listen_addresses={listen}", "-c", "max_connections=200"]
    return command + [word for name in QUICK for word in ("-c", f"{name}=off")]


_INITDB = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")


def _as_nobody(folder: Path) -> list[str]:
    if os.geteuid() != 0:
        return []
    os.chown(folder, NOBODY, NOBODY)
    account = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    return ["setpriv", *account, "--pdeathsig", "INT", "--"]  # a change of account forgets it


def _program(name: str) -> str:
    """Debian keeps them by version, outside of every PATH."""
    places = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(places, key=lambda place: float(place.parts[-3]), default=None)
    found = str(newest) if newest else find_program(name)
    if found is None:
        raise ServerFailed(f"{name} is not installed (Debian: postgresql)")
    return found


def main() -> int:
    """Run pytest with these words on a database of its own; its code."""
    with private_postgres() as server:
        environment = {**os.environ, "ETHONODE_DATABASE_URL": server.url("ethonode")}
        command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
