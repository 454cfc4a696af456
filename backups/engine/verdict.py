"""THE RULE: whether a backup is safe, judged from facts, limits and the time. Nothing else decides.

The table is design 5; its order is the order of severity. Every boundary is `>=`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backups.engine.facts import BackupFacts, Problem


class Verdict(StrEnum):
    """Worst first: the order is what `worst` goes by."""

    CORRUPT = "corrupt"
    MISSING = "missing"
    UNKNOWN = "unknown"
    STALE = "stale"
    LATE = "late"
    PROTECTED = "protected"
    NONE = "none"


SEVERITY = {verdict: place for place, verdict in enumerate(Verdict)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When unsaved data is late, when it is stale (late plus grace), how long evidence holds."""

    max_age: timedelta
    grace: timedelta
    evidence_ttl: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict that can defend itself: the rule, what it rests on, since when, what clears it."""

    verdict: Verdict
    rule: str
    evidence: tuple[str, ...]
    since: datetime | None
    clears: str


def judge(facts: BackupFacts, *, limits: Limits, now: datetime) -> Judgement:
    """Judge one backup: the first rule of the table that matches gives the verdict."""
    for rule in RULES:
        if judgement := rule(facts, limits, now):
            return judgement
    return Judgement(
        verdict=Verdict.NONE,
        rule="nothing of this type was ever seen, on the device or on the disk",
        evidence=_readings(facts),
        since=None,
        clears="",
    )


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """A device is as bad as its worst backup; with no backups at all it is `none`."""
    return min(verdicts, key=SEVERITY.__getitem__, default=Verdict.NONE)


def _corrupt(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    rule = "a copy failed verification"
    return _of_problems(Verdict.CORRUPT, rule, facts.corrupt, "a copy that verifies")


def _missing(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    if not facts.missing:
        return None
    after = limits.max_age + limits.grace
    missing = _older_than(facts.missing, after, now)
    rule = f"on the device for {_words(after)} or more without a usable copy here"
    return _of_problems(Verdict.MISSING, rule, missing, "a copy of each", after=after)


def _disk_unreadable(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    if not facts.disk_error:
        return None
    rule = "the disk could not be read"
    return _unknown(rule, (facts.disk_error,), facts.disk_read_at, "a readable disk")


def _evidence_too_old(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    for whose, read_at, error in (
        ("the disk", facts.disk_read_at, facts.disk_error),
        ("the device's inventory", facts.source_read_at, facts.source_error),
    ):
        reasons = (error,) if error else ()
        clears = f"a new reading of {whose}"
        if read_at is None:
            return _unknown(f"{whose} was never read", reasons, None, clears)
        if abs(now - read_at) >= limits.evidence_ttl:
            how = "ago or more" if read_at < now else "or more ahead of the clock"
            rule = f"{whose} was last read {_words(limits.evidence_ttl)} {how}"
            since = read_at + limits.evidence_ttl
            return _unknown(rule, (*_readings(facts), *reasons), since, clears)
    return None


def _unproven(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    rule = "nothing shows that the copy is whole"
    clears = "to see it grow and end from here, a whole copy, or a person who writes it off"
    return _of_problems(Verdict.UNKNOWN, rule, facts.unproven, clears)


def _stale(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    return _unsaved(Verdict.STALE, facts, limits.max_age + limits.grace, now)


def _late(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    return _unsaved(Verdict.LATE, facts, limits.max_age, now)


def _protected(facts: BackupFacts, limits: Limits, now: datetime) -> Judgement | None:
    waiting = facts.missing + facts.behind
    if not (facts.source_count or facts.copy_count or waiting):
        return None
    rule = (
        f"all is saved but what is younger than {_words(limits.max_age)}"
        if waiting
        else "everything the device is known to have is on the disk, and whole"
    )
    return Judgement(
        verdict=Verdict.PROTECTED,
        rule=rule,
        evidence=(*_readings(facts), *map(_line, waiting)),
        since=facts.newest_copy_at,
        clears="",
    )


RULES: tuple[Callable[[BackupFacts, Limits, datetime], Judgement | None], ...] = (
    _corrupt,
    _missing,
    _disk_unreadable,
    _evidence_too_old,
    _unproven,
    _stale,
    _late,
    _protected,
)


def _unsaved(
    verdict: Verdict, facts: BackupFacts, after: timedelta, now: datetime
) -> Judgement | None:
    """What is not saved, be it for want of any copy or because the copy ends too soon."""
    if not (unsaved := facts.missing + facts.behind):
        return None
    old = _older_than(unsaved, after, now)
    rule = f"unsaved data is {_words(after)} old or older"
    return _of_problems(verdict, rule, old, "a newer copy", after=after)


def _unknown(
    rule: str, evidence: tuple[str, ...], since: datetime | None, clears: str
) -> Judgement:
    return Judgement(
        verdict=Verdict.UNKNOWN, rule=rule, evidence=evidence, since=since, clears=clears
    )


def _of_problems(
    verdict: Verdict,
    rule: str,
    problems: tuple[Problem, ...],
    clears: str,
    *,
    after: timedelta = timedelta(0),
) -> Judgement | None:
    if not problems:
        return None
    return Judgement(
        verdict=verdict,
        rule=rule,
        evidence=tuple(_line(problem) for problem in problems),
        since=min(problem.since for problem in problems) + after,
        clears=clears,
    )


def _older_than(
    problems: tuple[Problem, ...], age: timedelta, now: datetime
) -> tuple[Problem, ...]:
    return tuple(problem for problem in problems if now - problem.since >= age)


def _readings(facts: BackupFacts) -> tuple[str, ...]:
    lines = [
        f"{whose} read at {_moment(read_at)} UTC"
        for whose, read_at in (
            ("the device's inventory", facts.source_read_at),
            ("the disk", facts.disk_read_at),
        )
        if read_at
    ]
    if facts.newest_copy_at:
        lines.append(f"newest data in a copy: {_moment(facts.newest_copy_at)} UTC")
    return tuple(lines)


def _line(problem: Problem) -> str:
    return f"{problem.name}: {problem.reason}"


def _moment(at: datetime) -> str:
    return at.isoformat(" ", "seconds")[:19]  # four times as fast as strftime, for every backup


def _words(span: timedelta) -> str:
    """30 min, 6 h, 2 days: a limit as a person would say it."""
    minutes = int(span.total_seconds() // 60)
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60)} days"
    if minutes >= 120 or minutes == 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{minutes} min" if minutes else f"{int(span.total_seconds())} s"
