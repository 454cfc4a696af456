"""Have the device read named files of its card to their end, and tell their digests."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from backups.engine.card.digest_answers import CardDigest, DigestsAnswer
from backups.engine.card.errors import BadListing, NoPython
from backups.engine.card.listing import text_of
from backups.engine.card.names import card_path
from backups.engine.card.remote import DIGESTER, MOST_SENT, heard
from backups.engine.card.shell_digests import digests_by_shell
from backups.engine.pull.errors import BadName
from backups.engine.pull.names import checked_folder
from backups.engine.pull.processes import Leash
from backups.engine.pull.ssh import SshTarget

SECONDS = 3600
LONGEST_LINE = 64 * 1024
GRACE = 60.0  # seconds for its start and its end


def digest_files(
    target: SshTarget,
    root: PurePosixPath,
    paths: Iterable[bytes],
    *,
    leash: Leash,
    bytes_per_second: int | None = None,
    seconds: float = SECONDS,
    progress: Callable[[int], None] = lambda total: None,
) -> Iterator[CardDigest]:
    """Each of these files below the data root, as it is done; at most at this rate.

    When the seconds are over, it ends: files that it did not give were not read. Raises PullError;
    what was given before stands. A file that cannot be read costs itself. `progress` is told bytes.
    """
    asked = [_checked(path) for path in dict.fromkeys(paths)]
    asking = _Asking(
        target=target,
        root=checked_folder(root),
        leash=leash,
        rate=bytes_per_second,
        until=time.monotonic() + seconds,
        progress=progress,
    )
    try:
        yield from asking.python(asked)
    except NoPython:
        yield from asking.shell(asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    target: SshTarget
    root: PurePosixPath
    leash: Leash
    rate: int | None
    until: float
    progress: Callable[[int], None]

    def python(self, asked: Sequence[str]) -> Iterator[CardDigest]:
        boot, total = None, 0
        for portion in _portions(asked):
            left = self.until - time.monotonic()
            if left <= 0:
                return
            given: dict[str, Any] = {"root": str(self.root), "rate": self.rate, "paths": portion}
            given |= {"budget": left, "seconds": int(left + GRACE)}
            answer = DigestsAnswer(portion, boot=boot, read_before=total, progress=self.progress)
            yield from answer.read(heard(self.target, DIGESTER, given, leash=self._patient(left)))
            boot, total = answer.boot, answer.total

    def shell(self, asked: Sequence[str]) -> Iterator[CardDigest]:
        left, total = self.until - time.monotonic(), 0
        for one in digests_by_shell(
            self.target, self.root, asked, leash=self._patient(left), bytes_per_second=self.rate
        ):
            yield one
            total += one.mark[0] if one.mark else 0
            self.progress(total)
            if time.monotonic() > self.until:
                return

    def _patient(self, seconds: float) -> Leash:
        return replace(self.leash, most_seconds=seconds + GRACE, longest_line=LONGEST_LINE)


def _checked(path: bytes) -> str:
    text = text_of(path)
    with suppress(BadListing):
        if card_path(text):
            return text
    raise BadName(f"{text[:80]!r} cannot be a file of a card")


def _portions(paths: Sequence[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    room = MOST_SENT
    for path in paths:
        size = len(repr(json.dumps(path))) + 2
        if portion and size > room:
            yield portion
            portion, room = [], MOST_SENT
        portion.append(path)
        room -= size
    if portion:
        yield portion
