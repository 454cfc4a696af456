"""Whether a copy holds the very rows that the source has now, all of every table."""

import sqlite3

from backups.engine.mirror.plan import WHOLE, Action, plan_changes
from backups.engine.mirror.source import Snapshot
from backups.engine.mirror.survey import Survey


def unlike_tables(snapshot: Snapshot, there: Survey, copy: sqlite3.Connection) -> list[str]:
    """Names of those that differ, or cannot be read. Nothing that was shown before is believed, and
    nothing is written."""
    plan = plan_changes(snapshot, there, copy, WHOLE)
    differ = {one.table.name for one in plan.tables if one.action is not Action.KEEP}
    return sorted(differ | plan.broken.keys())
