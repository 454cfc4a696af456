"""Make one save, while all runs."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from backups.engine.byte_sizes import human_size
from backups.engine.copies.errors import LocalInUse
from backups.engine.copies.lock import locked
from installation.own_state import postgres, sqlite_file
from installation.own_state.errors import SaveFailed, StateError
from installation.own_state.keys import key_files
from installation.own_state.saves import (
    MAKING,
    POSTGRESQL,
    SQLITE,
    STAMP,
    Save,
    SaveNote,
    forget_old,
    save_at,
    saved,
    write_about,
    write_sums,
)

SLACK = 16 << 20  # bytes


def save_by_the_clock(*, now: datetime) -> Save:
    """Only here old ones go, beyond ETHONODE_SAVES_KEEP, and only after a new one is whole: never
    one that a person makes, or brings back. Raises SaveFailed."""
    made = save_state(now=now, why="by the clock")
    with _failing(), _alone(settings.SAVES_DIR):
        forget_old(saved(now=now), keep=settings.SAVES_KEEP)
    return made


def save_state(*, now: datetime, why: str, folder: Path | None = None) -> Save:
    """Database and keys into a new folder below `folder` (default: ETHONODE_SAVES_DIR), read back
    to the end before it has its name.

    Raises SaveFailed. Whoever dies in between leaves what the next one sweeps away.
    """
    place = folder or settings.SAVES_DIR
    with _failing(), _alone(place):
        _sweep(place)
        return _make(place, now, why)


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except SaveFailed:
        raise
    except (StateError, OSError, LocalInUse) as error:
        raise SaveFailed(str(error)) from error


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = locked(place / ".lock", mode=0o600)
    try:
        yield
    finally:
        os.close(handle)


def _sweep(place: Path) -> None:
    for left in place.glob(f"{MAKING}*"):
        shutil.rmtree(left)


def _make(place: Path, now: datetime, why: str) -> Save:
    name = now.astimezone(UTC).strftime(STAMP)
    making, final = place / f"{MAKING}{name}", place / name
    if final.exists():
        raise SaveFailed(f"{final} is there already: it was made in this same second")
    making.mkdir(mode=0o700)
    migrations = _database(making)
    write_about(making, SaveNote(why=why, migrations=migrations, keys=_keys(making)))
    write_sums(making)
    for path in (*making.iterdir(), making):
        sqlite_file.sync(path)
    making.rename(final)
    sqlite_file.sync(place)
    return save_at(final)


def _database(folder: Path) -> list[str]:
    """Gives the migrations that it has."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        source = Path(database["NAME"])
        _check_room(folder, source)
        sqlite_file.copy_online(source, folder / SQLITE)
        return sqlite_file.check(folder / SQLITE)
    postgres.dump(database, folder / POSTGRESQL)
    postgres.check(folder / POSTGRESQL)
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)


def _check_room(folder: Path, source: Path) -> None:
    needed = SLACK
    for end in ("", "-wal"):
        with suppress(FileNotFoundError):
            needed += source.with_name(f"{source.name}{end}").stat().st_size
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise SaveFailed(
            f"{folder.parent} has {human_size(free)} free, and {human_size(needed)} are needed"
        )


def _keys(folder: Path) -> dict[str, str]:
    found = {}
    for name, path in key_files().items():
        with suppress(FileNotFoundError):
            content = path.read_bytes()
            handle = os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            found[name] = str(path)
    return found
