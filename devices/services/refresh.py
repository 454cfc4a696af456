"""Who there is: ask every node, or its devices where it does not answer, and write it down."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction

from devices.client import AskFailed
from devices.models import Device, Lifecycle, NodeStatus
from devices.nodes import Node, called, home_of
from devices.places import ITSELF, Placed, Sighting
from devices.records import DeviceRecord, is_address
from devices.services.asking import Target, ask_device, ask_each, ask_nodes
from devices.services.places import save_places, settle_all
from devices.services.saving import save_failures, save_records
from devices.texts import one_line

logger = logging.getLogger(__name__)
LONGEST_ERROR = 500


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
    """What came of asking one node: its own words, or in its place those of its devices."""

    node: Node
    records: list[DeviceRecord] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    source: str = ""
    error: str = ""

    @property
    def answered(self) -> bool:
        return self.source == "node"


@dataclass(slots=True, kw_only=True)
class _Answers:
    """`by_themselves`: of devices that were asked directly. `failures`: id -> why it was silent."""

    heard: list[_Heard]
    by_themselves: list[DeviceRecord] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def silent(self) -> dict[str, _Heard]:
        return {one.node.name: one for one in self.heard if not one.answered}

    def sightings(self) -> Iterator[Sighting]:
        for one in self.heard:
            if one.answered:
                yield from (Sighting(one.node.name, record) for record in one.records)
        yield from (Sighting(ITSELF, record) for record in self.by_themselves)


def refresh_devices(*, now: datetime) -> RefreshReport:
    """Bring the devices up to date. Whoever is not told of keeps what was last known.

    Raises NothingToAsk where nothing says whom to ask.
    """
    answers = _Answers(heard=[_Heard(node=node) for node in settings.NODES])
    try:
        _ask(answers)
    except NothingToAsk as error:
        answers.heard[0].error = str(error)
        _save_status(answers.heard, now=now)
        raise
    with transaction.atomic():
        settled = settle_all(answers.sightings(), silent=answers.silent, now=now)
        _share(answers, settled)
        _save(answers, settled, now=now)
    return _report(answers, settled)


def _ask(answers: _Answers) -> None:
    """All nodes at once, and then the devices of those that do not answer."""
    nodes = [one for one in answers.heard if one.node.url]
    for one, answer in zip(nodes, ask_nodes([one.node.url for one in nodes]), strict=True):
        if isinstance(answer, AskFailed):
            one.error = str(answer)
        else:
            one.source, (one.records, one.problems) = "node", answer
    if answers.silent:
        _ask_devices(answers)


def _ask_devices(answers: _Answers) -> None:
    silent = answers.silent
    first = next(iter(silent.values()))
    owners = _owners(answers)
    targets = _targets(answers, owners, first.problems)
    if not targets and not any(one.node.url for one in answers.heard):
        raise NothingToAsk(
            "there is no node and no device to ask: set ETHONODE_NODE_URL (http://host), "
            "or ETHONODE_DEVICE_ADDRESSES (host or host:port, separated by commas)"
        )
    for target, answer in ask_each(targets, ask_device):
        problems = silent.get(owners.get(target.device_id, ("", ""))[1], first).problems
        if isinstance(answer, DeviceRecord):
            answers.by_themselves.append(answer)
            problems += [f"device {answer.device_id}: {text}" for text in answer.problems]
            continue
        problems.append(str(answer))
        if target.device_id:
            answers.failures[target.device_id] = str(answer)
    _note_silence(answers, owners)


def _owners(answers: _Answers) -> dict[str, tuple[str, str]]:
    """Of each active device whose node does not answer its address, and that node; "" of one that
    no node ever told of, nor does now."""
    told = {sighting.record.device_id for sighting in answers.sightings()}
    active = Device.objects.filter(lifecycle=Lifecycle.ACTIVE)
    found = {}
    for device_id, address, node in active.values_list("device_id", "address", "node"):
        home = home_of(node, settings.NODES)
        if home in answers.silent or not (home or device_id in told):
            found[device_id] = address, home
    return found


def _targets(
    answers: _Answers, owners: Mapping[str, tuple[str, str]], problems: list[str]
) -> list[Target]:
    """Each address once: a device answers one request at a time."""
    given = [address.strip() for address in settings.DEVICE_ADDRESSES]
    problems += [
        f"{address!r} is not host or host:port" for address in given if not is_address(address)
    ]
    told = {sighting.record.address for sighting in answers.sightings()}
    expected = {address: Target(address, key) for key, (address, _) in owners.items() if address}
    anyone = {
        address: Target(address) for address in given if is_address(address) and address not in told
    }
    return list((expected | anyone).values())


def _note_silence(answers: _Answers, owners: Mapping[str, tuple[str, str]]) -> None:
    """Why a device could not be asked: where there are several nodes, its node comes first."""
    records = {record.device_id for record in answers.by_themselves}
    retired = _retired(records)
    answers.by_themselves = [r for r in answers.by_themselves if r.device_id not in retired]
    if len(answers.heard) > 1:
        answers.failures |= {
            key: _why(answers.silent[home], answers.failures.get(key, ""))
            for key, (_, home) in owners.items()
            if home
        }
    answers.failures = {key: why for key, why in answers.failures.items() if key not in records}


def _why(one: _Heard, failure: str) -> str:
    itself = f"; nor did the device: {failure}" if failure else ""
    text = f"its node {one.node.name} gave no answer ({one.error}){itself}"
    return one_line(text, limit=LONGEST_ERROR)


def _retired(device_ids: Iterable[str]) -> set[str]:
    retired = Device.objects.filter(lifecycle=Lifecycle.RETIRED, device_id__in=device_ids)
    return set(retired.values_list("device_id", flat=True))


def _share(answers: _Answers, settled: Mapping[str, Placed]) -> None:
    """Give each silent node what its devices said in its place, and each node the doubts."""
    heard = {one.node.name: one for one in answers.heard}
    silent = answers.silent
    first = next(iter(silent.values()), answers.heard[0])
    for device_id, one in settled.items():
        if one.believed and one.believed.node == ITSELF:
            silent.get(one.whereabouts.node, first).records.append(one.believed.record)
        if one.doubt:
            owner = heard.get(one.whereabouts.node, first)
            owner.problems.append(f"device {device_id}: {one.doubt}")
    for owner in silent.values():
        owner.source = "device" if owner.records else ""
        if not owner.records:  # where a node was asked, why it failed is said first
            owner.error = owner.error or next(iter(owner.problems), "no device answered")


def _save(answers: _Answers, settled: Mapping[str, Placed], *, now: datetime) -> None:
    believed = [one.believed for one in settled.values() if one.believed]
    for told_by in ("node", "device"):
        records = [it.record for it in believed if (it.node == ITSELF) is (told_by == "device")]
        save_records(records, told_by=told_by, now=now)
    save_failures(answers.failures)
    save_places(settled)
    _save_status(answers.heard, now=now)


def _save_status(heard: Iterable[_Heard], *, now: datetime) -> None:
    some = list(heard)
    NodeStatus.objects.exclude(name__in=[one.node.name for one in some]).delete()
    for one in some:
        values = {
            "asked_at": now,
            "error": one.error,
            "source": one.source,
            "device_count": len(one.records),
            "problems": one.problems,
        }
        if one.source:
            values["answered_at"] = now
        NodeStatus.objects.update_or_create(name=one.node.name, defaults=values)


def _report(answers: _Answers, settled: Mapping[str, Placed]) -> RefreshReport:
    sources = {one.source for one in answers.heard}
    error = "; ".join(_named(one, one.error) for one in answers.heard if one.error)
    if error:
        logger.warning("devices not refreshed by the node: %s", error)
    return RefreshReport(
        devices=sum(one.believed is not None for one in settled.values()),
        problems=tuple(_named(one, text) for one in answers.heard for text in one.problems),
        source=next((word for word in ("node", "device") if word in sources), ""),
        error=error,
    )


def _named(one: _Heard, text: str) -> str:
    name = called("", one.node.name, settings.NODES, of="")
    return f"{name}: {text}" if name else text
