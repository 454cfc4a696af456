"""One connection to the database that nobody closes, for as long as the web server lives.

When the last is closed SQLite removes its -wal and -shm; on a full disk it cannot make them again,
and then not even a page can be read until space is freed.
"""

import sqlite3
from contextlib import suppress

from django.conf import settings

SQLITE = "django.db.backends.sqlite3"


def held_open() -> sqlite3.Connection | None:
    """To be kept; None where there is no file of ours, or it cannot be opened now."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] != SQLITE:
        return None
    with suppress(sqlite3.Error):
        connection = sqlite3.connect(database["NAME"], check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection
    return None
