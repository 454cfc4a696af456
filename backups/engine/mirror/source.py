"""What the mirror needs of a server: one snapshot, asked by SQL, answered exactly."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from msgspec import DecodeError

from backups.engine.mirror.errors import SourceError

Value = int | str | bytes | None
Row = tuple[Value, ...]


class Snapshot(Protocol):
    """The database at one moment. Fractions and times come as the server's own text.

    `packs`: many rows in one text come faster than many rows.
    """

    packs: bool

    def rows(self, query: str) -> list[Row]:
        """A small answer as a whole."""
        ...

    def stream(self, query: str, *, rows_at_once: int = 1) -> Iterator[Row]:
        """A large answer; to be read to its end before the next question.

        Of small rows many may be held in memory at once.
        """
        ...

    def portions(self, query: str, *, rows_at_once: int) -> Iterator[Sequence[Row]]:
        """The same, as the portions come."""
        ...

    def close(self) -> None:
        """Let the server go before the context ends; safe to repeat."""
        ...


class Source(Protocol):
    @property
    def database(self) -> str: ...

    def snapshot(self, cancelled: Callable[[], bool]) -> AbstractContextManager[Snapshot]:
        """Connect, and see one consistent state for as long as the context lasts.

        Everything raised is a SourceError, or Cancelled soon after `cancelled` says so.
        """
        ...


@contextmanager
def understood() -> Iterator[None]:
    """Around the reading of answers: what makes no sense is the server's error, by name."""
    try:
        yield
    except (ValueError, LookupError, TypeError, OverflowError, DecodeError) as error:
        raise SourceError(f"the server's answer makes no sense: {error}") from error


def literal(text: str) -> str:
    """A string in a query: in hex, so that no quoting rule matters."""
    return f"CONVERT(X'{text.encode().hex()}' USING utf8mb4)"
