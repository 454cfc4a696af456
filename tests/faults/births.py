"""Devices as a lab has them, made by chance: sessions one after another, and who saves them."""

import random
from hashlib import blake2b
from pathlib import Path

from tests.faults import strangers
from tests.faults.care import TYPES, Care
from tests.faults.case import Case
from tests.faults.looks import LOOKS
from tests.faults.truth import (
    CHUNK,
    DAY,
    FIRMWARES,
    HOUR,
    STEP,
    Clock,
    Device,
    Experiment,
    Recording,
    VideoFile,
)

MOST_AT_ONCE = 40  # devices of one world
CODES = ("pilot", "", "social-1")


def born(number: int, *, seed: str, root: Path, start: float) -> Case:
    """A device-case of this number; the same seed and number give the same one."""
    rng = random.Random(f"{seed}/{number}/birth")
    device = Device(
        number=number,
        device_id=blake2b(f"{seed}/{number}".encode(), digest_size=16).hexdigest(),
        name=f"ETHOSCOPE_{number:03}",
        address=address_of(number),
        firmware=rng.choice(FIRMWARES),
        clock=Clock([(0.0, rng.choice((0.0, 0.0, 0.0, 2.0, -40.0)))]),
    )
    _sessions(device, rng, start)
    care = _care(device, rng)
    _card(device, care, random.Random(f"{seed}/{number}/card"), start)
    return Case(device=device, seed=seed, root=root, born_name=device.name, care=care)


def address_of(number: int) -> str:
    """All of one world differ."""
    return f"127.0.1.{1 + number % MOST_AT_ONCE}"


def _sessions(device: Device, rng: random.Random, start: float) -> None:
    """Past ones, what is going on at the first look, and what begins later."""
    at = start - rng.uniform(2, 9) * DAY
    until = start + 60 * HOUR
    writer = rng.choice(("sqlite", "sqlite", "mysql", ""))
    while at < until:
        length = rng.choice((1.5, 5, 11, 26, 50, 90)) * HOUR
        records = not writer or rng.random() < 0.3
        if records:
            length = min(length, rng.choice((1, 2, 2, 3, 3, 4, 4, 80)) * HOUR)
            device.recordings.append(_recording(device, rng, at, at + length))
        else:
            device.experiments.append(_experiment(device, rng, at, at + length, writer))
        at += length + rng.uniform(1, 40) * HOUR
    _forget_dropped(device)


def _forget_dropped(device: Device) -> None:
    """Each start drops what MariaDB held: the device lists the newest only, and had it saved."""
    for one in [one for one in device.experiments if one.writer == "mysql"][:-1]:
        device.experiments.remove(one)


def _experiment(
    device: Device, rng: random.Random, begins: float, ends: float, writer: str
) -> Experiment:
    begins, ends = float(int(begins)), float(int(ends / STEP) * STEP)
    return Experiment(
        device_id=device.device_id,
        folder=device.name,
        writer=writer,
        clock=device.clock,
        stints=[(begins, ends)],
        seed=rng.randrange(10_000),
        graceful=rng.random() < 0.85,
    )


def _recording(device: Device, rng: random.Random, begins: float, ends: float) -> Recording:
    begins = float(int(begins))
    prefix = f"{device.device_id}_{rng.choice(CODES)}_1280x960@15fps-20q"
    count = max(2, int((ends - begins) / CHUNK))
    files = [
        VideoFile(
            tail=f"{prefix}_{number + 1:05}.h264",
            clock=device.clock,
            recorded=begins,
            begins=begins + number * CHUNK,
            ends=begins + (number + 1) * CHUNK,
            seed=rng.randrange(10_000),
        )
        for number in range(count)
    ]
    return Recording(
        device_id=device.device_id,
        folder=device.name,
        clock=device.clock,
        begins=begins,
        ends=begins + count * CHUNK,
        files=files,
    )


def _card(device: Device, care: Care, rng: random.Random, start: float) -> None:
    """Two of three let us look at their cards, and hold what only such a look can find."""
    if rng.random() < 1 / 3:
        return
    looks = range(len(LOOKS))
    device.others = strangers.some(device, rng, start - rng.uniform(1, 30) * DAY)
    care.lists = frozenset(looks[::4])
    care.pulls_files = frozenset(looks[::3])
    care.proves = frozenset(looks[rng.choice((0, 2)) :: 3] if rng.random() < 0.7 else ())
    care.asks = frozenset((rng.choice((4, 6, 8)), looks[-1]))


def _care(device: Device, rng: random.Random) -> Care:
    """Most devices have daemons and our own runs; some have one of the two."""
    looks = range(len(LOOKS))
    kind = rng.choice(("both", "both", "daemons", "ours"))
    ours = frozenset(looks[1::4] if kind == "both" else looks[::2] if kind == "ours" else ())
    return Care(
        daemons=set() if kind == "ours" else set(TYPES),
        pulls_results=ours
        if any(e.writer == "sqlite" for e in device.experiments)
        else frozenset(),
        mirrors=ours if any(e.writer == "mysql" for e in device.experiments) else frozenset(),
        pulls_videos=ours if device.recordings else frozenset(),
        verifies=frozenset(looks[3::4]) if rng.random() < 0.5 else frozenset(),
    )
