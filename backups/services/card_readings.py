"""How a device's card was at each listing, kept in short."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from django.db.models import OuterRef, Subquery

from backups.engine.card import CardContents
from backups.engine.card.outlook import DAY, Backlog, CardLook, Concern, concerns
from backups.engine.facts import Risk, total_risk
from backups.models import Backup, BackupSnapshot, CardReading
from backups.models.backup import unpacked_risk
from devices.models import Device

RATED_OVER = 7 * DAY


def store_reading(device: Device, listing: CardContents, *, at: datetime) -> None:
    """Of any listing, also of one that could not read all: a card that dies tells so."""
    head, health = listing.head, listing.health
    ahead = timedelta(seconds=head.clock - at.timestamp())  # the device's clock, of ours

    def ours(seconds: int | None) -> datetime | None:
        return None if seconds is None else _moment(seconds, ahead=ahead)

    firsts = [one.first_at for one in health.partitions or () if one.errors and one.first_at]
    reading = CardReading(
        device=device,
        read_at=at,
        size_bytes=head.size,
        free_bytes=head.free,
        read_only=head.read_only,
        errors=health.ext4_errors,
        errors_since=ours(min(firsts, default=None)),
        kernel_errors=health.kernel.count if health.kernel else None,
        kernel_errors_since=ours(health.kernel.first) if health.kernel else None,
        too_weak=health.was_too_weak,
        life_time=" ".join(filter(None, (card.life_time for card in health.cards)))[:100],
        serial=health.serial,
        name=" ".join(card.name for card in health.cards)[:100],
        made=" ".join(card.date for card in health.cards)[:100],
        since=at,
    )
    _remember(reading)
    reading.save()


def _remember(reading: CardReading) -> None:
    """Since when it is this card, and how it was some days ago."""
    before = CardReading.objects.filter(device=reading.device, read_at__lt=reading.read_at)
    last = before.order_by("-read_at").first()
    if last is None or (last.serial, last.size_bytes) != (reading.serial, reading.size_bytes):
        return
    reading.since = last.since
    oldest = max(reading.since, reading.read_at - RATED_OVER)
    base = before.filter(read_at__gte=oldest).order_by("read_at").first() or last
    reading.base_at, reading.base_free_bytes = base.read_at, base.free_bytes


def newest_reading(device: Device) -> CardReading | None:
    return device.card_readings.order_by("-read_at").first()


def worst_concerns(devices: Iterable[Device], *, now: datetime) -> dict[int, Concern]:
    """What most ails each card that was not told to be well, by the key of its device."""
    looks = newest_looks()
    found = {device.pk: concerns(looks.get(device.pk), now=now) for device in devices}
    return {key: some[0] for key, some in found.items() if some}


def newest_looks() -> Mapping[int, CardLook]:
    """Of every device that was ever listed, by its key: one query."""
    of_device = CardReading.objects.filter(device=OuterRef("pk")).order_by("-read_at")
    newest = Device.objects.annotate(newest=Subquery(of_device.values("pk")[:1]))
    readings = CardReading.objects.filter(pk__in=newest.values("newest"))
    return {reading.device_id: reading.look for reading in readings}


def card_before(reading: CardReading) -> CardReading | None:
    """The last reading of another card in this device."""
    return reading.device.card_readings.filter(read_at__lt=reading.since).first()


def backlog_of(device: Device, risk: Risk, *, now: datetime) -> Backlog:
    """What is only on its card, beside what was so a day ago."""
    then = [_a_day_before(backup, now=now) for backup in device.backups.all()]
    looks = [look for look in then if look]
    if not looks or len(looks) < len(then):
        return Backlog(bytes=_bytes(risk), at=now)
    before = total_risk(unpacked_risk(look.risk) for look in looks)
    at = max(look.taken_at for look in looks)
    return Backlog(bytes=_bytes(risk), at=now, before_bytes=_bytes(before), before_at=at)


def _bytes(risk: Risk) -> int | None:
    """None where there is more than bytes tell."""
    return None if risk.is_at_least or (risk.items and not risk.bytes) else risk.bytes


def _a_day_before(backup: Backup, *, now: datetime) -> BackupSnapshot | None:
    return backup.snapshots.filter(taken_at__lte=now - DAY).order_by("-taken_at").first()


def _moment(seconds: int, *, ahead: timedelta) -> datetime | None:
    """A time of the device's clock, on ours; None where no calendar has it."""
    try:
        return datetime.fromtimestamp(seconds, UTC) - ahead
    except (OverflowError, ValueError, OSError):
        return None
