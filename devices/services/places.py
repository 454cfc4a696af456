"""Hold all that was told of devices against where each was, and write down where it is."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.conf import settings

from devices.models import Device
from devices.nodes import home_of
from devices.places import OtherPlace, Placed, Sighting, Whereabouts, settle

PLACE = ("node", "other_places", "untold_at")


def settle_all(
    sightings: Iterable[Sighting], *, silent: Collection[str], now: datetime
) -> dict[str, Placed]:
    """By machine id: each device that was told of, or of which more is to be found out."""
    told: dict[str, list[Sighting]] = {}
    for sighting in sightings:
        told.setdefault(sighting.record.device_id, []).append(sighting)
    known = _known()
    unsettled = [key for key, one in known.items() if one.others or one.untold_at]
    order = [node.name for node in settings.NODES]
    return {
        key: settle(
            known.get(key, Whereabouts()), told.get(key, ()), order=order, silent=silent, now=now
        )
        for key in sorted(told.keys() | set(unsettled))
    }


def _known() -> dict[str, Whereabouts]:
    rows = Device.objects.order_by().values_list("device_id", "address", *PLACE)
    return {
        device_id: Whereabouts(
            node=home_of(node, settings.NODES),
            address=address,
            others=tuple(map(OtherPlace.unpacked, others)),
            untold_at=untold_at,
        )
        for device_id, address, node, others, untold_at in rows
    }


def save_places(settled: Mapping[str, Placed]) -> None:
    changed = []
    for device in Device.objects.order_by().only("device_id", *PLACE):
        one = settled.get(device.device_id)
        if one and _note(device, one.whereabouts):
            changed.append(device)
    Device.objects.bulk_update(changed, PLACE)


def _note(device: Device, whereabouts: Whereabouts) -> bool:
    """Whether anything of it is new."""
    before = [getattr(device, name) for name in PLACE]
    device.node, device.untold_at = whereabouts.node, whereabouts.untold_at
    device.other_places = [place.packed() for place in whereabouts.others]
    return before != [getattr(device, name) for name in PLACE]
