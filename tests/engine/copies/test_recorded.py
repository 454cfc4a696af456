"""What the real software left on a node's disk."""

from datetime import UTC, datetime

from backups.engine.items import CopyState


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_native_file_is_usable_finished_and_dated_by_its_newest_row(recorded, look):
    found = look(recorded("native_*.db"))
    assert (found.state, found.problem) == (CopyState.USABLE, "")
    assert (found.contents.writer, found.contents.stopped, found.contents.row_count) == (
        "sqlite",
        True,
        380_000,
    )
    assert found.contents.data_at == at("2026-11-22 11:22:39.734030")


def test_a_mirrored_file_is_told_from_a_native_one(recorded, look):
    found = look(recorded("mirrored_*.db"))
    assert (found.state, found.problem) == (CopyState.USABLE, "")
    assert (found.contents.writer, found.contents.stopped, found.contents.row_count) == (
        "mysql",
        True,
        245_698,
    )
    assert found.contents.data_at == at("2026-11-22 11:10:31.679648")


def test_a_copy_of_a_live_file_without_its_wal_holds_nothing(recorded, look):
    found = look(recorded("rsynced_live_4096_no_tables.db"))
    assert (found.state, found.problem) == (CopyState.EMPTY, "opens, but has no tables")
    assert found.contents.data_at is None


def test_a_copy_cut_in_mid_batch_opens_but_is_not_finished(recorded, look):
    found = look(recorded("rsynced_live_incomplete*.gz"))
    assert (found.state, found.contents.stopped, found.contents.row_count) == (
        CopyState.USABLE,
        False,
        19_825,
    )
    assert found.contents.data_at == at("2026-11-22 11:26:31.325780")
