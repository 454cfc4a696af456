"""The one way by which a preview asks a database: SELECT on ordinary tables, in time.

What a file brings along that could run (views, triggers, virtual tables, generated columns, calls
of functions) is refused by SQLite itself before it begins.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from backups.engine.copies.opening import never
from devices.texts import one_line

MOST_TABLES = 10_000
_STEPS_BETWEEN_LOOKS = 5_000  # of SQLite's machine
_FUNCTIONS = frozenset({"count", "length", "max", "min", "substr", "typeof"})
_LIMITS = {
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 2,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 100,
}
_SCHEMA = (
    "SELECT name, type, rootpage > 0 FROM sqlite_schema WHERE type IN ('table', 'view') LIMIT ?"
)


class NotShown(Exception):
    """It cannot be read, and why."""


class TookTooLong(NotShown):
    """It is there, and was not read to its end."""


class Guard:
    """`ordinary`: tables that may be read; `others`: what is shown as a name only, and what it is.

    Raises what `ask` raises.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        deadline: float,
        stop: Callable[[], bool] = never,
    ) -> None:
        self.connection = connection
        self.deadline = self._until = deadline
        self._stop = stop
        for limit, most in _LIMITS.items():
            connection.setlimit(limit, most)
        connection.set_progress_handler(self._is_over, _STEPS_BETWEEN_LOOKS)
        found = self.ask(_SCHEMA, (MOST_TABLES,))
        self.ordinary = {str(n) for n, kind, kept in found if kind == "table" and kept}
        self.others = {
            str(n): "view" if kind == "view" else "virtual table"
            for n, kind, kept in found
            if not (kind == "table" and kept)
        }
        self.is_cut = len(found) == MOST_TABLES
        connection.set_authorizer(self._judge)

    @property
    def left(self) -> float:
        return self.deadline - time.monotonic()

    def ask(
        self, query: str, values: Sequence[object] = (), *, seconds: float = 1.0
    ) -> list[tuple[Any, ...]]:
        """All rows. Raises TookTooLong or NotShown."""
        with self.errors(seconds=seconds):
            return self.connection.execute(query, values).fetchall()

    @contextmanager
    def errors(self, *, seconds: float) -> Iterator[None]:
        """What SQLite refuses, under our names."""
        self._until = min(self.deadline, time.monotonic() + seconds)
        try:
            yield
        except UnicodeDecodeError as error:  # it quotes a damaged schema
            raise NotShown("malformed database schema") from error
        except MemoryError as error:  # SQLite's own: a damaged file may ask for anything
            raise NotShown("it asks for more memory than there is") from error
        except (sqlite3.Error, OverflowError) as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
                raise TookTooLong("reading it took too long") from error
            raise NotShown(one_line(str(error), limit=200)) from error

    def _is_over(self) -> bool:
        return time.monotonic() > self._until or self._stop()

    def _judge(
        self,
        action: int,
        first: str | None,
        second: str | None,
        _database: str | None,
        source: str | None,
    ) -> int:
        """`source`: the view or trigger that wants it; ours come from none."""
        return (
            sqlite3.SQLITE_OK if self._may(action, first, second, source) else sqlite3.SQLITE_DENY
        )

    def _may(self, action: int, first: str | None, second: str | None, source: str | None) -> bool:
        if source is not None:
            return False
        if action == sqlite3.SQLITE_READ:
            return first in self.ordinary
        if action == sqlite3.SQLITE_FUNCTION:
            return second in _FUNCTIONS
        if action == sqlite3.SQLITE_PRAGMA:
            return first == "table_xinfo"
        return action == sqlite3.SQLITE_SELECT


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
