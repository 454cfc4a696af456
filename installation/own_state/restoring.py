"""Bring a save back: all of it is checked first, and what was there before is kept."""

import os
from datetime import datetime
from pathlib import Path

from django.db import connection

from backups.engine.copies.place import unused
from installation.own_state import postgres, sqlite_file
from installation.own_state.errors import RestoreFailed, SaveFailed, StateError
from installation.own_state.keys import key_files
from installation.own_state.saves import STAMP, Save, broken_files
from installation.own_state.saving import save_state
from installation.own_state.versions import refuse_newer
from installation.stopped import StackRuns, stack_stopped


def restore(save: Save, *, now: datetime) -> list[str]:
    """Gives what was done, line by line. Cut short, it is begun anew with the same save.

    Raises RestoreFailed while ethonode runs, or where the save is not whole; NewerState.
    """
    _check(save)
    try:
        with stack_stopped():
            return [_keep(now), *_keys(save), _database(save, now)]
    except (StackRuns, StateError, OSError) as error:
        raise RestoreFailed(str(error)) from error


def _check(save: Save) -> None:
    if broken := broken_files(save.folder):
        raise RestoreFailed(f"{save.folder}: {', '.join(broken)} are not what was saved")
    if save.is_sqlite != (connection.vendor == "sqlite"):
        raise RestoreFailed(
            f"{save.folder} is of another kind of database than ETHONODE_DATABASE_URL names"
        )
    refuse_newer(save.about().migrations)
    try:
        (sqlite_file.check if save.is_sqlite else postgres.check)(save.database)
    except StateError as error:
        raise RestoreFailed(str(error)) from error


def _keep(now: datetime) -> str:
    """What is there now, if it can still be read."""
    try:
        kept = save_state(now=now, why="before a restore")
    except SaveFailed as error:
        return f"What was there could not be saved: {error}"
    return f"What was there is saved: {kept.folder}"


def _keys(save: Save) -> list[str]:
    done = []
    for name, path in key_files().items():
        source = save.folder / name
        if source.is_file() and not _is_same(source, path):
            _put(source, path)
            done.append(f"{path} is put back")
    return done


def _is_same(source: Path, path: Path) -> bool:
    return path.is_file() and path.read_bytes() == source.read_bytes()


def _put(source: Path, path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.restoring")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(source.read_bytes())
    sqlite_file.sync(fresh)
    fresh.replace(path)


def _database(save: Save, now: datetime) -> str:
    database = connection.settings_dict
    connection.close()
    if not save.is_sqlite:
        postgres.load(database, save.database)
        return f"The database {database['NAME']} is that of {save.made_at:%Y-%m-%d %H:%M} UTC"
    path = Path(database["NAME"])
    fresh = path.with_name(f"{path.name}.restoring")
    sqlite_file.copy_online(save.database, fresh)
    _replace(path, fresh, now)
    return f"{path} is that of {save.made_at:%Y-%m-%d %H:%M} UTC"


def _replace(path: Path, fresh: Path, now: datetime) -> None:
    """One that SQLite can no longer open goes aside with all that is beside it: -wal first, for one
    that stayed would be played into the fresh one."""
    try:
        with sqlite_file.nobody_writes(path) as holder:
            sqlite_file.put_in_place(fresh, path, holder)
    except sqlite_file.DatabaseUnusable:
        _set_aside(path, now)
        fresh.replace(path)
        sqlite_file.sync(path.parent)


def _set_aside(path: Path, now: datetime) -> None:
    aside = unused(path.with_name(f"{path.name}.unusable-{now.strftime(STAMP)}"))
    for end in (*sqlite_file.BESIDE, ""):
        beside = path.with_name(f"{path.name}{end}")
        if beside.exists():
            beside.rename(aside.with_name(f"{aside.name}{end}"))
