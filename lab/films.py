"""Real H.264 in a few chunks, so that there is something to be watched: ffmpeg's test source.

Sizes and times stay what they are: a stream may end with zeros.
"""

import os
import shutil
import subprocess
from contextlib import suppress
from itertools import islice
from pathlib import Path

from lab.chunks import Clip, Filming
from lab.fleet import Habit, SimulatedDevice

SECONDS = 3  # of each film
FPS = 15  # any: the name of a chunk tells another one
CLIPS = 4  # different ones; then they come again
MOST_CHUNKS = 12
MAKING_SECONDS = 30


def film_one(devices: list[SimulatedDevice], videos: Path, kept: Path) -> None:
    """Let the newest recording of the first idle device show something, where an ffmpeg is there
    that can make it: without, the lab is as good for all else."""
    idle = (one for one in devices if one.kind is Habit.IDLE and not one.opened and one.recordings)
    device = next(idle, None)
    if device and shutil.which("ffmpeg"):
        with suppress(subprocess.SubprocessError):
            film(device.recordings[-1], videos, kept)


def film(recording: Filming, videos: Path, kept: Path) -> None:
    """Into those of its first chunks that lie below `videos`. `kept`: where clips are kept."""
    kept.mkdir(parents=True, exist_ok=True)
    for place, chunk in enumerate(islice(recording.chunks(), MOST_CHUNKS)):
        path = videos / recording.folder / chunk.name
        if path.exists():
            _put(path, chunk, _clip(kept, place % CLIPS))


def _put(path: Path, chunk: Clip, clip: bytes) -> None:
    with path.open("r+b") as file:
        if file.read(len(clip)) == clip:
            return
        size = os.fstat(file.fileno()).st_size
        file.seek(0)
        file.truncate()
        file.write(clip[:size])
        file.truncate(size)
    os.utime(path, (chunk.modified_at, chunk.modified_at))


def _clip(kept: Path, number: int) -> bytes:
    path = kept / f"{number}.h264"
    if not path.exists():
        made = path.with_suffix(".new")
        made.write_bytes(_made(number))
        made.replace(path)
    return path.read_bytes()


def _made(number: int) -> bytes:
    """A raw stream, as a camera writes it, that counts on from the clip before."""
    whole = f"testsrc=size=160x120:rate={FPS}:duration={SECONDS * CLIPS}"
    words = [
        "ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", whole,
        "-ss", str(number * SECONDS), "-t", str(SECONDS), "-c:v", "libx264",
        "-preset", "ultrafast", "-profile:v", "baseline", "-pix_fmt", "yuv420p", "-g", str(FPS),
        "-bsf:v", "filter_units=remove_types=6", "-f", "h264", "pipe:1",
    ]  # fmt: skip
    made = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=MAKING_SECONDS,
    )
    return made.stdout
