"""What a list's file holds: the columns that the list shows, their values and not their looks."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from import_export.fields import Field
from import_export.resources import Resource

_HIDDEN = re.compile(r"<(\w+)[^>]*aria-hidden=.true.[^>]*>.*?</\1>", re.DOTALL)
_VALUES = (models.DateTimeField, models.DurationField, models.IntegerField, models.FloatField)
_PICTURE = re.compile(r"<svg[^>]* aria-label=\"([^\"]*)\".*?</svg>", re.DOTALL)
MACHINE_ID = "device__device_id"
_ITSELF = {"__str__": "What"}
_NOTHING = frozenset({"-", "\N{EN DASH}"})


class ListedColumn(Field):
    """One that the list shows.

    Times, durations and numbers are given as they are stored, if the list can be sorted by them;
    all else in the words of the page.
    """

    def __init__(self, model_admin: Any, name: Any) -> None:
        self.shown: Any = _shown(model_admin, name)
        path = name if self.shown is None else getattr(self.shown, "admin_order_field", None)
        self.path = path.removeprefix("-") if isinstance(path, str) else ""
        self.field = _field(model_admin.model, self.path) if self.path else None
        said = getattr(self.shown, "short_description", None) or _ITSELF.get(name)
        label = said or getattr(self.field, "verbose_name", name)
        super().__init__(attribute=str(name), column_name=_heading(str(label), self.field))

    def export(self, instance: Any, **kwargs: Any) -> Any:
        if isinstance(self.field, _VALUES):
            return plain(_value(instance, self.path))
        if self.shown is not None:
            return plain(self._in_words(instance))
        return plain(_displayed(instance, self.path))

    def _in_words(self, instance: Any) -> Any:
        """Of what is only drawn the value behind it, where there is one."""
        said = self.shown(instance)
        is_drawn = isinstance(said, SafeString)
        return _displayed(instance, self.path) if is_drawn and self.field is not None else said


def _shown(model_admin: Any, name: Any) -> Any:
    """What a list calls for a column; None: it shows a field of the model."""
    if name in _ITSELF:
        return str
    return name if callable(name) else getattr(model_admin, name, None)


class Stored(Field):
    """The field at the end of a path, which the list does not show."""

    def __init__(self, model: type[models.Model], heading: str, path: str) -> None:
        super().__init__(attribute=path, column_name=_heading(heading, _field(model, path)))

    def export(self, instance: Any, **kwargs: Any) -> Any:
        return plain(_displayed(instance, self.attribute))


class ListResource(Resource):
    """The columns of one admin's list. `prepare`: what the list itself does to each row."""

    def __init__(self, *, columns: list[Field], prepare: Callable[[Any], Any]) -> None:
        super().__init__()
        self.fields = {column.column_name: column for column in columns}
        self.prepare = prepare

    def iter_queryset(self, queryset: Any) -> Iterator[Any]:
        return map(self.prepare, super().iter_queryset(queryset))


def columns_of(model_admin: Any, names: Iterable[Any], also: Mapping[str, str]) -> list[Field]:
    """Those that the list shows, then others, and the machine id: names of devices may repeat."""
    model = model_admin.model
    has_device = _field(model, MACHINE_ID) is not None
    stored = {**also, "Machine id": MACHINE_ID} if has_device else also
    return [
        *(ListedColumn(model_admin, name) for name in names),
        *(Stored(model, heading, path) for heading, path in stored.items()),
    ]


def plain(value: Any) -> Any:
    """As it stands in a file: times as ISO in UTC, durations in seconds, no markup."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return value
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case timedelta():
            return value.total_seconds()
        case list() | tuple():
            return ", ".join(str(plain(part)) for part in value if part)
    return "" if value is None else _words(value)


def _words(value: Any) -> str:
    words = " ".join(_text(value).split())
    return "" if words in _NOTHING else words


def _text(value: Any) -> str:
    """Without markup: a picture is given in its words."""
    if not isinstance(value, SafeString):
        return str(value)
    bare = _HIDDEN.sub("", _PICTURE.sub(r"\1", value))
    return unescape(strip_tags(bare.replace("<", " <")))


def _heading(label: str, field: models.Field | None) -> str:
    """With the unit of its values."""
    unit = _unit(field)
    has_it = unit in label.split() or not unit
    return label[:1].upper() + label[1:] + ("" if has_it else f" ({unit})")


def _unit(field: models.Field | None) -> str:
    name = getattr(field, "name", "")
    if isinstance(field, models.DateTimeField):
        return "UTC"
    if isinstance(field, models.DurationField) or name.endswith("_seconds"):
        return "seconds"
    return "bytes" if name.endswith("_bytes") else ""


def _field(model: type[models.Model], path: str) -> models.Field | None:
    """The field that a path such as state__copy__user leads to; None: it leads to none."""
    field: Any = None
    try:
        for name in path.split(LOOKUP_SEP):
            field = model._meta.get_field(name)
            model = field.related_model or model
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, models.Field) else None


def _value(instance: Any, path: str) -> Any:
    for name in path.split(LOOKUP_SEP):
        try:
            instance = getattr(instance, name, None)
        except ObjectDoesNotExist:
            return None
    return instance


def _displayed(instance: Any, path: str) -> Any:
    """A choice in its words, a model as its text."""
    *way, last = path.split(LOOKUP_SEP)
    owner = _value(instance, LOOKUP_SEP.join(way)) if way else instance
    in_words = getattr(owner, f"get_{last}_display", None)
    found = in_words() if in_words else _value(owner, last)
    return found() if callable(found) else found
