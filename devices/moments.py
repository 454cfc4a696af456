"""How a time is shown: in the zone of who looks, which is named, and in UTC where one points."""

from datetime import UTC, datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime


def moment(at: datetime | None, otherwise: str = "never") -> SafeString | str:
    if at is None:
        return otherwise
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        in_utc(at),
        f"{localtime(at):%Y-%m-%d %H:%M %Z}",
    )


def in_utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
