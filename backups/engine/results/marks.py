"""What tells, without reading a file, that it is not what it was."""

import hashlib
import os
from pathlib import Path


def mark_of(db: os.stat_result, wal: os.stat_result | None) -> str:
    """A short text that changes with the file or its WAL: size, times and inode."""
    told = [db.st_size, db.st_mtime_ns, db.st_ctime_ns, db.st_ino]
    if wal:
        told += [wal.st_size, wal.st_mtime_ns]
    return hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest()


def beside(path: Path, suffix: str) -> os.stat_result | None:
    """The file that SQLite keeps beside a database under its name and a suffix, if it is there."""
    try:
        return path.with_name(path.name + suffix).lstat()
    except FileNotFoundError:
        return None
