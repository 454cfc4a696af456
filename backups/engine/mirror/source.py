"""What the mirror needs of a server: one snapshot, asked by SQL, answered exactly."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from msgspec import DecodeError

from backups.engine.mirror.errors import SourceChanged, SourceError, SourceRefused

Value = int | str | bytes | None
Row = tuple[Value, ...]
LONGEST_QUESTION = 200_000  # characters


class Snapshot(Protocol):
    """The database at one moment. Fractions and times come as the server's own text.

    After a SourceRefused other questions may be asked; any other error ends it.

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

    @property
    def address(self) -> str:
        """Which server it is."""
        ...

    def snapshot(self, cancelled: Callable[[], bool]) -> AbstractContextManager[Snapshot]:
        """Connect, and see one consistent state for as long as the context lasts.

        Everything raised is a SourceError, or Cancelled soon after `cancelled` says so.
        """
        ...


Branch = tuple[str, str]  # the table that it asks, and one SELECT


def ask_all(
    snapshot: Snapshot, branches: Iterable[Branch], *, most: int, broken: dict[str, str]
) -> Iterator[Row]:
    """The answers to many questions, asked `most` at once.

    A table that the server cannot read costs itself: it is put down in `broken`, with the reason.
    """
    for asked in _batches(branches, most=most):
        try:
            yield from snapshot.rows(" UNION ALL ".join(query for _, query in asked))
        except SourceChanged:  # it will be another in a moment
            raise
        except SourceRefused:
            yield from _one_by_one(snapshot, asked, broken)


def _one_by_one(
    snapshot: Snapshot, asked: Iterable[Branch], broken: dict[str, str]
) -> Iterator[Row]:
    for table, query in asked:
        if table not in broken:
            try:
                yield from snapshot.rows(query)
            except SourceChanged:
                raise
            except SourceRefused as error:
                broken[table] = str(error)


def _batches(branches: Iterable[Branch], *, most: int) -> Iterator[list[Branch]]:
    """Together shorter than what the least of servers takes."""
    batch: list[Branch] = []
    for branch in branches:
        length = sum(len(query) for _, query in batch) + len(branch[1])
        if batch and (len(batch) == most or length > LONGEST_QUESTION):
            yield batch
            batch = []
        batch.append(branch)
    if batch:
        yield batch


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
