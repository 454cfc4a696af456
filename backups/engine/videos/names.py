"""Names of files and folders: which are chunks, which numbers lack, and how they read as text."""

import hashlib
import re
from collections.abc import Iterator
from itertools import groupby, pairwise

CHUNK_SUFFIX = b".h264"
MISSING_NUMBERS_KEPT = 100
MOST_MISSING = 2**31 - 1  # what a database column holds
_NUMBERED = re.compile(rb"(.*_)([0-9]{1,9})\.h264", re.DOTALL)
_NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


def is_chunk(name: bytes) -> bool:
    """Whether it is a video; rsync's temporaries begin with a dot."""
    return name.endswith(CHUNK_SUFFIX) and not name.startswith(b".")


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


def missing_numbers(names: list[bytes]) -> tuple[tuple[int, ...], int]:
    """Tell the first numbers that lack between 1 and the last of each prefix, and how many do."""
    found = filter(None, map(_NUMBERED.fullmatch, names))
    numbered = sorted((match[1], int(match[2])) for match in found)
    first: list[int] = []
    count = 0
    for _, same_prefix in groupby(numbered, key=lambda pair: pair[0]):
        for gap in _gaps([number for _, number in same_prefix]):
            count += len(gap)
            first += gap[: MISSING_NUMBERS_KEPT - len(first)]
    return tuple(first), min(count, MOST_MISSING)


def _gaps(numbers: list[int]) -> Iterator[range]:
    for before, after in pairwise([0, *numbers]):
        if after > before + 1:
            yield range(before + 1, after)
