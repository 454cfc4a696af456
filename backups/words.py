"""What is said of a verdict, once for all: pages, API and `manage.py why` say the same words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from backups.badges import size
from backups.dashboard import BackupStatus, DeviceStatus
from backups.engine.evidence import words
from backups.engine.facts import BackupFacts, BackupType, Problem, ProblemKind, Risk
from backups.engine.verdict import Judgement, Verdict

NOT_LOOKED_AT = "nobody looked at the disk for this device yet"
TYPE_NAMES = {BackupType.MYSQL: "MySQL", BackupType.SQLITE: "SQLite", BackupType.VIDEO: "Video"}
ITEMS = {
    BackupType.MYSQL: "experiment",
    BackupType.SQLITE: "experiment",
    BackupType.VIDEO: "recording",
}
FILES = {  # what the facts count, on the device and on the disk
    BackupType.MYSQL: "experiment",
    BackupType.SQLITE: "experiment",
    BackupType.VIDEO: "video file",
}
CLEARED_BY: Mapping[ProblemKind, str] = {
    ProblemKind.CORRUPT: "a copy that is read to its end, or held against the device, and passes",
    ProblemKind.LOST: "nothing: it is lost. A person may write it off",
    ProblemKind.MISSING: "a copy of it",
    ProblemKind.UNPROVEN: "a pull or mirror made here, a listing of the card, or a write-off",
    ProblemKind.BEHIND: "a newer copy",
    ProblemKind.LAGGING: "the next copy: it is still growing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongItem:
    """One item that is not safe, with all that is said of it."""

    kind: ProblemKind
    problem: Problem
    clears: str


def headline(status: DeviceStatus, *, now: datetime) -> str:
    """Of a device: the sentence of the backup that gives it its verdict."""
    kind = worst_type(status)
    if kind is None:
        return NOT_LOOKED_AT
    said = sentence(status.backups[kind], now=now)
    return said if status.verdict is Verdict.NONE else f"{TYPE_NAMES[kind]}: {said}"


def worst_type(status: DeviceStatus) -> BackupType | None:
    """Of several that are equally bad the one of which most can be said, and the longest unsafe."""
    verdict = status.verdict
    bad = [kind for kind, b in status.backups.items() if b.judgement.verdict is verdict]
    return min(bad, key=lambda kind: _weight(status.backups[kind].judgement), default=None)


def _weight(judgement: Judgement) -> tuple[bool, float]:
    since = judgement.since.timestamp() if judgement.since else 0.0
    return not judgement.problems, since


def sentence(backup: BackupStatus, *, now: datetime) -> str:
    """The rule, when it clears where that is a time, what is at risk, and what was given up."""
    judgement, facts = backup.judgement, backup.facts
    parts = [judgement.rule]
    if judgement.verdict is Verdict.WAITING:
        parts.append(judgement.clears)
    if judgement.verdict not in {Verdict.PROTECTED, Verdict.NONE}:
        parts.append(at_risk(facts, now=now))
    if facts.written_off_count and "written off" not in judgement.rule:
        parts.append(f"{facts.written_off_count} written off")
    return "; ".join(part for part in parts if part)


def at_risk(facts: BackupFacts, *, now: datetime) -> str:
    """What exists only on a card, as far as somebody told how much that is; "" for nothing."""
    risk = facts.risk
    if not risk.items:
        return ""
    parts = [counted(risk.items, ITEMS[facts.backup_type]), *_amounts(risk)]
    if risk.since and risk.since <= now:
        parts.append(f"for {words(now - risk.since)}")
    return f"at risk: {', '.join(parts)}"


def _amounts(risk: Risk) -> Iterable[str]:
    if risk.rows:
        yield f"{risk.rows:,} rows"
    if risk.bytes:
        yield size(risk.bytes)
    if risk.untold and risk.untold == risk.items:
        yield "nobody told how much"
    elif risk.untold:
        yield f"of {risk.untold} nobody told how much"


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def on_the_device(facts: BackupFacts) -> str:
    """ "2 experiments, 1 written off": what was given up is counted, and never hidden."""
    if facts.source_count is None:
        return "not known"
    noun = FILES[facts.backup_type]
    told = counted(facts.source_count, noun) if facts.source_count else f"no {noun}"
    return told + (f", {facts.written_off_count} written off" if facts.written_off_count else "")


def on_the_disk(facts: BackupFacts) -> str:
    if not (facts.copy_count or facts.size_bytes):
        return "nothing"
    copies = "database" if FILES[facts.backup_type] == "experiment" else "video file"
    count = counted(facts.copy_count, copies)
    return f"{count}, {size(facts.size_bytes)}"


def since(judgement: Judgement, *, now: datetime) -> str:
    """For how long the rule has held; "" where that is not known or has not come."""
    if judgement.since is None or judgement.since > now or not judgement.clears:
        return ""
    return f"for {words(now - judgement.since)}"


def evidence(backup: BackupStatus, *, now: datetime) -> list[str]:
    """What was read and how long ago, what could not be, and how what is saved was proven."""
    facts = backup.facts
    lines = [
        _reading("the device's inventory", facts.source_read_at, facts.source_error, now),
        _reading("the disk", facts.disk_read_at, facts.disk_error, now),
    ]
    if facts.newest_copy_at:
        lines.append(f"all that was told of is saved until {_moment(facts.newest_copy_at)}")
    if said := [f"{count} {proof}" for proof, count in sorted(facts.proofs.items()) if count]:
        lines.append(f"proof of what is saved: {', '.join(said)}")
    return lines


def _reading(whose: str, at: datetime | None, error: str, now: datetime) -> str:
    read = f"{whose} was never read"
    if at and at > now:
        read = f"{whose} was read at {_moment(at)}, which has not come yet"
    elif at:
        read = f"{whose} was read {words(now - at)} ago, at {_moment(at)}"
    return f"{read}; the last attempt failed: {error}" if error else read


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def wrong_items(facts: BackupFacts) -> list[WrongItem]:
    """Item by item, the worst kind first and of each the oldest: as many as the facts keep."""
    return [
        WrongItem(kind=kind, problem=problem, clears=CLEARED_BY[kind])
        for kind in ProblemKind
        for problem in facts.of_kind(kind)
    ]


def left_out(facts: BackupFacts) -> int:
    """How many more items are wrong than the facts keep by name."""
    return sum(facts.counts.values()) - len(wrong_items(facts)) if facts.counts else 0
