"""The databases of a run, on SQLite or on PostgreSQL as the environment says.

All tables are made by the migrations once in a run, and copied by whoever needs them: made anew in
every run, they cannot be older than the code.
"""

import fcntl
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.own_database import OwnDatabase, on_postgres
from tests.suite.drawn import chance
from tests.suite.strictness import make_strict

ROOT = Path(__file__).resolve().parents[2]
NO_DATABASE = "need no database of the run, or make their own"
NOT_DRAWN = "are not of the half that this seed draws: make test-postgres leaves out none of them"


def pytest_configure(config):
    config.addinivalue_line("markers", "own_database: of its processes, which commit")
    config.addinivalue_line("markers", "sqlite_only(reason): about SQLite itself")
    if on_postgres():
        config.pluginmanager.register(LeftOut(), "left_out")


class LeftOut:
    """What need not run on PostgreSQL, and the words that say so at the end of the run."""

    def __init__(self):
        self.reasons = Counter()

    def pytest_collection_modifyitems(self, config, items):
        left_out = {item: reason for item in items if (reason := left_out_because(item))}
        if config.getoption("draw"):
            by_seed = chance(config, "PostgreSQL")
            drawn = sorted(set(items) - set(left_out), key=lambda item: item.nodeid)
            left_out |= {item: NOT_DRAWN for item in drawn if by_seed.random() < 0.5}
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=list(left_out))
        self.reasons = Counter(
            reason if reason in {NO_DATABASE, NOT_DRAWN} else f"{item.nodeid}: {reason}"
            for item, reason in left_out.items()
        )
        if hasattr(config, "workeroutput"):
            config.workeroutput["left_out"] = dict(self.reasons)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        """Each process of a run collects all tests."""
        self.reasons = Counter(getattr(node, "workeroutput", {}).get("left_out")) or self.reasons

    def pytest_terminal_summary(self, terminalreporter):
        terminalreporter.section("not on PostgreSQL")
        for reason, count in sorted(self.reasons.items()):
            terminalreporter.write_line(f"{count} {reason}")


def left_out_because(item):
    """Empty: it runs."""
    if mark := item.get_closest_marker("sqlite_only"):
        return mark.kwargs["reason"]
    uses_one = "db" in item.fixturenames or item.get_closest_marker("django_db")
    return "" if uses_one or item.get_closest_marker("own_database") else NO_DATABASE


@pytest.fixture(scope="session")
def migrated(tmp_path_factory, worker_id):
    """A database without a row but those that migrations write. Nobody may write to it."""
    of_this_run = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        of_this_run = of_this_run.parent  # of all its processes
    var = of_this_run / "migrated"
    with (of_this_run / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not var.exists():
            _migrate(var)
    return OwnDatabase(var)


def _migrate(var):
    """Migrations that fail leave nothing that the next one would take for a database."""
    making = OwnDatabase(var.with_name("migrating"))
    making.make()
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0", "--skip-checks"]
    subprocess.run(command, cwd=ROOT, env=os.environ | making.environment, check=True)
    if not on_postgres():
        with making.opened() as database:
            make_strict(database)
    making.move_to(var)


@pytest.fixture
def own_database(tmp_path, migrated):
    """All tables, for processes that commit."""
    return migrated.copy_to(tmp_path / "var")


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, migrated, worker_id):
    """In place of pytest-django's own, which migrates in each process."""
    connection.close()
    # A request, or beat, closes a connection that stands in a transaction: here it is the test's.
    connection.close_if_unusable_or_obsolete = lambda: None
    if on_postgres():
        own = migrated.copy_to(migrated.var.with_name(f"tests-{worker_id}"))
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = own.name
        return
    connection.settings_dict["NAME"] = "file:tests?mode=memory&cache=shared"
    with django_db_blocker.unblock(), migrated.opened() as source:
        connection.ensure_connection()
        source.backup(connection.connection)
