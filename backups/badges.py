"""How facts and verdicts look in a page: shape, word and colour (which is in verdicts.css)."""

from datetime import datetime, timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString
from humanize import naturaldelta, naturalsize

from backups.engine.card.outlook import Concern, Level
from backups.engine.verdict import Verdict
from backups.models import DaemonStatus, RunState
from devices.freshness import AVAILABLE
from devices.models import NodeStatus
from devices.moments import in_utc

SHAPES: dict[str, str] = {
    Verdict.CORRUPT: "broken_image",
    Verdict.MISSING: "cancel",
    Verdict.UNKNOWN: "help",
    Verdict.STALE: "warning",
    Verdict.LATE: "schedule",
    Verdict.WAITING: "hourglass_top",
    Verdict.PROTECTED: "verified_user",
    Verdict.NONE: "remove",
}


def shape(verdict: Verdict) -> SafeString:
    return format_html(
        '<span class="material-symbols-outlined verdict-shape" aria-hidden="true">{}</span>',
        SHAPES[verdict],
    )


def badge(verdict: Verdict, label: str = "") -> SafeString:
    """The verdict as a badge; the word is always said, if only to a reader of the tooltip."""
    return format_html(
        '<span class="verdict verdict-{}" title="{}">{}<span>{}</span></span>',
        verdict,
        f"{label}: {verdict}" if label else verdict,
        shape(verdict),
        label or verdict,
    )


CARD_SHAPES = {
    Level.BAD: ("sd_card_alert", Verdict.CORRUPT),
    Level.WARN: ("sd_card_alert", Verdict.LATE),
    Level.UNTOLD: ("help", Verdict.UNKNOWN),
}


def card_badge(concern: Concern) -> SafeString:
    """Something about a card, in the colours of the verdicts; there is none for a good one."""
    icon, colour = CARD_SHAPES[concern.level]
    return format_html(
        '<span class="verdict verdict-{}" title="{}: {}. What to do: {}."><span'
        ' class="material-symbols-outlined verdict-shape" aria-hidden="true">{}</span>'
        "<span>{}</span></span>",
        colour,
        concern.level,
        concern.says,
        concern.do,
        icon,
        concern.label,
    )


def ago(moment: datetime | None, now: datetime) -> SafeString | str:
    """How long ago, in words; the exact time is in the tooltip."""
    if moment is None:
        return "never"
    words = naturaldelta(abs(now - moment))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        in_utc(moment),
        f"{words} ago" if moment <= now else f"in {words}",
    )


def new(first_seen_at: datetime, now: datetime) -> SafeString:
    return format_html(
        ' <span class="overlay" title="First seen {} ago: its page says which plan takes it">'
        "New</span>",
        naturaldelta(now - first_seen_at),
    )


ANSWERS = {AVAILABLE: ("protected", "check_circle"), "no answer": ("missing", "cancel")}


def availability(asked: DaemonStatus | NodeStatus | None, now: datetime) -> str:
    """What is known of a daemon, or of whom the devices are asked for."""
    return asked.availability(now=now) if asked else "not asked yet"


def answer(asked: DaemonStatus | NodeStatus | None, now: datetime) -> SafeString:
    word = availability(asked, now)
    colour, icon = ANSWERS.get(word, ("unknown", "help"))
    return format_html(
        '<span class="verdict verdict-{}"><span class="material-symbols-outlined verdict-shape"'
        ' aria-hidden="true">{}</span>{}</span>',
        colour,
        icon,
        word,
    )


MAY_WIPE = {"yes": ("protected", "task_alt"), "no": ("missing", "block")}


def may_wipe(word: str) -> SafeString:
    """The answer to “May I wipe it?” as a badge."""
    colour, icon = MAY_WIPE.get(word, ("unknown", "help"))
    return format_html(
        '<span class="verdict verdict-{}"><span class="material-symbols-outlined verdict-shape"'
        ' aria-hidden="true">{}</span>{}</span>',
        colour,
        icon,
        word if word in MAY_WIPE else "cannot tell",
    )


RUN_SHAPES = {
    RunState.QUEUED: "hourglass_empty",
    RunState.RUNNING: "sync",
    RunState.WAITING: "pending",
    RunState.SUCCEEDED: "check",
    RunState.FAILED: "error",
    RunState.CANCELLED: "block",
}


def run_state(state: str) -> SafeString:
    """How a run stands. That one succeeded is no verdict, and has not its colour."""
    return format_html(
        '<span class="verdict run-{}"><span class="material-symbols-outlined verdict-shape"'
        ' aria-hidden="true">{}</span><span>{}</span></span>',
        state,
        RUN_SHAPES[RunState(state)],
        state,
    )


def took(started_at: datetime | None, ended_at: datetime | None) -> str:
    if started_at is None or ended_at is None:
        return "-"
    if (span := ended_at - started_at) < timedelta(seconds=1):
        return "under a second"
    return str(naturaldelta(span))


def size(size_bytes: int | None) -> str:
    return "-" if size_bytes is None else naturalsize(size_bytes, binary=True, format="%.1f")
