"""Write down what was told of devices: facts with their times, on our clock."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from devices.models import Device
from devices.records import DeviceRecord
from devices.services.experiments import DeviceAnswer, later, save_experiments

# The node asks a device each 5 s or slower: the same answer twice in this time is no sign.
SAME_ANSWER_FOR = timedelta(minutes=1)
# A clock this far behind at first sight: an old answer repeated, or a wrong clock? The next tells.
FAR_BEHIND = timedelta(minutes=2)

TOLD = (
    "name", "address", "reported_status", "told_at", "told_by", "inventory_read_at",
    "inventory_error", "clock_at", "clock_skew_seconds", "changed_at", "recording_since",
    "recording_at", "software_version", "card_used_percent",
)  # fmt: skip


def save_records(records: Sequence[DeviceRecord], *, told_by: str, now: datetime) -> None:
    """Make or update the devices told of, and their experiments. Never what people set."""
    known = Device.objects.in_bulk([r.device_id for r in records], field_name="device_id")
    answers = []
    for record in records:
        device = known.get(record.device_id)
        if device is None:
            device = Device(device_id=record.device_id, first_seen_at=now)
            known[record.device_id] = device
        answer = DeviceAnswer(
            device=device,
            record=record,
            is_news=record.answering and _has_moved(device, record, told_by=told_by, now=now),
        )
        _tell(answer, told_by=told_by, now=now)
        answers.append(answer)
    _write(known.values())
    save_experiments(answers, told_by=told_by, now=now)


def save_failures(failures: Mapping[str, str]) -> None:
    """Note why devices that were asked themselves gave no answer; their facts stay."""
    silent = list(Device.objects.filter(device_id__in=failures))
    for device in silent:
        device.inventory_error = failures[device.device_id]
    Device.objects.bulk_update(silent, ["inventory_error"])


def _has_moved(device: Device, record: DeviceRecord, *, told_by: str, now: datetime) -> bool:
    """Is this a new answer? The node repeats a device's last one when its listener is dead."""
    if told_by != "node" or record.clock_at is None:
        return True
    if device.clock_at is None:
        return now - record.clock_at < FAR_BEHIND
    return record.clock_at > device.clock_at


def _tell(answer: DeviceAnswer, *, told_by: str, now: datetime) -> None:
    """Who and where it is moves with every telling; what it says of itself only with news."""
    device, record = answer.device, answer.record
    device.name = record.name or device.name
    device.address = record.address or device.address
    device.reported_status = record.status
    device.told_at, device.told_by = now, told_by
    if answer.is_news:
        _believe(device, record, now=now)
    elif not record.answering:
        device.inventory_error = record.inventory_error
    elif device.inventory_read_at is None or now - device.inventory_read_at >= SAME_ANSWER_FOR:
        device.inventory_error = f"the {told_by} seems to repeat an old answer of the device"
    if record.clock_at:
        device.clock_at = record.clock_at


def _believe(device: Device, record: DeviceRecord, *, now: datetime) -> None:
    if record.clock_at:
        device.clock_skew_seconds = (record.clock_at - now).total_seconds()
    _believe_activity(device, record, now=now)
    device.software_version = record.version or device.software_version
    if device.card_read_at is None and record.used_percent is not None:
        device.card_used_percent = record.used_percent
    device.inventory_error = record.inventory_error
    if record.live:
        device.inventory_read_at = now


def _believe_activity(device: Device, record: DeviceRecord, *, now: datetime) -> None:
    if record.recording:
        if _is_new_recording(device):
            device.recording_since = now
        device.recording_at = now
    if record.writing:
        device.changed_at = later(device.changed_at, now)


def _is_new_recording(device: Device) -> bool:
    """Seen at rest since it was last seen recording. Silence in between is no rest."""
    if device.recording_at is None or device.recording_since is None:
        return True
    return device.inventory_read_at is not None and device.inventory_read_at > device.recording_at


def _write(devices: Iterable[Device]) -> None:
    new = [device for device in devices if device.pk is None]
    old = [device for device in devices if device.pk is not None]
    Device.objects.bulk_create(
        new, update_conflicts=True, unique_fields=["device_id"], update_fields=TOLD
    )
    Device.objects.bulk_update(old, TOLD)
