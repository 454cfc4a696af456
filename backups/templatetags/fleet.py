"""What the templates of the fleet say with: badges, ages, sizes, sparklines."""

from datetime import datetime

from django import template
from django.utils.safestring import SafeString

from backups import badges
from backups.engine.facts import BackupType
from backups.engine.verdict import Verdict
from backups.sparkline import sparkline

register = template.Library()
register.filter("ago", badges.ago)
register.filter("size", badges.size)
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
def later(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now
