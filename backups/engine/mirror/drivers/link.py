"""What a driver has to give: one connection, and the rows of an answer as they are in it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from socket import socket
from typing import Protocol

from backups.engine.mirror.source import Row
from backups.engine.mirror.wire import Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    user: str
    password: str = field(repr=False)
    database: str


class Link(Protocol):
    """Integers as int, bytes as bytes, all else as the server's own text; NULL as None."""

    def stream(self, query: str, rows_at_once: int) -> Iterator[Sequence[Row]]:
        """The answer in portions. To be read to its end; if not, the connection is over."""
        ...

    def close(self) -> None:
        """End at once, whatever is under way; safe to repeat."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """`open` logs in over a connected socket, and closes it if it cannot.

    `errors` is what it raises besides what any broken connection does. `packs`: many rows in one
    text come faster than many rows.
    """

    name: str
    packs: bool
    errors: type[Exception]
    open: Callable[[socket, Patience, Account], Link]
