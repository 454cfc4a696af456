"""What is wrong with a recording: each of its files held against what was told and held before.

The rules are a table, first match wins. No time of a file decides anything: sizes, numbers and
what was told do. Since when something is wrong is counted on our clock.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from backups.engine.facts import ProblemKind
from backups.engine.videos.damage import Damage, Damages
from backups.engine.videos.ledger import (
    ABSENT,
    EQUAL,
    HELD,
    OPEN,
    SIZED,
    TOLD,
    Here,
    KnownFile,
    KnownFiles,
)
from backups.engine.videos.names import numbered
from backups.engine.videos.troubles import FileFault, Opinion, Trouble, Troubles

FIRST_YEAR = 366 * 24 * 3600 * 10**9  # rsync gives a part that it leaves behind a time of 1970
PROOFS = ("named", "counted", "equal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Whether a recording grows, and since when its copy may lag. Seconds on our clock."""

    growing: bool
    advanced_at: int = 0  # when the newest number here last rose
    grew_at: int = 0  # when it was last seen growing; 0: never
    told_at: int = 0  # when a listing with sizes last named it; 0: never


@dataclass(frozen=True, slots=True)
class Judged:
    """One recording: its troubles by kind, and how far its sound files are proven."""

    troubles: Troubles
    proofs: dict[str, int]
    newest_number: int | None  # of those here; None: none of them has one


@dataclass(frozen=True, slots=True)
class Case:
    """One file, and all that a rule looks at."""

    item: KnownFile
    file: Here | None
    damage: Damage | None
    growth: Growth
    is_tail: bool  # of a recording that grows: the newest here, or beyond it
    is_old_part: bool  # rsync left it unfinished

    @property
    def size(self) -> int:
        return self.file.size if self.file else 0

    @property
    def untold_since(self) -> int:
        return self.growth.grew_at or self.item.known

    @property
    def part_since(self) -> int:
        """Since when its rest lacks: of the newest here, which is being written, since it came.
        What lacks for longer has numbers beyond it."""
        return max(self.item.known, self.growth.advanced_at) if self.is_tail else self.item.known

    @property
    def wanted(self) -> int | None:
        """How large it is, as far as anyone told or saw."""
        if self.item.has(SIZED | OPEN):
            return max(self.item.told, self.item.held)
        return self.item.held or None


def judge_recording(
    items: KnownFiles, here: Mapping[bytes, Here], damages: Damages, growth: Growth
) -> Judged:
    """Judge every file that was ever told or held, and every number that lacks."""
    newest = max(newest_numbers(items, here).values(), default=None)
    judged = Judged({}, dict.fromkeys(PROOFS, 0), newest)
    for name, found in opinions(items, here, damages, growth):
        if found.proof:
            judged.proofs[found.proof] += 1
        if found.fault:
            _add(judged.troubles, name, found.fault)
    if growth.growing and judged.newest_number is not None:
        _note_growth(judged, growth)
    return judged


def opinions(
    items: KnownFiles, here: Mapping[bytes, Here], damages: Damages, growth: Growth
) -> Iterator[tuple[bytes, Opinion]]:
    """What is to be said of each file, by its name."""
    newest = newest_numbers(items, here)
    for name, item in items.items():
        tail = growth.growing and _is_tail(name, newest)
        part = is_old_part(name, here.get(name))
        case = Case(item, here.get(name), damages.get(name), growth, tail, part)
        yield name, next(found for rule in RULES if (found := rule(case)))


def newest_numbers(items: KnownFiles, here: Mapping[bytes, Here]) -> dict[tuple[bytes, bytes], int]:
    """The highest number of each series that is here with a byte at least."""
    newest: dict[tuple[bytes, bytes], int] = {}
    for name, file in here.items():
        if file.size and name in items and (place := numbered(name)):
            newest[place.series] = max(newest.get(place.series, 0), place.number)
    return newest


def is_old_part(name: bytes, file: Here | None) -> bool:
    """Whether it bears the year in which rsync's clock begins, and its name another one."""
    if file is None or file.modified >= FIRST_YEAR:
        return False
    return not name.startswith((b"1970-", b"1969-"))


def _is_tail(name: bytes, newest: dict[tuple[bytes, bytes], int]) -> bool:
    place = numbered(name)
    if place is None or not newest:
        return False
    return place.number >= newest.get(place.series, 0)


def _add(troubles: Troubles, name: bytes, fault: FileFault) -> None:
    troubles.setdefault(fault.kind, Trouble(fault.since)).add(name, fault)


def _note_growth(judged: Judged, growth: Growth) -> None:
    """A recording that grows is never all here; what counts is since when nothing came."""
    lagging = judged.troubles.setdefault(ProblemKind.LAGGING, Trouble(growth.advanced_at))
    lagging.since = min(lagging.since, growth.advanced_at)
    lagging.note = f"it goes on, and chunk {judged.newest_number} is the newest here"


def _damaged(case: Case) -> Opinion | None:
    if not (case.damage and case.file) or case.damage.is_closed:
        return None  # what is gone is missing, whatever it was
    words = f"cannot be trusted: {case.damage.reason}"
    return _wrong(ProblemKind.CORRUPT, case.damage.since, words, case.wanted)


def _gone_everywhere(case: Case) -> Opinion | None:
    if case.file or not case.item.has(ABSENT):
        return None
    since = case.item.seen if case.item.has(HELD) else case.item.known
    return _wrong(ProblemKind.LOST, since, "are lost: neither here nor on the device", case.wanted)


def _not_here_yet(case: Case) -> Opinion | None:
    if case.file or case.item.has(HELD) or not case.is_tail:
        return None
    return _wrong(ProblemKind.LAGGING, case.item.known, "have not come yet", case.wanted)


def _not_here(case: Case) -> Opinion | None:
    if case.file:
        return None
    if case.item.has(HELD):
        words = "were here and are gone"
        return _wrong(ProblemKind.MISSING, case.item.seen, words, case.wanted)
    words = "are not here" if case.item.has(TOLD) else "lack between known numbers"
    return _wrong(ProblemKind.MISSING, case.item.known, words, case.wanted)


def _empty(case: Case) -> Opinion | None:
    if case.size:
        return None
    if case.item.has(SIZED) and not case.item.told:
        return Opinion(proof="counted")  # the device has no more of it either
    kind = ProblemKind.LAGGING if case.is_tail else ProblemKind.MISSING
    if case.item.has(ABSENT):
        kind = ProblemKind.LOST
    return _wrong(kind, case.item.known, "hold no byte", case.wanted)


def _closed(case: Case) -> Opinion | None:
    """Its name and its size are seen, and no more."""
    if not (case.damage and case.damage.is_closed):
        return None
    words = f"may not be read here: {case.damage.reason}"
    return _wrong(ProblemKind.UNPROVEN, case.damage.since, words, None)


def _whole(case: Case) -> Opinion | None:
    if not (case.item.has(SIZED) and case.size == case.item.told):
        return None
    return Opinion(proof="equal" if case.item.has(EQUAL) else "counted")


def _short(case: Case) -> Opinion | None:
    if not case.item.has(SIZED | OPEN) or case.size >= case.item.told:
        return None
    kind = ProblemKind.LAGGING if case.is_tail else ProblemKind.BEHIND
    if case.item.has(ABSENT):
        kind = ProblemKind.LOST
    lacking = case.item.told - case.size
    return _wrong(kind, case.part_since, "are here in part only", lacking)


def _unfinished(case: Case) -> Opinion | None:
    if not case.is_old_part:
        return None
    return _named(case.item.known, "were left unfinished by rsync, as their time of 1970 tells")


def _untold(case: Case) -> Opinion | None:
    """It is here, and nobody told how large it is."""
    if case.item.has(ABSENT):
        return _named(case.untold_since, "are gone from the device, and nobody told their size")
    if case.growth.growing:
        return _while_growing(case)
    if case.item.has(SIZED):
        return _named(case.untold_since, "are larger than a listing told")
    return _named(case.untold_since, "are here by name; nobody told their size")


def _while_growing(case: Case) -> Opinion:
    """What no listing could speak of yet lags; what one could, or none ever did, is but a name."""
    told_at = case.growth.told_at
    if case.is_tail:
        return Opinion(proof="named")
    if told_at and (case.item.has(OPEN) or case.item.known >= told_at):
        since = max(case.item.known, told_at)
        fault = FileFault(ProblemKind.LAGGING, since, "came after the last listing", None)
        return Opinion(proof="named", fault=fault)
    return _named(case.item.known, "are here by name; nobody told their size")


Rule = Callable[[Case], Opinion | None]
RULES: tuple[Rule, ...] = (
    _damaged,
    _gone_everywhere,
    _not_here_yet,
    _not_here,
    _empty,
    _closed,
    _whole,
    _short,
    _unfinished,
    _untold,
)


def _wrong(kind: ProblemKind, since: int, words: str, at_risk: int | None) -> Opinion:
    return Opinion(fault=FileFault(kind, since, words, at_risk))


def _named(since: int, words: str) -> Opinion:
    return Opinion(proof="named", fault=FileFault(ProblemKind.UNPROVEN, since, words))
