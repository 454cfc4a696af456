"""How full each device's SD card is, and how old: from its machine page, hourly."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from devices.client import AskFailed, BadAnswer
from devices.models import Device, Lifecycle
from devices.records import CardRecord, parse_card
from devices.services.asking import ask_each, ask_one

CARD = (
    "card_used_percent", "card_age_seconds", "card_name", "partitions", "card_read_at",
    "card_error",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReport:
    read: int
    problems: tuple[str, ...]


def read_cards(*, now: datetime, devices: Iterable[Device] | None = None) -> CardReport:
    """Read the cards of these devices, or of all that are not parked or retired."""
    if devices is None:
        devices = Device.objects.filter(lifecycle=Lifecycle.ACTIVE)
    answers = ask_each([device for device in devices if device.address], _ask_card)
    for device, answer in answers:
        if isinstance(answer, CardRecord):
            _note(device, answer, now=now)
        else:
            device.card_error = str(answer)
    with transaction.atomic():
        Device.objects.bulk_update([device for device, _ in answers], CARD)
    problems = tuple(str(answer) for _, answer in answers if isinstance(answer, AskFailed))
    return CardReport(read=len(answers) - len(problems), problems=problems)


def _ask_card(device: Device, until: float) -> CardRecord:
    page = f"/machine/{device.device_id}"
    machine = ask_one(device.address, page, type=dict[str, Any], until=until)
    if machine.get("machine-id", device.device_id) != device.device_id:
        raise BadAnswer(f"{device.address}: another device answers there")
    card = parse_card(machine)
    if not card.partitions:
        raise BadAnswer(f"{device.address}: its machine page tells of no partition")
    return card


def _note(device: Device, card: CardRecord, *, now: datetime) -> None:
    device.partitions = list(card.partitions)
    device.card_used_percent = card.used_percent
    device.card_age_seconds = card.age_seconds
    device.card_name = card.name
    device.card_read_at, device.card_error = now, ""
