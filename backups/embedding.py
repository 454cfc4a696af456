"""A status in one line, for the page of a lab's wiki: words, a colour, and how old the evidence is.

Green is only what is protected. What is not known, or was not looked at lately, is grey.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from humanize import naturaldelta

from backups.dashboard import DeviceStatus, device_status, fleet
from backups.engine.verdict import Verdict, worst
from backups.watch_state import own_parts
from devices.models import Device
from devices.texts import one_line

CACHE_SECONDS = 60
LONGEST = 60
GREY = "#5f6368"
COLOURS = {  # white reads well on each
    Verdict.CORRUPT: "#b3261e",
    Verdict.MISSING: "#b3261e",
    Verdict.UNKNOWN: GREY,
    Verdict.STALE: "#a84300",
    Verdict.LATE: "#7a5c00",
    Verdict.WAITING: "#1a5fb4",
    Verdict.PROTECTED: "#1e7b34",
    Verdict.NONE: GREY,
}
WORDS = {Verdict.UNKNOWN: "not known", Verdict.NONE: "nothing to save"}
HEIGHT, PADDING = 20, 7
NARROW, WIDE, OTHER = 4.2, 8.0, 6.6  # letters of Verdana at 11 pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusBadge:
    """As shields.io draws one."""

    label: str
    message: str
    colour: str = GREY

    def as_endpoint(self) -> dict[str, object]:
        """By the schema of shields.io's endpoint badge."""
        return {
            "schemaVersion": 1,
            "label": self.label,
            "message": self.message,
            "color": self.colour,
            "cacheSeconds": CACHE_SECONDS,
        }

    def as_svg(self) -> SafeString:
        """It needs nothing from elsewhere: no font, no style sheet."""
        left, right = _wide(self.label), _wide(self.message)
        return format_html(
            '<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" role="img"'
            ' aria-label="{label}: {message}"><title>{label}: {message}</title>'
            '<rect width="{left}" height="{h}" fill="#3b3f44"/>'
            '<rect x="{left}" width="{right}" height="{h}" fill="{colour}"/>'
            '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
            '<text x="{p}" y="14" textLength="{tl}">{label}</text>'
            '<text x="{x}" y="14" textLength="{tm}">{message}</text></g></svg>',
            w=left + right,
            h=HEIGHT,
            left=left,
            right=right,
            colour=self.colour,
            p=PADDING,
            x=left + PADDING,
            tl=left - 2 * PADDING,
            tm=right - 2 * PADDING,
            label=self.label,
            message=self.message,
        )


def badge_of_fleet(*, now: datetime) -> StatusBadge:
    """Of all devices that are watched, as bad as the worst of them."""
    known = fleet(now=now)
    if not known.active:
        return StatusBadge(label="fleet", message="no devices are watched")
    safe = known.counts[Verdict.PROTECTED]
    verdict = worst(status.verdict for status in known.active)
    said = f"{safe} of {len(known.active)} safe"
    if verdict not in {Verdict.PROTECTED, Verdict.NONE}:
        said += f", {known.counts[verdict]} {_word(verdict)}"
    return _badge("fleet", said, verdict, known.oldest_disk_read_at, now=now)


def badge_of_device(device: Device, *, now: datetime) -> StatusBadge:
    status = device_status(device, now=now)
    said = _word(status.verdict)
    if status.silent:
        said = f"{device.lifecycle}, {said}"
    label = one_line(device.name or device.device_id, limit=LONGEST)
    return _badge(label, said, status.verdict, _looked_at(status), now=now)


def _badge(
    label: str, said: str, verdict: Verdict, looked_at: datetime | None, *, now: datetime
) -> StatusBadge:
    """Nothing is green while nobody looks, whatever was seen last."""
    age = f"seen {naturaldelta(now - looked_at)} ago" if looked_at else "never looked at"
    if looked_at is None or own_parts(now=now).failing:
        halted = "" if looked_at is None else "ethonode has stopped, "
        return StatusBadge(label=label, message=f"not known: {halted}{age}")
    return StatusBadge(label=label, message=f"{said}, {age}", colour=COLOURS[verdict])


def _looked_at(status: DeviceStatus) -> datetime | None:
    """The least fresh of the looks that it is judged by."""
    reads = [one.facts.disk_read_at for one in status.backups.values()] or [None]
    return None if None in reads else min(filter(None, reads))


def _word(verdict: Verdict) -> str:
    return WORDS.get(verdict, verdict.value)


def _wide(text: str) -> int:
    return round(sum(map(_letter, text))) + 2 * PADDING


def _letter(sign: str) -> float:
    if sign in " ,.:;'ijlftr()":
        return NARROW
    return WIDE if sign.isupper() or sign in "mwMW_" else OTHER
