"""Read what a device tells of digests. It may say anything: what is not such an answer is none."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from backups.engine.card.errors import BadDigests, Rebooted
from backups.engine.card.fields import Inode, Line, Path, Size, Text, Time
from backups.engine.card.lines import VERSION
from backups.engine.card.listing import Mark
from backups.engine.card.remote import MOST_GREETING

Hex = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{128}|[0-9a-f]{64})?$")]
LENGTHS = {"blake2b": 128, "sha256": 64}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDigest:
    """The content of one file of a card, read to its end while `mark` stood still.

    `algorithm` is "blake2b" (512 bits, as `b2sum` prints them) or, on devices without it, "sha256".
    With a `problem` there is neither mark nor digest.
    """

    path: bytes
    mark: Mark | None
    digest: str
    algorithm: str
    problem: str = ""
    inode: int = 0  # 0: not told


class _Head(Line, tag="digests", frozen=True, kw_only=True):
    version: int
    python: Text
    clock: Time
    boot: Text
    algorithm: Literal["blake2b", "sha256"]


class _Digest(Line, tag="digest", frozen=True, kw_only=True):
    path: Path
    size: Size = 0
    modified: Time = 0
    changed: Time = 0
    inode: Inode = 0
    digest: Hex = ""
    problem: Text = ""


class _At(Line, tag="at", frozen=True, kw_only=True):
    """A sign of life in the middle of a file."""

    bytes: Size


class _Over(Line, tag="over", frozen=True, kw_only=True):
    lines: Size


_DECODER: msgspec.json.Decoder[_Head | _Digest | _At | _Over] = msgspec.json.Decoder(
    _Head | _Digest | _At | _Over
)


class DigestsAnswer:
    """About one portion of the files. `boot`: of the portion before; None: there was none."""

    def __init__(
        self,
        asked: Iterable[str],
        *,
        boot: str | None,
        read_before: int,
        progress: Callable[[int], None],
    ) -> None:
        self.open = set(asked)
        self.boot = boot
        self.before = self.total = read_before
        self.progress = progress
        self.algorithm = ""
        self.lines = 0
        self.is_over = False

    def read(self, lines: Iterable[str]) -> Iterator[CardDigest]:
        greeting = 0
        for line in lines:
            if self.algorithm or line.startswith('{"'):
                yield from self._take(_decoded(line))
            elif (greeting := greeting + 1) > MOST_GREETING:
                raise BadDigests("it does not begin with a head")
        if not self.is_over:
            raise BadDigests("it was cut: it has no end")

    def _take(self, told: _Head | _Digest | _At | _Over) -> Iterator[CardDigest]:
        if self.is_over or bool(self.algorithm) is isinstance(told, _Head):
            raise BadDigests("it has not one head and one end")
        match told:
            case _Head():
                self._begin(told)
            case _Digest():
                yield self._digest(told)
            case _At():
                self.progress(self.before + told.bytes)
            case _Over():
                self.is_over = told.lines == self.lines
        self.lines += 1

    def _begin(self, told: _Head) -> None:
        if told.version != VERSION:
            raise BadDigests("it is of another version of ours")
        if self.boot not in (None, told.boot):
            raise Rebooted("the device was started anew while its files were read")
        self.boot, self.algorithm = told.boot, told.algorithm

    def _digest(self, told: _Digest) -> CardDigest:
        if told.path not in self.open:
            raise BadDigests(f"a file that was not asked for, or twice: {told.path[:80]!r}")
        self.open.remove(told.path)
        path, algorithm = told.path.encode("latin-1"), self.algorithm
        if told.problem:
            problem = told.problem
            return CardDigest(path=path, mark=None, digest="", algorithm=algorithm, problem=problem)
        if len(told.digest) != LENGTHS[algorithm]:
            raise BadDigests(f"no digest of {told.path[:80]!r}")
        self.total += told.size
        self.progress(self.total)
        mark = told.size, told.modified, told.changed
        return CardDigest(
            path=path, mark=mark, digest=told.digest, algorithm=algorithm, inode=told.inode
        )


def _decoded(line: str) -> _Head | _Digest | _At | _Over:
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise BadDigests(f"a line of it cannot be read: {error}"[:200]) from error
