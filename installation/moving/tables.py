"""All tables of this installation, each after those that its rows point to."""

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from django.apps import apps
from django.db.models import BinaryField, Field, ForeignKey, Model, QuerySet

PAGE = 1000
PAGE_OF_BYTES = 50  # rows that hold whole listings

Row = tuple[Any, ...]
Models = list[type[Model]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedTable:
    """`later`: keys that may point to rows which come after, or to its own."""

    model: type[Model]
    later: frozenset[str]

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def fields(self) -> "tuple[Field[Any, Any], ...]":
        return tuple(self.model._meta.concrete_fields)

    @property
    def columns(self) -> list[str]:
        return [str(field.column) for field in self.fields]

    @property
    def key(self) -> int:
        """Where in a row."""
        return self.fields.index(self.model._meta.pk)

    def rows(self, side: str) -> QuerySet[Any, Row]:
        """In the order of their keys."""
        names = [field.attname for field in self.fields]
        return self.model._base_manager.using(side).order_by("pk").values_list(*names)

    def pages(self, side: str, *, after: Any = None) -> Iterator[list[Row]]:
        has_bytes = any(isinstance(field, BinaryField) for field in self.fields)
        size = PAGE_OF_BYTES if has_bytes else PAGE
        rows = self.rows(side)
        while page := list((rows if after is None else rows.filter(pk__gt=after))[:size]):
            yield page
            after = page[-1][self.key]


def tables() -> list[MovedTable]:
    every: Models = [one for one in apps.get_models(include_auto_created=True) if _has_table(one)]
    order = _in_order(every)
    return [
        MovedTable(model=model, later=frozenset(_later(model, order[number:])))
        for number, model in enumerate(order)
    ]


def _has_table(model: type[Model]) -> bool:
    return model._meta.managed and not model._meta.proxy


def _in_order(every: Models) -> Models:
    """Keys that may be empty count as far as they make no circle."""
    needs = {model: {key.related_model for key in _keys(model) if not key.null} for model in every}
    for model in every:
        for key in _keys(model):
            wider = needs | {model: needs[model] | {key.related_model}}
            if key.null and _order(wider):
                needs = wider
    return _order(needs)


def _order(needs: "dict[type[Model], set[type[Model]]]") -> Models:
    """None of them, where they go round in a circle."""
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError:
        return []


def _later(model: type[Model], from_here: Models) -> Iterator[str]:
    for key in _keys(model):
        if key.related_model in from_here:
            yield key.attname


def _keys(model: type[Model]) -> "Iterator[ForeignKey[Any, Any]]":
    """That a database holds to; those of history may point to what is gone."""
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey) and getattr(field, "db_constraint", True):
            yield field
