"""THE RULE: whether a backup is safe, judged from facts, limits and the time. Nothing else decides.

The table is design 5; its order is the order of severity. Every boundary is `>=`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backups.engine.ahead import CLOCK_SLACK, is_ahead
from backups.engine.evidence import evidence_of, moment, words
from backups.engine.facts import BackupFacts, Problem
from backups.engine.grammar import counted


class Verdict(StrEnum):
    """Worst first: the order is what `worst` goes by."""

    CORRUPT = "corrupt"
    MISSING = "missing"
    UNKNOWN = "unknown"
    STALE = "stale"
    LATE = "late"
    WAITING = "waiting"
    PROTECTED = "protected"
    NONE = "none"


class Step(StrEnum):
    """What would mend it, as far as somebody can press it."""

    NOTHING = "nothing"  # it is well, or only time helps
    BRING = "bring"  # copy the data here, which proves it too
    LIST = "list"  # list the card: it shows what nobody tells
    LOOK = "look"  # ask the device, and look at our disk
    SECOND = "second"  # copy it to the second place
    PROVE = "prove"  # hold contents against each other
    PERSON = "person"  # nothing that is pressed here mends it


SEVERITY = {verdict: place for place, verdict in enumerate(Verdict)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When unsaved data is late, when it is stale (late plus grace), how long evidence holds.

    `equal_within`: how long after its end what is counted alone is enough; None: for ever.
    """

    max_age: timedelta
    grace: timedelta
    evidence_ttl: timedelta
    equal_within: timedelta | None = None
    proved_copies: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict that can defend itself: the rule, what it rests on, since when, what clears it.

    `step`: the first thing to do about it.
    """

    verdict: Verdict
    rule: str
    since: datetime | None
    clears: str
    facts: BackupFacts
    problems: tuple[Problem, ...] = ()  # those that the rule speaks of
    step: Step = Step.NOTHING

    @property
    def evidence(self) -> tuple[str, ...]:
        """What was read and when, what could not be, and which items the rule speaks of."""
        problems = (f"{problem.name}: {problem.reason}" for problem in self.problems)
        return (*evidence_of(self.facts), *problems)


# Of a damaged copy. That its content rotted no sound structure refutes.
CURES = (
    "a copy that is read to its end and passes (one whose content changed: as it was before), or"
    " that is made anew from the device or held against it whole"
)

Rule = Callable[[BackupFacts, Limits, datetime], Judgement | None]


def judge(facts: BackupFacts, *, limits: Limits, now: datetime) -> Judgement:
    """Judge one backup: the first rule of the table that matches gives the verdict."""
    for rule in RULES:
        if judgement := rule(facts, limits, now):
            return judgement
    return _unknown("the facts do not add up", "a new look at device and disk", facts, None)


def is_blind(facts: BackupFacts, *, limits: Limits, now: datetime) -> bool:
    """Whether more may be unsaved than the facts tell: something was not read, or not lately."""
    if _none(facts, limits, now):
        return False
    rules = (_storage_silent, _disk_unreadable, _evidence_too_old, _unaccounted)
    return any(rule(facts, limits, now) for rule in rules)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """A device is as bad as its worst backup; with no backups at all it is `none`."""
    return min(verdicts, key=SEVERITY.__getitem__, default=Verdict.NONE)


def _corrupt(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    rule = "a copy is damaged, or shrank"
    problems = facts.corrupt
    return _of_problems(
        Verdict.CORRUPT, rule, CURES, facts=facts, problems=problems, step=Step.BRING
    )


def _lost(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    rule = "the device no longer has it, and the disk lacks it: lost"
    clears = "nothing brings it back; a person may write it off"
    problems = facts.lost
    return _of_problems(
        Verdict.MISSING, rule, clears, facts=facts, problems=problems, step=Step.PERSON
    )


def _missing(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    after = limits.max_age + limits.grace
    rule = f"on the device for {words(after)} or more without a usable copy here"
    old, clears = _older_than(facts.missing, after, now), "a copy of each"
    return _of_problems(
        Verdict.MISSING, rule, clears, facts=facts, problems=old, after=after, step=Step.BRING
    )


def _none(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    """Of what never was nothing can be lost: once that was seen, no silence makes it worse."""
    was_seen = facts.source_read_at and facts.disk_read_at and facts.source_count == 0
    if not was_seen or facts.copy_count or facts.growing or facts.has_problems:
        return None
    rule = "nothing of this type was ever seen, on the device or on the disk"
    if facts.written_off_count:
        rule = "a person wrote off all that there was"
    return Judgement(verdict=Verdict.NONE, rule=rule, since=None, clears="", facts=facts)


def _disk_unreadable(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    if not facts.disk_error:
        return None
    rule, clears = "the disk could not be read", "a readable disk"
    return _unknown(rule, clears, facts, facts.disk_read_at, step=Step.PERSON)


def _storage_silent(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    if not facts.unheard:
        return None
    clears = "its worker and its host, running and reached"
    since = facts.unheard_since
    return _unknown(facts.unheard, clears, facts, since, step=Step.PERSON)


def _evidence_too_old(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    for whose, read_at in (
        ("the disk", facts.disk_read_at),
        ("the device's inventory", facts.source_read_at),
    ):
        clears = f"a new reading of {whose}"
        if read_at is None:
            return _unknown(f"{whose} was never read", clears, facts, None)
        if is_ahead(read_at, now=now):
            rule = f"{whose} was last read at a time that has not come yet"
            return _unknown(rule, clears, facts, None)
        if now - read_at >= limits.evidence_ttl:
            rule = f"{whose} was last read {words(limits.evidence_ttl)} ago or more"
            return _unknown(rule, clears, facts, read_at + limits.evidence_ttl)
    return None


def _unproven(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    old = _older_than(facts.unproven, limits.max_age, now)
    rule = "nothing shows that the copy is whole"
    clears = "a pull or a mirror made here, a listing of the card, or a person who writes it off"
    return _of_problems(
        Verdict.UNKNOWN,
        rule,
        clears,
        facts=facts,
        problems=old,
        after=limits.max_age,
        step=Step.LIST,
    )


def _unaccounted(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    """Facts that do not add up are nobody's proof."""
    if facts.source_count is None:
        rule = "nobody tells whether the device has such data"
        clears = "a listing of the card, or a pull made here"
        return _unknown(rule, clears, facts, None, step=Step.LIST)
    if facts.source_count and not facts.copy_count and not facts.has_problems:
        rule = "the device has such data, and nothing here accounts for it"
        return _unknown(rule, "a copy of it", facts, None, step=Step.BRING)
    return None


def _not_equal(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    """More than counts, where the policy asks for it."""
    within, since = limits.equal_within, facts.counted_since
    if within is None or since is None or -CLOCK_SLACK <= now - since < within:
        return None
    rule = f"its policy asks for copies that are held against the device within {words(within)}"
    clears = "a proof of content, a pull or a mirror"
    return _unknown(rule, clears, facts, since + within, step=Step.PROVE)


def _one_copy(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    """What came lately has as long to come to the second place as data has to be saved."""
    if limits.proved_copies < 2 or not facts.copy_count:
        return None
    asked, clears = "its policy asks for two proved copies", "a run of second copies"
    if facts.second_count is None:
        rule = f"{asked}, and nobody tells of a second one"
        clears = "a storage that keeps second copies of its place, and a look"
        return _unknown(rule, clears, facts, None, step=Step.PERSON)
    if not facts.second_count or facts.second_since is None:
        return None
    age = now - facts.second_since
    if -CLOCK_SLACK <= age < limits.max_age:
        return None
    rule = f"{asked}: {counted(facts.second_count, 'file')} had one for {words(limits.max_age)}"
    since = facts.second_since + limits.max_age
    return _unknown(f"{rule} or more", clears, facts, since, step=Step.SECOND)


def _stale(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    return _unsaved(Verdict.STALE, facts, limits.max_age + limits.grace, now)


def _late(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    return _unsaved(Verdict.LATE, facts, limits.max_age, now)


def _waiting(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    """Not late yet, and not saved: no lag of what has ended is ever green."""
    waiting = facts.missing + facts.unproven + facts.behind
    if not waiting:
        return None
    due_at = min(problem.since for problem in waiting) + limits.max_age
    rule = f"not saved yet, and younger than {words(limits.max_age)}"
    clears = f"a copy that is proven, due by {moment(due_at)} UTC"
    return _of_problems(
        Verdict.WAITING, rule, clears, facts=facts, problems=waiting, step=Step.BRING
    )


def _protected(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    if not (facts.copy_count or facts.source_count or facts.lagging):
        return None
    rule = (
        f"all is saved but what is younger than {words(limits.max_age)}"
        if facts.lagging
        else "everything the device is known to have is on the disk, and was proven to be whole"
    )
    if facts.written_off_count:
        rule += f"; {facts.written_off_count} written off"
    return Judgement(
        verdict=Verdict.PROTECTED,
        rule=rule,
        since=facts.newest_copy_at,
        clears="",
        facts=facts,
        problems=facts.lagging,
    )


RULES: tuple[Rule, ...] = (
    _corrupt,
    _lost,
    _missing,
    _none,
    _storage_silent,
    _disk_unreadable,
    _evidence_too_old,
    _unproven,
    _unaccounted,
    _not_equal,
    _one_copy,
    _stale,
    _late,
    _waiting,
    _protected,
)


def _unsaved(
    verdict: Verdict, facts: BackupFacts, after: timedelta, now: datetime
) -> Judgement | None:
    """What is not saved, be it for want of any copy or because the copy ends too soon."""
    unsaved = facts.missing + facts.behind + facts.lagging
    rule, clears = f"unsaved data is {words(after)} old or older", "a newer copy"
    old = _older_than(unsaved, after, now)
    return _of_problems(
        verdict, rule, clears, facts=facts, problems=old, after=after, step=Step.BRING
    )


def _unknown(
    rule: str,
    clears: str,
    facts: BackupFacts,
    since: datetime | None,
    *,
    step: Step = Step.LOOK,
) -> Judgement:
    return Judgement(
        verdict=Verdict.UNKNOWN, rule=rule, since=since, clears=clears, facts=facts, step=step
    )


def _of_problems(
    verdict: Verdict,
    rule: str,
    clears: str,
    *,
    facts: BackupFacts,
    problems: tuple[Problem, ...],
    step: Step,
    after: timedelta = timedelta(0),
) -> Judgement | None:
    if not problems:
        return None
    return Judgement(
        verdict=verdict,
        rule=rule,
        since=min(problem.since for problem in problems) + after,
        clears=clears,
        facts=facts,
        problems=problems,
        step=step,
    )


def _older_than(
    problems: tuple[Problem, ...], age: timedelta, now: datetime
) -> tuple[Problem, ...]:
    """Also those of a time that has not come: our clock was set back, and nobody knows how far."""
    return tuple(p for p in problems if now - p.since >= age or is_ahead(p.since, now=now))
