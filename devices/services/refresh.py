"""Who there is: ask the node, or the devices where no node answers, and write it down."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from django.db import transaction

from devices.client import AskFailed
from devices.models import Device, Lifecycle, NodeStatus
from devices.records import DeviceRecord, is_address
from devices.services.asking import Target, ask_device, ask_each, ask_node
from devices.services.saving import save_failures, save_records

logger = logging.getLogger(__name__)


class NothingToAsk(Exception):
    """Neither a node nor any device is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshReport:
    """How a refresh went. `source`: who answered ("node", "device"), or "" if nobody did."""

    devices: int
    problems: tuple[str, ...]
    source: str
    error: str


@dataclass(slots=True, kw_only=True)
class _Answers:
    records: list[DeviceRecord] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)  # device id -> why there was no answer
    source: str = ""
    error: str = ""


def refresh_devices(*, now: datetime) -> RefreshReport:
    """Bring the devices up to date. Whoever is not told of keeps what was last known.

    Raises NothingToAsk where nothing says whom to ask.
    """
    try:
        answers = _ask()
    except NothingToAsk as error:
        _save_status(_Answers(error=str(error)), now=now)
        raise
    with transaction.atomic():
        save_records(answers.records, told_by=answers.source, now=now)
        save_failures(answers.failures)
        _save_status(answers, now=now)
    if answers.error:
        logger.warning("devices not refreshed by the node: %s", answers.error)
    return RefreshReport(
        devices=len(answers.records),
        problems=tuple(answers.problems),
        source=answers.source,
        error=answers.error,
    )


def _ask() -> _Answers:
    answers = _Answers()
    if settings.NODE_URL:
        try:
            answers.records, answers.problems = ask_node(settings.NODE_URL)
        except AskFailed as error:
            answers.error = str(error)
        else:
            answers.source = "node"
            return answers
    _ask_devices(answers)
    return answers


def _ask_devices(answers: _Answers) -> None:
    targets = _targets(answers.problems)
    if not targets and not settings.NODE_URL:
        raise NothingToAsk(
            "there is no node and no device to ask: set ETHONODE_NODE_URL (http://host), "
            "or ETHONODE_DEVICE_ADDRESSES (host or host:port, separated by commas)"
        )
    records: dict[str, DeviceRecord] = {}
    for target, answer in ask_each(targets, ask_device):
        if isinstance(answer, DeviceRecord):
            known = records.get(answer.device_id, answer)
            records[answer.device_id] = _one_of_two(known, answer, answers.problems)
            answers.problems += [f"device {answer.device_id}: {text}" for text in answer.problems]
            continue
        answers.problems.append(str(answer))
        if target.device_id:
            answers.failures[target.device_id] = str(answer)
    retired = _retired(records)
    answers.records = [record for key, record in records.items() if key not in retired]
    answers.failures = {key: why for key, why in answers.failures.items() if key not in records}
    answers.source = "device" if answers.records else ""
    if not answers.records:  # where a node was asked, why it failed is said first
        answers.error = answers.error or next(iter(answers.problems), "no device answered")


def _one_of_two(known: DeviceRecord, other: DeviceRecord, problems: list[str]) -> DeviceRecord:
    """A card that was cloned: two devices with one machine id, of which one is watched by nobody.

    One device may answer at two addresses; then it says the same twice.
    """
    if known is other or _what_it_has(known) == _what_it_has(other):
        return known
    places = " and ".join(sorted((known.address, other.address)))
    text = f"two devices answer with this machine id, at {places}: a cloned card?"
    problems.append(f"device {known.device_id}: {text}")
    return replace(known, inventory_error=text)


def _what_it_has(record: DeviceRecord) -> tuple[str, frozenset[str]]:
    return record.name, frozenset(one.filename for one in record.experiments)


def _targets(problems: list[str]) -> list[Target]:
    """Each address once: a device answers one request at a time."""
    given = [address.strip() for address in settings.DEVICE_ADDRESSES]
    problems += [
        f"{address!r} is not host or host:port" for address in given if not is_address(address)
    ]
    known = Device.objects.filter(lifecycle=Lifecycle.ACTIVE).exclude(address="")
    expected = {
        address: Target(address, key) for key, address in known.values_list("device_id", "address")
    }
    anyone = {address: Target(address) for address in given if is_address(address)}
    return list((expected | anyone).values())


def _retired(device_ids: Iterable[str]) -> set[str]:
    retired = Device.objects.filter(lifecycle=Lifecycle.RETIRED, device_id__in=device_ids)
    return set(retired.values_list("device_id", flat=True))


def _save_status(answers: _Answers, *, now: datetime) -> None:
    values = {
        "asked_at": now,
        "error": answers.error,
        "source": answers.source,
        "device_count": len(answers.records),
        "problems": answers.problems,
    }
    if answers.source:
        values["answered_at"] = now
    NodeStatus.objects.update_or_create(pk=1, defaults=values)
