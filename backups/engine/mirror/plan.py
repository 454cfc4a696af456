"""What is to be done, table by table: found by holding the copy against the snapshot."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from backups.engine.mirror.columns import quoted
from backups.engine.mirror.database import Layout, key_range, layouts
from backups.engine.mirror.digests import Digest, digest_like, digests_there, whole_here
from backups.engine.mirror.schema import Table
from backups.engine.mirror.source import Snapshot
from backups.engine.mirror.survey import METADATA, Reach, Survey
from backups.engine.mirror.windows import Span, Window, all_spans, joint, share, split


class Action(StrEnum):
    KEEP = "keep"
    EXTEND = "extend"  # rows after the highest key here, and the windows that differ
    REPLACE = "replace"  # all rows; the table stays as it is
    REBUILD = "rebuild"  # all rows, and the table is made anew


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlan:
    """`proofs`: what the server says of the windows compared; `differing`: to be copied again."""

    table: Table
    there: Reach
    action: Action
    high_here: int | None = None
    is_new: bool = False
    differing: tuple[Span, ...] = ()
    proofs: Mapping[Span, Digest] = field(default_factory=dict)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The keys to fetch, of a table with a rising key."""
        low, high = self.there.low, self.there.high
        if low is None or high is None or self.action is Action.KEEP:
            return ()
        if self.action is not Action.EXTEND or self.high_here is None:
            return (Span(low - 1, high),)
        newer = (Span(self.high_here, high),) if high > self.high_here else ()
        return (*self.differing, *newer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`believed`: tables of which a part stands for the whole, for a former proof holds still."""

    tables: tuple[TablePlan, ...]
    gone: tuple[str, ...] = ()  # tables that only the copy has
    broken: Mapping[str, str] = field(default_factory=dict)  # unreadable there, and why
    believed: frozenset[str] = frozenset()
    restarted: bool = False

    @property
    def changes(self) -> bool:
        return any(table.action is not Action.KEEP for table in self.tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """How much is compared: of the tables that are `believed` this turn's share, else all."""

    turn: int = 0
    within: int = 1
    believed: frozenset[str] = frozenset()

    def within_of(self, table: Table) -> int:
        return self.within if table.numbered and table.name in self.believed else 1


WHOLE = Scope()


def first_plan(snapshot: Snapshot, there: Survey) -> Plan:
    """Everything, and all windows to prove it by."""
    tables = [
        TablePlan(table=t, there=there.extents[t.name], action=Action.REBUILD, is_new=True)
        for t in there.readable
    ]
    wanted = {
        plan.table.name: list(_spans_to_prove(plan.table, plan.there, None, None, WHOLE))
        for plan in tables
    }
    broken = dict(there.broken)
    return Plan(tables=tuple(_with_proofs(snapshot, tables, wanted, broken)), broken=broken)


def plan_changes(snapshot: Snapshot, there: Survey, copy: sqlite3.Connection, scope: Scope) -> Plan:
    """Compare, and compare everything where a part that was believed differs."""
    here = layouts(copy)
    broken = dict(there.broken)
    tables, wanted = [], {}
    for table in there.readable:
        plan, spans = _look_at(copy, table, there.extents[table.name], here.get(table.name), scope)
        tables.append(plan)
        wanted[table.name] = spans
    proven = list(_with_proofs(snapshot, tables, wanted, broken))
    found = {plan.table.name: _differing(copy, plan) for plan in proven}
    sound = [plan for plan in proven if plan.table.name not in broken]
    restarted = _restarted(copy, there, sound, has_metadata=METADATA in here)
    if not restarted and any(found[name] for name in scope.believed & found.keys()):
        return plan_changes(snapshot, there, copy, WHOLE)
    known = {table.name for table in there.schema.tables} | there.schema.unread
    return Plan(
        tables=tuple(
            _extended(plan, found[plan.table.name])
            for plan in proven
            if plan.is_new or plan.table.name not in broken
        ),
        gone=tuple(sorted(here.keys() - known)),
        broken=broken,
        believed=scope.believed,
        restarted=restarted,
    )


def _look_at(
    copy: sqlite3.Connection, table: Table, there: Reach, here: Layout | None, scope: Scope
) -> tuple[TablePlan, list[Span]]:
    if here != table.layout:
        plan = TablePlan(table=table, there=there, action=Action.REBUILD, is_new=here is None)
        return plan, list(_spans_to_prove(table, there, None, None, WHOLE))
    if table.rising_key is None:
        same = whole_here(copy, table) == there.whole
        action = Action.KEEP if same else Action.REPLACE
        return TablePlan(table=table, there=there, action=action), []
    low, high = key_range(copy, table)
    newer = there.high is not None and (high is None or there.high > high)
    action = Action.EXTEND if newer else Action.KEEP
    plan = TablePlan(table=table, there=there, action=action, high_here=high)
    return plan, list(_spans_to_prove(table, there, low, high, scope))


def _spans_to_prove(
    table: Table, there: Reach, low_here: int | None, high_here: int | None, scope: Scope
) -> Iterator[Span]:
    """The share, what is new, and the newest rows of both sides, split where the copy ends."""
    if table.rising_key is None:
        return
    lows = [low for low in (there.low, low_here) if low is not None]
    highs = [high for high in (there.high, high_here) if high is not None]
    if not highs:
        return
    keys = Span(min(lows) - 1, max(highs))
    spans = set(share(table, keys, turn=scope.turn, within=scope.within_of(table)))
    spans |= {joint(table, high) for high in highs}
    if high_here is not None and there.high is not None:
        spans.update(all_spans(table, Span(high_here, there.high)))
        spans |= {Span(there.high, high_here)} if there.high < high_here else set()
    yield from sorted({part for span in spans for part in split(span, high_here)})


def _with_proofs(
    snapshot: Snapshot,
    plans: Iterable[TablePlan],
    wanted: Mapping[str, list[Span]],
    broken: dict[str, str],
) -> Iterator[TablePlan]:
    plans = list(plans)
    windows = [Window(plan.table, span) for plan in plans for span in wanted[plan.table.name]]
    digests = digests_there(snapshot, windows, broken)
    for plan in plans:
        asked = {span: Window(plan.table, span) for span in wanted[plan.table.name]}
        proofs = {span: digests[window] for span, window in asked.items() if window in digests}
        yield replace(plan, proofs=proofs)


def _extended(plan: TablePlan, differing: list[Span]) -> TablePlan:
    if not differing:
        return plan
    return replace(plan, action=Action.EXTEND, differing=_without_overlap(differing))


def _differing(copy: sqlite3.Connection, plan: TablePlan) -> list[Span]:
    """Of the windows that the copy claims to hold already, those that are not as there."""
    if plan.high_here is None:
        return []
    return [
        span
        for span, there in plan.proofs.items()
        if span.high <= plan.high_here
        and digest_like(there, copy, Window(plan.table, span)) != there
    ]


def _without_overlap(spans: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.low < joined[-1].high:
            joined[-1] = Span(joined[-1].low, max(joined[-1].high, span.high))
        else:
            joined.append(span)
    return tuple(joined)


def _restarted(
    copy: sqlite3.Connection, there: Survey, plans: Iterable[TablePlan], *, has_metadata: bool
) -> bool:
    """Another run in the database: by its start as METADATA has it, else by its newest rows."""
    started = _started_here(copy) if has_metadata else frozenset()
    if started and there.started:
        return started.isdisjoint(there.started)
    held = [plan for plan in plans if plan.high_here is not None]
    broken = [plan for plan in held if _joint_broken(copy, plan)]
    return bool(broken) and 2 * len(broken) >= len(held)


def _joint_broken(copy: sqlite3.Connection, plan: TablePlan) -> bool:
    reach = min(plan.high_here or 0, plan.there.high or 0)
    newest = joint(plan.table, reach)
    there = plan.proofs.get(newest, Digest(0, ""))
    return plan.there.is_empty or digest_like(there, copy, Window(plan.table, newest)) != there


def _started_here(copy: sqlite3.Connection) -> frozenset[str]:
    query = f"SELECT value FROM {quoted(METADATA)} WHERE field = 'date_time'"  # noqa: S608
    try:
        return frozenset(str(row[0]) for row in copy.execute(query) if row[0] is not None)
    except sqlite3.OperationalError:
        return frozenset()  # a table of that name, but not the device's
