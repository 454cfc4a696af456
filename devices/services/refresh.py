"""Who there is: ask the node, or the devices where no node answers, and write it down."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction

from devices.client import AskFailed
from devices.models import Device, Lifecycle, NodeStatus
from devices.records import DeviceRecord, is_address
from devices.services.asking import Target, ask_device, ask_each, ask_node
from devices.services.saving import save_failures, save_records

PROBLEMS_KEPT = 50
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
class _Heard:
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
        heard = _hear()
    except NothingToAsk as error:
        _save_status(_Heard(error=str(error)), now=now)
        raise
    with transaction.atomic():
        save_records(heard.records, told_by=heard.source, now=now)
        save_failures(heard.failures)
        _save_status(heard, now=now)
    if heard.error:
        logger.warning("devices not refreshed by the node: %s", heard.error)
    return RefreshReport(
        devices=len(heard.records),
        problems=tuple(heard.problems),
        source=heard.source,
        error=heard.error,
    )


def _hear() -> _Heard:
    heard = _Heard()
    if settings.NODE_URL:
        try:
            heard.records, heard.problems = ask_node(settings.NODE_URL)
        except AskFailed as error:
            heard.error = str(error)
        else:
            heard.source = "node"
            return heard
    _hear_devices(heard)
    return heard


def _hear_devices(heard: _Heard) -> None:
    targets = _targets(heard.problems)
    if not targets and not settings.NODE_URL:
        raise NothingToAsk(
            "there is no node and no device to ask: set ETHONODE_NODE_URL (http://host), "
            "or ETHONODE_DEVICE_ADDRESSES (host or host:port, separated by commas)"
        )
    records: dict[str, DeviceRecord] = {}
    for target, answer in ask_each(targets, ask_device):
        if isinstance(answer, DeviceRecord):
            records[answer.device_id] = answer
            heard.problems += [f"device {answer.device_id}: {text}" for text in answer.problems]
            continue
        heard.problems.append(str(answer))
        if target.device_id:
            heard.failures[target.device_id] = str(answer)
    retired = _retired(records)
    heard.records = [record for key, record in records.items() if key not in retired]
    heard.failures = {key: why for key, why in heard.failures.items() if key not in records}
    heard.source = "device" if heard.records else ""


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


def _save_status(heard: _Heard, *, now: datetime) -> None:
    kept = heard.problems[:PROBLEMS_KEPT]
    if more := len(heard.problems) - len(kept):
        kept.append(f"and {more} more")
    found = {
        "asked_at": now,
        "error": heard.error,
        "source": heard.source,
        "device_count": len(heard.records),
        "problems": kept,
    }
    if heard.source:
        found["answered_at"] = now
    NodeStatus.objects.update_or_create(pk=1, defaults=found)
