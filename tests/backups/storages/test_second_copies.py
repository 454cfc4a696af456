"""A second copy: new files come, are read back there, and a rotten one is told from a new one."""

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from zlib import compress

import pytest
from django.utils import timezone

from backups.engine.copies.digests import FileStamp
from backups.engine.facts import BackupFacts, BackupType
from backups.engine.seconds import SecondFile, pack_seconds, unpack_seconds
from backups.engine.verdict import Limits, Verdict, judge
from backups.engine.wipe import MayWipe, WipeFacts, may_wipe
from backups.models import DiskLook, OtherFile, Policy, RunKind, RunTrigger, SecondFolder
from backups.services import runs, storages
from backups.services.disk_looks import look_at_disks
from backups.services.results import read_results
from backups.services.runs import second_copy
from backups.services.second_copies import lacking_second, second_shown, where_copies_are
from backups.services.snapshots import take_snapshot
from backups.services.videos import scan_videos
from devices.models import Device, Storage

START = "2026-11-20_10-00-00"


@pytest.fixture
def shelf(device, host, now):
    """Two chunks on the host of ethonode, and an empty second place that is mounted beside it."""
    Storage.objects.create(name="nas2", is_second=True, heard_at=now)
    root = host("nas2")
    host("")
    here = root.parent / "here"
    videos = here / "videos" / device.device_id / "ETHOSCOPE_019" / START
    videos.mkdir(parents=True)
    for number in (1, 2):
        name = f"{START}_{device.device_id}_1280x960@25fps-28q_{number:05d}.h264"
        (videos / name).write_bytes(os.urandom(3000 + number))
    look_at_disks(now=now)
    return here


@pytest.fixture
def copy(device, host):
    def copy():
        host("nas2")
        one = Device.objects.get(pk=device.pk)
        run = runs.request_run(
            one, RunKind.SECOND_COPY, trigger=RunTrigger.PERSON, now=timezone.now()
        )
        done = runs.perform(run.pk, clock=timezone.now)
        host("")
        return done

    return copy


def lacking(device):
    found = lacking_second(device, scan_videos(device, now=timezone.now()))
    return found[BackupType.VIDEO]


def chunks(root):
    return sorted(root.rglob("*.h264"))


def flip(path):
    times = path.stat()
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_what_is_new_comes_and_is_proven_there(shelf, device, copy, tmp_path):
    assert lacking(device).count == 2
    run = copy()
    assert run.error == ""
    assert run.numbers["proven_count"] == 2
    there = tmp_path / "nas2"
    assert [one.read_bytes() for one in chunks(there)] == [
        one.read_bytes() for one in chunks(shelf)
    ]
    assert lacking(device).count == 0
    first, second = where_copies_are(device)
    assert (first["storage"], second["storage"].name, second["files"]) == (None, "nas2", 2)
    assert copy().numbers["proven_count"] == 0  # what is proven is not read each time


def test_what_is_written_since_lacks_until_the_next_run(shelf, device, copy):
    copy()
    path = chunks(shelf)[0]
    path.write_bytes(path.read_bytes() + b"more")
    assert (lacking(device).count, lacking(device).first) == (1, path.name)
    assert copy().error == ""
    assert lacking(device).count == 0


def test_a_first_place_that_is_not_mounted_is_not_all_copied(shelf, device, copy, now):
    take_snapshot(device, now=now)
    (shelf / "videos").rename(shelf / "away")
    (shelf / "videos").mkdir()
    run = copy()
    assert (run.state, "not found there" in run.error) == ("failed", True)


def test_a_database_that_cannot_be_found_now_is_proven_nowhere(shelf, device, copy, now):
    path = shelf / "results" / device.device_id / "ETHOSCOPE_019" / START / f"{START}.db"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE METADATA (field TEXT, value TEXT)")
    read_results(device, now=now)
    copy()
    lacks = [lacking_second(device, None)[BackupType.SQLITE].count]
    path.unlink()
    lacks.append(lacking_second(device, None)[BackupType.SQLITE].count)
    assert lacks == [0, 1]


def test_other_files_of_cards_have_a_second_copy_too(shelf, device, copy, now, tmp_path):
    place = f"cards/{device.device_id}/upload/dump.sql"
    dump = shelf / place
    dump.parent.mkdir(parents=True)
    dump.write_bytes(b"INSERT INTO x VALUES (1);")
    OtherFile.objects.create(
        device=device, name="upload/dump.sql", path=b"upload/dump.sql", place=place.encode(),
        size_bytes=25, held_bytes=25, first_seen_at=now,
    )  # fmt: skip
    look_at_disks(now=now)
    lacks = [lacking_second(device, None)[BackupType.SQLITE].count]
    assert copy().error == ""
    lacks.append(lacking_second(device, None)[BackupType.SQLITE].count)
    assert lacks == [1, 0]
    assert (tmp_path / "nas2" / place).read_bytes() == dump.read_bytes()


def test_a_folder_for_other_files_is_asked_for_once_there_are_some(shelf, device, now):
    looked = DiskLook.objects.filter(folder="cards")
    assert not looked.exists()
    OtherFile.objects.create(
        device=device, name="dump.sql", path=b"dump.sql", first_seen_at=now, size_bytes=1,
        place=b"cards/" + device.device_id.encode() + b"/dump.sql",
    )  # fmt: skip
    look_at_disks(now=now)
    assert "No such file or directory" in looked.get().error


def test_a_second_copy_that_rots_is_found_and_told(shelf, device, copy, tmp_path):
    copy()
    kept = chunks(shelf)[0].read_bytes()
    flip(chunks(tmp_path / "nas2")[0])
    run = copy()
    assert run.state == "failed"
    assert "another content" in run.error
    assert lacking(device).count == 1
    assert chunks(shelf)[0].read_bytes() == kept


def test_a_first_copy_that_rots_does_not_take_the_second_along(
    shelf, device, copy, tmp_path, monkeypatch
):
    """Found when both are read again."""
    copy()
    good = chunks(tmp_path / "nas2")[0].read_bytes()
    flip(chunks(shelf)[0])
    monkeypatch.setattr(second_copy, "READ_AGAIN_AFTER", timedelta(0))
    run = copy()
    assert "another content" in run.error
    assert chunks(tmp_path / "nas2")[0].read_bytes() == good
    assert lacking(device).count == 1


@pytest.mark.parametrize("rots", ["first", "second"])
def test_however_often_it_is_tried_neither_takes_the_others_place(
    shelf, device, copy, tmp_path, monkeypatch, rots
):
    """Nobody wrote either: only a person can tell which of the two is good."""
    copy()
    first, second = chunks(shelf)[0], chunks(tmp_path / "nas2")[0]
    flip(first if rots == "first" else second)
    both = first.read_bytes(), second.read_bytes()
    monkeypatch.setattr(second_copy, "READ_AGAIN_AFTER", timedelta(0))
    for _ in range(3):
        run = copy()
        assert (run.state, "another content" in run.error) == ("failed", True)
        assert (first.read_bytes(), second.read_bytes()) == both
        assert lacking(device).count == 1
        assert where_copies_are(device)[1]["files"] == 1
    flip(first if rots == "first" else second)
    assert copy().error == ""
    assert lacking(device).count == 0


@pytest.mark.parametrize("by", ["deleting the bad one", "writing it anew"])
def test_a_person_ends_it(shelf, device, copy, tmp_path, by):
    copy()
    first, second = chunks(shelf)[0], chunks(tmp_path / "nas2")[0]
    flip(second)
    assert copy().state == "failed"
    if by == "deleting the bad one":
        second.unlink()
    else:
        first.write_bytes(first.read_bytes() + b"more")
    assert copy().error == ""
    assert second.read_bytes() == first.read_bytes()
    assert lacking(device).count == 0


def test_what_shrank_takes_no_larger_one_away(shelf, device, copy, tmp_path):
    copy()
    good = chunks(tmp_path / "nas2")[0].read_bytes()
    chunks(shelf)[0].write_bytes(b"\0\0\0\1")
    run = copy()
    assert "smaller than the second copy" in run.error
    assert chunks(tmp_path / "nas2")[0].read_bytes() == good


def test_one_place_is_no_second_of_another(shelf, device, copy):
    Storage.objects.create(name="nas1")
    Storage.objects.update(second_of=Storage.objects.get(name="nas1"))
    assert lacking_second(device, None) is None
    assert copy().failure == "OtherStorage"


LIMITS = Limits(
    max_age=timedelta(hours=2), grace=timedelta(hours=4), evidence_ttl=timedelta(minutes=20),
    proved_copies=2,
)  # fmt: skip


def _facts(now, **more):
    saved = BackupFacts(
        backup_type=BackupType.VIDEO, source_read_at=now, source_count=2, disk_read_at=now,
        copy_count=2,
    )  # fmt: skip
    return replace(saved, **more)


@pytest.mark.parametrize(
    ("known", "verdict"),
    [
        pytest.param({"second_count": 0}, Verdict.PROTECTED, id="both are proven"),
        pytest.param({}, Verdict.UNKNOWN, id="nobody tells of a second"),
        pytest.param({"second_count": 1, "second_since": 0}, Verdict.PROTECTED, id="it just came"),
        pytest.param(
            {"second_count": 1, "second_since": 7199}, Verdict.PROTECTED, id="a second short"
        ),
        pytest.param({"second_count": 1, "second_since": 7200}, Verdict.UNKNOWN, id="too long"),
        pytest.param(
            {"second_count": 1, "second_since": -600}, Verdict.UNKNOWN, id="it has not come yet"
        ),
    ],
)
def test_two_proved_copies_are_asked_for(now, known, verdict):
    if "second_since" in known:
        known |= {"second_since": now - timedelta(seconds=known["second_since"])}
    facts = _facts(now, **known)
    assert judge(facts, limits=LIMITS, now=now).verdict is verdict
    assert judge(facts, limits=replace(LIMITS, proved_copies=1), now=now).verdict is (
        Verdict.PROTECTED
    )


def test_wiping_asks_for_both(now):
    def says(**more):
        facts = WipeFacts(asked_at=now, device_id="x", **more)
        return {r.says for r in may_wipe(facts).reasons if "second" in f"{r.item} {r.lacks}"}

    assert says() == {MayWipe.UNKNOWN}
    assert says(asks_for_second=False) == set()
    assert says(asks_for_second=True) == {MayWipe.UNKNOWN}
    assert says(asks_for_second=True, second_lacking=()) == set()
    assert says(asks_for_second=True, second_lacking=("1 of its video files",)) == {MayWipe.NO}
    silent = {"second_lacking": (), "second_silent": "the storage is silent"}
    assert says(asks_for_second=True, **silent) == {MayWipe.UNKNOWN}


def test_a_question_about_a_wipe_knows_what_its_policy_asks(shelf, device, now):
    assert second_shown(device, now=now)["asks_for_second"] is False
    Policy.objects.update(proved_copies=2)
    nobody_looked = {"asks_for_second": True, "second_lacking": None, "second_silent": ""}
    assert second_shown(device, now=now) == nobody_looked
    take_snapshot(device, now=now)
    assert second_shown(device, now=now) == nobody_looked | {"second_lacking": ()}
    Storage.objects.update(heard_at=None)
    assert "never heard of" in second_shown(device, now=now)["second_silent"]


def test_proofs_come_back_as_they_were_packed():
    stamp = FileStamp(1, 2, 3, 4)
    files = {
        b"a\xff": SecondFile("d", stamp, stamp, 5),
        b"b": SecondFile("d", stamp, stamp, 5, differs=True),
    }
    assert unpack_seconds(pack_seconds(files)) == files


def test_those_of_before_are_proofs_still():
    first, second = [1, 2, 3, 4], [1, 2, 9, 5]
    packed = compress(json.dumps({"a": ["d", first, second, 5]}).encode())
    assert unpack_seconds(packed)[b"a"].is_proof


def test_what_was_once_held_against_itself_is_no_proof_any_more():
    """It was stored before anybody asked whether these are two files."""
    stamp = FileStamp(1, 2, 3, 4)
    assert not SecondFile("d", stamp, stamp, 5).is_proof
    assert SecondFile("d", stamp, stamp._replace(inode=5), 5).is_proof
    assert not SecondFile("d", stamp, stamp._replace(inode=5), 5, differs=True).is_proof


def test_a_second_place_is_nobodys_first(shelf, device, now):
    Storage.objects.update(pattern="*")
    assert storages.place_new_devices() == 0
    assert not SecondFolder.objects.exists()
    assert DiskLook.objects.filter(storage=None).exists()


def test_a_file_that_is_one_and_the_same_is_no_second_copy_of_itself(shelf, device, copy, tmp_path):
    """The second place sees the disk of the first by another path."""
    for path in chunks(shelf):
        twin = tmp_path / "nas2" / path.relative_to(shelf)
        twin.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, twin)
    assert "is the same file on both hosts" in copy().error
    assert lacking(device).count == 2


def test_a_folder_for_other_files_that_is_no_more_is_not_asked_for_ever(shelf, now, settings):
    """Nobody would look at it again, and its last look would grow old on every page."""
    looked = DiskLook.objects.filter(folder="cards")
    settings.CARDS_DIR.mkdir()
    look_at_disks(now=now)
    assert looked.get().error == ""
    settings.CARDS_DIR.rmdir()
    look_at_disks(now=now)
    assert not looked.exists()


def test_a_folder_for_other_files_that_cannot_be_looked_at_is_told_of(shelf, now, settings):
    settings.CARDS_DIR.symlink_to(settings.CARDS_DIR)
    look_at_disks(now=now)
    assert "symbolic links" in DiskLook.objects.get(folder="cards").error
    assert DiskLook.objects.get(folder="videos").looked_at == now
