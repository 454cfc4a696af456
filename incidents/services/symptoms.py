"""All that is wrong now, read from stored facts: of ethonode, node, disk, services and devices."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q

from backups.dashboard import Fleet
from backups.engine.ahead import is_ahead
from backups.engine.facts import DAEMON_OF, BackupType
from backups.engine.silence import why_silent
from backups.models import DaemonStatus, DiskFolder, DiskLook
from backups.watch_state import own_parts
from devices.models import NodeStatus, Storage
from devices.nodes import called, home_of, is_one_of
from incidents.engine.causes import CauseKind
from incidents.engine.pace import FAILS_LONG
from incidents.engine.symptoms import Symptom
from incidents.models import Channel
from incidents.services.device_symptoms import device_symptoms
from incidents.services.login_symptoms import login_symptoms
from incidents.services.place_symptoms import place_symptoms
from incidents.services.run_symptoms import run_symptoms

FULL_PERCENT = 95  # at which backups made here stop
ON_THE_DISK = {
    DiskFolder.RESULTS: frozenset({BackupType.SQLITE.value, BackupType.MYSQL.value}),
    DiskFolder.VIDEOS: frozenset({BackupType.VIDEO.value}),
    DiskFolder.CARDS: frozenset({BackupType.SQLITE.value}),  # which they count with
}
OWN_PARTS = {"beat": CauseKind.BEAT, "worker": CauseKind.WORKER}  # the rest are looks


def all_symptoms(fleet: Fleet, *, now: datetime) -> Iterator[Symptom]:
    """Each of a device with its node: what a silent node hides is of its own devices."""
    nodes = {one.device.pk: home_of(one.device.node, settings.NODES) for one in fleet.devices}
    for symptom in _all(fleet, now):
        node = "" if symptom.device is None else nodes.get(symptom.device, "")
        yield replace(symptom, node=symptom.node or node)


def _all(fleet: Fleet, now: datetime) -> Iterator[Symptom]:
    yield from _clock(fleet, now)
    yield from _own_work(now)
    yield from _nodes()
    places = _places(fleet)
    yield from _storages(places, now)
    yield from _disks(places)
    yield from _daemons(fleet)
    yield from _channels(now)
    yield from login_symptoms(now=now)
    yield from run_symptoms(fleet, now=now)
    yield from device_symptoms(fleet, now=now)
    yield from place_symptoms(fleet)


def _clock(fleet: Fleet, now: datetime) -> Iterator[Symptom]:
    """What was written later than now was written by a clock that has been set back since."""
    looks = [backup.taken_at for status in fleet.devices for backup in status.backups.values()]
    asked = NodeStatus.objects.values_list("asked_at", flat=True)
    times = [at for at in (*looks, *asked) if at and is_ahead(at, now=now)]
    if times:
        sentence = f"something was written down at {max(times):%Y-%m-%d %H:%M} UTC, which is ahead"
        yield Symptom(kind=CauseKind.CLOCK, subject="", sentence=sentence)


def _own_work(now: datetime) -> Iterator[Symptom]:
    state = own_parts(now=now)
    if state.is_new:
        return  # nothing has stopped: it has not begun
    for part in state.failing:
        kind = OWN_PARTS.get(part.name, CauseKind.OWN_WORK)
        yield Symptom(kind=kind, subject=part.name, sentence=part.reason, since=part.at)


def _nodes() -> Iterator[Symptom]:
    for status in NodeStatus.objects.exclude(error=""):
        if is_one_of(status.name, settings.NODES):
            yield _silent_node(status)


def _silent_node(status: NodeStatus) -> Symptom:
    """One of several hides what follows at its own devices and services, and no more."""
    name = _if_several(status.name)
    return Symptom(
        kind=CauseKind.NODE,
        subject=name,
        node=name,
        sentence=f"node {name}: {status.error}"[:500] if name else status.error,
        since=status.answered_at,
        clears="an answer of the node",
    )


def _if_several(name: str) -> str:
    return called("", name, settings.NODES, of="")


Places = Mapping[int | None, frozenset[int]]  # of each storage the devices whose copies lie there


def _places(fleet: Fleet) -> Places:
    found: dict[int | None, set[int]] = {}
    for status in fleet.devices:
        found.setdefault(status.device.storage_id, set()).add(status.device.pk)
    return {storage: frozenset(devices) for storage, devices in found.items()}


def _storages(places: Places, now: datetime) -> Iterator[Symptom]:
    """None that holds nothing yet is missed. From a silent second place nothing follows."""
    holding = Q(pk__in=[key for key in places if key]) | Q(second_folders__isnull=False)
    for storage in Storage.objects.filter(holding).distinct():
        if why := why_silent(storage.name, storage.heard_at, now=now):
            yield Symptom(
                kind=CauseKind.STORAGE,
                subject=storage.name,
                sentence=why,
                only=places.get(storage.pk, frozenset()),
                storage=storage.pk,
                since=storage.heard_at,
                clears="an answer of its worker",
            )


def _disks(places: Places) -> Iterator[Symptom]:
    """A disk concerns the devices whose copies lie on it; the only host, all."""
    for look in DiskLook.objects.select_related("storage"):
        only = places.get(look.storage_id, frozenset()) if set(places) - {None} else None
        told: dict[str, Any] = {
            "subject": look.name,
            "concerns": ON_THE_DISK[DiskFolder(look.folder)],
            "only": only,
            "storage": look.storage_id,
        }
        if look.error:
            yield Symptom(kind=CauseKind.DISK, sentence=look.error, **told)
        elif (percent := _full_percent(look)) >= FULL_PERCENT:
            where = f"{look.path} on {look.storage}" if look.storage else look.path
            sentence = f"the disk of {where} is {percent:.0f} % full"
            yield Symptom(kind=CauseKind.DISK_FULL, sentence=sentence, **told)


def _full_percent(look: DiskLook) -> float:
    if not look.total_bytes or look.free_bytes is None:
        return 0.0
    return 100 * (look.total_bytes - look.free_bytes) / look.total_bytes


def _daemons(fleet: Fleet) -> Iterator[Symptom]:
    for node in settings.NODES:
        for name, url in node.daemons.items():
            status = fleet.daemons.get((node.name, name))
            if url and status is not None and status.error:
                yield _silent_daemon(name, status)


def _silent_daemon(name: str, status: DaemonStatus) -> Symptom:
    return Symptom(
        kind=CauseKind.DAEMON,
        subject=status.key,
        node=_if_several(status.node),
        sentence=f"the {_service(status)}: {status.error}"[:500],
        since=status.answered_at,
        concerns=frozenset(kind.value for kind, daemon in DAEMON_OF.items() if daemon == name),
        clears="an answer of the service",
    )


def _service(status: DaemonStatus) -> str:
    service = f"{status.get_daemon_display()} service"
    return called(service, status.node, settings.NODES, of=" of ")


def _channels(now: datetime) -> Iterator[Symptom]:
    for channel in Channel.objects.filter(enabled=True, failing_since__lte=now - FAILS_LONG):
        yield Symptom(
            kind=CauseKind.CHANNEL,
            subject=str(channel.pk),
            sentence=f"“{channel}” has taken nothing for long: {channel.last_answer}"[:500],
            since=channel.failing_since,
            clears="a message that it accepts",
        )
