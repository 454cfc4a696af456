"""One machine id told of at two places at once: of two devices, or by two nodes of one."""

from collections import defaultdict
from collections.abc import Iterator

from backups.dashboard import Fleet
from backups.engine.grammar import counted
from devices.models import Device
from incidents.engine.causes import CauseKind
from incidents.engine.symptoms import Symptom

NAMED = 20


def place_symptoms(fleet: Fleet) -> Iterator[Symptom]:
    """Two nodes that tell of the same devices are one thing that is wrong, not one a device."""
    shared: dict[tuple[str, ...], list[Device]] = defaultdict(list)
    for status in fleet.active:
        device = status.device
        if device.others_apart:
            yield _two_places(device)
            continue
        for place in device.others:
            shared[tuple(sorted((device.node, place.node)))].append(device)
    for nodes, devices in sorted(shared.items(), key=lambda pair: pair[0]):
        yield _two_nodes(nodes, devices)


def _two_places(device: Device) -> Symptom:
    return Symptom(
        kind=CauseKind.TWO_PLACES,
        subject=str(device.pk),
        device=device.pk,
        since=min(place.since for place in device.others_apart),
        sentence=device.told_twice[:500],
        clears="a look at which it is told of at one place only",
    )


def _two_nodes(nodes: tuple[str, ...], devices: list[Device]) -> Symptom:
    count = counted(len(devices), "device")
    return Symptom(
        kind=CauseKind.TWO_NODES,
        subject=" ".join(nodes),
        since=min(place.since for device in devices for place in device.others),
        sentence=f"the nodes {' and '.join(nodes)} tell of the same {count}",
        evidence=tuple(f"{device}: {device.told_twice}" for device in devices[:NAMED]),
        clears="a look at which each device is told of by one node only",
    )
