"""What the templates of the fleet say with: badges, ages, sizes, sparklines."""

from datetime import datetime, timedelta

from django import template
from django.utils.safestring import SafeString
from humanize import naturaldelta, precisedelta

from backups import badges, words
from backups.dashboard import BackupStatus, DeviceStatus
from backups.engine.facts import BackupFacts, BackupType
from backups.engine.verdict import Judgement, Verdict
from backups.models import RecordingLedger
from backups.sparkline import sparkline
from devices.models import Device

register = template.Library()
register.filter("ago", badges.ago)
register.filter("size", badges.size)
register.filter("run_state", badges.run_state)
register.simple_tag(sparkline)
register.filter("on_the_device", words.on_the_device)
register.filter("on_the_disk", words.on_the_disk)
register.filter("wrong_items", words.wrong_items)
register.filter("left_out", words.left_out)


@register.filter
def headline(status: DeviceStatus, now: datetime) -> str:
    return words.headline(status, now=now)


@register.filter
def sentence(backup: BackupStatus, now: datetime) -> str:
    return words.sentence(backup, now=now)


@register.filter
def evidence(backup: BackupStatus, now: datetime) -> list[str]:
    return words.evidence(backup, now=now)


@register.filter
def at_risk(facts: BackupFacts, now: datetime) -> str:
    return words.at_risk(facts, now=now)


@register.filter
def held_for(judgement: Judgement, now: datetime) -> str:
    return words.since(judgement, now=now)


@register.filter
def badge(verdict: Verdict, label: str = "") -> SafeString:
    return badges.badge(verdict, label)


@register.filter
def shape(verdict: Verdict) -> SafeString:
    return badges.shape(verdict)


@register.filter
def type_label(backup_type: BackupType) -> str:
    return words.TYPE_NAMES[backup_type]


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


@register.filter
def without_id(filename: str, device: Device) -> str:
    """The name of a database without the machine id, which is that of the page."""
    return filename.removesuffix(f"_{device.device_id}.db")


@register.filter
def proofs_of_files(ledger: RecordingLedger) -> str:
    """The files of a recording by their proof, the best first."""
    counts = (
        (ledger.equal_count, "equal"),
        (ledger.counted_count, "counted"),
        (ledger.named_count, "named"),
    )
    return ", ".join(f"{count} {proof}" for count, proof in counts if count) or "none"
