"""What is found wrong with a file's content: by its first bytes, its size, or its digest."""

import errno
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from stat import S_ISREG

from backups.engine.copies.errors import KEEPS_FROM
from backups.engine.videos.ledger import BEGINS, EQUAL, SIZED, Here, KnownFile, KnownFiles
from backups.engine.videos.names import is_video

HEAD_BYTES = 64
MOST_HEADS = 256  # read at one look: every new chunk, and old ones until all were read
_START_CODES = (b"\0\0\1", b"\0\0\0\1")


class DamageKind(StrEnum):
    """What is wrong with a file. CLOSED is no damage: nobody may look what is in it."""

    ZEROS = "zeros"
    NO_START = "no start"
    SHRANK = "shrank"
    CHANGED = "changed"
    UNREADABLE = "unreadable"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One file whose content is bad, and which content that was."""

    kind: DamageKind
    reason: str
    content: int
    since: int = 0  # 0: found just now

    @property
    def is_closed(self) -> bool:
        return self.kind is DamageKind.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkReading:
    """A file read from its first byte to its last; `problem`: why it could not be.

    `unread`: what kept us from it, which says nothing of what is in it; `closed`: the system did.
    """

    size_bytes: int
    digest: str = ""
    problem: str = ""
    unread: str = ""
    closed: bool = False


Damages = dict[bytes, Damage]
Heads = dict[bytes, bytes | OSError]  # first bytes by name, or why they could not be read
GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}  # the last: a link is in its place
READ_TO_THE_END = {DamageKind.CHANGED, DamageKind.UNREADABLE}  # what no first bytes and size cure
_ZEROS = (DamageKind.ZEROS, "it begins with zeros and holds no video")
_NO_START = (DamageKind.NO_START, "it does not begin as a video does")


def unread_heads(items: KnownFiles, here: Mapping[bytes, Here], known: Damages) -> list[bytes]:
    """The videos here whose first bytes nobody has seen; the newest numbers first.

    What is known to be bad, and nobody wrote since, is not looked into again.
    """
    names = [
        name
        for name, file in here.items()
        if file.size and is_video(name) and name in items and not items[name].has(BEGINS)
        if name not in known or known[name].is_closed or known[name].content != items[name].seen
    ]
    return sorted(names, reverse=True)


def read_heads(device_dir: Path, paths: Iterable[bytes]) -> Heads:
    """The first bytes of files below a device's folder, or why they cannot be read; what is gone
    by now, or no file any more, is left out."""
    heads: Heads = {}
    for path in paths:
        try:
            heads[path] = _head(os.path.join(os.fsencode(device_dir), path))  # noqa: PTH118  bytes
        except OSError as error:
            if error.errno not in GONE:
                heads[path] = error
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
    items: KnownFiles, here: Mapping[bytes, Here], heads: Heads, known: Damages
) -> Damages:
    """What this look found bad, and what still is as another content. Notes what begins well."""
    found: Damages = {}
    for name, head in heads.items():
        if (item := items.get(name)) and (what := _wrong_head(name, item, head)):
            found[name] = Damage(kind=what[0], reason=what[1], content=item.seen)
    for name, file in here.items():
        item = items.get(name)
        if item and file.size < item.held:
            reason = f"it holds {file.size:,} bytes, and held {item.held:,}"
            found[name] = Damage(kind=DamageKind.SHRANK, reason=reason, content=item.seen)
    return noted(found, known)


def noted(found: Damages, known: Damages) -> Damages:
    """What of this is news: what was found bad first stays what is to be cured. That somebody may
    not look is no news of a bad file, and is forgotten over what is found bad."""
    return {
        name: _merged(damage, known.get(name))
        for name, damage in found.items()
        if _is_news(damage, known.get(name))
    }


def _is_news(found: Damage, before: Damage | None) -> bool:
    if before is None:
        return True
    if found.is_closed != before.is_closed:
        return before.is_closed
    return before.content != found.content


def _merged(found: Damage, before: Damage | None) -> Damage:
    if before is None or (before.is_closed and not found.is_closed):
        return found
    return replace(before, content=found.content)


def _wrong_head(
    name: bytes, item: KnownFile, head: bytes | OSError
) -> tuple[DamageKind, str] | None:
    if isinstance(head, OSError):
        return _unread_head(item, head)
    if not head or begins_well(name, head):
        item.flags |= BEGINS if head else 0
        return None
    if item.has(EQUAL):  # the device has it no better
        item.flags |= BEGINS
        return None
    return _NO_START if head.strip(b"\0") else _ZEROS


def _unread_head(item: KnownFile, error: OSError) -> tuple[DamageKind, str]:
    text = error.strerror or str(error)
    if error.errno in KEEPS_FROM:
        return DamageKind.CLOSED, text
    item.flags &= ~EQUAL
    return DamageKind.UNREADABLE, f"it cannot be read: {text}"


def healed(items: KnownFiles, here: Mapping[bytes, Here], damages: Damages) -> set[bytes]:
    """Those whose content is another one now and was held against the device. What is gone may
    come back as it was."""
    return {
        name
        for name, damage in damages.items()
        if name in here and _is_good_now(items.get(name), here[name], damage)
    }


def _is_good_now(item: KnownFile | None, file: Here, damage: Damage) -> bool:
    if item is None:
        return True  # nobody told of it, and it is no video: nothing of this device
    if damage.is_closed:
        return item.has(BEGINS)
    if item.has(EQUAL):
        return True
    if file.size < item.held or damage.kind in READ_TO_THE_END:
        return False
    has_its_size = item.has(SIZED) and item.told == file.size
    return has_its_size and item.has(BEGINS) and item.seen != damage.content
