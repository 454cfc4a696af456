"""Bring the rows that a plan asks for, as far as the server can read them."""

import sqlite3
from dataclasses import replace

from backups.engine.mirror.columns import quoted
from backups.engine.mirror.copy import Broken, copy_table, copy_windows
from backups.engine.mirror.database import create_table
from backups.engine.mirror.plan import Action, Plan, TablePlan
from backups.engine.mirror.reporting import Reporter
from backups.engine.mirror.source import Snapshot
from backups.engine.mirror.windows import Window


def fetch(
    snapshot: Snapshot, target: sqlite3.Connection, plan: Plan, reporter: Reporter
) -> tuple[Plan, int]:
    """The plan that can be carried out with what came, and the number of rows.

    All numbered tables share their questions.
    """
    wanted = [table for table in plan.tables if table.action is not Action.KEEP]
    for table in wanted:
        create_table(target, table.table)
    windows = [Window(table.table, span) for table in wanted for span in table.spans]
    reporter.expect(windows)
    broken = dict(plan.broken)
    rows = copy_windows(snapshot, target, windows, tick=reporter.tick, broken=broken)
    for table in wanted:
        if table.table.rising_key is None:
            rows += copy_table(snapshot, target, table.table, tick=reporter.tick, broken=broken)
    kept = (_as_far_as_read(target, table, broken) for table in plan.tables)
    return replace(plan, tables=tuple(filter(None, kept)), broken=broken), rows


def _as_far_as_read(
    target: sqlite3.Connection, plan: TablePlan, broken: Broken
) -> TablePlan | None:
    """What came of a broken table is saved where it takes nothing from the copy."""
    if plan.action is Action.KEEP or plan.table.name not in broken:
        return plan
    name = quoted(plan.table.name)
    if plan.is_new and target.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone():  # noqa: S608
        return plan
    if plan.action is Action.EXTEND:
        if plan.high_here is not None:
            key = quoted(plan.table.rising_key or "")
            target.execute(f"DELETE FROM {name} WHERE {key} <= {plan.high_here}")  # noqa: S608
        return replace(plan, differing=())
    target.execute(f"DROP TABLE {name}")
    return None
