"""The staged rows into the copy: one transaction, at the speed of SQLite, no network in it."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from backups.engine.copies.errors import LocalBusy, LocalChanged
from backups.engine.copies.identity import fingerprint
from backups.engine.copies.place import Place
from backups.engine.errors import Cancelled
from backups.engine.mirror.columns import quoted
from backups.engine.mirror.database import count, create_table, layout
from backups.engine.mirror.kept import SCHEMA, attached, keep_rows
from backups.engine.mirror.outcome import Finding, FindingKind
from backups.engine.mirror.plan import Action, Plan, TablePlan
from backups.engine.mirror.windows import Window

STAGE = "stage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one table gains and loses. `lost`: queries for rows that only the copy has."""

    plan: TablePlan
    columns: tuple[str, ...]
    lost: tuple[str, ...] = ()
    added: int = 0
    replaced: int = 0
    removed: int = 0
    filled: int = 0  # of the added, those that were missing between the others
    duplicates: int = 0

    @property
    def findings(self) -> Iterator[Finding]:
        table = self.plan.table.name
        if self.plan.action is Action.REBUILD and not self.plan.is_new:
            yield Finding(FindingKind.COLUMNS_CHANGED, table, "has other columns now; copied anew")
        if self.replaced:
            text = f"{self.replaced} rows had changed; their former values are kept beside"
            yield Finding(FindingKind.ROWS_CHANGED, table, text)
        if self.removed:
            text = f"{self.removed} rows are no longer on the device; they are kept beside"
            yield Finding(FindingKind.ROWS_REMOVED, table, text)
        if self.plan.action is Action.EXTEND and self.filled:
            yield Finding(FindingKind.ROWS_MISSING, table, f"{self.filled} missing rows added")


def changes_of(copy: sqlite3.Connection, plan: Plan) -> list[Change]:
    """Hold the stage, attached, against the copy; nothing is written yet."""
    return [_change(copy, table) for table in plan.tables if table.action is not Action.KEEP]


def apply(
    copy: sqlite3.Connection,
    changes: list[Change],
    place: Place,
    *,
    seen: str,
    now: datetime,
    busy_seconds: float,
    cancelled: Callable[[], bool],
) -> bool:
    """Change the copy, all or nothing; whether rows were kept beside.

    Raises LocalChanged if somebody wrote since it was `seen`, LocalBusy when nobody lets
    us in for `busy_seconds`.
    """
    until = time.monotonic() + busy_seconds
    keeps = any(change.lost for change in changes)
    with ExitStack() as stack:
        if keeps:
            stack.enter_context(attached(copy, place.removed_rows, SCHEMA))
        while not _applied(copy, changes, place, seen=seen, now=now):
            if cancelled():
                raise Cancelled("cancelled")
            if time.monotonic() >= until:
                text = f"in use by another program for more than {busy_seconds:g} s"
                raise LocalBusy(f"{place.destination.name}: {text}")
    return keeps


def _applied(
    copy: sqlite3.Connection, changes: list[Change], place: Place, *, seen: str, now: datetime
) -> bool:
    """One try; False if somebody else holds the file."""
    try:
        _in_one_transaction(copy, changes, place, seen=seen, now=now)
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    finally:
        if copy.in_transaction:
            copy.execute("ROLLBACK")
    return True


def _in_one_transaction(
    copy: sqlite3.Connection, changes: list[Change], place: Place, *, seen: str, now: datetime
) -> None:
    copy.execute("BEGIN IMMEDIATE")
    if fingerprint(place.destination) != seen:
        raise LocalChanged("another program wrote to the copy while it was compared")
    for change in changes:
        for query in change.lost:
            keep_rows(copy, change.plan.table.name, change.columns, query, now=now)
        _write(copy, change.plan)
    copy.execute("COMMIT")


def _write(copy: sqlite3.Connection, plan: TablePlan) -> None:
    name = quoted(plan.table.name)
    if plan.action is Action.REBUILD:
        copy.execute(f"DROP TABLE IF EXISTS main.{name}")
        create_table(copy, plan.table)
    elif plan.action is Action.REPLACE:
        copy.execute(f"DELETE FROM main.{name}")  # noqa: S608
    for window in _windows(plan):
        copy.execute(f"DELETE FROM main.{name} WHERE {window.condition}")  # noqa: S608
    names = _names(column.name for column in plan.table.columns)
    copy.execute(
        f"INSERT INTO main.{name} ({names}) SELECT {names} FROM {STAGE}.{name}"  # noqa: S608
    )


def _change(copy: sqlite3.Connection, plan: TablePlan) -> Change:
    there = tuple(column.name for column in plan.table.columns)
    if plan.is_new:
        return Change(plan=plan, columns=there, added=_staged(copy, plan))
    if plan.action is Action.EXTEND:
        return _extension(copy, plan, there)
    return _replacement(copy, plan, there)


def _extension(copy: sqlite3.Connection, plan: TablePlan, columns: tuple[str, ...]) -> Change:
    lost, removed, replaced, filled, restaged = [], 0, 0, 0, 0
    key = (plan.table.rising_key or "",)
    for window in _windows(plan):
        here, there = _both(plan, columns, f" WHERE {window.condition}")
        keys_here, keys_there = _both(plan, key, f" WHERE {window.condition}")
        gone = count(copy, f"{keys_here} EXCEPT {keys_there}")
        only_here = count(copy, f"{here} EXCEPT {there}")
        only_there = count(copy, f"{there} EXCEPT {here}")
        if only_here:
            lost.append(f"{here} EXCEPT {there}")
        removed += gone
        replaced += only_here - gone
        filled += only_there - (only_here - gone)
        restaged += count(copy, there)
    return Change(
        plan=plan,
        columns=columns,
        lost=tuple(lost),
        added=_staged(copy, plan) - restaged + filled,
        replaced=replaced,
        removed=removed,
        filled=filled,
    )


def _replacement(copy: sqlite3.Connection, plan: TablePlan, there: tuple[str, ...]) -> Change:
    here = tuple(column[0] for column in layout(copy, plan.table.name))
    held, staged = _both(plan, here, "")
    lost = held if set(here) - set(there) else f"{held} EXCEPT {staged}"
    common = tuple(name for name in here if name in there)
    old, new = _both(plan, common, "")
    removed = count(copy, f"{old} EXCEPT {new}")
    doubled = _doubled(copy, old) - _doubled(copy, new)
    return Change(
        plan=plan,
        columns=here,
        lost=(lost,) if count(copy, lost) else (),
        added=count(copy, f"{new} EXCEPT {old}"),
        removed=removed,
        duplicates=max(0, doubled),
    )


def _doubled(copy: sqlite3.Connection, query: str) -> int:
    return count(copy, query) - count(copy, f"SELECT DISTINCT * FROM ({query})")  # noqa: S608


def _both(plan: TablePlan, columns: tuple[str, ...], where: str) -> tuple[str, str]:
    """The same rows as the copy and as the stage have them."""
    names, table = _names(columns), quoted(plan.table.name)
    here = f"SELECT {names} FROM main.{table}{where}"  # noqa: S608
    return here, f"SELECT {names} FROM {STAGE}.{table}{where}"  # noqa: S608


def _staged(copy: sqlite3.Connection, plan: TablePlan) -> int:
    return count(copy, f"SELECT 1 FROM {STAGE}.{quoted(plan.table.name)}")  # noqa: S608


def _windows(plan: TablePlan) -> Iterator[Window]:
    return (Window(plan.table, span) for span in plan.differing)


def _names(columns: Iterator[str] | tuple[str, ...]) -> str:
    return ", ".join(map(quoted, columns))
