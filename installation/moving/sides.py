"""The two databases of a move: nobody works on the one, and the other holds nothing of others."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dj_database_url
from django.conf import settings
from django.core.management.color import no_style
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from installation.moving.errors import CannotMove, InUse, TargetRefused
from installation.moving.tables import MovedTable
from installation.stopped import MigrationFailed, migrate_at

SOURCE, TARGET = "default", "moved_to"
MARK = "ethonode_move"  # a table: from where, and whether its own tables are made
SORTS = {"sqlite": "django.db.backends.sqlite3", "postgresql": "django.db.backends.postgresql"}


def called(connection: BaseDatabaseWrapper) -> str:
    """Which database it is, without a secret."""
    of = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(Path(of["NAME"]).resolve())
    return f"{of['HOST'] or 'localhost'}:{of['PORT'] or 5432}/{of['NAME']}"


@contextmanager
def frozen(moved: list[MovedTable]) -> Iterator[None]:
    """Nobody else writes into the source. Raises InUse, CannotMove."""
    connection = connections[SOURCE]
    _must_be_new(connection)
    connection.close()
    take = _alone_in_file if connection.vendor == "sqlite" else _alone_on_server
    try:
        with take(connection, [table.name for table in moved]):
            yield
    finally:
        connection.close()


def _must_be_new(connection: BaseDatabaseWrapper) -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CannotMove("its tables are older than this program: manage.py migrate comes first")


@contextmanager
def _alone_in_file(connection: BaseDatabaseWrapper, names: list[str]) -> Iterator[None]:
    del names  # the whole file
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 2000")
        cursor.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            cursor.execute("BEGIN EXCLUSIVE")
        except DatabaseError as error:
            raise InUse(f"others have {called(connection)} open: stop ethonode first") from error
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


@contextmanager
def _alone_on_server(connection: BaseDatabaseWrapper, names: list[str]) -> Iterator[None]:
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    locked = ", ".join(map(connection.ops.quote_name, names))
    with transaction.atomic(using=SOURCE), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {locked} IN SHARE MODE NOWAIT")
        cursor.execute(f"SELECT count(*) {others} AND backend_type = 'client backend'")
        if count := cursor.fetchone()[0]:
            raise InUse(f"{count} others are connected to it: stop ethonode on all machines first")
        yield


@contextmanager
def opened(url: str) -> Iterator[BaseDatabaseWrapper]:
    """The target, as the connection TARGET. Raises TargetRefused."""
    options = _options(url)
    given = {"default": settings.DATABASES["default"], TARGET: options}
    connections.settings[TARGET] = connections.configure_settings(given)[TARGET]
    connection = connections[TARGET]
    try:
        if called(connection) == called(connections[SOURCE]):
            raise TargetRefused("this is the database that ethonode works with now")
        _reach(connection)
        yield connection
    finally:
        connection.close()
        del connections[TARGET], connections.settings[TARGET]


def _options(url: str) -> dict[str, Any]:
    try:
        options: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError as error:  # its text may show the password
        raise TargetRefused("this is not the address of a database") from error
    if options.get("ENGINE") not in SORTS.values() or not options.get("NAME"):
        raise TargetRefused("give postgres://… or sqlite:////…, with the database's name")
    return options


def _reach(connection: BaseDatabaseWrapper) -> None:
    try:
        if connection.vendor == "sqlite":  # its own would be readable by everybody
            with suppress(FileExistsError):
                os.close(os.open(connection.settings_dict["NAME"], os.O_CREAT | os.O_EXCL, 0o600))
        connection.ensure_connection()
    except (OSError, DatabaseError) as error:
        raise TargetRefused(f"it cannot be reached: {str(error).strip()}") from error


def must_be_ours() -> None:
    """Raises TargetRefused unless the target is empty, or an unfinished move of this source."""
    target = connections[TARGET]
    names = target.introspection.table_names()
    if names and MARK not in names:
        raise TargetRefused(f"it holds tables already ({names[0]}, …): give an empty database")
    if names:
        _step(target)


def prepare(moved: list[MovedTable], url: str, *, afresh: bool) -> None:
    """The target with all tables, holding nothing but rows of this move.

    `afresh`: what came over before goes. Raises CannotMove.
    """
    target = connections[TARGET]
    if not target.introspection.table_names():
        _mark(target)
    if _step(target) == "rows" and not afresh:
        return
    try:
        migrate_at(url)
    except MigrationFailed as error:
        raise CannotMove(f"its tables could not be made: {error}") from error
    names = [table.name for table in moved]
    with transaction.atomic(using=TARGET), target.cursor() as cursor:
        for statement in target.ops.sql_flush(no_style(), names):
            cursor.execute(statement)
        cursor.execute(f"UPDATE {MARK} SET step = 'rows'")  # noqa: S608  a word of ours


def finish() -> None:
    """From now on it is an installation's database, and refused by another move."""
    with connections[TARGET].cursor() as cursor:
        cursor.execute(f"DROP TABLE {MARK}")


def _mark(target: BaseDatabaseWrapper) -> None:
    with transaction.atomic(using=TARGET), target.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {MARK} (source text, step text)")
        here = called(connections[SOURCE])
        cursor.execute(f"INSERT INTO {MARK} VALUES (%s, 'tables')", [here])  # noqa: S608


def _step(target: BaseDatabaseWrapper) -> str:
    with target.cursor() as cursor:
        cursor.execute(f"SELECT source, step FROM {MARK}")  # noqa: S608
        source, step = cursor.fetchone()
    if source != called(connections[SOURCE]):
        raise TargetRefused(f"it holds an unfinished move of {source}")
    return str(step)
