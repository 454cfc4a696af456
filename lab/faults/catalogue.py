"""Every fault by its name, with one line on what it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lab.faults import payload, things, wire
from lab.faults.payload import PayloadFault
from lab.faults.things import ThingFault, hold_back
from lab.faults.wire import WireFault
from lab.fleet import SimulatedDevice


@dataclass(frozen=True, slots=True)
class Mishap:
    """One line for people, and exactly one way of striking. `target` is where, unless told."""

    line: str
    target: str = ""
    wire: WireFault | None = None
    payload: PayloadFault | None = None
    thing: ThingFault | None = None
    quirk: str = ""
    refuses: bool = False


def _has_videos(device: SimulatedDevice) -> bool:
    return device.online and bool(device.recordings)


def _tracks(device: SimulatedDevice) -> bool:
    return device.online and device.run is not None


def _tracks_undamaged(device: SimulatedDevice) -> bool:
    return _tracks(device) and things.undamaged(device)


def _not_first(device: SimulatedDevice) -> bool:
    return device.online and device.number > 1


def _lists_videos(device: SimulatedDevice) -> bool:
    return _has_videos(device) and device.is_old


def _last_with_data(device: SimulatedDevice) -> bool:
    return things.undamaged(device) and bool(device.recordings) and not device.is_old


_ALL = 1_000
CATALOGUE: Mapping[str, Mishap] = MappingProxyType(
    {
        "hung": Mishap("accepts the connection and never answers", "node", wire=wire.hang),
        "trickling": Mishap("answers one byte a second", "node", wire=wire.trickle),
        "cut": Mishap("closes in the middle of the body", "node", wire=wire.cut),
        "oversized": Mishap("answers with a body of 200 MB", "node", wire=wire.oversize),
        "refused": Mishap("nothing listens: connection refused", "node", refuses=True),
        "error-200": Mishap(
            'HTTP 200 with {"error": traceback}', "node", payload=payload.say_error
        ),
        "http-500": Mishap("HTTP 500 with an HTML page", "node", payload=payload.fail_500),
        "half-written": Mishap(
            "half of the JSON text, sent as if whole", "node", payload=payload.half_write
        ),
        "non-json": Mishap("HTML where JSON belongs", "node", payload=payload.say_no_json),
        "wrong-types": Mishap("texts for numbers and so on", "node", payload=payload.mistype),
        "nan": Mishap("NaN and Infinity for numbers", "node", payload=payload.not_a_number),
        "deep-nesting": Mishap("a list 100,000 lists deep", "node", payload=payload.nest),
        "evil-ids": Mishap(
            "ids with slashes, `..`, control and NUL characters",
            "any",
            payload=payload.add_evil_ids,
        ),
        "long-names": Mishap("a name of 10,000 characters", "any", payload=payload.lengthen_names),
        "future-times": Mishap("times ten years ahead", "any", payload=payload.come_from_future),
        "false-completed": Mishap(
            "the MySQL daemon says completed where there is no MariaDB (on by default)",
            quirk="false_completed",
        ),
        "global-sizes": Mishap(
            "the rsync daemon gives every device the whole tree's size (on by default)",
            quirk="global_sizes",
        ),
        "null-status": Mishap(
            "known from the node's database only, with status null",
            thing=ThingFault(on=things.null_status, off=things.bring_back),
        ),
        "offline-device": Mishap(
            "off since before the node started",
            thing=ThingFault(on=things.take_away, off=things.bring_back, suits=_last_with_data),
        ),
        "frozen-device": Mishap(
            "its listener died: the node repeats the old answer",
            thing=ThingFault(on=things.freeze, off=things.thaw, suits=things.undamaged),
        ),
        "duplicate-names": Mishap(
            "a device bears the name of another",
            thing=ThingFault(on=things.share_name, off=things.own_name, suits=_not_first),
        ),
        "empty-inventory": Mishap(
            "devices list no database at all",
            thing=ThingFault(
                on=things.set_inventory("empty"), off=things.set_inventory("told"), most=_ALL
            ),
        ),
        "missing-inventory": Mishap(
            "the inventory could not be read: `databases` is {}",
            thing=ThingFault(
                on=things.set_inventory("missing"), off=things.set_inventory("told"), most=_ALL
            ),
        ),
        "clock-skew": Mishap(
            "a device's clock is wrong by hours (hours=-5)",
            thing=ThingFault(on=things.skew_clock, off=things.set_clock, suits=_tracks),
        ),
        "no-files-recording": Mishap(
            "says that it records, and writes no file",
            thing=ThingFault(
                on=things.record_nothing, off=things.record_again, suits=_last_with_data
            ),
        ),
        "unlisted-run": Mishap(
            "the newest run is not in the inventory",
            thing=ThingFault(on=things.unlist, off=things.list_again, suits=things.undamaged),
        ),
        "md5-companions": Mishap(
            "chunks with .md5 files of old firmware beside them",
            thing=ThingFault(
                on=things.add_md5, off=things.remove_md5, suits=_has_videos, most=_ALL
            ),
        ),
        "missing-chunks": Mishap(
            "three chunks that the device lists are not on the node",
            thing=ThingFault(on=things.lose_chunks, off=things.find_chunks, suits=_lists_videos),
        ),
        "corrupt-copy": Mishap("the newest copy is damaged", thing=hold_back(things.corrupt)),
        "missing-copy": Mishap("the newest run has no copy", thing=hold_back(things.remove)),
        "zero-byte-copy": Mishap("the newest copy is empty", thing=hold_back(things.empty)),
        "tableless-copy": Mishap(
            "the newest copy is valid and has no tables", thing=hold_back(things.leave_no_table)
        ),
        "behind-copy": Mishap(
            "the newest copy ends long ago (hours=30)",
            thing=hold_back(things.set_back, suits=_tracks_undamaged),
        ),
    }
)
# What the demo shows beside its many healthy devices.
DEMO = ("corrupt-copy", "missing-copy", "behind-copy", "no-files-recording", "offline-device")
