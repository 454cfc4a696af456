"""What is true: devices, what each recorded and when. Times are epoch seconds of a true clock."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
STEP = 10 * MINUTE  # between two rows of one ROI
CHUNK = 5 * MINUTE
START_CODE = b"\0\0\0\1\x67"


@lru_cache(maxsize=1000)
def stamp_of(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d_%H-%M-%S}"


@dataclass(slots=True)
class Clock:
    """A device's clock: from each moment on, how far it is ahead of the true one."""

    steps: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 0.0)])

    def at(self, true: float) -> float:
        return true + max(step for step in self.steps if step[0] <= true)[1]

    def set(self, true: float, ahead: float) -> None:
        self.steps.append((true, ahead))


@dataclass(slots=True, kw_only=True, eq=False)
class Experiment:
    """A tracking run: rows come at a fixed pace while it is tracking.

    `stints` are the spans it tracked: a second one is a run appended to after its stop.
    """

    device_id: str
    folder: str  # the device's name when it began
    writer: str  # "sqlite" or "mysql"
    clock: Clock
    stints: list[tuple[float, float]]
    seed: int
    rois: int = 3
    graceful: bool = True
    listed: bool = True
    gone: bool = False  # no longer on the card: dropped or deleted

    @property
    def stamp(self) -> str:
        """Its start by the device's clock, as in its name."""
        return stamp_of(self.clock.at(self.begins))

    @property
    def filename(self) -> str:
        return f"{self.stamp}_{self.device_id}.db"

    @property
    def place(self) -> Path:
        """Below a results folder, on the card and here alike."""
        return Path(self.device_id, self.folder, self.stamp, self.filename)

    @property
    def begins(self) -> float:
        return self.stints[0][0]

    @property
    def ends(self) -> float:
        return self.stints[-1][1]

    def last_begin(self, at: float) -> float:
        return max(begin for begin, _ in self.stints if begin <= at)

    def is_tracking(self, at: float) -> bool:
        return any(begin <= at < end for begin, end in self.stints)

    def exists(self, at: float) -> bool:
        return self.begins <= at

    def ended(self, at: float) -> bool:
        return self.ends <= at

    def rows(self, until: float) -> int:
        """Rows of each ROI by then."""
        spans = (min(end, until) - begin for begin, end in self.stints if begin < until)
        return sum(int(span // STEP) for span in spans)

    def row_at(self, number: int) -> float:
        """When that row was written; they count from 1."""
        for begin, end in self.stints:
            count = int((end - begin) // STEP)
            if number <= count:
                return begin + number * STEP
            number -= count
        return self.ends

    def stops(self, until: float) -> list[float]:
        """Its graceful stops by then."""
        ends = [end for _, end in self.stints if end <= until]
        return ends if self.graceful else ends[:-1]


@dataclass(slots=True, kw_only=True, eq=False)
class VideoFile:
    """A chunk, or another file of a recording. Its bytes follow from its name and seed.

    A device calls it by when its recording was begun, on its own clock.
    """

    tail: str  # of its name
    clock: Clock
    recorded: float
    begins: float
    ends: float
    seed: int

    @property
    def name(self) -> str:
        return f"{stamp_of(self.clock.at(self.recorded))}_{self.tail}"

    @property
    def is_chunk(self) -> bool:
        return self.tail.endswith((".h264", ".avi"))

    def content(self, until: float) -> bytes:
        """What it holds by then: it is written from front to end."""
        size = 100 + self.seed % 120
        whole = START_CODE + blake2b(f"{self.tail}{self.seed}".encode()).digest() * 4
        share = min(1.0, (until - self.begins) / (self.ends - self.begins))
        return whole[: max(int(size * share), len(START_CODE) + 1)]


@dataclass(slots=True, kw_only=True, eq=False)
class Recording:
    device_id: str
    folder: str
    clock: Clock
    begins: float
    ends: float
    files: list[VideoFile]

    @property
    def stamp(self) -> str:
        return stamp_of(self.clock.at(self.begins))

    @property
    def place(self) -> Path:
        """Below a videos folder."""
        return Path(self.device_id, self.folder, self.stamp)

    def is_recording(self, at: float) -> bool:
        return self.begins <= at < self.ends

    def present(self, at: float) -> list[VideoFile]:
        return [file for file in self.files if file.begins < at]


@dataclass(slots=True, kw_only=True, eq=False)
class OtherFile:
    """What a card holds beside its experiments and videos: `path` is below its data root."""

    path: bytes
    content: bytes
    since: float
    gone: bool = False

    @property
    def is_video(self) -> bool:
        return self.path.startswith(b"videos/")


@dataclass(slots=True, kw_only=True)
class Firmware:
    """What a device tells of itself, by the age of its software."""

    name: str
    live_counts: bool  # rows of each table while it tracks, and after its stop
    final_counts: bool  # rows of each table of the runs of its inventory
    videos: str = ""  # its /list_video_files: "" none, "paths", "md5"


FIRMWARES = (
    Firmware(name="head", live_counts=True, final_counts=False),
    Firmware(name="head, counts kept", live_counts=True, final_counts=True),
    Firmware(name="July 2025", live_counts=False, final_counts=False, videos="paths"),
    Firmware(name="before July 2025", live_counts=False, final_counts=False, videos="md5"),
)


@dataclass(slots=True, kw_only=True, eq=False)
class Device:
    number: int
    device_id: str
    name: str
    address: str
    firmware: Firmware
    clock: Clock
    experiments: list[Experiment] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)
    others: list[OtherFile] = field(default_factory=list)

    def status(self, at: float) -> str:
        if any(one.is_tracking(at) for one in self.experiments):
            return "running"
        return "recording" if any(r.is_recording(at) for r in self.recordings) else "stopped"

    def newest(self, at: float) -> Experiment | None:
        begun = [one for one in self.experiments if one.exists(at)]
        return max(begun, key=lambda one: one.last_begin(at), default=None)
