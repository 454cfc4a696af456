"""Whether this code understands a database, by the migrations that it has had."""

from collections.abc import Collection

from django.db.migrations.loader import MigrationLoader

from installation.own_state.errors import NewerState

OURS = frozenset({"people", "installation", "devices", "backups", "incidents"})


def unknown_here(migrations: Collection[str]) -> list[str]:
    """Those of ours that this code does not have. `migrations`: as `app.name`. Of other packages
    old ones may be gone for good."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    return sorted(one for one in migrations if _app(one) in OURS and one not in known)


def refuse_newer(migrations: Collection[str]) -> None:
    """Raises NewerState, and says what to do."""
    if unknown := unknown_here(migrations):
        raise NewerState(
            f"a newer ethonode wrote this database (it had {unknown[-1]}): install that version"
            " again, or bring back a save of this one: manage.py restore_state"
        )


def _app(migration: str) -> str:
    return migration.partition(".")[0]
