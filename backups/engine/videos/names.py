"""Names of files and folders: which are chunks, which numbers lack, and how they read as text."""

import hashlib
import re
from collections.abc import Iterator
from itertools import groupby, pairwise
from operator import itemgetter

CHUNK_SUFFIX = b".h264"
MISSING_NUMBERS_KEPT = 100
MOST_MISSING = 2**31 - 1  # what a database column holds
MOST_DIGITS = 9
_NUMBERED = re.compile(rb"(.*_)([0-9]{1,%d})" % MOST_DIGITS, re.DOTALL)
_NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


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
            for gap in _gaps(numbers):
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


def _gaps(numbers: list[int]) -> Iterator[range]:
    for before, after in pairwise([0, *numbers]):
        if after > before + 1:
            yield range(before + 1, after)
