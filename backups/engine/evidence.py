"""What a judgement rests on, and its limits, in words."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from backups.engine.facts import BackupFacts
from backups.engine.grammar import counted


def evidence_of(facts: BackupFacts, *, now: datetime | None = None) -> Iterator[str]:
    """What was read and when, what could not be, and how what is saved was proven.

    With `now` also how long ago; without it the words are the same for as long as the facts are.
    """
    yield _reading("the device's inventory", facts.source_read_at, facts.source_error, now)
    yield _reading("the disk", facts.disk_read_at, facts.disk_error, now)
    if facts.newest_copy_at:
        yield f"all that was told of is saved until {moment(facts.newest_copy_at)} UTC"
    if said := [f"{count} {proof}" for proof, count in sorted(facts.proofs.items()) if count]:
        yield f"proof of what is saved: {', '.join(said)}"


def _reading(whose: str, at: datetime | None, error: str, now: datetime | None) -> str:
    if at is None:
        read = f"{whose} was never read"
    elif now is None:
        read = f"{whose} was read at {moment(at)} UTC"
    elif at > now:
        read = f"{whose} was read at {moment(at)} UTC, which has not come yet"
    else:
        read = f"{whose} was read {words(now - at)} ago, at {moment(at)} UTC"
    return f"{read}; the last attempt failed: {error}" if error else read


def moment(at: datetime) -> str:
    return at.isoformat(" ", "seconds")[:19]  # four times as fast as strftime, for every backup


def words(span: timedelta) -> str:
    """30 min, 6 h, 2 days: a limit as a person would say it."""
    minutes = int(span.total_seconds() // 60)
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60)} days"
    if minutes >= 120 or minutes == 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{minutes} min" if minutes else f"{int(span.total_seconds())} s"


def lack(short: Mapping[str, int]) -> str:
    """Which tables lack how many rows: the worst three by name."""
    if not short:
        return "the device's file is larger than the copy"
    worst = sorted(short, key=lambda name: (-short[name], name))[:3]
    named = ", ".join(f"{name} {short[name]:,}" for name in worst)
    more = f" and {len(short) - len(worst)} more tables" if len(short) > len(worst) else ""
    return f"lacks {counted(sum(short.values()), 'row')} that the device told of ({named}{more})"


def what_it_lost(shrunk: list[str], *, lost_stop: bool) -> str:
    if shrunk:
        named = ", ".join(shrunk[:3]) + (" and others" if len(shrunk) > 3 else "")
        return f"shrank: {named} end sooner than they once did"
    return "shrank: it once held a stop row" if lost_stop else ""
