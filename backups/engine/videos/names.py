"""Names of files and folders: which are chunks, which numbers lack, and how they read as text."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

CHUNK_SUFFIX = b".h264"
VIDEO_SUFFIXES = (CHUNK_SUFFIX, b".avi", b".mp4")  # each was written by some firmware
MISSING_NUMBERS_KEPT = 100
MOST_MISSING = 2**31 - 1  # what a database column holds
MOST_DIGITS = 9
_NUMBERED = re.compile(rb"(.*_)([0-9]{1,%d})" % MOST_DIGITS, re.DOTALL)
_NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_STAMP = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{2}-[0-9]{2}-[0-9]{2}(?![0-9])")
_SERIES = re.compile(rb"(.*_)([0-9]{1,%d})(\.[a-z0-9]{1,5})" % MOST_DIGITS, re.DOTALL)
_MERGED = b"_merged.mp4"  # made on the node, of chunks that are there


class Numbered(NamedTuple):
    """A chunk's place: the series is all of its name but the number."""

    before: bytes
    number: int
    digits: int
    after: bytes

    @property
    def series(self) -> tuple[bytes, bytes]:
        return self.before, self.after


def stamp_of(name: bytes) -> bytes:
    """The `YYYY-MM-DD_HH-MM-SS` that a name begins with, or nothing."""
    found = _STAMP.match(name)
    return found[0] if found else b""


@lru_cache(maxsize=4096)  # each is asked for some times in one comparison
def numbered(name: bytes) -> Numbered | None:
    """Read the number from the right; a name without one has no place in a series."""
    found = _SERIES.fullmatch(name)
    return Numbered(found[1], int(found[2]), len(found[2]), found[3]) if found else None


def is_video(name: bytes) -> bool:
    """Whether a device may have recorded it. What the node made of chunks it did not."""
    return name.endswith(VIDEO_SUFFIXES) and name[:1] != b"." and not name.endswith(_MERGED)


def is_recorded(name: bytes) -> bool:
    """Whether only a device makes such files: an .mp4 of which none told may be made here."""
    return name.endswith(VIDEO_SUFFIXES[:2]) and name[:1] != b"."


def is_of(name: bytes, device_id: bytes) -> bool:
    """Whether a file may be this device's: one whose name begins as a chunk's says whose it is."""
    stamp = stamp_of(name)
    return not stamp or not is_video(name) or name.startswith(stamp + b"_" + device_id + b"_")


def by_recording(names: Iterable[str]) -> dict[str, list[str]]:
    """Group the names that a device lists: mostly the start in a name says all."""
    groups: dict[str, list[str]] = {}
    is_stamp: dict[str, bool] = {}
    for name in names:
        key = name[:19]
        if not (is_stamp.get(key) and name.endswith(".h264")):
            key = recording_of(b"", bytes_of(name))
            is_stamp[name[:19]] = key == name[:19]
        groups.setdefault(key, []).append(name)
    return groups


def bytes_of(name: str) -> bytes:
    """A name as the disk has it."""
    return name.encode("utf-8", "surrogateescape")


def recording_key(folder: bytes, name: bytes) -> bytes:
    """Which recording a file belongs to: by its own name, else by its folder's, else its folder."""
    return (
        (is_video(name) and stamp_of(name))
        or stamp_of(folder.rpartition(b"/")[2])
        or stamp_of(name)
        or folder
        or b"."
    )


def recording_of(folder: bytes, name: bytes) -> str:
    """The recording that a file belongs to, by the name that is stored."""
    return text_of(recording_key(folder, name), longest=400)


def chunks_and_others(names: list[bytes], *, hidden: bool) -> tuple[list[bytes], list[bytes]]:
    """Tell videos from all else; rsync's temporaries begin with a dot, as do hidden folders."""
    if hidden:
        return [], names
    chunks = [name for name in names if name.endswith(CHUNK_SUFFIX) and not name.startswith(b".")]
    if len(chunks) == len(names):
        return chunks, []
    known = set(chunks)
    return chunks, [name for name in names if name not in known]


def text_of(name: bytes, *, longest: int = 255) -> str:
    r"""Write a name as text, two names never the same: what is no text becomes \xNN."""
    if name.isascii() and b"\\" not in name:
        text = name.decode("ascii")
    else:
        text = name.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    if not text.isprintable():
        text = _NOT_PRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    if len(text) <= longest:
        return text
    digest = hashlib.sha256(name).hexdigest()[:16]
    return f"{text[: longest - 17]}…{digest}"


def missing_numbers(prefix: bytes, tails: bytes) -> tuple[tuple[int, ...], int]:
    """Tell the first numbers that lack between 1 and the last, and how many do.

    `tails` are what follows the prefix in each name, without `.h264`, each ended by a slash.
    """
    first: list[int] = []
    count = 0
    for numbers in _numbers(prefix, tails):
        if numbers != list(range(1, len(numbers) + 1)):
            for gap in gaps_between([0, *numbers]):
                count += len(gap)
                first += gap[: MISSING_NUMBERS_KEPT - len(first)]
    return tuple(first), min(count, MOST_MISSING)


def _numbers(prefix: bytes, tails: bytes) -> Iterator[list[int]]:
    """Give the sorted numbers of each series; names without a number are in none."""
    begin = prefix.rfind(b"_") + 1
    if begin and not (prefix[begin:] + tails).translate(None, b"0123456789/"):
        digits = prefix[begin:]
        texts = (digits + tails[:-1].replace(b"/", b"/" + digits)).split(b"/")
        if len(max(texts, key=len)) <= MOST_DIGITS and all(texts):
            yield sorted(map(int, texts))
            return
    names = (prefix + tail for tail in tails.split(b"/")[:-1])
    series = sorted((match[1], int(match[2])) for match in map(_NUMBERED.fullmatch, names) if match)
    for _, pairs in groupby(series, key=itemgetter(0)):
        yield [number for _, number in pairs]


def gaps_between(numbers: list[int]) -> list[range]:
    """The runs of numbers that lack between these, which are sorted."""
    return [range(a + 1, b) for a, b in pairwise(numbers) if b > a + 1]
