"""What lies here after a pull is a moment that the device's database really had."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path, PurePosixPath

import pytest

from backups.engine.copies.errors import CopyUnusable, FewerRows, LocalFull, LocalInUse
from backups.engine.copies.identity import fingerprint
from backups.engine.copies.place import held
from backups.engine.errors import NotReady
from backups.engine.items import CopyState
from backups.engine.pull import Method
from backups.engine.pull.errors import BadName, KeepsChanging, RemoteMissing
from tests.engine.pull import recorder
from tests.engine.pull.conftest import NAME, recording

PULLS = int(os.environ.get("ETHONODE_PULLS", "10"))
BOTH = pytest.mark.parametrize("method", [Method.SNAPSHOT, Method.WITH_WAL])


@BOTH
def test_a_live_database_is_copied_with_its_wal(copy, device, method):
    assert device.path.with_name(f"{NAME}-wal").stat().st_size > 0
    done = copy.pull(methods=(method,))
    assert (done.method, done.changed, done.inspection.state) == (method, True, CopyState.USABLE)
    assert recorder.state_of(copy.path) == ([200, 200, 200], "ok")


@BOTH
def test_every_pull_while_a_program_commits_is_a_moment_it_had(copy, device, method):
    device.database.close()
    device.path.unlink()
    seen = []
    with recording(device.path, pause=0.002 if method is Method.SNAPSHOT else 0.3):
        for _ in range(PULLS):
            with suppress(KeepsChanging):  # a refusal, which leaves the copy before
                copy.pull(methods=(method,))
            counts, verdict = recorder.state_of(copy.path)
            assert (len(set(counts)), verdict) == (1, "ok")
            seen.append(counts[0])
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]


def test_the_copy_is_readable_alone(copy):
    copy.pull()
    assert {path.name for path in copy.path.parent.iterdir()} == {NAME, f".{NAME}.mirror-lock"}
    with closing(sqlite3.connect(copy.path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_finished_database_is_copied_as_it_is(copy, device):
    device.database.close()
    done = copy.pull()
    assert done.method is Method.AS_IS
    assert recorder.state_of(copy.path) == ([200, 200, 200], "ok")


def test_only_what_is_new_goes_over_the_wire(copy, device):
    recorder.write(device.database, 20_000)
    first = copy.pull()
    recorder.write(device.database, 200)
    second = copy.pull()
    assert first.literal_bytes > first.size_bytes * 0.9
    assert second.literal_bytes < first.literal_bytes / 10


def test_a_known_mark_saves_the_copy(copy):
    first = copy.pull()
    known = {"known_mark": first.mark, "known_fingerprint": fingerprint(copy.path)}
    second = copy.pull(**known)
    assert (second.changed, second.wire_bytes) == (False, 0)


def test_the_fingerprint_is_of_the_file_that_the_pull_left(copy):
    first = copy.pull()
    assert first.fingerprint == fingerprint(copy.path)
    known = {"known_mark": first.mark, "known_fingerprint": first.fingerprint}
    assert copy.pull(**known).fingerprint == first.fingerprint


def test_a_source_that_was_written_and_given_its_old_time_has_another_mark(copy, device):
    device.database.close()
    first = copy.pull()
    times = device.path.stat()
    _flip(device.path)
    _flip(device.path)
    os.utime(device.path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert copy.pull().mark != first.mark


def _flip(path):
    with path.open("r+b") as file:
        file.seek(5000)
        byte = file.read(1)[0]
        file.seek(5000)
        file.write(bytes([byte ^ 1]))


def _append(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO METADATA VALUES ('by', 'another program')")
        connection.commit()


@pytest.mark.parametrize("change", [_flip, _append, Path.touch])
def test_a_known_mark_says_nothing_of_a_copy_that_somebody_wrote_since(copy, change):
    first = copy.pull()
    known = {"known_mark": first.mark, "known_fingerprint": fingerprint(copy.path)}
    change(copy.path)
    with suppress(FewerRows):
        assert copy.pull(**known).changed


def _damage(path):
    """As a disk does it: what is stamped on the file stays. The caller learns its fingerprint."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(64))


def test_a_copy_that_rotted_is_made_anew_where_the_device_has_nothing_new(copy):
    first = copy.pull()
    _damage(copy.path)
    known = {"known_mark": first.mark, "known_fingerprint": fingerprint(copy.path)}
    second = copy.pull(**known)
    assert (second.changed, len(second.kept)) == (True, 1)
    assert "corrupt" in second.kept[0].name
    assert recorder.state_of(copy.path)[1] == "ok"


def test_a_copy_that_is_doubted_is_kept_aside_whatever_it_holds(copy):
    first = copy.pull()
    _append(copy.path)  # more than the device has
    known = {"known_mark": first.mark, "known_fingerprint": fingerprint(copy.path)}
    second = copy.pull(**known, is_doubted=True)
    assert (second.changed, len(second.kept)) == (True, 1)


def test_a_commit_makes_another_mark(copy, device):
    first = copy.pull()
    known = {"known_mark": first.mark, "known_fingerprint": fingerprint(copy.path)}
    recorder.write(device.database)
    assert copy.pull(**known).changed


def test_a_database_without_tables_is_waited_for(copy, device):
    for table in ("METADATA", "VAR_MAP", "ROI_MAP", "ROI_1", "ROI_2"):
        device.database.execute(f"DROP TABLE {table}")
    with pytest.raises(NotReady):
        copy.pull()
    assert not copy.path.exists()


def test_a_copy_without_required_tables_is_refused(copy, device):
    copy.pull()
    device.database.execute("DROP TABLE ROI_MAP")
    with pytest.raises(CopyUnusable, match="lacks ROI_MAP"):
        copy.pull()
    assert recorder.state_of(copy.path) == ([200, 200, 200], "ok")


def test_fewer_rows_of_the_same_run_replace_nothing(copy, device):
    copy.pull()
    device.database.execute("DELETE FROM ROI_2 WHERE id > 100")
    with pytest.raises(FewerRows, match="ROI_2 100 < 200"):
        copy.pull()
    assert recorder.state_of(copy.path) == ([200, 200, 200], "ok")


LOSSES = {
    "low rows": ["DELETE FROM ROI_1 WHERE id <= 50"],
    "rows in between": ["DELETE FROM ROI_2 WHERE id BETWEEN 60 AND 70"],
    "one row of a map": [
        "INSERT INTO ROI_MAP VALUES (2, 0)",
        "DELETE FROM ROI_MAP WHERE rowid = 1",
    ],
    "a table without row ids": ["DELETE FROM NAMED WHERE name = 'b'"],
    "a table": ["DROP TABLE NAMED"],
}


@pytest.mark.parametrize("grows", [False, True], ids=["nothing new", "more new rows than are lost"])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_rows_that_the_device_has_no_more_are_not_replaced(copy, device, loss, grows):
    """The highest row of each table is there still."""
    device.database.execute("CREATE TABLE NAMED (name TEXT PRIMARY KEY) WITHOUT ROWID")
    device.database.execute("INSERT INTO NAMED VALUES ('a'), ('b')")
    copy.pull()
    whole = copy.path.read_bytes()
    for statement in loss:
        device.database.execute(statement)
    if grows:
        recorder.write(device.database, 100)
    with pytest.raises(FewerRows):
        copy.pull()
    assert copy.path.read_bytes() == whole


def test_what_the_device_rewrites_itself_may_hold_fewer_rows(copy, device):
    device.database.execute("INSERT INTO VAR_MAP VALUES ('y', 'SMALLINT', 'distance')")
    copy.pull()
    device.database.execute("DELETE FROM VAR_MAP WHERE rowid = 1")
    assert copy.pull().changed


def test_another_run_under_the_same_name_keeps_the_old_copy_aside(copy, device):
    copy.pull()
    device.database.execute("DELETE FROM ROI_2 WHERE id > 100")
    device.database.execute("UPDATE METADATA SET value = '1767400000.0'")
    done = copy.pull()
    assert recorder.state_of(done.kept[0]) == ([200, 200, 200], "ok")
    assert recorder.state_of(copy.path)[0][2] == 100


def test_a_corrupt_copy_is_kept_aside_and_made_anew(copy):
    copy.path.parent.mkdir(parents=True)
    copy.path.write_bytes(b"not a database" * 999)
    done = copy.pull()
    assert done.kept[0].read_bytes().startswith(b"not a database")
    assert recorder.state_of(copy.path) == ([200, 200, 200], "ok")


def test_a_torn_copy_of_the_old_engine_is_replaced(copy, device):
    copy.path.parent.mkdir(parents=True)
    copy.path.write_bytes(device.path.read_bytes()[:4096])
    copy.pull()
    assert recorder.state_of(copy.path) == ([200, 200, 200], "ok")


@pytest.mark.parametrize("deeply", [False, True])
def test_a_damaged_page_is_found(copy, device, deeply):
    recorder.write(device.database, 5000)
    device.database.close()
    with device.path.open("r+b") as file:
        file.seek(4096 * 60)
        file.write(b"\xff" * 4096)
    with pytest.raises(CopyUnusable, match="corrupt"):
        copy.pull(integrity_check=deeply)


def test_a_file_that_is_not_there_is_told_from_one_that_could_not_be_asked_for(copy, device):
    with pytest.raises(RemoteMissing):
        copy.pull(remote=device.remote.parent / "nowhere" / NAME)


@pytest.mark.parametrize(
    "folder", ["incubator 3 left", "müller's; $(id)", "a*b[?]", "-x", "50% ?#&", "\\", " x "]
)
@BOTH
def test_a_folder_is_called_as_people_like_it(copy, device, tmp_path, folder, method):
    odd = tmp_path / "odd" / folder
    odd.parent.mkdir()
    device.path.parent.rename(odd)
    done = copy.pull(remote=PurePosixPath(odd / NAME), methods=(method,))
    assert (done.changed, done.method) == (True, method)


@pytest.mark.parametrize(
    "path", [f"/x/../{NAME}", f"x/{NAME}", f"/x\ny/{NAME}", f"/{'x' * 256}/{NAME}", "/x/a b.db"]
)
def test_a_path_that_leads_elsewhere_is_refused(copy, path):
    with pytest.raises(BadName):
        copy.pull(remote=PurePosixPath(path))


def test_two_pulls_of_one_copy_do_not_run_at_once(copy):
    with held(copy.path), pytest.raises(LocalInUse):
        copy.pull()


def test_no_room_here_is_said_before_anything_is_copied(copy):
    with pytest.raises(LocalFull, match="are free"):
        copy.pull(keep_free_bytes=2**60)


def test_a_lost_shm_is_no_hindrance(copy, device):
    device.path.with_name(f"{NAME}-shm").unlink()
    assert copy.pull().inspection.state is CopyState.USABLE
