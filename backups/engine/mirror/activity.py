"""The text file of activity beside a copy: made from what the copy holds, never from memory."""

import os
import sqlite3
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from backups.engine.copies.errors import LocalFailed, file_errors
from backups.engine.mirror.columns import quoted

TABLE = "CSV_DAM_ACTIVITY"
_TAIL_BYTES = 4096


def write_activity(copy: sqlite3.Connection, path: Path, *, compare_all: bool) -> bool:
    """Make the text say what the table says: append what is new, or write it anew.

    A crash at any moment is mended by the next call. Returns whether anything was written.
    """
    if path.is_symlink():
        raise LocalFailed(f"{path}: not a file of its own")
    with file_errors(path):
        if not path.exists():
            return _rewrite(copy, path)
        if not compare_all and _ends_right(copy, path):
            return False
        return _continue(copy, path)


def _lines(copy: sqlite3.Connection) -> Iterator[bytes]:
    if not _has_table(copy):
        return
    for row in copy.execute(f"SELECT * FROM {quoted(TABLE)} ORDER BY 1"):  # noqa: S608
        yield ("\t".join(map(str, row)) + "\n").encode()


def _has_table(copy: sqlite3.Connection) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return copy.execute(query, (TABLE,)).fetchone() is not None


def _ends_right(copy: sqlite3.Connection, path: Path) -> bool:
    """Whether the last line is that of the newest row: enough when no row is new."""
    query = f"SELECT * FROM {quoted(TABLE)} ORDER BY 1 DESC LIMIT 1"  # noqa: S608
    row = copy.execute(query).fetchone() if _has_table(copy) else None
    if row is None:
        return path.stat().st_size == 0
    newest = ("\t".join(map(str, row)) + "\n").encode()
    with path.open("rb") as text:
        text.seek(max(0, path.stat().st_size - max(_TAIL_BYTES, len(newest))))
        return text.read().endswith(newest)


def _continue(copy: sqlite3.Connection, path: Path) -> bool:
    """Follow the text as far as it is right; what it lacks at its end is appended."""
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "r+b") as text:
        lines, right = _lines(copy), 0
        for line in lines:
            found = text.read(len(line))
            if found == line:
                right += len(line)
            elif line.startswith(found):  # the end, or a line that a crash cut short
                text.seek(right)
                text.writelines(chain([line], lines))
                return True
            else:
                return _rewrite(copy, path)
        return bool(text.read(1)) and _rewrite(copy, path)


def _rewrite(copy: sqlite3.Connection, path: Path) -> bool:
    new = path.with_name(f".{path.name}.mirror-new")
    new.unlink(missing_ok=True)
    with new.open("xb") as text:
        text.writelines(_lines(copy))
    new.replace(path)
    return True
