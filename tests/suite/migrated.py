"""All tables, made by the migrations once in a run of the tests, and copied by whoever needs them.

Made anew in every run, in a folder of that run: it cannot be older than the code.
"""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "ethonode.sqlite3"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory, worker_id):
    """A database file without a row but those that migrations write. Nobody may write to it."""
    of_this_run = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        of_this_run = of_this_run.parent  # of all its processes
    var = of_this_run / "migrated"
    with (of_this_run / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (var / DATABASE).exists():
            _migrate(var)
    return var / DATABASE


def _migrate(var):
    """A migration that fails leaves nothing that the next one would take for a database."""
    making = var.with_name("migrating")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0", "--skip-checks"]
    environment = os.environ | {"ETHONODE_VAR_DIR": str(making)}
    environment.pop("ETHONODE_DATABASE_URL", None)
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    making.rename(var)


if connection.vendor == "sqlite":

    @pytest.fixture(scope="session")
    def django_db_setup(django_test_environment, django_db_blocker, migrated):
        """In place of pytest-django's own, which migrates in each process."""
        connection.close()
        connection.settings_dict["NAME"] = "file:tests?mode=memory&cache=shared"
        with django_db_blocker.unblock(), closing(sqlite3.connect(migrated)) as source:
            connection.ensure_connection()
            source.backup(connection.connection)
