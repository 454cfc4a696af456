"""A save as the product writes one, of a small database; for tests that only look at it."""

import sqlite3
from contextlib import closing
from datetime import UTC

from installation.own_state.saves import SQLITE, STAMP, SaveNote, save_at, write_about, write_sums


def small_save(folder, *, made_at):
    save = folder / made_at.astimezone(UTC).strftime(STAMP)
    save.mkdir(parents=True)
    with closing(sqlite3.connect(save / SQLITE)) as database, database:
        database.execute("CREATE TABLE django_migrations (app, name)")
    write_about(save, SaveNote(why="a test", migrations=[], keys={}))
    write_sums(save)
    return save_at(save)
