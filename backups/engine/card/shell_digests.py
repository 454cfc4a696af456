"""Digests of a card's files on a device without python3: by its b2sum or sha256sum."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from backups.engine.card.digest_answers import LENGTHS, CardDigest
from backups.engine.card.errors import BadDigests
from backups.engine.card.remote import shell_says
from backups.engine.card.shell_times import nanoseconds
from backups.engine.pull.processes import Leash
from backups.engine.pull.ssh import SshTarget

_ALGORITHMS = {"b2sum": "blake2b", "sha256sum": "sha256"}
_DIGESTED = re.compile(
    r"digest\|[a-z ]{1,40}\|(\d{1,18})\|(\d{1,18}\.\d{9})\|(\d{1,18}\.\d{9})\|\d{1,20}"
    r"\|([0-9a-f]{64,128})"
)


def digests_by_shell(
    target: SshTarget,
    root: PurePosixPath,
    paths: Sequence[str],
    *,
    leash: Leash,
    bytes_per_second: int | None,
) -> Iterator[CardDigest]:
    """One after the other; at that rate over all of them, not within one."""
    words = [str(root), str(bytes_per_second or 0)]
    names = b"".join(path.encode("latin-1") + b"\0" for path in paths)
    lines = shell_says(target, "digester", words, stdin=names, leash=leash)
    yield from read_digests(lines, paths)


def read_digests(lines: Iterable[str], paths: Sequence[str]) -> Iterator[CardDigest]:
    """One line for each of these. What was told before an answer was cut stands."""
    answer = iter(lines)
    algorithm = _ALGORITHMS.get(next(answer, ""))
    if algorithm is None:
        raise BadDigests("it does not begin with a head")
    for path in paths:
        yield _digest(path.encode("latin-1"), next(answer, ""), algorithm)
    if next(answer, None) is not None:
        raise BadDigests("it goes on after its end")


def _digest(path: bytes, line: str, algorithm: str) -> CardDigest:
    if line.startswith("problem|"):
        problem = line.partition("|")[2][:300]
        return CardDigest(path=path, mark=None, digest="", algorithm=algorithm, problem=problem)
    found = _DIGESTED.fullmatch(line)
    if not found or len(found[4]) != LENGTHS[algorithm]:
        raise BadDigests("it was cut, or says what it never says")
    mark = int(found[1]), nanoseconds(found[2]), nanoseconds(found[3])
    return CardDigest(path=path, mark=mark, digest=found[4], algorithm=algorithm)
