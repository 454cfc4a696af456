"""Hold what a device has against what the disk holds: missing, behind, unproven, corrupt."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backups.engine.facts import Problem

# A device's writer keeps up to 1000 rows of each ROI in memory (some 500 s), and a video chunk
# lasts 300 s: a copy that ends this shortly before the last change that anyone saw lacks nothing.
WRITER_LAG = timedelta(minutes=10)


class CopyState(StrEnum):
    """What opening a copy showed."""

    USABLE = "usable"  # opens, and has the tables that readers need
    EMPTY = "empty"  # opens, but is no copy of a run: no bytes, or no tables yet
    CORRUPT = "corrupt"  # does not open, or cannot be read
    BUSY = "busy"  # was being written while we looked; no judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """A tracking run that the device has, or once had. Times are on our clock."""

    filename: str
    known_since: datetime  # its start, or when it was first seen, whichever came first
    changed_at: datetime | None  # its newest change that anyone saw; None: nobody saw one
    growing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A database file on the node's disk and what opening it showed."""

    filename: str
    state: CopyState
    problem: str
    first_seen_at: datetime
    data_at: datetime | None  # time of the newest row
    finished: bool  # holds the row that a graceful stop writes last
    proven_at: datetime | None = None  # a run here showed that it holds all the device had then
    doubt: str = ""  # how a run here found it to differ from the device


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Problems by kind, oldest first, and remarks that move no verdict."""

    missing: tuple[Problem, ...] = ()
    behind: tuple[Problem, ...] = ()
    unproven: tuple[Problem, ...] = ()
    corrupt: tuple[Problem, ...] = ()
    findings: tuple[str, ...] = ()


def compare_runs(runs: Iterable[ListedRun], copies: Mapping[str, Copy]) -> Comparison:
    """Compare each run with the copy of the same file name, and judge left-over copies alone."""
    found: dict[str, list[Problem]] = {"missing": [], "behind": [], "unproven": [], "corrupt": []}
    left_over = dict(copies)
    for run in runs:
        for kind, problem in _run_problem(run, left_over.pop(run.filename, None)):
            found[kind].append(problem)
    found["corrupt"] += [_corrupt(c) for c in left_over.values() if c.state is CopyState.CORRUPT]
    problems = {
        kind: tuple(sorted(some, key=lambda problem: (problem.since, problem.name)))
        for kind, some in found.items()
    }
    findings = tuple(sorted(filter(None, map(_unlisted_finding, left_over.values()))))
    return Comparison(**problems, findings=findings)


def _run_problem(run: ListedRun, copy: Copy | None) -> Iterable[tuple[str, Problem]]:
    if copy is None:
        yield "missing", Problem(run.filename, run.known_since, "the disk holds no copy")
    elif copy.state is CopyState.CORRUPT:
        yield "corrupt", _corrupt(copy)
    elif copy.state is CopyState.EMPTY:
        yield "missing", Problem(run.filename, run.known_since, copy.problem)
    elif copy.state is CopyState.BUSY or copy.data_at is None:
        yield "unproven", Problem(run.filename, copy.first_seen_at, copy.problem)
    else:
        yield from _usable_problem(run, copy, copy.data_at)


def _usable_problem(run: ListedRun, copy: Copy, data_at: datetime) -> Iterable[tuple[str, Problem]]:
    if copy.doubt:
        yield "unproven", Problem(run.filename, copy.first_seen_at, copy.doubt)
    elif copy.proven_at is not None:
        yield from _changed_since(run, copy.proven_at)
    elif not copy.finished or run.growing:
        yield from _short_of(run, data_at)


def _changed_since(run: ListedRun, proven_at: datetime) -> Iterable[tuple[str, Problem]]:
    """The copy was held against the device itself; only what was written later can be lacking."""
    if run.growing or (run.changed_at is not None and run.changed_at > proven_at):
        reason = f"the copy holds all until {proven_at:%Y-%m-%d %H:%M:%S} UTC"
        yield "behind", Problem(run.filename, proven_at, reason)


def _short_of(run: ListedRun, data_at: datetime) -> Iterable[tuple[str, Problem]]:
    if run.changed_at is None:
        reason = "it has no stop row, and nobody saw when the run ended"
        yield "unproven", Problem(run.filename, data_at, reason)
    elif data_at > run.changed_at + WRITER_LAG:
        reason = (
            f"its newest row ({data_at:%Y-%m-%d %H:%M} UTC) is younger than the device's own clock"
        )
        yield "unproven", Problem(run.filename, run.changed_at, reason)
    elif run.growing or data_at < run.changed_at - WRITER_LAG:
        reason = f"the copy ends at {data_at:%Y-%m-%d %H:%M:%S} UTC"
        yield "behind", Problem(run.filename, data_at, reason)


def _corrupt(copy: Copy) -> Problem:
    return Problem(copy.filename, copy.first_seen_at, copy.problem)


def _unlisted_finding(copy: Copy) -> str:
    """What to say of a copy that is all there is: the device no longer names its run."""
    if copy.state is CopyState.EMPTY:
        return f"{copy.filename}: {copy.problem}, and the device no longer lists the run"
    if copy.state is CopyState.USABLE and not copy.finished:
        return f"{copy.filename}: has no stop row, and the device no longer lists the run"
    return ""
