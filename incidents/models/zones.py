"""The time zone of a person or a lab, by its name."""

from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.db import models


def check_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError("Not the name of a time zone, such as Europe/London.")
    ZoneInfo(name)


def zone_field(**options: Any) -> models.CharField:
    return models.CharField(
        "time zone", max_length=64, default="UTC", validators=[check_zone], **options
    )
