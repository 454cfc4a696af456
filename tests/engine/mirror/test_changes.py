"""What a device does to rows that were copied already: noticed, mended, and nothing lost."""
# ruff: noqa: S608

import sqlite3
from contextlib import closing

import pytest

from tests.engine.mirror.device import differing_tables, rows_here

KEPT = "2026-01-02_03-04-05_0192c3d4.db.removed-rows"


def kinds(result) -> set[str]:
    return {str(finding.kind) for finding in result.findings}


def kept_rows(copy, table: str) -> list[tuple]:
    with closing(sqlite3.connect(copy.path.with_name(KEPT))) as kept:
        return kept.execute(f"SELECT * FROM {table}").fetchall()


def test_a_new_run_sets_the_old_copy_aside(device, copy):
    device.begin_run(rows=300)
    copy.mirror()
    old = rows_here(copy.path, "ROI_1")
    device.begin_run(started="1767400000", rows=120)
    result = copy.mirror()
    assert differing_tables(device, copy.path) == []
    assert kinds(result) == {"restarted"}
    assert rows_here(result.kept[0], "ROI_1") == old
    assert result.kept[0].name == f"{copy.path.name}.replaced-20261122T120000Z"


def test_a_new_run_that_outgrew_the_copy_is_noticed(device, copy):
    copy.mirror()
    device.begin_run(started="1767400000", rows=5000)
    assert kinds(copy.mirror()) == {"restarted"}
    assert differing_tables(device, copy.path) == []


@pytest.mark.parametrize("clock", ["0", "-5.5", "4294967295", "no time at all", ""])
def test_a_device_s_clock_may_say_anything(device, copy, clock):
    device.begin_run(rows=300)
    copy.mirror()
    device.begin_run(rows=120)
    device.run(f"UPDATE METADATA SET value = '{clock}' WHERE field = 'date_time'")
    assert kinds(copy.mirror()) == {"restarted"}
    assert differing_tables(device, copy.path) == []
    assert copy.mirror().findings == ()


@pytest.mark.parametrize("rows", [40, 100, 900])
def test_a_new_run_without_metadata_shows_in_its_rows(device, copy, rows):
    device.run("DELETE FROM METADATA")
    copy.mirror()
    device.begin_run(started="1767400000", rows=rows)
    device.run("DELETE FROM METADATA")
    assert kinds(copy.mirror()) == {"restarted"}
    assert differing_tables(device, copy.path) == []


def test_the_activity_of_a_former_run_goes_aside_with_it(device, copy):
    device.insert("CSV_DAM_ACTIVITY", (1, "22 Nov 2026", "11:07:07", 1, 2, 3))
    copy.mirror()
    device.begin_run(started="1767400000")
    copy.mirror()
    texts = sorted(path.name for path in copy.path.parent.glob("*.txt*"))
    assert texts == [
        "2026-01-02_03-04-05_0192c3d4.txt",
        "2026-01-02_03-04-05_0192c3d4.txt.replaced-20261122T120000Z",
    ]
    assert copy.path.with_suffix(".txt").read_bytes() == b""


def test_an_added_column_comes_with_its_values(device, copy):
    copy.mirror()
    device.run("ALTER TABLE ROI_1 ADD COLUMN speed FLOAT NOT NULL DEFAULT 1.5 AFTER t")
    result = copy.mirror()
    assert differing_tables(device, copy.path) == []
    assert kinds(result) == {"columns changed"}


def test_a_dropped_column_is_kept_beside(device, copy):
    copy.mirror()
    device.run("ALTER TABLE ROI_MAP DROP COLUMN h")
    result = copy.mirror()
    assert differing_tables(device, copy.path) == []
    assert kinds(result) == {"columns changed"}
    assert kept_rows(copy, "ROI_MAP")[0] == ("2026-11-22T12:00:00Z", 1, 1, 10, 20, 60, 300)


@pytest.mark.parametrize("turn", [0, 3])
def test_changed_rows_are_found_within_the_promised_turns(device, copy, turn):
    device.begin_run(rows=9000)
    copy.mirror()
    device.run("UPDATE ROI_1 SET x = x + 1 WHERE id BETWEEN 4100 AND 4102")
    results = [copy.mirror(turn=turn + step, prove_within=3) for step in range(3)]
    assert differing_tables(device, copy.path) == []
    assert sum(result.rows_replaced for result in results) == 3
    assert len(kept_rows(copy, "ROI_1")) == 3


def test_one_changed_row_makes_the_whole_table_be_compared(device, copy):
    device.begin_run(rows=9000)
    copy.mirror()
    device.run("UPDATE ROI_1 SET t = t + 500 WHERE id > 1000")  # the repair of an appended run
    result = copy.mirror()
    assert differing_tables(device, copy.path) == []
    assert result.rows_replaced == 8000
    assert kinds(result) == {"rows changed"}


def test_deleted_rows_leave_the_copy_but_are_kept(device, copy):
    copy.mirror()
    device.run("DELETE FROM ROI_2 WHERE id IN (5, 99, 100)")
    result = copy.mirror(prove_within=1)
    assert differing_tables(device, copy.path) == []
    assert (result.rows_removed, kinds(result)) == (3, {"rows removed"})
    assert sorted(row[1] for row in kept_rows(copy, "ROI_2")) == [5, 99, 100]


def test_a_kept_row_keeps_also_a_column_named_as_ours(device, copy):
    device.run("CREATE TABLE T (id INT PRIMARY KEY, kept_at INT)", "INSERT INTO T VALUES (1, 7)")
    copy.mirror()
    device.run("UPDATE T SET kept_at = 8")
    copy.mirror(prove_within=1)
    assert kept_rows(copy, "T") == [("2026-11-22T12:00:00Z", 1, 7)]


def test_an_emptied_table_is_kept_beside(device, copy):
    copy.mirror()
    device.run("DELETE FROM ROI_2")
    result = copy.mirror()
    assert differing_tables(device, copy.path) == []
    assert (result.rows_removed, len(kept_rows(copy, "ROI_2"))) == (100, 100)


def test_holes_in_the_copy_are_filled(device, copy):
    copy.mirror()
    with closing(sqlite3.connect(copy.path)) as damage:
        damage.execute("DELETE FROM ROI_3 WHERE id % 10 = 0")
        damage.commit()
    result = copy.mirror(prove_within=1)
    assert differing_tables(device, copy.path) == []
    assert (result.rows_added, kinds(result)) == (10, {"not as left", "rows missing"})


def test_rows_below_the_copy_s_first_are_found(device, copy):
    device.run("DELETE FROM ROI_1 WHERE id <= 50")
    copy.mirror()
    device.track(1, first=1, last=50)
    assert copy.mirror(prove_within=1).complete
    assert differing_tables(device, copy.path) == []


def test_a_changed_value_of_metadata_replaces_the_old_one(device, copy):
    copy.mirror()
    device.run("UPDATE METADATA SET value = 'Łukasz' WHERE field = 'sqlite_source_path'")
    copy.mirror()
    assert rows_here(copy.path, "METADATA") == device.rows("METADATA")
    assert kept_rows(copy, "METADATA")[0][1:] == ("sqlite_source_path", None)


def test_duplicates_of_the_old_mirror_go(device, copy):
    copy.mirror()
    with closing(sqlite3.connect(copy.path)) as old:
        old.execute("INSERT INTO METADATA VALUES ('sqlite_source_path', NULL)")
        old.commit()
    result = copy.mirror()
    assert (result.duplicates_removed, result.rows_removed) == (1, 0)
    assert differing_tables(device, copy.path) == []


def test_a_dropped_table_stays_in_the_copy(device, copy):
    copy.mirror()
    held = rows_here(copy.path, "ROI_3")
    device.run("DROP TABLE ROI_3")
    assert kinds(copy.mirror()) == {"table gone"}
    assert rows_here(copy.path, "ROI_3") == held


def test_the_same_run_after_a_stop_row_is_no_restart(device, copy):
    copy.mirror()
    device.insert("METADATA", ("stop_date_time", "1767400000"))
    device.insert("START_EVENTS", (None, 1767400001, "appending"))
    device.track(1, first=101, last=110)
    assert copy.mirror().findings == ()


def test_a_table_without_transactions_is_said_to_be_so(device, copy):
    device.run("CREATE TABLE T (id INT) ENGINE=MyISAM")
    assert kinds(copy.mirror()) == {"no snapshot"}
