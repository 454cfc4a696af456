"""The comparison after the work: the file as it lies there against what the server said."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from backups.engine.mirror.database import key_range
from backups.engine.mirror.digests import Digest, digest_like, whole_here
from backups.engine.mirror.outcome import Finding, FindingKind, TableComparison
from backups.engine.mirror.plan import Action, Plan, TablePlan
from backups.engine.mirror.windows import Span, Window, count_spans


def compare(copy: sqlite3.Connection, plan: Plan) -> tuple[TableComparison, ...]:
    """Each table, by its proofs; windows that the plan proved and nothing touched count as seen."""
    return tuple(
        replace(comparison, equal=comparison.equal and comparison.table not in plan.broken)
        for comparison in (_comparison(copy, table) for table in plan.tables)
    )


def _comparison(copy: sqlite3.Connection, plan: TablePlan) -> TableComparison:
    return _compare_whole(copy, plan) if plan.table.rising_key is None else _compare(copy, plan)


def differences(tables: Iterable[TableComparison]) -> tuple[Finding, ...]:
    return tuple(
        Finding(FindingKind.DIFFERS, table.table, _difference(table))
        for table in tables
        if not table.equal
    )


def _difference(table: TableComparison) -> str:
    return (
        f"differs after the run: {table.rows_here} rows here, {table.rows_there} on the device "
        f"in {table.windows} compared windows"
    )


def _compare_whole(copy: sqlite3.Connection, plan: TablePlan) -> TableComparison:
    there = plan.there.whole or Digest(0, "")
    here = there if plan.action is Action.KEEP else whole_here(copy, plan.table)
    return TableComparison(
        table=plan.table.name,
        max_key_here=None,
        max_key_there=None,
        rows_here=here.rows,
        rows_there=there.rows,
        windows=1,
        windows_total=1,
        equal=here == there,
    )


def _compare(copy: sqlite3.Connection, plan: TablePlan) -> TableComparison:
    low, high = key_range(copy, plan.table)
    spans = _disjoint(plan.proofs)
    here = {span: _digest_now(copy, plan, span) for span in plan.proofs}
    total = 0 if high is None or low is None else count_spans(plan.table, Span(low - 1, high))
    return TableComparison(
        table=plan.table.name,
        max_key_here=high,
        max_key_there=plan.there.high,
        rows_here=sum(here[span].rows for span in spans),
        rows_there=sum(plan.proofs[span].rows for span in spans),
        windows=total if _covers(spans, low, high) else min(len(spans), max(total - 1, 0)),
        windows_total=total,
        equal=high == plan.there.high and here == plan.proofs,
    )


def _digest_now(copy: sqlite3.Connection, plan: TablePlan, span: Span) -> Digest:
    kept = plan.high_here is not None and span.high <= plan.high_here
    touched = any(span.low < other.high and other.low < span.high for other in plan.differing)
    if kept and not touched:
        return plan.proofs[span]
    return digest_like(plan.proofs[span], copy, Window(plan.table, span))


def _disjoint(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for span in sorted(spans):
        if not found or span.low >= found[-1].high:
            found.append(span)
    return found


def _covers(spans: list[Span], low: int | None, high: int | None) -> bool:
    if low is None or high is None:
        return True
    reached = low - 1
    for span in spans:
        if span.low <= reached:
            reached = max(reached, span.high)
    return reached >= high
