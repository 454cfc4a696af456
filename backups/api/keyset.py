"""A place in a list that grows: behind the last row that was given, whatever came before since.

An offset skips and repeats rows while others come in, and costs more the deeper it lies.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import F, Model, Q, QuerySet

BLOCK = 500


class BadPlace(ValueError):
    """It is of another list, or was made up by hand."""


@dataclass(frozen=True, slots=True)
class Order:
    """By one column; equal rows by their key. Those of no value come last, either way."""

    field: str
    descending: bool

    @classmethod
    def of(cls, text: str) -> "Order":
        return cls(text.removeprefix("-"), text.startswith("-"))

    def __str__(self) -> str:
        return f"-{self.field}" if self.descending else self.field


@dataclass(frozen=True, slots=True)
class RowPlace:
    """The row that was given last."""

    value: Any
    key: int


def rows_behind(rows: QuerySet[Any], order: Order, place: RowPlace | None) -> QuerySet[Any]:
    """In this order, and from there on."""
    sorted_rows = rows.order_by(*_columns(rows.model, order))
    return sorted_rows if place is None else sorted_rows.filter(_behind(rows.model, order, place))


def blocks(rows: QuerySet[Any], order: Order, *, most: int) -> Iterator[list[Any]]:
    """All of it, in pieces that memory holds; `most` rows at most."""
    place, left = None, most
    while left > 0 and (block := list(rows_behind(rows, order, place)[: min(BLOCK, left)])):
        yield block
        place, left = place_of(block[-1], order), left - len(block)


def place_of(row: Any, order: Order) -> RowPlace:
    return RowPlace(row.pk if order.field == "id" else getattr(row, order.field), row.pk)


def cursor_of(place: RowPlace, order: Order, *, of_list: str) -> str:
    value = place.value.isoformat() if hasattr(place.value, "isoformat") else place.value
    return _signer(of_list).sign_object([str(order), value, place.key])


def place_at(cursor: str, order: Order, model: type[Model], *, of_list: str) -> RowPlace:
    """Raises BadPlace."""
    try:
        ordering, value, key = _signer(of_list).unsign_object(cursor)
        of_this_order = ordering == str(order)
        value = value if value is None else _field(model, order).to_python(value)
    except (BadSignature, ValidationError) as error:
        raise BadPlace("no page of this list") from error
    if not of_this_order:
        raise BadPlace(f"a page in the order of {ordering}")
    return RowPlace(value, key)


def _signer(of_list: str) -> Signer:
    """Without a time in it: the same page has the same link, and the same ETag."""
    return Signer(salt=f"page of {of_list}")


def _columns(model: type[Model], order: Order) -> list[Any]:
    key = "-pk" if order.descending else "pk"
    if order.field == "id":
        return [key]
    if not _field(model, order).null:
        return [str(order), key]
    column = F(order.field)
    last = column.desc if order.descending else column.asc
    return [last(nulls_last=True), key]


def _behind(model: type[Model], order: Order, place: RowPlace) -> Q:
    further = "lt" if order.descending else "gt"
    later_key = Q(**{f"pk__{further}": place.key})
    if order.field == "id":
        return later_key
    none = Q(**{f"{order.field}__isnull": True})
    if place.value is None:
        return none & later_key
    # The first condition alone is one stretch of an index.
    reached = Q(**{f"{order.field}__{further}e": place.value})
    beyond = reached & (Q(**{f"{order.field}__{further}": place.value}) | later_key)
    return beyond | none if _field(model, order).null else beyond


def _field(model: type[Model], order: Order) -> Any:
    return model._meta.pk if order.field == "id" else model._meta.get_field(order.field)
