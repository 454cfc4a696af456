"""What the templates of the fleet say with: badges, ages, sizes, sparklines."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django import template
from django.utils.safestring import SafeString
from humanize import naturaldelta, precisedelta

from backups import badges, strip_svg, words
from backups.activity_svg import lasting
from backups.dashboard import BackupStatus, DeviceStatus
from backups.engine.card.outlook import Concern
from backups.engine.evidence import evidence_of
from backups.engine.facts import BackupFacts, BackupType, Risk
from backups.engine.verdict import Judgement, Verdict
from backups.models import RecordingLedger, Run, RunKind
from backups.services.runs import Offer
from backups.sparkline import sparkline
from devices.models import Device
from devices.moments import moment

register = template.Library()
register.filter("ago", badges.ago)
register.filter("moment", moment)
register.filter("answer", badges.answer)
register.filter("availability", badges.availability)
register.filter("size", badges.size)
register.filter("run_state", badges.run_state)
register.filter("may_wipe", badges.may_wipe)
register.simple_tag(sparkline)
register.filter("strip_svg", strip_svg.strip_svg)
register.filter("strip_key", strip_svg.key_svg)
register.filter("strip_in_words", strip_svg.in_words)
register.filter("strip_legend", strip_svg.legend)
register.filter("changes", words.changes)
register.filter("named_changes", words.named_changes)
register.filter("on_the_device", words.on_the_device)
register.filter("on_the_disk", words.on_the_disk)
register.filter("wrong_items", words.wrong_items)
register.filter("left_out", words.left_out)
register.filter("after_start", lasting)


@register.filter
def without_underscores(name: str) -> str:
    return name.replace("_", " ").capitalize()


@register.filter
def last_part(path: str) -> str:
    return path.rpartition("/")[2]


@register.filter
def all_but_last_part(path: str) -> str:
    return path.rpartition("/")[0]


@register.filter
def grouped(number: int) -> str:
    return f"{number:,}"


@register.filter
def headline(status: DeviceStatus, now: datetime) -> str:
    return words.headline(status, now=now)


@register.filter
def sentence(backup: BackupStatus, now: datetime) -> str:
    return words.sentence(backup, now=now)


@register.filter
def evidence(backup: BackupStatus, now: datetime) -> list[str]:
    return list(evidence_of(backup.facts, now=now))


@register.filter
def at_risk(facts: BackupFacts, now: datetime) -> str:
    return words.at_risk(facts, now=now)


@register.filter
def at_risk_now(risk: Risk, now: datetime) -> str:
    return words.at_risk_now(risk, now=now)


@register.filter
def age(at: datetime, now: datetime) -> str:
    return naturaldelta(abs(now - at))


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
def declared_of(offers: Mapping[RunKind, Offer], kind: RunKind) -> str:
    """What the button of a kind of run says."""
    return offers[kind].declared.button


@register.filter
def took_of(run: Run, now: datetime) -> str:
    return badges.took(run.started_at, run.ended_at or now)


@register.filter
def of_key(values: dict[str, str], key: str) -> str:
    """What a table of words has under a key; "": nothing."""
    return values.get(key, "")


@register.filter
def span(seconds: float | None) -> str:
    return "not known" if seconds is None else naturaldelta(timedelta(seconds=seconds))


@register.filter
def hours(seconds: float) -> str:
    return words.hours(seconds)


@register.filter
def card_badge(concern: Concern) -> SafeString:
    return badges.card_badge(concern)


@register.filter
def told_count(count: int | None) -> str:
    return "not told how many" if count is None else f"{count:,}"


@register.filter
def bytes_a_day(rate: float) -> str:
    return badges.size(round(rate))


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
def with_short_id(path: str, device: Device) -> str:
    """A machine id is most of a name, and the page says whose file it is."""
    return path.replace(device.device_id, f"{device.device_id[:4]}…")


@register.filter
def proofs_of_files(ledger: RecordingLedger) -> str:
    """The files of a recording by their proof, the best first."""
    counts = (
        (ledger.equal_count, "equal"),
        (ledger.counted_count, "counted"),
        (ledger.named_count, "named"),
    )
    return ", ".join(f"{count} {proof}" for count, proof in counts if count) or "none"
