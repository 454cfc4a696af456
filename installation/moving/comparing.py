"""Hold each row of both sides against each other."""

from typing import Any

from installation.moving.copying import Told
from installation.moving.errors import Differs
from installation.moving.tables import MovedTable, Row


def compare(moved: list[MovedTable], source: str, target: str, told: Told) -> int:
    """How many rows there are, the same on both sides.

    Raises Differs, which names table, row and field of the first that is not, and no value of it.
    """
    return sum(_compare(table, source, target, told) for table in moved)


def _compare(table: MovedTable, source: str, target: str, told: Told) -> int:
    count, there = table.rows(source).count(), table.rows(target).count()
    if count != there:
        raise Differs(f"{table.name}: {count} rows here, and {there} there")
    for page in table.pages(source):
        keys = [row[table.key] for row in page]
        others = {row[table.key]: row for row in table.rows(target).filter(pk__in=keys)}
        for row in page:
            _compare_row(table, row, others.get(row[table.key]))
        told(table, len(page))
    return count


def _compare_row(table: MovedTable, row: Row, other: Row | None) -> None:
    place = f"{table.name}, row {row[table.key]}"
    if other is None:
        raise Differs(f"{place}: not there")
    if row == other:
        return
    for field, value, found in zip(table.fields, row, other, strict=True):
        if _plain(value) != _plain(found):
            raise Differs(f"{place}, {field.name}: not the same there")


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
