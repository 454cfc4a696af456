"""Faults of the chunks that the node holds of a device's oldest recording."""

import os
from collections.abc import Callable
from pathlib import Path

from lab.chunks import START_CODE, Filming
from lab.faults.mishap import Mishap, ThingFault, has_videos, lists_videos
from lab.faults.options import FaultError, Strike
from lab.fleet import SimulatedDevice
from lab.world import World

_ALL = 1_000


def _held(device: SimulatedDevice) -> Filming:
    """The oldest recording of which the node has more than a beginning and an end."""
    held = next((each for each in device.recordings if each.held_chunks > 2), None)
    if held is None:
        raise FaultError(f"{device.name}: the node holds no recording of three chunks")
    return held


def damage_chunk(damage: Callable[[Path], None]) -> ThingFault:
    """One in the middle."""

    def strike(world: World, device: SimulatedDevice, told: Strike) -> None:
        recording = _held(device)
        chunk = recording.chunk(recording.held_chunks // 2 + 1)
        damage(world.tree.videos / recording.folder / chunk.name)

    return ThingFault(on=strike, off=_bring_again, suits=has_videos)


def _bring_again(world: World, device: SimulatedDevice, told: Strike) -> None:
    recording = _held(device)
    for moved in (world.tree.videos / recording.folder).glob("*.moved"):
        moved.unlink()
    world.tree.restore(recording)


def empty(chunk: Path) -> None:
    os.truncate(chunk, 0)


def zero(chunk: Path) -> None:
    """As long as before, without a block on the disk: what a lost sector or a full disk leaves."""
    told = chunk.stat()
    os.truncate(chunk, 0)
    os.truncate(chunk, told.st_size)
    os.utime(chunk, ns=(told.st_atime_ns, told.st_mtime_ns))


def halve(chunk: Path) -> None:
    told = chunk.stat()
    os.truncate(chunk, told.st_size // 2)
    os.utime(chunk, ns=(told.st_atime_ns, told.st_mtime_ns))


def behead(chunk: Path) -> None:
    """Its first bytes are no start code."""
    _overwrite(chunk, b"\x00" * len(START_CODE) + b"\x01")


def swap(chunk: Path) -> None:
    """Same size, same time, a start code, and another content."""
    _overwrite(chunk, START_CODE + b"another film")


def _overwrite(chunk: Path, content: bytes) -> None:
    told = chunk.stat()
    with chunk.open("r+b") as file:
        file.write(content)
    os.utime(chunk, ns=(told.st_atime_ns, told.st_mtime_ns))


def leave_partial(chunk: Path) -> None:
    """What a killed rsync leaves: a part under the final name, of 1970."""
    os.truncate(chunk, chunk.stat().st_size // 5)
    os.utime(chunk, (0, 0))


def date_back(chunk: Path) -> None:
    os.utime(chunk, (0, 0))


def link(chunk: Path) -> None:
    """A link where a chunk was, to where it was put."""
    moved = chunk.with_name(f"{chunk.name}.moved")
    chunk.rename(moved)
    chunk.symlink_to(moved)


def delete_recording(world: World, device: SimulatedDevice, told: Strike) -> None:
    """Somebody made room on the node."""
    folder = world.tree.videos / _held(device).folder
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def lose_chunks(world: World, device: SimulatedDevice, told: Strike) -> None:
    """Delete three chunks of the oldest recording from the node."""
    for chunk in list(device.recordings[0].chunks())[:3]:
        (world.tree.videos / device.recordings[0].folder / chunk.name).unlink(missing_ok=True)


def find_chunks(world: World, device: SimulatedDevice, told: Strike) -> None:
    world.tree.restore(device.recordings[0])


def add_md5(world: World, device: SimulatedDevice, told: Strike) -> None:
    for recording in device.recordings:
        recording.with_md5 = True
        world.tree.add_md5(recording)


def remove_md5(world: World, device: SimulatedDevice, told: Strike) -> None:
    for recording in device.recordings:
        recording.with_md5 = False
        for companion in (world.tree.videos / recording.folder).glob("*.md5"):
            companion.unlink()


FOOTAGE_FAULTS = {
    "md5-companions": Mishap(
        "chunks with .md5 files of old firmware beside them",
        thing=ThingFault(on=add_md5, off=remove_md5, suits=has_videos, most=_ALL),
    ),
    "missing-chunks": Mishap(
        "three chunks that the device lists are not on the node",
        thing=ThingFault(on=lose_chunks, off=find_chunks, suits=lists_videos),
    ),
    "hole-in-recording": Mishap(
        "a chunk in the middle of a recording is not on the node", thing=damage_chunk(Path.unlink)
    ),
    "empty-chunk": Mishap("a chunk on the node has no byte", thing=damage_chunk(empty)),
    "zeroed-chunk": Mishap(
        "a chunk on the node has its size and no block", thing=damage_chunk(zero)
    ),
    "halved-chunk": Mishap("a chunk on the node is half as long", thing=damage_chunk(halve)),
    "headless-chunk": Mishap(
        "a chunk on the node begins with no start code", thing=damage_chunk(behead)
    ),
    "swapped-chunk": Mishap(
        "a chunk on the node has another content, its size and its time", thing=damage_chunk(swap)
    ),
    "partial-chunk": Mishap(
        "a chunk on the node is a fifth of itself, of 1970", thing=damage_chunk(leave_partial)
    ),
    "chunk-of-1970": Mishap("a chunk on the node is of 1970", thing=damage_chunk(date_back)),
    "linked-chunk": Mishap("a link is where a chunk was", thing=damage_chunk(link)),
    "deleted-recording": Mishap(
        "an old recording was deleted from the node",
        thing=ThingFault(on=delete_recording, off=_bring_again, suits=has_videos),
    ),
}
