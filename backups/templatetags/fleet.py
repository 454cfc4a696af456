"""What the templates of the fleet say with: badges, ages, sizes, sparklines."""

from datetime import timedelta

from django import template
from django.utils.safestring import SafeString
from humanize import naturaldelta, precisedelta

from backups import badges
from backups.engine.facts import BackupType
from backups.engine.verdict import Verdict
from backups.sparkline import sparkline

register = template.Library()
register.filter("ago", badges.ago)
register.filter("size", badges.size)
register.filter("run_state", badges.run_state)
register.simple_tag(sparkline)


@register.filter
def badge(verdict: Verdict, label: str = "") -> SafeString:
    return badges.badge(verdict, label)


@register.filter
def shape(verdict: Verdict) -> SafeString:
    return badges.shape(verdict)


@register.filter
def type_label(backup_type: BackupType) -> str:
    return badges.SHORT_LABELS[backup_type]


@register.filter
def short_name(name: str) -> str:
    """As much of a name as a tile holds: what differs between devices is its end."""
    return name.removeprefix("ETHOSCOPE_")[-7:]


@register.filter
def span(seconds: float | None) -> str:
    return "not known" if seconds is None else naturaldelta(timedelta(seconds=seconds))


@register.filter
def skew(seconds: float | None) -> str:
    if seconds is None:
        return "not known"
    if abs(seconds) < 1:
        return "the same as ours"
    words = precisedelta(timedelta(seconds=round(abs(seconds))))
    return f"{words} {'ahead of' if seconds > 0 else 'behind'} ours"
