"""Placed, backed up, downloaded; one storage cut off, and back: each held against the disks."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.three_hosts.files import Marks, marks, places
from tests.three_hosts.places import PLACES
from tests.three_hosts.seen import (
    FIRST,
    IDLE,
    ON_FIRST,
    ON_OTHER,
    OTHER,
    Seen,
    changed,
    not_green,
    said,
    verdicts,
)
from tests.three_hosts.story import NotHeld, hold, until


@dataclass(slots=True)
class Hosts(Seen):
    """The storages, while one of them is cut off."""

    mains_own: dict[str, Marks] = field(default_factory=dict)  # of devices that lie elsewhere

    def they_live(self) -> str:
        def lacking() -> str:
            rows = self.client.rows("storages/")
            silent = [row["silent"] for row in rows if row["silent"]]
            return "; ".join(silent) if len(rows) == len(PLACES) else "they are not all listed"

        until(lacking, 300)
        return ", ".join(place.name for place in PLACES)

    def they_are_placed(self) -> str:
        wanted = {place.name: set(place.pattern.split()) for place in PLACES if place.pattern}

        def lacking() -> str:
            found = self.by_place()
            wrong = [name for name, devices in wanted.items() if found.get(name) != devices]
            return f"they lie {found}" if wrong else ""

        until(lacking, 300)
        found = self.by_place()
        for name, devices in found.items():
            for device in devices if name != "main" else ():
                row = self.client.devices()[device]
                self.mains_own[device] = marks(self.made.data("main"), row["device_id"])
        return ", ".join(f"{len(found[name])} on {name}" for name in sorted(found))

    def all_are_green(self) -> str:
        def lacking() -> str:
            devices = self.client.devices()
            if len(devices) != len(self.made.lab.devices):
                return f"{len(devices)} devices are known"
            return not_green(devices)

        until(lacking, 900)
        return f"{len(self.client.devices())} devices"

    def each_by_its_own(self) -> str:
        """Its files are on its own disk, and nobody wrote any on another."""
        counted = []
        for name, before in self.mains_own.items():
            device_id = self.id_of(name)
            home = str(self.detail(device_id)["places"][0]["storage"])
            others = [place.name for place in PLACES if place.name != home]
            strays = [other for other in others if any(places(self.made.data(other), device_id))]
            hold(not strays, f"{name} has files on {strays}, too")
            hold(marks(self.made.data("main"), device_id) == before, f"main wrote files of {name}")
            count = len(list(places(self.made.data(home), device_id)))
            hold(count, f"{name} has no file on {home}")
            counted.append(f"{name} {count} files on {home}")
        return ", ".join(counted)

    def files_come(self) -> str:
        return self._come_whole(IDLE, FIRST)

    def _come_whole(self, name: str, home: str) -> str:
        """Of a database and a video: all bytes, and a part of them."""
        rows = self.client.rows(f"files/?device={self.id_of(name)}&limit=500")
        kinds = {row["kind"]: row for row in rows if not row["growing"] and row["size_bytes"] > 999}
        hold(kinds.keys() >= {"database", "video"}, f"listed are {len(rows)} files, {list(kinds)}")
        for kind, row in kinds.items():
            whole = (self.made.data(home) / row["name"]).read_bytes()
            hold(row["content"].startswith(self.made.url + "/"), f"it is at {row['content']}")
            path = urlsplit(row["content"]).path
            came = self.client.ask(path)
            hold(came.status == 200, f"{kind}: HTTP {came.status} {came.text[:300]}")
            hold(came.body == whole, f"{kind}: {len(came.body)} bytes, and not as on the disk")
            part = self.client.ask(path, part="bytes=500-899")
            hold(part.status == 206, f"{kind}: a part is HTTP {part.status} {part.text[:300]}")
            hold(part.body == whole[500:900], f"{kind}: the part is not as on the disk")
        return ", ".join(f"a {kind} of {row['size_bytes']:,} bytes" for kind, row in kinds.items())

    def cut_off(self) -> str:
        """Of its own devices nobody can tell; of all others the same as before."""
        known = {row["id"] for row in self.problems()}
        as_before = verdicts(self.client.devices())
        others = as_before.keys() - self.by_place()[FIRST]
        self.made.hosts[FIRST].cut()

        def opened() -> list[dict[str, Any]]:
            return [row for row in self.problems() if row["id"] not in known]

        def lacking() -> str:
            devices = self.client.devices()
            if other := changed(as_before, devices, others):
                raise NotHeld(f"devices on other hosts changed: {other}")
            mine = {name: row for name, row in devices.items() if name not in others}
            if waits := [said(name, row) for name, row in mine.items() if not _by_name(row)]:
                return "; ".join(waits)
            return "" if devices and opened() else "no problem is open"

        until(lacking, 900)
        told = [f"{row['cause']}: {row['sentence']}" for row in opened()]
        hold(len(told) == 1 and told[0].startswith("storage:"), f"told are {told}")
        answer = self.client.ask(f"/api/v1/files/?device={self.id_of(ON_FIRST)}")
        hold(answer.status == 503 and FIRST in answer.text, f"its files: {answer}")
        elsewhere = self._come_whole(ON_OTHER, OTHER)
        return f"{told[0]}; {len(others)} others as before; its files 503, of {OTHER} {elsewhere}"

    def joined(self) -> str:
        self.made.hosts[FIRST].join()

        def lacking() -> str:
            still = [row["sentence"] for row in self.problems() if row["cause"] == "storage"]
            return not_green(self.client.devices()) or "; ".join(still)

        until(lacking, 900)
        return "all are green, and the problem is over"


def _by_name(row: dict[str, Any]) -> bool:
    return row["verdict"] == "unknown" and f"“{FIRST}”" in row["sentence"]
