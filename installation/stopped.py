"""What may only be done while nothing of ethonode runs on this machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from backups.engine.copies.errors import LocalInUse
from backups.engine.copies.lock import locked

MIGRATION_SECONDS = 6 * 3600


class StackRuns(Exception):
    """`make run`, or the service, works here."""


class MigrationFailed(Exception):
    """The text is the last line of what it said."""


@contextmanager
def stack_stopped() -> Iterator[None]:
    """Raises StackRuns. It cannot be started meanwhile: this is the lock that it takes itself."""
    folder = settings.VAR_DIR / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        lock = locked(folder / "lock", mode=0o600)
    except LocalInUse as error:
        raise StackRuns(f"ethonode runs on {settings.VAR_DIR}: stop it first") from error
    try:
        yield
    finally:
        os.close(lock)


def migrate_at(url: str) -> None:
    """All migrations, of the database at that address: in a process of its own, for this one is
    bound to the database that it works with. Raises MigrationFailed."""
    others = {name: value for name, value in os.environ.items() if "DATABASE_URL" not in name}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"],
        cwd=settings.BASE_DIR,
        env={**others, "ETHONODE_DATABASE_URL": url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=MIGRATION_SECONDS,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise MigrationFailed(last[:300])
