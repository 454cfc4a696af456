"""Damage to files, with and without a trace in their times."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.faults.databases import opened


@contextmanager
def times_kept(path: Path) -> Iterator[None]:
    status = path.stat()
    yield
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def rewrite(path: Path, content: bytes) -> None:
    """In place, with its times as they were."""
    with times_kept(path):
        path.write_bytes(content)


def halve(path: Path) -> None:
    rewrite(path, path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    rewrite(path, b"")


def zero(path: Path) -> None:
    """As a power cut leaves it: the size is there, and no block of it."""
    size = path.stat().st_size
    with times_kept(path), path.open("r+b") as file:
        file.truncate(0)
        file.truncate(size)


def zero_end(path: Path) -> None:
    whole = path.read_bytes()
    rewrite(path, whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))


def cut_a_byte(path: Path) -> None:
    rewrite(path, path.read_bytes()[:-1])


def flip(path: Path, at: int | None = None, count: int = 8) -> None:
    content = bytearray(path.read_bytes())
    at = len(content) // 2 if at is None else at
    content[at : at + count] = bytes(byte ^ 0xFF for byte in content[at : at + count])
    rewrite(path, bytes(content))


def break_pages(path: Path) -> None:
    """The heads of its last pages: SQLite finds it as soon as it reads them."""
    size, page = path.stat().st_size, 4096
    for at in range(max(page, size - 4 * page), size, page):
        flip(path, at, 8)


def execute(path: Path, *statements: str) -> None:
    with closing(opened(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


class NothingLeft(Exception):
    """An earlier fault took away what this one strikes."""


def rois(path: Path) -> list[str]:
    """Raises NothingLeft."""
    query = "SELECT name FROM sqlite_schema WHERE name GLOB 'ROI_[0-9]*' AND type = 'table'"
    with closing(sqlite3.connect(path)) as connection:
        if names := [name for (name,) in connection.execute(query)]:
            return names
    raise NothingLeft(path)
