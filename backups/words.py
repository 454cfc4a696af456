"""What is said of a verdict, once for all: pages, API and `manage.py why` say the same words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from backups.badges import size
from backups.dashboard import BackupStatus, DeviceStatus
from backups.engine.evidence import words
from backups.engine.facts import BackupFacts, BackupType, Problem, ProblemKind, Risk
from backups.engine.grammar import counted
from backups.engine.verdict import CURES, Judgement, Verdict
from backups.models import CardChange

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
    ProblemKind.CORRUPT: CURES,
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


def at_risk_now(risk: Risk, *, now: datetime) -> str:
    """Of a device, or of all: how much exists only on cards, how sure that is, and since when."""
    if not risk.items:
        nothing = "nothing that anybody told of is only on a card"
        return f"{nothing}, but {_blind(risk)}" if risk.blind else nothing
    sizes = ", ".join(_sizes(risk))
    much = f"{counted(risk.items, 'item')}{f' ({sizes})' if sizes else ''}"
    since = f", for {words(now - risk.since)}" if risk.since and risk.since <= now else ""
    are = "is" if risk.items == 1 else "are"
    said = f"{'at least ' if risk.is_at_least else ''}{much} {are} only on a card{since}"
    return "; ".join([said, _surety(risk), *_not_told(risk)])


def _sizes(risk: Risk) -> Iterable[str]:
    if risk.rows:
        yield f"{risk.rows:,} rows"
    if risk.bytes:
        yield size(risk.bytes)
    if risk.seconds:
        least = "at least " if risk.timeless and not risk.is_at_least else ""
        yield f"{least}{hours(risk.seconds)} of tracking or film"


def hours(seconds: float) -> str:
    """What is something is never said to be nothing: below a minute it is seconds."""
    if seconds < 60:
        return f"{ceil(seconds)} s"
    return f"{seconds / 3600:,.1f} h" if seconds >= 360 else f"{seconds / 60:.0f} min"


def _surety(risk: Risk) -> str:
    """Whose word it is."""
    if risk.listed == risk.items:
        return "listed by ethonode"
    told = "told by the device"
    return (
        f"{risk.listed} listed by ethonode, {risk.items - risk.listed} {told}"
        if risk.listed
        else told
    )


def _not_told(risk: Risk) -> Iterable[str]:
    if risk.untold:
        yield f"of {risk.untold} nobody told how much"
    if risk.timeless == risk.items:
        yield "for how long they were tracked or filmed is not known"
    if risk.blind:
        yield _blind(risk)


def _blind(risk: Risk) -> str:
    return f"of {risk.blind} more it is not known"


def _amounts(risk: Risk) -> Iterable[str]:
    if risk.rows:
        yield f"{risk.rows:,} rows"
    if risk.bytes:
        yield size(risk.bytes)
    if risk.untold and risk.untold == risk.items:
        yield "nobody told how much"
    elif risk.untold:
        yield f"of {risk.untold} nobody told how much"


def on_the_device(facts: BackupFacts) -> str:
    """ "2 experiments, 1 written off": what was given up is counted, and never hidden."""
    if facts.source_count is None:
        return "not known"
    noun = FILES[facts.backup_type]
    told = counted(facts.source_count, noun) if facts.source_count else f"no {noun}"
    return told + (f", {facts.written_off_count} written off" if facts.written_off_count else "")


def on_the_disk(facts: BackupFacts) -> str:
    if facts.disk_read_at is None:
        return "not known"
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


def changes(change: CardChange) -> str:
    """ "in 5 hours: 12 files came (3.0 MiB), 3 grew (1.0 MiB), 0 went"."""
    told = change.numbers
    parts = [_some(told["came"], counted(told["came"]["count"], "file") + " came")]
    parts.append(_some(told["grew"], f"{told['grew']['count']:,} grew"))
    if told["changed"]["count"]:
        parts.append(f"{told['changed']['count']:,} changed otherwise")
    parts.append(_some(told["went"], f"{told['went']['count']:,} went"))
    return f"in {words(change.listed_at - change.since)}: {', '.join(parts)}"


def _some(told: Mapping[str, int], said: str) -> str:
    return f"{said} ({size(told['size_bytes'])})" if told["size_bytes"] else said


def named_changes(change: CardChange) -> str:
    """The first files of each kind by name."""
    kinds = ("came", "grew", "changed", "went")
    told = [(kind, change.numbers[kind]["names"]) for kind in kinds]
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in told if names)
