"""Files that a card holds beside its experiments and videos, as labs leave them there."""

import random
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.faults import databases
from tests.faults.truth import DAY, HOUR, START_CODE, Clock, Device, Experiment, OtherFile, stamp_of

ODD_NAMES = (b"caf\xe9.csv", b"two\nlines.txt", b" begins with a blank", b"'quoted' \"twice\".md")


def some(device: Device, rng: random.Random, at: float) -> list[OtherFile]:
    return [make(device, rng, at) for _ in range(rng.choice((0, 1, 1, 2, 4)))]


def make(device: Device, rng: random.Random, at: float) -> OtherFile:
    path = rng.choice(PATHS)(device, rng, at)
    return OtherFile(path=path, content=_content(path, rng), since=at)


def foreign_database(device: Device, rng: random.Random, at: float) -> OtherFile:
    """Of another machine, whose card this was."""
    begins = at - rng.randint(1, 40) * DAY
    one = Experiment(
        device_id=_other_id(rng), folder="ETHOSCOPE_999", writer="sqlite", clock=Clock(),
        stints=[(begins, begins + 2 * HOUR)], seed=rng.randrange(10_000),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, one.filename)
        databases.grow(made, replace(one), at)
        content = made.read_bytes()
    return OtherFile(path=f"results/{one.place}".encode(), content=content, since=at)


def foreign_video(device: Device, rng: random.Random, at: float) -> OtherFile:
    path = _foreign_video(device, rng, at)
    return OtherFile(path=path, content=_content(path, rng), since=at)


def odd(device: Device, rng: random.Random, at: float) -> OtherFile:
    path = _odd(device, rng, at)
    return OtherFile(path=path, content=_content(path, rng), since=at)


def _content(path: bytes, rng: random.Random) -> bytes:
    head = START_CODE if path.endswith(b".h264") else b""
    return head + rng.randbytes(rng.choice((1, 90, 5000)))


def _other_id(rng: random.Random) -> str:
    return f"{rng.getrandbits(128):032x}"


def _foreign_video(device: Device, rng: random.Random, at: float) -> bytes:
    other, stamp = _other_id(rng), stamp_of(at - rng.randint(1, 40) * DAY)
    name = f"{stamp}_{other}_pilot_1280x960@15fps-20q_00001.h264"
    return f"videos/{other}/ETHOSCOPE_999/{stamp}/{name}".encode()


def _odd(device: Device, rng: random.Random, at: float) -> bytes:
    return b"upload/%04x/" % rng.getrandbits(16) + rng.choice(ODD_NAMES)


def _plain(template: str) -> object:
    def path(device: Device, rng: random.Random, at: float) -> bytes:
        number = rng.getrandbits(16)
        return template.format(number=number, id=device.device_id, name=device.name).encode()

    return path


PATHS = (
    _foreign_video,
    _odd,
    _plain("upload/images/arena-{number}.png"),
    _plain("backup/{name}_{number}_db.sql"),
    _plain("videos/film-{number}.avi"),
    _plain("results/.kept/{number}"),
    _plain("results/{id}/notes-{number}.txt"),
    _plain("videos/{id}/.hidden-{number}.h264"),
    _plain("notes-{number}.txt"),
)
