"""A database of ours on PostgreSQL, by its own programs."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from installation.own_state.errors import DumpFailed

DEADLINE = 6 * 3600  # seconds
INSTALL = "apt-get install postgresql-client"


def dump(database: dict[str, Any], file: Path) -> None:
    """One moment of it, in pg_dump's own format. Raises DumpFailed."""
    _run(["pg_dump", "--format=custom", "--no-owner", f"--file={file}"], database)


def check(file: Path) -> None:
    """Read it to its end, without a server. Raises DumpFailed."""
    _run(["pg_restore", f"--file={os.devnull}", str(file)], {})


def load(database: dict[str, Any], file: Path) -> None:
    """Put it in the place of what is there: all or nothing. Raises DumpFailed."""
    whole = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
    name = f"--dbname={database['NAME']}"
    _run(["pg_restore", *whole, name, str(file)], database)


def _run(command: list[str], database: dict[str, Any]) -> None:
    if shutil.which(command[0]) is None:
        raise DumpFailed(f"{command[0]} is not installed: {INSTALL}")
    try:
        done = subprocess.run(
            command,
            env=os.environ | _where(database),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=DEADLINE,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        raise DumpFailed(f"{command[0]}: {error}") from error
    if done.returncode:
        raise DumpFailed(f"{command[0]}: {' '.join(done.stderr.split())[:500]}")


def _where(database: dict[str, Any]) -> dict[str, str]:
    """By the environment, which other accounts cannot read: an argument they could."""
    names = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD"}
    told = {ours: str(database[name]) for name, ours in names.items() if database.get(name)}
    return told | {"PGDATABASE": str(database["NAME"])} if database else {}
