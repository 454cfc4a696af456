"""What a run says of the whole: only what was compared whole, or lies in the very file that was."""

import os
import sqlite3
from contextlib import closing

import pytest

from backups.engine.copies import errors
from backups.engine.mirror import errors as server_errors
from tests.engine.mirror.device import differing_tables
from tests.servers import free_port

HARMS = {
    "rows lost in the middle": "DELETE FROM ROI_2 WHERE id BETWEEN 2101 AND 2900",
    "rows lost at the beginning": "DELETE FROM ROI_3 WHERE id < 50",
    "one row lost": "DELETE FROM ROI_1 WHERE id = 4711",
    "a value changed": "UPDATE ROI_2 SET x = x + 1 WHERE id = 3333",
    "a null in place of a number": "UPDATE ROI_2 SET has_interacted = NULL WHERE id = 3333",
    "a row too many": "INSERT INTO ROI_1 (id, t) VALUES (0, 7)",
    "rows beyond the end": "INSERT INTO ROI_1 (id, t) VALUES (99999, 7)",
    "words changed": "UPDATE SENSORS SET temperature = 20.5 WHERE id = 900",
    "a table emptied": "DELETE FROM SENSORS",
    "a table dropped": "DROP TABLE ROI_3",
    "a table without a key": "DELETE FROM ROI_MAP WHERE roi_idx = 2",
}


@pytest.fixture
def full(device, copy):
    """A device with several windows a table, and its whole copy."""
    for roi in (1, 2, 3):
        device.track(roi, first=101, last=9000)
    device.run("INSERT INTO SENSORS SELECT seq, seq, 20 + seq / 7, 50, 1, 1013 FROM seq_1_to_2500")
    assert copy.mirror().proved_whole
    return copy


@pytest.fixture
def harmed(full):
    def harm(*statements):
        with closing(sqlite3.connect(full.path)) as other, other:
            for statement in statements:
                other.execute(statement)

    return harm


def memory_of(copy):
    return copy.path.with_name(f".{copy.path.name}.mirror-lock")


def kinds(result):
    return {str(finding.kind) for finding in result.findings}


def windows(result, table):
    [found] = [told for told in result.tables if told.table == table]
    return found.windows, found.windows_total


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS.keys())
@pytest.mark.parametrize("left_by", ["somebody else", "us"])
def test_what_an_unproven_copy_lacks_is_found_at_once(device, full, harmed, harm, left_by):
    harmed(harm)
    if left_by == "somebody else":
        memory_of(full).unlink()
    result = full.mirror()
    assert result.complete
    assert differing_tables(device, full.path) == []
    assert ("adopted" if left_by == "somebody else" else "not as left") in kinds(result)
    assert not full.mirror().changed


def test_a_writer_that_sets_the_times_back_is_noticed(device, full, harmed):
    before = full.path.stat()
    harmed("DELETE FROM ROI_2 WHERE id = 3333")
    os.utime(full.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "not as left" in kinds(full.mirror())
    assert differing_tables(device, full.path) == []


def test_a_copy_put_back_from_a_backup_is_held_whole(device, full):
    former = full.path.read_bytes()
    device.track(1, first=9001, last=9500)
    full.mirror()
    full.path.write_bytes(former)
    result = full.mirror()
    assert result.complete
    assert windows(result, "ROI_2") == (5, 5)
    assert differing_tables(device, full.path) == []


def test_of_the_proven_file_a_share_is_enough(full):
    result = full.mirror()
    assert result.complete
    assert result.findings == ()
    assert windows(result, "ROI_2")[0] < 5
    assert not result.compared_whole


def test_all_that_is_new_is_compared(device, full):
    device.track(1, first=9001, last=30_000)
    result = full.mirror()
    [told] = [told for told in result.tables if told.table == "ROI_1"]
    assert result.complete
    assert told.windows < told.windows_total
    assert told.rows_here >= 21_000


def test_a_device_that_rewrites_old_rows_is_believed_no_more(device, full):
    """One of them in what every run compares; the other where nobody would look for a day."""
    device.run(
        "UPDATE ROI_1 SET x = x + 1 WHERE id = 9000", "UPDATE ROI_3 SET x = x + 1 WHERE id = 4100"
    )
    assert full.mirror(turn=1).rows_replaced == 2
    assert differing_tables(device, full.path) == []


def test_a_run_killed_before_it_could_remember_proves_the_next_one_whole(device, full):
    former = memory_of(full).read_bytes()
    device.track(2, first=9001, last=9100)
    full.mirror()
    memory_of(full).write_bytes(former)
    result = full.mirror()
    assert result.complete
    assert windows(result, "ROI_2") == (5, 5)


@pytest.mark.parametrize(
    "memory",
    [
        b"",
        b"5\n",
        b"{",
        b"[]",
        b'{"fingerprint": 7}',
        b'{"tables": "ROI_1"}',
        b'{"turn": -99999999999999999999999}',
        b"\xff\xfe\0",
        b"[" * 100_000,
        b" " * 5_000_000,
    ],
)
def test_a_memory_that_makes_no_sense_is_none(device, full, harmed, memory):
    harmed("DELETE FROM ROI_2 WHERE id = 3333")
    memory_of(full).write_bytes(memory)
    assert full.mirror().complete
    assert differing_tables(device, full.path) == []


def test_another_server_is_not_taken_for_the_one_that_was_compared(device, full, proxy):
    """Two cards of one beginning: the same run by its words, and other rows in the middle."""
    device.run("UPDATE ROI_3 SET x = x + 1 WHERE id = 4100")
    assert full.mirror(device.source(port=proxy.port), turn=1).rows_replaced == 1
    assert differing_tables(device, full.path) == []


def test_a_run_of_another_start_is_not_taken_for_the_one_that_was_compared(device, full):
    device.insert("METADATA", ("date_time", "1767400000"))
    device.run("UPDATE ROI_3 SET x = x + 1 WHERE id = 4100")
    assert full.mirror(turn=1).rows_replaced == 1


def test_doubt_of_somebody_who_knows_better_is_heard(full):
    result = full.mirror(whole=True)
    assert (windows(result, "ROI_2"), kinds(result)) == ((5, 5), set())
    assert result.compared_whole


@pytest.mark.parametrize("start", [100, 4096, 30_000, 100_000, 300_000])
def test_a_damaged_copy_is_set_aside_and_made_again(device, full, start):
    with full.path.open("r+b") as file:
        file.seek(start)
        file.write(os.urandom(5_000))
    damaged = full.path.read_bytes()
    result = full.mirror()
    assert result.complete
    assert differing_tables(device, full.path) == []
    assert kinds(result) == {"corrupt copy"}
    assert result.compared_whole
    assert result.kept[0].read_bytes() == damaged


def test_a_damaged_copy_of_a_device_that_is_off_stays_as_it_is(device, full):
    with full.path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(5_000))
    damaged = full.path.read_bytes()
    for _ in range(2):
        with pytest.raises(server_errors.SourceUnreachable):
            full.mirror(device.source(port=free_port()))
    assert full.path.read_bytes() == damaged
    assert list(full.path.parent.glob("*corrupt*")) == []


@pytest.mark.parametrize("moment", ["comparing", "copying", "saving", "proving"])
@pytest.mark.parametrize("is_new", [True, False], ids=["something new", "nothing new"])
def test_whoever_writes_in_mid_run_is_never_part_of_a_proof(device, full, harmed, moment, is_new):
    if is_new:
        device.track(1, first=9001, last=9100)
    pending = ["DELETE FROM ROI_2 WHERE id = 3333"]

    def meddle(progress):
        if progress.phase == moment and pending:
            harmed(pending.pop())

    try:
        full.mirror(progress=meddle)
    except errors.LocalChanged:
        pass
    else:
        assert pending  # that moment never came
    result = full.mirror()
    assert result.complete
    assert differing_tables(device, full.path) == []


@pytest.mark.parametrize("moment", ["comparing", "copying", "saving", "proving"])
def test_a_copy_that_is_taken_away_in_mid_run_is_a_named_error(device, full, moment):
    device.track(1, first=9001, last=9100)

    def take(progress):
        if progress.phase == moment:
            full.path.unlink(missing_ok=True)

    with pytest.raises(errors.LocalFailed):
        full.mirror(progress=take)
    assert full.mirror().complete
    assert differing_tables(device, full.path) == []


def test_a_table_that_could_not_be_read_is_compared_whole_when_it_can_be(device, full, harmed):
    harmed("DELETE FROM ROI_2 WHERE id BETWEEN 2101 AND 2900")
    device.run("CREATE OR REPLACE USER narrow@'%' IDENTIFIED BY 'n'")
    for table in set(device.tables()) - {"ROI_2"}:
        device.run(f"GRANT SELECT ON `{device.database}`.`{table}` TO narrow@'%'")
    device.run(f"GRANT INSERT ON `{device.database}`.ROI_2 TO narrow@'%'")
    narrow = full.mirror(device.source(user="narrow", password="n"))
    assert (narrow.complete, narrow.proved_whole) == (False, True)
    assert full.mirror(turn=1).rows_added == 800
    assert differing_tables(device, full.path) == []


def test_one_window_that_differs_after_the_run_is_not_whole(device, full, harmed, monkeypatch):
    """Should the copy not hold what was saved: the last look is at the file itself."""
    device.track(1, first=9001, last=9100)
    monkeypatch.setattr("backups.engine.mirror.run.apply", lambda *_, **__: False)
    result = full.mirror()
    assert (result.complete, result.proved_whole) == (False, False)
    assert "differs" in kinds(result)
