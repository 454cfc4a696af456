"""What the steps have in common: the fleet as the API tells it."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.three_hosts.client import GREEN, Client
from tests.three_hosts.places import PLACES
from tests.three_hosts.stage import Stage
from tests.three_hosts.story import hold

SECOND = next(place for place in PLACES if place.second_of)
FIRST = SECOND.second_of  # that is cut off, and has second copies
OTHER = next(place.name for place in PLACES if place.name not in {FIRST, SECOND.name})
IDLE = "ETHOSCOPE_005"  # of the first place: nothing of it grows
ON_MAIN = "ETHOSCOPE_007"  # and backed up by its worker
ON_FIRST, ON_OTHER = "ETHOSCOPE_001", "ETHOSCOPE_003"
Devices = dict[str, dict[str, Any]]


@dataclass(slots=True)
class Seen:
    made: Stage
    client: Client

    def by_place(self) -> dict[str, set[str]]:
        """Names of devices, by the storage that is in use for them."""
        found: dict[str, set[str]] = {}
        for name, row in self.client.devices().items():
            if detail := self.client.row(f"devices/{row['device_id']}/"):
                place = detail["places"][0]["storage"] or "main"
                found.setdefault(place, set()).add(name)
        return found

    def detail(self, device_id: str) -> dict[str, Any]:
        found = self.client.row(f"devices/{device_id}/")
        hold(found, f"no answer about {device_id}")
        return found

    def id_of(self, name: str) -> str:
        row = self.client.devices().get(name)
        hold(row, f"{name} is not listed")
        return str(row["device_id"]) if row else ""

    def problems(self) -> list[dict[str, Any]]:
        """That are open, each with a cause of its own."""
        rows = self.client.rows("incidents/?state=open&limit=500")
        return [row for row in rows if not row["root"]]


def verdicts(devices: Devices) -> dict[str, str]:
    return {name: row["verdict"] for name, row in devices.items()}


def said(name: str, row: dict[str, Any]) -> str:
    return f"{name} is {row['verdict']}: {row['sentence']}"


def not_green(devices: Devices) -> str:
    """Why not all are; "": they are."""
    wrong = [said(name, row) for name, row in devices.items() if row["verdict"] not in GREEN]
    return "; ".join(wrong) if devices else "no answer"


def changed(before: dict[str, str], devices: Devices, names: Set[str]) -> list[str]:
    """Whose verdict is another one now, of these."""
    now = verdicts(devices)
    return [
        f"{name}: {before[name]} → {now[name]}"
        for name in sorted(names)
        if name in now and now[name] != before[name]
    ]


def taken_after(detail: dict[str, Any], since: float) -> bool:
    """Whether all its backups were looked at since."""
    taken = [one["taken_at"] for one in detail["backups"].values()]
    return all(at and datetime.fromisoformat(at).timestamp() > since for at in taken)
