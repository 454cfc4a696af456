"""A table of the source, and how it is to look here."""

from dataclasses import dataclass
from functools import cached_property

from backups.engine.mirror.columns import Column, ValueKind, quoted

WINDOW_KEYS = 2_000
LARGE_WINDOW_KEYS = 64
JOINT_KEYS = 50
LARGE_JOINT_KEYS = 4
MOST_WINDOWS = 50_000
MOST_SPARSE_WINDOWS = 500
SPARSE_FACTOR = 20  # keys per row from which packing by ranges of keys is a waste
_LARGE_TYPES = frozenset({"mediumblob", "longblob", "blob", "mediumtext", "longtext"})


@dataclass(frozen=True, kw_only=True, eq=False)  # one object a table: windows of it are looked up
class Table:
    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    engine: str = "InnoDB"
    rows_estimate: int = 0
    numbered: bool = True  # its key counts up by itself
    longest_text: int = 2**20  # that the server can make of many rows

    @cached_property
    def rising_key(self) -> str | None:
        """The one integer key by which new rows are found; None: compared as a whole."""
        if len(self.primary_key) != 1:
            return None
        key = next(c for c in self.columns if c.name == self.primary_key[0])
        return key.name if key.kind is ValueKind.INTEGER and key.data_type != "bit" else None

    @cached_property
    def packs(self) -> bool:
        """Integers only: the server can pack many rows into one text."""
        return all(column.kind is ValueKind.INTEGER for column in self.columns) and (
            len(self.columns) <= 100
        )

    @property
    def selection(self) -> str:
        return ", ".join(column.fetched for column in self.columns)

    @cached_property
    def packed(self) -> str:
        """One row as text; equal texts are equal rows."""
        return f"CONCAT_WS(',', {', '.join(column.packed for column in self.columns)})"

    @cached_property
    def packed_width(self) -> int:
        """How many bytes a row can take in packed text, with what stands between two."""
        return sum(column.packed_width + 1 for column in self.columns)

    def fits_one_text(self, rows: int) -> bool:
        return rows * self.packed_width <= self.longest_text

    @property
    def creation(self) -> str:
        """Everything after CREATE TABLE and the name."""
        parts = [self._definition(column) for column in self.columns]
        if len(self.primary_key) > 1:
            parts.append(f"PRIMARY KEY ({', '.join(map(quoted, self.primary_key))})")
        return f"({', '.join(parts)})"

    def _definition(self, column: Column) -> str:
        words = [quoted(column.name), column.sqlite_type]
        if (column.name,) == self.primary_key:
            words.append("PRIMARY KEY")
        if not column.nullable and column.name != self.rising_key:
            words.append("NOT NULL")
        return " ".join(filter(None, words))

    @property
    def layout(self) -> tuple[tuple[str, str, bool, int], ...]:
        """As PRAGMA table_info tells it: name, type, NOT NULL, place in the primary key."""
        return tuple(
            (
                column.name,
                column.sqlite_type,
                not column.nullable and column.name != self.rising_key,
                self.primary_key.index(column.name) + 1 if column.name in self.primary_key else 0,
            )
            for column in self.columns
        )

    @property
    def is_large(self) -> bool:
        """Whether a row can be a picture."""
        return any(column.data_type in _LARGE_TYPES for column in self.columns)

    @property
    def joint_keys(self) -> int:
        """How many of the newest rows are compared in every run."""
        return LARGE_JOINT_KEYS if self.is_large else JOINT_KEYS

    def window_keys(self, span: int) -> int:
        """How many keys are compared at once."""
        size = LARGE_WINDOW_KEYS if self.is_large else WINDOW_KEYS
        most = MOST_SPARSE_WINDOWS if self.is_sparse(span) else MOST_WINDOWS
        return max(size, -(-span // most))

    def is_sparse(self, span: int) -> bool:
        return span > SPARSE_FACTOR * (self.rows_estimate + WINDOW_KEYS)
