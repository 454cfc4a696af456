"""Tracking runs as a device has them. Their databases are real files: lab/results.py."""

import random
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

from lab.stamps import folder_stamp

ROW_SECONDS = 10.0  # one row per ROI; a real device writes some 2 a second
DAM_SECONDS = 60.0
SENSOR_SECONDS = 120.0
SNAPSHOT_SECONDS = 300.0
ROIS = 20
DATA_ROOT = "/ethoscope_data"  # on a device
_PEOPLE = (("jdoe", "Incubator_2"), ("asmith", "Incubator_1A"), ("mrossi", "Incubator_3"))


class ResultWriter(StrEnum):
    """The `result_writer_type` of METADATA."""

    SQLITE = "SQLite3"
    MYSQL = "MySQL"


@dataclass(slots=True, kw_only=True)
class Tracking:
    """One tracking run. Times are on the device's clock; `rows` counts those of each ROI."""

    device_id: str
    folder_name: str
    started_at: float
    writer: ResultWriter
    user: str
    location: str
    code: str
    run_id: str
    rows: int = 0
    dam_rows: int = 0
    sensor_rows: int = 0
    snapshot_rows: int = 0
    last_row_at: float
    stopped_at: float | None = None
    listed: bool = True  # the inventory names it
    held_back: bool = False  # a fault keeps the daemons from copying it
    purged: bool = False  # its file is no more on the card, and the inventory says so
    told_counts: dict[str, int] = field(default_factory=dict)  # what the device told last
    told_bytes: int = 0
    crashed: bool = False  # its -wal is folded by nobody
    served: bool = False  # a real MariaDB has it
    data_root: str = DATA_ROOT

    @property
    def stamp(self) -> str:
        return folder_stamp(self.started_at)

    @property
    def filename(self) -> str:
        return f"{self.stamp}_{self.device_id}.db"

    @property
    def path(self) -> PurePosixPath:
        """Below `results/`, on the device and on the node alike."""
        return PurePosixPath(self.device_id, self.folder_name, self.stamp, self.filename)

    @property
    def source_path(self) -> str | None:
        return (
            f"{self.data_root}/results/{self.path}" if self.writer is ResultWriter.SQLITE else None
        )

    @property
    def database_name(self) -> str:
        return f"{self.folder_name}_db"

    def experimental_info(self) -> dict[str, str]:
        return {
            "name": self.user,
            "location": self.location,
            "code": self.code,
            "sensor": "",
            "lights_on": "09:00",
            "lights_off": "21:00",
            "run_id": self.run_id,
        }


def new_run(
    rng: random.Random, *, device_id: str, folder_name: str, writer: ResultWriter, started_at: float
) -> Tracking:
    user, location = rng.choice(_PEOPLE)
    return Tracking(
        device_id=device_id,
        folder_name=folder_name,
        started_at=started_at,
        writer=writer,
        user=user,
        location=location,
        code=f"lab{folder_name.rpartition('_')[2]}",
        run_id=f"{rng.getrandbits(64):016x}",
        last_row_at=started_at,
    )
