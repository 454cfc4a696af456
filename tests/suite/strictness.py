"""SQLite with the limits of PostgreSQL's columns, so that every test is about both.

SQLite keeps whatever a column is given; PostgreSQL refuses a text that is too long, a NUL, and an
integer that does not fit. Triggers, and no check in Python: also for processes under test.
"""

import sqlite3
from collections.abc import Iterator

from django.apps import apps
from django.db import models
from django.db.backends.base.operations import BaseDatabaseOperations

NUL_IN_JSON = r"\u0000"


def make_strict(database: sqlite3.Connection) -> None:
    """All its tables, from here on."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            for event in ("INSERT", "UPDATE"):
                database.execute(_trigger(model, event))


def make_loose(database: sqlite3.Connection) -> None:
    """As SQLite is of itself: it holds what another database would have refused."""
    triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'strict_*'"
    for (name,) in database.execute(triggers).fetchall():
        database.execute(f'DROP TRIGGER "{name}"')


def _trigger(model: type[models.Model], event: str) -> str:
    table = model._meta.db_table
    refused = "\n".join(
        f"SELECT RAISE(ABORT, '{table}.{field.column}: PostgreSQL refuses it') WHERE {condition};"
        for field in model._meta.local_concrete_fields
        for condition in _refused(field)
    )
    return (
        f'CREATE TRIGGER "strict_{event}_{table}" BEFORE {event} ON "{table}" BEGIN '
        f"{refused or 'SELECT 1;'} END"
    )


def _refused(field: models.Field) -> Iterator[str]:
    """Conditions over the new value of that column."""
    new = f'NEW."{field.column}"'
    if isinstance(field, models.JSONField):
        yield f"instr({new}, '{NUL_IN_JSON}')"
    elif isinstance(field, models.CharField | models.TextField):
        yield f"instr({new}, char(0))"
    elif isinstance(field, models.IntegerField):
        least, most = BaseDatabaseOperations.integer_field_ranges[field.get_internal_type()]
        yield f"{new} NOT BETWEEN {least} AND {most}"
    if field.max_length and isinstance(field, models.CharField):
        yield f"length({new}) > {field.max_length}"
