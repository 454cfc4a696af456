"""Faults of a card, and of the login to it: what a listing or a pull meets there."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from lab.cards import write_chunks
from lab.chunks import CHUNK_SECONDS, DAY, Filming
from lab.faults.mishap import Deed, Mishap, Suits, ThingFault, nothing_to_undo, undamaged
from lab.faults.options import FaultError, Strike
from lab.fleet import OPEN_SCALE, Ailment, SimulatedDevice
from lab.tracking import ResultWriter, new_run
from lab.world import World

MANY = 100_000
_IN_ONE_FOLDER = 1_000
_FOREIGN_NAME = "ETHOSCOPE_000"
ODD_NAMES = (b"caf\xe9.h264", b"two\nlines.h264", "\u202egpj.h264".encode(), b"-rf.h264")

Pick = Callable[[World, SimulatedDevice], Path]


def films_or_tracks(device: SimulatedDevice) -> bool:
    return device.online and bool(device.recordings or device.runs)


def has_filmed(device: SimulatedDevice) -> bool:
    return device.online and any(each.stopped for each in device.recordings)


def has_tracked(device: SimulatedDevice) -> bool:
    ended = (run for run in device.runs if run.stopped_at is not None)
    return undamaged(device) and any(run.writer is ResultWriter.SQLITE for run in ended)


def ail(ailment: Ailment) -> ThingFault:
    """For whoever logs in; the device itself tells nothing of it."""

    def strike(world: World, device: SimulatedDevice, told: Strike) -> None:
        if world.machines is None:
            raise FaultError("nobody can log in to this lab's devices: none is open")
        device.ails.add(ailment)

    def undo(world: World, device: SimulatedDevice, told: Strike) -> None:
        device.ails.discard(ailment)

    return ThingFault(on=strike, off=undo, suits=films_or_tracks)


def tear(pick: Pick, damage: Callable[[Path], None], *, suits: Suits) -> ThingFault:
    """A file of the card is damaged there; its time stays."""

    def strike(world: World, device: SimulatedDevice, told: Strike) -> None:
        path = pick(world, device)
        seen = path.stat()
        shutil.copy2(path, _spared(world, path))
        damage(path)
        os.utime(path, ns=(seen.st_mtime_ns, seen.st_mtime_ns))

    def undo(world: World, device: SimulatedDevice, told: Strike) -> None:
        path = pick(world, device)
        shutil.copy2(_spared(world, path), path)

    return ThingFault(on=strike, off=undo, suits=suits)


def _spared(world: World, path: Path) -> Path:
    folder = world.root / "spared"
    folder.mkdir(exist_ok=True)
    return folder / path.name


def a_chunk(world: World, device: SimulatedDevice) -> Path:
    world.side.lay_out(device)
    recording = next(each for each in device.recordings if each.stopped)
    middle = recording.chunk(recording.chunk_count // 2 + 1)
    return world.side.videos / recording.folder / middle.name


def a_database(world: World, device: SimulatedDevice) -> Path:
    ended = (run for run in device.runs if run.stopped_at is not None)
    return world.side.path(next(run for run in ended if run.writer is ResultWriter.SQLITE))


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zero_tail(path: Path) -> None:
    size = path.stat().st_size
    os.truncate(path, size // 2)
    os.truncate(path, size)


def foreign_id(device: SimulatedDevice) -> str:
    """What the box was called before it was renumbered."""
    return f"{device.number:03d}{'f' * 29}"


def leave_foreign(world: World, device: SimulatedDevice, told: Strike) -> None:
    """A run and a recording under the machine id that the box had before."""
    for folder in _foreign(world, device):
        world.side.show(folder)
    began = float(int(world.now() - 30 * DAY))
    run = new_run(
        world.rng,
        device_id=foreign_id(device),
        folder_name=_FOREIGN_NAME,
        writer=ResultWriter.SQLITE,
        started_at=began,
    )
    run.last_row_at = run.stopped_at = began + DAY
    world.side.write_past(run)
    recording = Filming(
        device_id=run.device_id,
        folder_name=run.folder_name,
        started_at=began,
        ended_at=began + 3 * CHUNK_SECONDS,
        scale=OPEN_SCALE,
    )
    write_chunks(world.side.videos, recording)


def remove_foreign(world: World, device: SimulatedDevice, told: Strike) -> None:
    for folder in _foreign(world, device):
        shutil.rmtree(folder, ignore_errors=True)


def _foreign(world: World, device: SimulatedDevice) -> list[Path]:
    card = world.side.card(device)
    return [card / tree / foreign_id(device) for tree in ("results", "videos")]


def name_oddly(world: World, device: SimulatedDevice, told: Strike) -> None:
    folder = _odd(world, device)
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103  its name is no text
    for name in ODD_NAMES:
        with open(folder + b"/" + name, "wb") as file:  # noqa: PTH123
            file.write(b"\0\0\0\1g")


def name_well(world: World, device: SimulatedDevice, told: Strike) -> None:
    shutil.rmtree(_odd(world, device), ignore_errors=True)


def _odd(world: World, device: SimulatedDevice) -> bytes:
    return os.fsencode(world.side.card(device) / "videos" / device.device_id) + b"/odd \xff\n"


def crowd(world: World, device: SimulatedDevice, told: Strike) -> None:
    for number in range(MANY):
        folder = _crowd(world, device) / f"{number // _IN_ONE_FOLDER:03d}"
        if number % _IN_ONE_FOLDER == 0:
            folder.mkdir(parents=True)
            (folder / f"{number:06d}.json").write_text("{}")
        else:  # much faster than to make one
            first = folder / f"{number // _IN_ONE_FOLDER * _IN_ONE_FOLDER:06d}.json"
            os.link(first, folder / f"{number:06d}.json")


def thin_out(world: World, device: SimulatedDevice, told: Strike) -> None:
    shutil.rmtree(_crowd(world, device), ignore_errors=True)


def _crowd(world: World, device: SimulatedDevice) -> Path:
    return world.side.card(device) / "cache" / "many"


def found_there(on: Deed, off: Deed = nothing_to_undo) -> ThingFault:
    return ThingFault(on=on, off=off, suits=films_or_tracks)


STORAGE_FAULTS = {
    "card-errors": Mishap("ext4 has counted errors of the card", thing=ail(Ailment.CARD_ERRORS)),
    "kernel-errors": Mishap(
        "the kernel's log has errors of the card", thing=ail(Ailment.KERNEL_ERRORS)
    ),
    "weak-power": Mishap("the power supply is too weak", thing=ail(Ailment.WEAK_POWER)),
    "read-only-card": Mishap("the card is mounted read-only", thing=ail(Ailment.READ_ONLY)),
    "full-card": Mishap("the card has no byte free", thing=ail(Ailment.FULL)),
    "hanging-ssh": Mishap("ssh lets in, and then nothing comes", thing=ail(Ailment.HANGS)),
    "greeting-shell": Mishap("its shell greets at each login", thing=ail(Ailment.GREETS)),
    "no-python": Mishap("the device has no python3", thing=ail(Ailment.NO_PYTHON)),
    "torn-card-chunk": Mishap(
        "half of a finished chunk is on the card",
        thing=tear(a_chunk, cut_in_half, suits=has_filmed),
    ),
    "zeroed-card-chunk": Mishap(
        "a finished chunk on the card ends in zeros",
        thing=tear(a_chunk, zero_tail, suits=has_filmed),
    ),
    "torn-card-database": Mishap(
        "half of a finished database is on the card",
        thing=tear(a_database, cut_in_half, suits=has_tracked),
    ),
    "zeroed-card-database": Mishap(
        "a finished database on the card ends in zeros",
        thing=tear(a_database, zero_tail, suits=has_tracked),
    ),
    "foreign-folders": Mishap(
        "results and videos under the machine id that the box had before",
        thing=found_there(leave_foreign, remove_foreign),
    ),
    "odd-names": Mishap(
        "videos whose names are bytes: latin-1, a new line",
        thing=found_there(name_oddly, name_well),
    ),
    "many-files": Mishap(
        f"{MANY:,} files more are on the card", thing=found_there(crowd, thin_out)
    ),
}
