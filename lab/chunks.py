"""Video recordings as a device has them: a folder of chunks, each of 300 s, known by formula.

A recording of 10,000 chunks is a dozen numbers; a chunk's name, size and time follow from them.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath

from lab.stamps import folder_stamp

CHUNK_SECONDS = 300.0
START_CODE = b"\x00\x00\x00\x01\x67"  # how an h264 stream begins
BYTES_PER_SECOND = 130_000  # some 39 MB a chunk, as a lab reported
DAY = 86_400.0
_CODES = ("pilot", "", "social-1", "sleep-24h", "")
_PI_CAMERA = "1280x960@15fps-20q"
_USB_CAMERA = "640x480@15.0"

# Share of the chunks, and how many days ago such a recording ended: old, settled, young.
_AGES = ((0.7, 31.0, 200.0), (0.2, 7.5, 27.0), (0.1, 0.1, 5.5))


@dataclass(frozen=True, slots=True)
class Clip:
    name: str
    size_bytes: int
    modified_at: float


@dataclass(slots=True, kw_only=True)
class Filming:
    """One `<timestamp>/` folder of chunks; `held_*` is what the node has of it."""

    device_id: str
    folder_name: str  # the device's name when it was made
    started_at: float
    code: str = ""
    camera: str = _PI_CAMERA
    ended_at: float
    stopped: bool = True
    with_md5: bool = False  # made by firmware of before July 2025
    merged: bool = False  # the node joined it into one .mp4
    held_chunks: int = 0
    held_bytes: int = 0
    scale: float = 1.0  # of the chunks' sizes; below 1 they are small, and all their bytes real
    clock_offset: float = 0.0  # of the device's clock when it began
    clock_jumps: list[tuple[int, float]] = field(default_factory=list)  # from that chunk on

    @property
    def stamp(self) -> str:
        return folder_stamp(self.started_at)

    @property
    def folder(self) -> PurePosixPath:
        return PurePosixPath(self.device_id, self.folder_name, self.stamp)

    @property
    def prefix(self) -> str:
        return f"{self.stamp}_{self.device_id}_{self.code}_{self.camera}"

    @property
    def chunk_count(self) -> int:
        return int((self.ended_at - self.started_at - 0.001) // CHUNK_SECONDS) + 1

    def chunk(self, index: int) -> Clip:
        """The chunk of that number, counted from 1; the last one may be half full."""
        began = self.started_at + (index - 1) * CHUNK_SECONDS
        ended = min(began + CHUNK_SECONDS, self.ended_at)
        rate = (BYTES_PER_SECOND + index * 7919 % 20_000) * self.scale
        modified_at = ended + sum(jump for first, jump in self.clock_jumps if index >= first)
        size_bytes = max(len(START_CODE), int((ended - began) * rate))
        return Clip(f"{self.prefix}_{index:05d}.h264", size_bytes, modified_at)

    def chunks(self, *, first: int = 1) -> Iterator[Clip]:
        return (self.chunk(index) for index in range(first, self.chunk_count + 1))

    def size_bytes(self) -> int:
        return sum(chunk.size_bytes for chunk in self.chunks())


def plan_recordings(
    rng: random.Random, *, device_id: str, folder_name: str, chunks: int, now: float
) -> list[Filming]:
    """Past recordings of 100-300 chunks, oldest first: 70 % over a month old, 10 % under a week."""
    counts = [int(chunks * share) for share, *_ in _AGES]
    counts[0] += chunks - sum(counts)
    recordings = [
        _recording(rng, device_id, folder_name, size, now - rng.uniform(least, most) * DAY)
        for count, (_, least, most) in zip(counts, _AGES, strict=True)
        for size in _folder_sizes(rng, count)
    ]
    recordings.sort(key=lambda recording: recording.started_at)
    return _at_different_times(recordings)


def _folder_sizes(rng: random.Random, count: int) -> Iterator[int]:
    while count > 0:
        size = min(count, rng.randint(100, 300))
        yield size
        count -= size


def _recording(
    rng: random.Random, device_id: str, folder_name: str, size: int, ended_at: float
) -> Filming:
    return Filming(
        device_id=device_id,
        folder_name=folder_name,
        started_at=float(int(ended_at - size * CHUNK_SECONDS)),
        ended_at=float(int(ended_at)),
        code=rng.choice(_CODES),
        camera=_USB_CAMERA if rng.random() < 0.1 else _PI_CAMERA,
    )


def _at_different_times(recordings: list[Filming]) -> list[Filming]:
    """Two folders of one device cannot begin in the same second."""
    for earlier, later in pairwise(recordings):
        if later.started_at <= earlier.started_at:
            shift = earlier.started_at + 1 - later.started_at
            later.started_at += shift
            later.ended_at += shift
    return recordings
