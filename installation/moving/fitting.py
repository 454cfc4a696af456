"""What PostgreSQL cannot hold and SQLite can: looked for before anything is copied."""

import json
import math
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.db.models import CharField, Field, IntegerField, JSONField, TextField

from installation.moving.errors import DoesNotFit
from installation.moving.tables import MovedTable

Fault = Callable[[Any], str]  # in words; "": there is none
SUSPECT = ("\\u0000", "\\ud8", "\\ud9", "\\uda", "\\udb", "\\udc", "\\udd", "\\ude", "\\udf", "NaN")


def check_fits(
    moved: list[MovedTable], source: str, target: str, told: Callable[[MovedTable, int], None]
) -> None:
    """Raises DoesNotFit, which names the first."""
    if connections[target].vendor != "postgresql":
        return
    for table in moved:
        _check(table, source, target, told)


def _check(
    table: MovedTable, source: str, target: str, told: Callable[[MovedTable, int], None]
) -> None:
    faults = [(number, fault) for number, fault in enumerate(_faults(table, target)) if fault]
    for page in table.pages(source):
        for row in page:
            for number, fault in faults:
                if row[number] is not None and (words := fault(row[number])):
                    place = f"{table.name}, row {row[table.key]}, {table.fields[number].name}"
                    raise DoesNotFit(f"{place}: {words}. Nothing was copied.")
        told(table, len(page))


def _faults(table: MovedTable, target: str) -> list[Fault | None]:
    return [_fault_of(field, target) for field in table.fields]


def _fault_of(field: "Field[Any, Any]", target: str) -> Fault | None:
    if isinstance(field, CharField | TextField):
        return _of_text(field.max_length if isinstance(field, CharField) else None)
    if isinstance(field, JSONField):
        return _of_json
    if isinstance(field, IntegerField):
        kind = field.get_internal_type()
        return _of_number(*connections[target].ops.integer_field_range(kind))
    return None


def _of_text(longest: int | None) -> Fault:
    def fault(value: Any) -> str:
        text = str(value)
        if "\0" in text:
            return "its text has a NUL character, which PostgreSQL does not take"
        if longest is not None and len(text) > longest:
            return f"its text has {len(text)} characters, and PostgreSQL takes {longest}"
        return ""

    return fault


def _of_number(least: int | None, most: int | None) -> Fault:
    def fault(value: Any) -> str:
        if (least is not None and value < least) or (most is not None and value > most):
            return f"{value} is not between {least} and {most}, as PostgreSQL wants it"
        return ""

    return fault


def _of_json(value: Any) -> str:
    written = json.dumps(value)
    if "Infinity" not in written and not any(sign in written for sign in SUSPECT):
        return ""  # nearly all; what follows looks at each part
    return _of_part(value)


def _of_part(part: Any) -> str:
    if isinstance(part, dict):
        return next(filter(None, map(_of_part, [*part, *part.values()])), "")
    if isinstance(part, list):
        return next(filter(None, map(_of_part, part)), "")
    if isinstance(part, float) and not math.isfinite(part):
        return f"{part} is no number of JSON"
    if isinstance(part, str) and ("\0" in part or not _is_unicode(part)):
        return "its JSON has a text with a NUL character, or half of one, which PostgreSQL refuses"
    return ""


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
