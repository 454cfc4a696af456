"""Durations as people write them: "2 h 30 min", "3 days", "90 min", or 02:30:00."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.dateparse import parse_duration
from unfold.widgets import UnfoldAdminTextInputWidget

from devices.admin.history import ChangeInWords, HistoryAdmin

SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
WORDS = re.compile(
    r"(\d{1,6})\s*(d(?:ays?)?|h(?:ours?|rs?)?|m(?:in(?:utes?)?)?|s(?:ec(?:onds?)?)?)(?![a-z])"
)
HOW = "Such as “2 h 30 min”, “3 days”, “90 min” or 02:30:00."


def in_words(span: timedelta) -> str:
    """Exact, and readable by `from_words`."""
    parts, rest = [], int(span.total_seconds())
    for seconds, unit in ((86400, "days"), (3600, "h"), (60, "min"), (1, "s")):
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count} {'day' if (count, unit) == (1, 'days') else unit}")
    return " ".join(parts) or "0 s"


def from_words(text: str) -> timedelta | None:
    """None when it is no duration. A bare number is none: nobody can say of what."""
    parts = WORDS.findall(text.casefold())
    if parts and not WORDS.sub("", text.casefold()).strip(" ,"):
        return timedelta(seconds=sum(int(count) * SECONDS[unit[0]] for count, unit in parts))
    if ":" in text:
        return _parsed(text)
    return None


def _parsed(text: str) -> timedelta | None:
    try:
        return parse_duration(text)
    except (ValueError, OverflowError):
        return None


class HumanDurationField(forms.DurationField):
    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return in_words(value) if isinstance(value, timedelta) else value

    def to_python(self, value: Any) -> timedelta | None:
        if value in self.empty_values:
            return None
        span = from_words(str(value))
        if span is None:
            raise ValidationError(f"This is no duration. {HOW}", code="invalid")
        return span


class DurationsInWords(ChangeInWords):
    def words(self, value: Any) -> Any:
        return in_words(value) if isinstance(value, timedelta) else super().words(value)


class DurationsAdmin(HistoryAdmin):
    """A page on which durations are typed, and are told, as people write them."""

    change_in_words = DurationsInWords

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if isinstance(db_field, models.DurationField):
            help_text = f"{db_field.help_text} {HOW}"
            return db_field.formfield(form_class=HumanDurationField, help_text=help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)
