"""Every table equal, row by row, after each mirror; and the file as readers expect it."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from backups.engine.errors import NotReady
from tests.engine.mirror.device import differing_tables, rows_here

RECORDED = "mirrored_2026-11-22_11-06-37_0113f0c29a5e4d7b8c61e02f94ab7d35.shrunk.db"


def tables_of(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as copy:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        return dict(copy.execute(query).fetchall())


def test_the_first_mirror_is_whole(device, copy):
    result = copy.mirror()
    assert differing_tables(device, copy.path) == []
    assert (result.complete, result.is_first, result.rows_added) == (True, True, 308)


def test_new_rows_of_every_table_follow(device, copy):
    copy.mirror()
    device.track(2, first=101, last=5000)
    device.insert("METADATA", ("stop_date_time", "1767400000"))
    device.insert("IMG_SNAPSHOTS", (1, 300_000, bytes(range(256)) * 40))
    device.insert("SENSORS", (1, 120_000, 23.4, 1013.257, None, 1e-30))
    result = copy.mirror()
    assert differing_tables(device, copy.path) == []
    assert (result.complete, result.rows_added, result.findings) == (True, 4903, ())


@pytest.mark.parametrize("packs", [True, False], ids=["packed", "plain"])
def test_many_rows_are_the_same_packed_or_plain(device, copy, packs):
    source = replace(device.source(), driver=replace(device.driver, packs=packs))
    device.track(1, first=101, last=30_123)
    assert copy.mirror(source).complete
    device.track(1, first=30_124, last=45_000)
    device.track(2, first=101, last=200)
    assert copy.mirror(source).rows_added == 14_977
    assert differing_tables(device, copy.path) == []


def test_nothing_new_leaves_the_file_alone(copy):
    copy.mirror()
    before = copy.path.stat()
    result = copy.mirror()
    after = copy.path.stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert (result.changed, result.rows_added, result.complete) == (False, 0, True)


def test_the_tables_look_as_the_old_mirror_made_them(device, copy, real):
    copy.mirror()
    recorded, made = tables_of(real.file(RECORDED)), tables_of(copy.path)
    for table in set(made) - {"CSV_DAM_ACTIVITY"}:  # has as many columns as the device has ROIs
        assert made[table] == recorded[table]


def test_readers_need_no_file_beside_the_copy(copy):
    copy.mirror()
    with closing(sqlite3.connect(copy.path)) as reader:
        assert reader.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_metadata_with_a_null_is_not_inserted_again(device, copy):
    for _ in range(3):
        copy.mirror()
    assert len(rows_here(copy.path, "METADATA")) == 2


def test_unknown_tables_are_copied_too(device, copy):
    device.run(
        "CREATE TABLE NOTES (who VARCHAR(20), said TEXT)",
        "CREATE TABLE `odd ``name` (id INT AUTO_INCREMENT PRIMARY KEY, `a b` INT)",
        "INSERT INTO NOTES VALUES ('a', 'b'), ('a', 'b')",
        "INSERT INTO `odd ``name` VALUES (5, 6)",
    )
    copy.mirror()
    assert rows_here(copy.path, "NOTES") == [("a", "b"), ("a", "b")]
    with closing(sqlite3.connect(copy.path)) as reader:
        assert reader.execute('SELECT * FROM "odd `name"').fetchall() == [(5, 6)]


def test_a_table_made_later_is_copied(device, copy):
    copy.mirror()
    device.run("CREATE TABLE ROI_9 LIKE ROI_1", "INSERT INTO ROI_9 SELECT * FROM ROI_1")
    assert copy.mirror().complete
    assert differing_tables(device, copy.path) == []


def test_an_experiment_without_a_row_is_copied_whole(device, copy):
    device.run("DELETE FROM VAR_MAP", "DROP TABLE ROI_1")
    assert copy.mirror().complete
    assert differing_tables(device, copy.path) == []


def test_a_device_that_has_not_written_what_it_is_is_not_ready(device, copy):
    device.run("DELETE FROM METADATA", "DELETE FROM VAR_MAP")
    with pytest.raises(NotReady, match="not written what it is"):
        copy.mirror()
    assert not copy.path.parent.exists()


def test_a_device_that_is_not_ready_leaves_the_old_copy(device, copy):
    copy.mirror()
    before = copy.path.read_bytes()
    device.begin_run(started="1800000000", rows=1)
    device.run("DROP TABLE VAR_MAP")
    with pytest.raises(NotReady):
        copy.mirror()
    assert copy.path.read_bytes() == before


def test_an_empty_file_of_the_old_mirror_is_replaced(device, copy):
    copy.path.parent.mkdir()
    copy.path.touch()
    assert copy.mirror().is_first
    assert differing_tables(device, copy.path) == []


def test_it_asks_a_few_questions_however_many_tables(device, copy):
    copy.mirror()
    few = questions(device, copy)
    for number in range(10, 60):
        device.run(f"CREATE TABLE ROI_{number} LIKE ROI_1")
    copy.mirror()
    assert questions(device, copy) == few <= 10


def questions(device, copy) -> int:
    def asked() -> int:
        return int(device.run("SHOW GLOBAL STATUS LIKE 'Questions'")[0][1])

    before = asked()
    own = asked() - before
    copy.mirror()
    return asked() - before - 2 * own


def test_progress_ends_with_all_rows(device, copy):
    told = []
    copy.mirror(progress=told.append)
    assert told[0].phase == "connecting"
    assert told[-1].phase == "proving"
    assert told[-1].rows == 308


def test_every_turn_in_a_row_proves_all(device, copy):
    device.track(1, first=101, last=9000)
    copy.mirror()
    proven = [
        next(t for t in copy.mirror(turn=turn, prove_within=4).tables if t.table == "ROI_1")
        for turn in range(4)
    ]
    whole = copy.mirror(prove_within=1)
    assert sum(table.windows for table in proven) >= 5
    assert all(table.windows == table.windows_total for table in whole.tables)
    assert sum(table.rows_there for table in whole.tables) == 9208


def test_it_says_which_file_the_database_means(device, copy):
    device.insert("METADATA", ("backup_filename", "other.db"))
    result = copy.mirror()
    assert result.backup_filename == "other.db"
    assert [finding.kind for finding in result.findings] == ["other name"]
