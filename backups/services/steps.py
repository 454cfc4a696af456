"""Many rows deleted in short steps: one long statement would hold the only write lock of SQLite."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from django.db.models import Model, QuerySet

ROWS = 500  # a statement: some ten milliseconds


def delete_keys(
    model: type[Model], keys: Iterable[Any], *, follows: tuple[type[Model], str] | None = None
) -> int:
    """Delete these rows, and first what goes with them: rows of that model, by that field.

    Nothing else may point to them: nobody is asked for that.
    """
    rest, deleted = iter(keys), 0
    while some := list(islice(rest, ROWS)):
        if follows:
            others, field = follows
            _delete(others._default_manager.order_by().filter(**{f"{field}__in": some}))
        _delete(model._default_manager.order_by().filter(pk__in=some))
        deleted += len(some)
    return deleted


def delete_rows(rows: QuerySet[Any]) -> int:
    """Delete these rows; nothing may point to them."""
    deleted = 0
    while some := list(rows.order_by("pk").values_list("pk", flat=True)[:ROWS]):
        deleted += delete_keys(rows.model, some)
    return deleted


def _delete(rows: QuerySet[Any]) -> None:
    """Without reading them, as QuerySet.delete() would to find what points to them."""
    rows._raw_delete(rows.db)
