"""How many rows the tables of a database have, as a device tells it (facts 2.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

COUNTED_TABLES = frozenset({"METADATA", "VAR_MAP", "ROI_MAP"})  # those without an `id`
MOST_TABLES = 1000
MOST_ROWS = 2**62


@dataclass(frozen=True, slots=True)
class Rows:
    """Of one table: its highest id, and how many rows it has. None: nobody counted that."""

    highest: int | None
    count: int | None

    @property
    def at_least(self) -> int:
        return max(self.highest or 0, self.count or 0)


Extent = Mapping[str, Rows]


def packed(extent: Extent) -> dict[str, list[int | None]]:
    """As JSON keeps it."""
    return {name: [rows.highest, rows.count] for name, rows in sorted(extent.items())}


def unpacked(stored: Mapping[str, Iterable[Any]]) -> dict[str, Rows]:
    return {name: Rows(*rows) for name, rows in stored.items()}


def told_rows(counts: Any) -> dict[str, Rows] | None:
    """Read `table_counts`: COUNT(*) of tables without an id, and MAX(id) + 1 of all others.

    None where nothing is told, and where one number makes no sense: then none can be trusted.
    """
    if not isinstance(counts, dict) or not 0 < len(counts) <= MOST_TABLES:
        return None
    if not all(_is_name(name) and _is_number(number) for name, number in counts.items()):
        return None
    return {name: _rows(name, number) for name, number in counts.items()}


def _rows(name: str, number: int) -> Rows:
    if name in COUNTED_TABLES:
        return Rows(None, number)
    return Rows(max(number - 1, 0), None)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and name.isprintable() and 0 < len(name) <= 64


def _is_number(number: object) -> bool:
    return type(number) is int and 0 <= number <= MOST_ROWS
