import gzip
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from backups.engine import copies

START = 1795345597.5  # 2026-11-22 11:06:37.5 UTC


@pytest.fixture
def recorded(real, tmp_path):
    """Put a recorded database into a folder of its own."""

    def put(pattern):
        source = real.file(pattern)
        target = tmp_path / "copy.db"
        if source.suffix == ".gz":
            target.write_bytes(gzip.decompress(source.read_bytes()))
        else:
            shutil.copyfile(source, target)
        return target

    return put


@pytest.fixture
def make_run(tmp_path):
    """Make a run's database as a device's writer does, but for what the test asks otherwise."""

    def make(*, metadata=None, rows=((1, 1000), (2, 5000)), wal=False, name="run.db", sql=""):
        path = tmp_path / name
        fields = {"date_time": str(START)} if metadata is None else metadata
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = OFF")
            if wal:
                database.execute("PRAGMA journal_mode = WAL")
            database.execute("CREATE TABLE METADATA (field TEXT, value TEXT)")
            database.execute("CREATE TABLE VAR_MAP (var_name TEXT)")
            database.execute("CREATE TABLE ROI_MAP (roi_idx INTEGER)")
            database.execute("CREATE TABLE ROI_1 (id INTEGER PRIMARY KEY, t INTEGER)")
            database.execute("INSERT INTO VAR_MAP VALUES ('x')")
            pairs = fields.items() if isinstance(fields, dict) else fields
            database.executemany("INSERT INTO METADATA VALUES (?, ?)", pairs)
            database.executemany("INSERT INTO ROI_1 VALUES (?, ?)", rows)
            database.executescript(sql)
        return path

    return make


@pytest.fixture
def now():
    return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def look(now):
    """Inspect a file, and see that its folder is just as it was."""

    def inspect(path, *, latest=now, **others):
        before = _tree(path.parent)
        found = copies.inspect(path, latest=latest, **others)
        assert _tree(path.parent) == before
        return found

    return inspect


def _tree(folder):
    places = [folder, *folder.rglob("*")]
    return {(p, p.lstat().st_size, p.lstat().st_mtime_ns, p.lstat().st_ctime_ns) for p in places}
