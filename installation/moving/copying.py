"""Copy tables page by page; what was killed goes on behind the last whole page."""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.management.color import no_style
from django.db import connections, transaction
from django.db.models import Field, JSONField, Q

from installation.moving.errors import Differs
from installation.moving.tables import MovedTable, Row

Told = Callable[[MovedTable, int], None]


def copy(moved: list[MovedTable], source: str, target: str, told: Told) -> None:
    """Raises Differs where the target has what the source has not."""
    for table in moved:
        _copy(table, source, target, told)
    for table in moved:
        if table.later:
            _fill_later(table, source, target)
    _set_sequences(moved, target)


def _copy(table: MovedTable, source: str, target: str, told: Told) -> None:
    done = table.rows(target).count()
    told(table, done)
    for page in table.pages(source, after=_key_of(table, source, number=done)):
        with transaction.atomic(using=target):
            _insert(table, page, target)
        told(table, len(page))


def _key_of(table: MovedTable, source: str, *, number: int) -> Any:
    """Of that row of the source. Not the target's last: text is sorted by another rule there."""
    if not number:
        return None
    row = table.rows(source)[number - 1 : number].first()
    if row is None:
        raise Differs(f"{table.name}: {number} rows came over before, and not as many are here now")
    return row[table.key]


def _insert(table: MovedTable, page: list[Row], target: str) -> None:
    connection = connections[target]
    quoted = connection.ops.quote_name
    columns = ", ".join(map(quoted, table.columns))
    places = ", ".join(["%s"] * len(table.fields))
    statement = f"INSERT INTO {quoted(table.name)} ({columns}) VALUES ({places})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, [_stored(table, row, target) for row in page])


def _stored(table: MovedTable, row: Row, target: str) -> list[Any]:
    return [
        None if field.attname in table.later else _value(field, value, target)
        for field, value in zip(table.fields, row, strict=True)
    ]


def _value(field: "Field[Any, Any]", value: Any, target: str) -> Any:
    connection = connections[target]
    if value is None and isinstance(field, JSONField) and not field.null:
        return connection.ops.adapt_json_value(None, field.encoder)  # JSON's own null
    return field.get_db_prep_save(value, connection=connection)


def _fill_later(table: MovedTable, source: str, target: str) -> None:
    """Keys to rows that were not there yet. Filled twice they are the same."""
    for name in table.later:
        field = next(field for field in table.fields if field.attname == name)
        some = table.model._base_manager.using(source).exclude(Q(**{f"{name}__isnull": True}))
        pairs = some.order_by("pk").values_list(name, "pk").iterator(chunk_size=1000)
        _update(table, str(field.column), pairs, target)


def _update(table: MovedTable, column: str, pairs: Iterable[Row], target: str) -> None:
    connection = connections[target]
    quoted = connection.ops.quote_name
    key = quoted(table.columns[table.key])
    statement = f"UPDATE {quoted(table.name)} SET {quoted(column)} = %s WHERE {key} = %s"  # noqa: S608
    with transaction.atomic(using=target), connection.cursor() as cursor:
        cursor.executemany(statement, list(pairs))


def _set_sequences(moved: list[MovedTable], target: str) -> None:
    """What is made next gets the next number."""
    connection = connections[target]
    models = [table.model for table in moved]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
        cursor.execute("ANALYZE")
