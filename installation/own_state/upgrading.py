"""Bring the database to what this code needs: on a copy first, which then takes its place.

A crash at any moment leaves the old one or the new one, and both start.
"""

from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from installation.own_state import sqlite_file
from installation.own_state.errors import SaveFailed, StateError, UpgradeFailed
from installation.own_state.saving import save_state
from installation.own_state.versions import refuse_newer
from installation.stopped import MigrationFailed, migrate_at

BEFORE = "before an upgrade"


def upgrade(*, now: datetime) -> str:
    """Gives what was done, in words; empty: nothing had to be done.

    To be called while nothing else of ethonode runs. Raises NewerState, UpgradeFailed,
    django.db.DatabaseError.
    """
    applied = MigrationRecorder(connection).applied_migrations()
    refuse_newer([f"{app}.{name}" for app, name in applied])
    missing = len(_missing())
    said = _of_old_one(missing, now) if applied and missing else ""
    call_command("migrate", interactive=False, verbosity=0)  # also fills roles anew
    return said


def _missing() -> list[object]:
    executor = MigrationExecutor(connection)
    return list(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _of_old_one(missing: int, now: datetime) -> str:
    try:
        kept = save_state(now=now, why=BEFORE)
        if connection.vendor == "sqlite":
            _on_a_copy(Path(connection.settings_dict["NAME"]))
    except SaveFailed as error:
        raise UpgradeFailed(
            f"the database needs {missing} migrations, and is saved before: {error}"
        ) from error
    except (StateError, MigrationFailed) as error:
        raise UpgradeFailed(f"{error}; the database is as it was before") from error
    return f"The database was brought to this version; as it was before, it is in {kept.folder}"


def _on_a_copy(path: Path) -> None:
    copy = path.with_name(f"{path.name}.upgrading")
    connection.close()
    with sqlite_file.nobody_writes(path) as holder:
        sqlite_file.copy_online(path, copy)
        migrate_at(f"sqlite:///{quote(str(copy))}")
        with sqlite_file.nobody_writes(copy) as last:
            last.execute("ROLLBACK")
            last.execute("PRAGMA journal_mode=DELETE")
        sqlite_file.check(copy)
        sqlite_file.put_in_place(copy, path, holder)
