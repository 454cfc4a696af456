"""What is found wrong with a file's content: by its first bytes, its size, or its digest."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from stat import S_ISREG

from backups.engine.videos.ledger import BEGINS, EQUAL, SIZED, Here, KnownFile, KnownFiles
from backups.engine.videos.names import is_video

HEAD_BYTES = 64
MOST_HEADS = 256  # read at one look: every new chunk, and old ones until all were read
_START_CODES = (b"\0\0\1", b"\0\0\0\1")


class DamageKind(StrEnum):
    """What is wrong with a file."""

    ZEROS = "zeros"
    NO_START = "no start"
    SHRANK = "shrank"
    CHANGED = "changed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One file whose content is bad, and which content that was."""

    kind: DamageKind
    reason: str
    content: int
    since: int = 0  # 0: found just now


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkReading:
    """A file read from its first byte to its last; `problem`: why it could not be."""

    size_bytes: int
    digest: str = ""
    problem: str = ""


Damages = dict[bytes, Damage]
_ZEROS = (DamageKind.ZEROS, "it begins with zeros and holds no video")
_NO_START = (DamageKind.NO_START, "it does not begin as a video does")


def unread_heads(items: KnownFiles, here: Mapping[bytes, Here]) -> list[bytes]:
    """The videos here whose first bytes nobody has seen; the newest numbers first."""
    names = [
        name
        for name, file in here.items()
        if file.size and is_video(name) and name in items and not items[name].has(BEGINS)
    ]
    return sorted(names, reverse=True)


def read_heads(device_dir: Path, paths: Iterable[bytes]) -> dict[bytes, bytes]:
    """The first bytes of files below a device's folder; what cannot be read is left out."""
    heads = {}
    for path in paths:
        try:
            heads[path] = _head(os.path.join(os.fsencode(device_dir), path))  # noqa: PTH118  bytes
        except OSError:
            continue  # gone by now, or unreadable: the next look, or a verification, tells
    return heads


def _head(path: bytes) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    handle = os.open(path, flags)
    try:
        return os.read(handle, HEAD_BYTES) if S_ISREG(os.fstat(handle).st_mode) else b""
    finally:
        os.close(handle)


def begins_well(name: bytes, head: bytes) -> bool:
    """Whether a file begins as its suffix says; other files may begin as they like."""
    if name.endswith(b".h264"):
        return head.startswith(_START_CODES)
    if name.endswith(b".avi"):
        return head.startswith(b"RIFF")
    return head[4:8] == b"ftyp" if name.endswith(b".mp4") else True


def find_damage(
    items: KnownFiles, here: Mapping[bytes, Here], heads: Mapping[bytes, bytes], known: Damages
) -> Damages:
    """What this look found bad. Notes which files begin well."""
    found: Damages = {}
    for name, head in heads.items():
        if (item := items.get(name)) and (what := _wrong_head(name, item, head)):
            found[name] = Damage(kind=what[0], reason=what[1], content=item.seen)
    for name, file in here.items():
        item = items.get(name)
        if item and file.size < item.held:
            reason = f"it holds {file.size:,} bytes, and held {item.held:,}"
            found[name] = Damage(kind=DamageKind.SHRANK, reason=reason, content=item.seen)
    return {name: damage for name, damage in found.items() if name not in known}


def _wrong_head(name: bytes, item: KnownFile, head: bytes) -> tuple[DamageKind, str] | None:
    if not head or begins_well(name, head):
        item.flags |= BEGINS if head else 0
        return None
    if item.has(EQUAL):  # the device has it no better
        item.flags |= BEGINS
        return None
    return _NO_START if head.strip(b"\0") else _ZEROS


def healed(items: KnownFiles, here: Mapping[bytes, Here], damages: Damages) -> set[bytes]:
    """Those that are gone, or whose content is another one now and was held against the device."""
    return {
        name
        for name, damage in damages.items()
        if name not in here or _is_good_now(items.get(name), here[name], damage)
    }


def _is_good_now(item: KnownFile | None, file: Here, damage: Damage) -> bool:
    if item is None:
        return True  # nobody told of it, and it is no video: nothing of this device
    if item.has(EQUAL):
        return True
    if file.size < item.held or damage.kind is DamageKind.CHANGED:
        return False
    has_its_size = item.has(SIZED) and item.told == file.size
    return has_its_size and item.has(BEGINS) and item.seen != damage.content
