"""Read a database to its end, as SQLite does it."""

import sqlite3


def damage(connection: sqlite3.Connection, *, indexes: bool = True) -> str:
    """What SQLite finds wrong with it; empty: every page was read, and all fits together.

    `indexes`: each entry of each index is held against its row, too. Raises sqlite3.Error where
    it cannot be read that far.
    """
    check = "integrity_check" if indexes else "quick_check"
    told = str(connection.execute(f"PRAGMA {check}(1)").fetchone()[0])
    return "" if told == "ok" else told
