"""The lab's own notes in `lab.json`: what a second start on the same folder goes on with."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab.chunks import Filming
from lab.fleet import Habit, SimulatedDevice
from lab.tracking import ResultWriter, Tracking
from lab.tree import Totals
from lab.world import World

_VERSION = 1
_TRANSIENT = ("remembered", "off_since", "frozen_since", "ails")


class LabMemoryError(Exception):
    """The folder's notes are not those of this version of the lab."""


def recall(root: Path) -> tuple[list[SimulatedDevice], Totals]:
    """The devices of an earlier start, well again, and the size of the tree; or none."""
    try:
        notes = json.loads((root / "lab.json").read_text())
        if notes["version"] != _VERSION:
            raise LabMemoryError(f"{root}/lab.json: version {notes['version']} is unknown")
        return [_device(told) for told in notes["devices"]], Totals(**notes["video_totals"])
    except FileNotFoundError:
        return [], Totals()
    except (ValueError, KeyError, TypeError) as error:
        raise LabMemoryError(f"{root}/lab.json cannot be read: {error!r}") from error


def note(world: World, *, resting: list[SimulatedDevice]) -> None:
    """Write the notes, whole or not at all. `resting` devices were not asked for this time."""
    notes = {
        "version": _VERSION,
        "video_totals": asdict(world.tree.video_totals),
        "devices": [_told(device) for device in [*world.devices, *resting]],
    }
    partial = world.root / "lab.json.new"
    partial.write_text(json.dumps(notes))
    partial.replace(world.root / "lab.json")


def _told(device: SimulatedDevice) -> dict[str, Any]:
    return {key: value for key, value in asdict(device).items() if key not in _TRANSIENT}


def _device(told: dict[str, Any]) -> SimulatedDevice:
    """Faults are not remembered: those of the new start are switched on afterwards."""
    well = {
        "kind": Habit(told["kind"]),
        "online": True,
        "null_status": False,
        "records_nothing": False,
        "clock_offset": 0.0,
        "inventory": "told",
        "keeps_wal": False,
        "tells_sizes": False,
        "copied_by_daemons": False,
        "own_id": "",
        "video_list": "paths",
        "device_id": told.get("own_id") or told["device_id"],
        "served": told.get("served", told["opened"] and told["kind"] == Habit.MYSQL),
        "name": f"ETHOSCOPE_{told['number']:03d}",
        "runs": [_run(run) for run in told["runs"]],
        "recordings": [Filming(**recording) for recording in told["recordings"]],
    }
    return SimulatedDevice(**(told | well))


def _run(told: dict[str, Any]) -> Tracking:
    well = {"writer": ResultWriter(told["writer"]), "listed": True}
    return Tracking(**(told | well))
