"""Many rows deleted in short steps: one long statement would hold the only write lock of SQLite."""

import time
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import Field, Model, QuerySet

ROWS, FEWEST, MOST = 1000, 100, 4000  # a step: at first, and whatever the machine does
SECONDS = 0.03  # of one step: a writer may wait for two


def delete_keys(
    model: type[Model], keys: Iterable[Any], *, follows: tuple[type[Model], str] | None = None
) -> int:
    """Delete these rows, and first what goes with them: rows of that model, by that field.

    Nothing else may point to them: nobody is asked for that. After each step others have as long.
    """
    rest, deleted, rows = iter(keys), 0, ROWS
    while some := list(islice(rest, rows)):
        started = time.monotonic()
        _delete_step(model, some, follows)
        took = time.monotonic() - started
        deleted, rows = deleted + len(some), rows_of_next(rows, took=took)
        time.sleep(took)
    return deleted


def rows_of_next(rows: int, *, took: float) -> int:
    """How many the next step may have: fewer where this one took long, at most twice as many."""
    fitting = int(rows * SECONDS / max(took, SECONDS / 2))
    return min(max(fitting, FEWEST), MOST)


def delete_rows(rows: QuerySet[Any]) -> int:
    """Delete these rows; nothing may point to them."""
    deleted = 0
    while some := list(rows.order_by("pk").values_list("pk", flat=True)[:MOST]):
        deleted += delete_keys(rows.model, some)
    return deleted


@transaction.atomic
def _delete_step(
    model: type[Model], keys: Sequence[Any], follows: tuple[type[Model], str] | None
) -> None:
    if follows:
        other, field = follows
        _delete(other, field, keys)
    _delete(model, "pk", keys)


def _delete(model: type[Model], field: str, keys: Sequence[Any]) -> None:
    """By a statement of its own: the ORM takes longer to write it than the database to do it."""
    found = model._meta.pk if field == "pk" else model._meta.get_field(field)
    column, name = cast("Field[Any, Any]", found).column, connection.ops.quote_name
    places = ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {name(model._meta.db_table)} WHERE {name(str(column))} IN ({places})",  # noqa: S608 - names of ours
            keys,
        )
