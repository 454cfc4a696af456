"""How facts and verdicts look in a page: shape, word and colour. The colours are in verdicts.css."""

from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from humanize import naturaldelta, naturalsize

from backups.engine.facts import BackupType
from backups.engine.verdict import Verdict

SHAPES = {
    Verdict.CORRUPT: "dangerous",
    Verdict.MISSING: "cancel",
    Verdict.UNKNOWN: "help",
    Verdict.STALE: "warning",
    Verdict.LATE: "schedule",
    Verdict.PROTECTED: "verified_user",
    Verdict.NONE: "remove",
}
SHORT_LABELS = {
    BackupType.MYSQL: "MySQL",
    BackupType.SQLITE: "SQLite",
    BackupType.VIDEO: "Video",
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


def size(size_bytes: int | None) -> str:
    return "–" if size_bytes is None else naturalsize(size_bytes, binary=True, format="%.1f")
