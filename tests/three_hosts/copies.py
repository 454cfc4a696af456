"""Second copies made, damaged and found; a device moved, and what was left deleted."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.three_hosts.client import GREEN, OPEN
from tests.three_hosts.files import damage, digests, places
from tests.three_hosts.seen import FIRST, IDLE, OTHER, SECOND, Seen, not_green, said, taken_after
from tests.three_hosts.story import NotHeld, hold, until


@dataclass(slots=True)
class Copies(Seen):
    rotten: Path = Path()

    def second_copies(self) -> str:
        """Of each device there: counted by the API, and compared on the disks."""
        told = []
        for name in sorted(self.by_place()[FIRST]):
            device_id, asked_at = self.id_of(name), time.time()
            run = self._ended(device_id, "second_copy")
            hold(run["state"] == "succeeded", f"{name}: {run['error']}")
            first = digests(self.made.data(FIRST), device_id, before=asked_at)
            second = digests(self.made.data(SECOND.name), device_id)
            wrong = [place for place, digest in first.items() if second.get(place) != digest]
            hold(not wrong, f"{name}: not the same on the two disks: {wrong[:3]}")
            place = self.detail(device_id)["places"][1]
            hold(place["storage"] == SECOND.name, f"{name}: second copies at {place}")
            hold(place["proven_files"] >= len(first), f"{name}: {place}, of {len(first)}")
            told.append(f"{name} {place['proven_files']}")
        return f"proven files: {', '.join(told)}; equal on the disks"

    def _ended(self, device_id: str, kind: str, **send: object) -> dict[str, Any]:
        """The run that is asked for now, when it has ended. What waits for another try is over."""
        asked = self.client.ask(f"/api/v1/devices/{device_id}/{kind}/", send=send)
        hold(asked.status == 202, f"{kind}: HTTP {asked.status} {asked.text[:300]}")
        run = json.loads(asked.body)

        def lacking() -> str:
            now = self.client.row(f"runs/{run['id']}/")
            run.update(now)
            return f"{kind} is {run['state']} {run['error']}" if run["state"] in OPEN else ""

        until(lacking, 300)
        return dict(run)

    def damaged_second(self) -> str:
        """Found by the next run, and when three in a row have met it, a problem. Neither of the
        two takes the place of the other."""
        device_id, data = self.id_of(IDLE), self.made.data(SECOND.name)
        self.rotten = max(places(data, device_id), key=lambda path: path.stat().st_size)
        damage(self.rotten)
        before = [digests(self.made.data(name), device_id) for name in (FIRST, SECOND.name)]
        for attempt in range(3):
            run = self._ended(device_id, "second_copy")
            hold(run["state"] == "failed", f"run {attempt + 1}: {run['state']}")
            hold(self.rotten.name in run["error"], f"it says: {run['error']}")

        def lacking() -> str:
            told = [row["sentence"] for row in self.problems()]
            return "" if any(self.rotten.name in one for one in told) else f"told are {told}"

        until(lacking, 300)
        after = [digests(self.made.data(name), device_id) for name in (FIRST, SECOND.name)]
        hold(after == before, "somebody wrote over one of the two")
        return "three runs failed by its name; told as a problem; both files as they were"

    def mended_second(self) -> str:
        device_id = self.id_of(IDLE)
        self.rotten.unlink()
        run = self._ended(device_id, "second_copy")
        hold(run["state"] == "succeeded", run["error"])
        first = digests(self.made.data(FIRST), device_id)
        hold(first == digests(self.made.data(SECOND.name), device_id), "the disks differ")
        return run["log"].strip().splitlines()[-1]

    def stopped(self, name: str) -> str:
        """What goes on growing at the new place is not equal to what the move left."""
        device = next(one for one in self.made.lab.devices if one.name == name)
        self.made.lab.stop_run(device)
        for kind in ("list_card", "pull_results"):
            run = self._ended(device.device_id, kind)
            hold(run["state"] == "succeeded", run["error"])
        self._looked_at_again(device.device_id)
        return "it is green, and nothing of it grows"

    def moved(self, name: str, source: str) -> str:
        """To the other storage: all of it, and green also while it goes."""
        device_id, asked_at = self.id_of(name), time.time()
        before = digests(self.made.data(source), device_id)
        asked = self.client.ask(f"/api/v1/devices/{device_id}/move/", send={"to": OTHER})
        hold(asked.status == 202, f"HTTP {asked.status} {asked.text[:300]}")

        def lacking() -> str:
            devices = self.client.devices()
            if devices and devices[name]["verdict"] not in GREEN:
                raise NotHeld(said(name, devices[name]))
            runs = [row for row in self.client.rows("runs/?kind=move") if row["state"] in OPEN]
            return f"the move is {runs[0]['state']}: {runs[0]['error']}" if runs else ""

        until(lacking, 300)
        found = self.detail(device_id)
        hold(found["places"][0]["storage"] == OTHER, f"it lies {found['places'][0]}")
        hold(found["left"], "nothing is said to be left")
        there = self.made.data(OTHER)
        wrong = before.keys() - {str(path.relative_to(there)) for path in places(there, device_id)}
        same = digests(there, device_id, before=asked_at)  # what grows may be pulled there already
        wrong |= {place for place, digest in same.items() if before.get(place) != digest}
        hold(not wrong, f"not on {OTHER} as on {source}: {sorted(wrong)[:3]}")
        self._looked_at_again(device_id)
        return (
            f"{len(before)} files in use on {OTHER}, {len(same)} of them equal on the disks; green"
        )

    def _looked_at_again(self, device_id: str) -> None:
        """And green by what is seen there now."""
        since = time.time()

        def lacking() -> str:
            detail = self.client.row(f"devices/{device_id}/")
            if detail and detail["verdict"] not in GREEN:
                raise NotHeld(f"it is {detail['sentence']}")
            return "" if detail and taken_after(detail, since) else "no look at it since"

        until(lacking, 300)

    def cleared(self, name: str, source: str) -> str:
        device_id, asked_at = self.id_of(name), time.time()
        before = digests(self.made.data(OTHER), device_id, before=asked_at)
        run = self._ended(device_id, "clear")
        hold(run["state"] == "succeeded", run["error"])
        left = list(places(self.made.data(source), device_id))
        hold(not left, f"still on {source}: {left[:3]}")
        now = digests(self.made.data(OTHER), device_id)
        hold(before.keys() <= now.keys(), f"on {OTHER} are gone: {before.keys() - now.keys()}")
        self._looked_at_again(device_id)
        last = not_green(self.client.devices())
        hold(not last, f"at the end {last}")
        return f"{run['log'].strip().splitlines()[-1]}; all devices are green"
