"""What came, grew, changed and went on a card between two whole listings of it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from backups.engine.card.listing import CardContents, CardFile, text_of

MOST_NAMES = 5
LONGEST_NAME = 120


@dataclass(slots=True)
class Some:
    """So many files, of so many bytes in all, and how the first of them are called."""

    count: int = 0
    size_bytes: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, path: bytes, size: int) -> None:
        self.count += 1
        self.size_bytes += size
        if len(self.names) < MOST_NAMES:
            self.names.append(text_of(path)[-LONGEST_NAME:])


@dataclass(frozen=True, slots=True)
class Differences:
    """`grew`: by so many bytes. `changed`: became another content without being larger."""

    came: Some
    grew: Some
    changed: Some
    went: Some


class _Pair(NamedTuple):
    path: bytes
    before: CardFile | None
    after: CardFile | None


def differences(before: CardContents, after: CardContents) -> Differences:
    """Of what no link or the like hides now; what one hides did not go."""
    found = Differences(Some(), Some(), Some(), Some())
    hidden = frozenset(after.unlisted(b""))
    for pair in _pairs(before.folders, after.folders):
        _note(found, pair, hidden)
    return found


def _note(found: Differences, pair: _Pair, hidden: Collection[bytes]) -> None:
    path, before, after = pair
    if before is None and after is not None:
        found.came.add(path, after.size)
    elif before is not None and after is None:
        if not any(above in hidden for above in _above(path)):
            found.went.add(path, before.size)
    elif before is not None and after is not None and _differ(before, after):
        if after.size > before.size:
            found.grew.add(path, after.size - before.size)
        else:
            found.changed.add(path, after.size)


def _above(path: bytes) -> Iterator[bytes]:
    while b"/" in path:
        path = path.rpartition(b"/")[0]
        yield path


def _differ(before: CardFile, after: CardFile) -> bool:
    return (before.mark, before.kind) != (after.mark, after.kind)


def _pairs(
    before: Mapping[bytes, tuple[CardFile, ...]], after: Mapping[bytes, tuple[CardFile, ...]]
) -> Iterator[_Pair]:
    """Every file of either, folder by folder."""
    for folder in sorted(before.keys() | after.keys()):
        old, new = before.get(folder, ()), after.get(folder, ())
        if old == new:
            continue
        was, now = {file.name: file for file in old}, {file.name: file for file in new}
        for name in sorted(was.keys() | now.keys()):
            path = folder + b"/" + name if folder else name
            yield _Pair(path, was.get(name), now.get(name))
