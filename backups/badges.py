"""How facts and verdicts look in a page: shape, word and colour (which is in verdicts.css)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from humanize import naturaldelta, naturalsize

from backups.engine.freshness import is_fresh
from backups.engine.verdict import Verdict
from backups.models import DaemonStatus, RunState

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


def ago(moment: datetime | None, now: datetime) -> SafeString | str:
    """How long ago, in words; the exact time is in the tooltip."""
    if moment is None:
        return "never"
    words = naturaldelta(abs(now - moment))
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        moment.isoformat(),
        f"{moment:%Y-%m-%d %H:%M:%S}",
        f"{words} ago" if moment <= now else f"in {words}",
    )


def availability(daemon: DaemonStatus | None, now: datetime) -> str:
    """What is known of a daemon: its last answer is worth nothing when it is old."""
    if daemon is None or daemon.checked_at is None:
        return "not asked yet"
    if not is_fresh(daemon.checked_at, within=settings.STATUS_TTL, now=now):
        return "not asked lately"
    return "available" if daemon.is_available else "no answer"


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
