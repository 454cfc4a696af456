"""One thing is wrong in a world that else is a yes: it is no yes, and says what is wrong."""

import json
import os
import shutil
import sqlite3
import sys
import time
from contextlib import closing
from datetime import timedelta

import pytest
from django.utils import timezone

from backups.engine.card.remote import WHERE
from backups.models import (
    CardListing,
    CardReading,
    DamagedFile,
    QuarantinedVideo,
    RecordingLedger,
    ResultCopy,
    RunKind,
    WipeCertificate,
)
from backups.services import our_disks
from backups.services.certificates import content_of
from backups.services.wipes import reasons_of
from tests.backups.runs.test_list_card_run import programs
from tests.backups.wipes.conftest import AGO, VIDEO
from tests.deep import make_too_deep
from tests.engine.pull import recorder
from tests.engine.pull.conftest import chunk, put

pytestmark = pytest.mark.django_db

OTHER = "111" + "a" * 29
DEFECTS = {}


def defect(function):
    DEFECTS[function.__name__] = function
    return function


def flip(path):
    """One byte is another one; size and time of writing are as before."""
    found, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


@defect
def its_data_lay_on_a_file_system_of_another_size_lately(world):
    """As where its partition is not mounted today."""
    at = timezone.now() - timedelta(days=2)
    CardReading.objects.create(
        device=world.device, read_at=at, since=at, size_bytes=32 * 10**9, free_bytes=10**9
    )


@pytest.mark.parametrize(
    ("serial", "was", "answer"),
    [("0x1", "0x1", "unknown"), ("0x1", "0x2", "yes"), ("0x1", "", "yes"), ("", "0x1", "yes")],
)
def test_no_time_makes_the_same_card_another_one(
    world, may_wipe, tmp_path, monkeypatch, serial, was, answer
):
    """What lies on a partition that is not mounted is not gone after a month, or a year."""
    place = tmp_path / "sys" / "class" / "mmc_host" / "mmc0" / "mmc0:aaaa"
    place.mkdir(parents=True)
    (place / "type").write_text("SD")
    (place / "serial").write_text(serial)
    monkeypatch.setitem(WHERE, "sys", str(tmp_path / "sys"))
    at = timezone.now() - timedelta(days=400)
    CardReading.objects.create(
        device=world.device, read_at=at, since=at, size_bytes=10**9, free_bytes=1, serial=was
    )
    assert may_wipe().answer == answer


@defect
def a_byte_of_a_chunk_on_the_card_is_another(world):
    flip(world.chunks[1])


@defect
def a_byte_of_our_chunk_is_another(world):
    flip(world.ours[1])


@defect
def a_byte_of_the_database_on_the_card_is_another(world):
    flip(world.database)


@defect
def a_byte_of_our_database_is_another(world):
    flip(world.copy)


@defect
def a_byte_of_another_file_on_the_card_is_another(world):
    flip(world.other)


@defect
def a_byte_of_our_copy_of_another_file_is_another(world):
    flip(world.its_copy)


@defect
def the_cards_chunk_is_written_anew_with_its_old_time(world):
    world.renew(world.chunks[1], world.chunks[1].read_bytes())


@defect
def the_cards_chunk_was_cut(world):
    world.renew(world.chunks[2], VIDEO[:-9])


@defect
def our_chunk_was_cut(world):
    os.truncate(world.ours[2], 100)


@defect
def our_chunk_is_gone(world):
    world.forget(world.ours[2])


@defect
def all_our_videos_are_gone(world):
    world.forget(world.settings.VIDEOS_DIR / world.device.device_id)


@defect
def our_database_is_gone(world):
    world.forget(world.copy)


@defect
def our_other_copy_is_gone(world):
    world.forget(world.its_copy)


@defect
def our_database_lies_in_another_folder(world):
    to = world.settings.RESULTS_DIR / world.device.device_id / "E" / world.copy.parent.name
    to.mkdir(parents=True)
    shutil.copy2(world.copy, to)
    world.forget(world.copy)


@defect
def our_chunk_lies_in_another_folder(world):
    to = world.settings.VIDEOS_DIR / world.device.device_id / "E" / world.ours[0].parent.name
    to.mkdir(parents=True)
    world.ours[0].rename(to / world.ours[0].name)


@defect
def our_chunk_was_touched(world):
    os.utime(world.ours[0])


@defect
def our_database_was_touched(world):
    os.utime(world.copy)


@defect
def our_chunk_is_another_file_of_the_same_content_and_times(world):
    fresh = world.ours[0].with_name("fresh")
    shutil.copy2(world.ours[0], fresh)
    fresh.replace(world.ours[0])


@defect
def our_chunk_is_a_link(world):
    kept = world.ours[0].with_name("kept")
    world.ours[0].rename(kept)
    world.ours[0].symlink_to(kept)


@defect
def our_database_is_a_link(world):
    kept = world.copy.with_suffix(".kept")
    world.copy.rename(kept)
    world.copy.symlink_to(kept)


@defect
def a_chunk_that_only_the_card_has(world):
    world.renew(world.card / "videos" / world.device.device_id / chunk(4), VIDEO)


@defect
def a_chunk_that_nobody_compared_by_content(world):
    world.renew(world.card / "videos" / world.device.device_id / chunk(4), VIDEO)
    world.renew(world.settings.VIDEOS_DIR / world.device.device_id / chunk(4), VIDEO)


@defect
def a_file_that_only_the_card_has(world):
    world.renew(world.card / "notes.txt", b"remember")


@defect
def a_hidden_file_that_only_the_card_has(world):
    world.renew(world.card / "results" / ".kept" / "a", b"remember")


@defect
def a_file_with_a_name_that_is_no_text(world):
    path = world.card / "upload" / os.fsdecode(b"caf\xe9\n.csv")
    world.renew(path, b"1,2")


@defect
def a_dump_that_only_the_card_has(world):
    world.renew(world.card / "backup" / "ETHOSCOPE_019_db.sql", b"INSERT")


@defect
def an_old_database_among_the_videos(world):
    folder = world.card / "videos" / world.device.device_id / "E" / "2025-12-01_00-00-00"
    folder.mkdir(parents=True)
    recorder.begin(folder / f"2025-12-01_00-00-00_{world.device.device_id}.db").close()


@defect
def results_of_another_machine_id(world):
    name = f"2026-01-02_03-04-05_{OTHER}.db"
    folder = world.card / "results" / OTHER / "E" / "2026-01-02_03-04-05"
    folder.mkdir(parents=True)
    recorder.begin(folder / name).close()
    os.utime(folder / name, (AGO, AGO))


@defect
def videos_of_another_machine_id(world):
    world.renew(world.card / "videos" / OTHER / chunk(1), VIDEO)


@defect
def a_link_on_the_card(world):
    (world.card / "videos" / world.device.device_id / "more").symlink_to("/mnt")


@defect
def a_pipe_on_the_card(world):
    os.mkfifo(world.card / "results" / "pipe")


@defect
def a_place_on_the_card_that_cannot_be_looked_into(world):
    make_too_deep(world.card)


@defect
def one_row_more_on_the_card(world):
    with closing(sqlite3.connect(world.database)) as connection:
        connection.execute("INSERT INTO ROI_1 (t) VALUES (1)")
        connection.commit()
    os.utime(world.database, (AGO, AGO))


@defect
def a_row_that_lies_in_the_wal_alone(world):
    world.kept = sqlite3.connect(world.database)
    world.kept.execute("INSERT INTO ROI_1 (t) VALUES (1)")
    world.kept.commit()
    for path in world.database.parent.iterdir():
        os.utime(path, (AGO, AGO))


@defect
def a_wal_that_a_dead_writer_left(world):
    world.renew(world.database.with_name(f"{world.name}-wal"), b"not to be lost" * 100)


@defect
def a_journal_that_was_left(world):
    world.renew(world.database.with_name(f"{world.name}-journal"), b"not to be lost" * 100)


@defect
def a_wal_without_its_database(world):
    world.renew(world.card / "results" / "gone.db-wal", b"not to be lost" * 100)


@defect
def a_chunk_was_written_just_now(world):
    os.utime(world.chunks[2])
    world.prove_file(world.chunks[2], world.ours[2])


@defect
def the_device_tracks(world):
    world.told(status="running")


@defect
def the_device_records(world):
    world.told(status="recording")


@defect
def the_device_does_not_say_what_it_does(world):
    world.told(status=None)


@defect
def the_experiment_was_last_seen_growing(world):
    world.experiment(growing=True)


@defect
def another_device_is_at_its_address(world):
    world.voice.told["/id"] = {"id": OTHER}


@defect
def another_device_comes_to_its_address_meanwhile(world):
    ids = iter([world.device.device_id])
    world.voice.told["/id"] = lambda: {"id": next(ids, OTHER)}


@defect
def the_device_is_silent(world):
    world.voice.told.clear()


@defect
def the_device_has_no_address(world):
    world.device.address = ""
    world.device.save()


@defect
def ssh_is_refused(world):
    world.settings.SSH_PORT = 1


@defect
def its_ssh_key_is_another(world):
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3N1gY8fN2PvDRWzqYlCEyCkCqM0kTTzGQb1HLgUvCN"
    world.settings.SSH_KNOWN_HOSTS.write_text(f"{world.device.device_id} {key}\n")


@defect
def its_disk_is_not_mounted(world):
    world.settings.DEVICE_DATA_ROOT = world.card.with_name("empty")
    world.settings.DEVICE_DATA_ROOT.mkdir()


@defect
def the_card_is_empty_and_was_not(world):
    for path in world.card.iterdir():
        shutil.rmtree(path)
    (world.card / "results").mkdir()


@defect
def our_copy_is_known_to_be_damaged(world):
    ResultCopy.objects.update(damage="it shrank", damaged_at=timezone.now())


@defect
def our_copy_is_of_another_experiment(world):
    ResultCopy.objects.update(foreign="it says that it is of another device")


@defect
def a_run_found_our_copy_to_differ(world):
    ResultCopy.objects.update(doubt="ROI_1 differs")


@defect
def our_copy_was_never_read_to_its_end(world):
    ResultCopy.objects.update(digest="", digest_fingerprint="", digest_at=None)


@defect
def our_copy_was_not_read_since_its_proof(world):
    ResultCopy.objects.update(digest_at=timezone.now() - timedelta(days=1))


@defect
def our_copy_was_pulled_from_another_file(world):
    ResultCopy.objects.update(source_mark="1:2:3:4")


@defect
def our_copy_was_never_proven(world):
    ResultCopy.objects.update(proven_fingerprint="", proven_at=None)


@defect
def a_chunk_differed_when_it_was_compared(world):
    change_proof(world, differs="another digest")


@defect
def our_chunk_was_not_read_since_its_proof(world):
    change_proof(world, read_at=int(time.time()) - 86400)


@defect
def our_chunk_has_no_digest(world):
    change_proof(world, digest="")


def change_proof(world, **facts):
    world.prove_file(world.chunks[0], world.ours[0], **facts)


@defect
def nobody_ever_compared_the_other_file(world):
    world.device.proven_folders.filter(folder__startswith="upload").delete()


@defect
def a_chunk_is_known_to_be_damaged(world):
    recording = world.ours[0].relative_to(world.settings.VIDEOS_DIR / world.device.device_id).parent
    found = world.ours[0].stat()
    DamagedFile.objects.create(
        device=world.device, recording=str(recording), path=str(recording / world.ours[0].name),
        name=os.fsencode(world.ours[0].name), kind="changed", reason="it rotted",
        first_seen_at=timezone.now(), content=found.st_ino,
    )  # fmt: skip


@defect
def a_video_is_quarantined(world):
    now = timezone.now()
    QuarantinedVideo.objects.create(
        device=world.device, path="a.h264", reason="another one came", kept_path="b",
        first_seen_at=now, seen_at=now,
    )  # fmt: skip


@defect
def an_experiment_is_lost(world):
    now = timezone.now()
    world.experiment(filename=f"2025-12-01_00-00-00_{world.device.device_id}.db", gone_at=now,
                     gone_reason="dropped")  # fmt: skip


@defect
def a_known_experiment_is_on_no_card_and_not_here(world):
    world.experiment(filename=f"2025-12-01_00-00-00_{world.device.device_id}.db",
                     first_seen_at=timezone.now() - timedelta(days=9))  # fmt: skip


@defect
def an_experiment_was_written_off_by_nobody(world):
    world.experiment(filename=f"2025-12-01_00-00-00_{world.device.device_id}.db", written_off=True)


@defect
def a_recording_was_written_off_by_nobody(world):
    RecordingLedger.objects.create(
        device=world.device, recording="E/2025-12-01_00-00-00", first_known_at=timezone.now(),
        written_off=True,
    )  # fmt: skip


@defect
def a_chunk_is_on_neither_side_any_more(world, do):
    do(RunKind.LIST_CARD)
    world.forget(world.chunks[1])
    world.forget(world.ours[1])


@defect
def our_results_are_not_mounted(world):
    shutil.rmtree(world.settings.RESULTS_DIR)


@defect
def our_results_are_empty(world):
    shutil.rmtree(world.settings.RESULTS_DIR)
    world.settings.RESULTS_DIR.mkdir()


@defect
def our_videos_are_not_mounted(world):
    shutil.rmtree(world.settings.VIDEOS_DIR)


@defect
def our_disk_counted_errors(world, monkeypatch):
    numbers = world.settings.RESULTS_DIR.stat().st_dev
    block, ext4 = world.card.with_name("block"), world.card.with_name("ext4")
    (block / "sdz1").mkdir(parents=True)
    (block / f"{os.major(numbers)}:{os.minor(numbers)}").symlink_to(block / "sdz1")
    (ext4 / "sdz1").mkdir(parents=True)
    (ext4 / "sdz1" / "errors_count").write_text("3\n")
    monkeypatch.setattr(our_disks, "DEVICES", block)
    monkeypatch.setattr(our_disks, "EXT4", ext4)


@defect
def our_disk_is_full(world, monkeypatch):
    usage = shutil.disk_usage(world.card)._replace(used=96, free=4)
    monkeypatch.setattr(our_disks.shutil, "disk_usage", lambda path: usage)


@defect
def our_disk_can_only_be_read(world, monkeypatch):
    monkeypatch.setattr(our_disks.os, "ST_RDONLY", os.statvfs(world.card).f_flag or 1)
    if not os.statvfs(world.card).f_flag:
        pytest.skip("this file system has no flag to take it for")


@defect
def a_mariadb_that_it_wrote_does_not_answer(world):
    name = f"2025-12-01_00-00-00_{world.device.device_id}.db"
    world.experiment(filename=name, writer="mysql", written_off=True)


@pytest.mark.many(tried=20)
@pytest.mark.parametrize("name", DEFECTS)
def test_never_yes(world, may_wipe, do, monkeypatch, name):
    needed = DEFECTS[name].__code__.co_varnames[: DEFECTS[name].__code__.co_argcount]
    others = {"do": do, "monkeypatch": monkeypatch}
    DEFECTS[name](world, **{word: others[word] for word in needed if word in others})
    asked = may_wipe()
    assert asked.answer in {"no", "unknown"}
    for reason in reasons_of(asked):
        assert reason.item, reason
        assert reason.lacks, reason


def test_there_are_many():
    assert len(DEFECTS) >= 40


PYTHON = f'exec {sys.executable} "$@"'
BOOT = '"/sys/kernel/random/boot_id"'  # below what it takes for /proc
SHELLS = {
    "python is missing": {},
    "the answer is cut": {"python3": f'{sys.executable} "$@" | /usr/bin/head -n 4'},
    "nothing is answered": {"python3": "exit 0"},
    "it does not say since when it runs": {"python3": f"/bin/sed 's#{BOOT}#\"/none\"#' | {PYTHON}"},
    "it started anew between": {
        "python3": f"/bin/date +%N > $CARD/../boot; "
        f"/bin/sed 's#{BOOT}#\"/..$CARD/../boot\"#' | {PYTHON}"
    },
    "it writes between": {"python3": f'/bin/date +%N > "$CARD/results/new"; {PYTHON}'},
    "it deletes between": {"python3": f'{sys.executable} "$@"; /bin/rm -f "$CARD"/upload/images/*'},
}


@pytest.mark.parametrize("what", SHELLS)
def test_never_yes_by_a_device_whose(world, may_wipe, settings, tmp_path, what):
    scripts = {
        name: script.replace("$CARD", str(world.card)) for name, script in SHELLS[what].items()
    }
    with programs(settings, tmp_path, **scripts):
        assert may_wipe().answer in {"no", "unknown"}


HARMLESS = {
    "an empty file": lambda world: world.renew(world.card / "results" / "index.txt", b""),
    "an empty -wal": lambda world: world.renew(world.database.with_name(f"{world.name}-wal"), b""),
    "an empty folder": lambda world: (world.card / "videos" / "x").mkdir(),
    "a file that only we have": lambda world: world.renew(world.copy.with_suffix(".txt"), b"1"),
    "a cache of the device's own server": lambda world: world.renew(
        world.card / "cache" / "db_metadata.json", b"{}", at=time.time()
    ),
    "a time of a clock that was ahead": lambda world: ahead(world),
    "a folder of that cache that cannot be read": lambda world: too_deep_below(world, "cache"),
}


def too_deep_below(world, name):
    (world.card / name).mkdir()
    make_too_deep(world.card / name)


def ahead(world):
    later = time.time() + 86400 * 365
    os.utime(world.chunks[0], (later, later))
    world.prove_file(world.chunks[0], world.ours[0])


@pytest.mark.parametrize("what", HARMLESS)
def test_what_takes_no_yes_away(world, may_wipe, what):
    HARMLESS[what](world)
    asked = may_wipe()
    assert reasons_of(asked) == ()
    assert asked.answer == "yes"


def test_a_cache_that_is_written_between_takes_no_yes_away(world, may_wipe, settings, tmp_path):
    (world.card / "cache").mkdir()
    script = f"/bin/date +%N > {world.card}/cache/db_metadata.json; {PYTHON}"
    with programs(settings, tmp_path, python3=script):
        asked = may_wipe()
    assert asked.answer == "yes"
    assert asked.run.numbers["left_out"] == ["cache"]
    assert json.loads(content_of(WipeCertificate.objects.get()))["left_out"] == ["cache"]


def test_a_place_that_cannot_be_read_may_hide_anything(world, may_wipe):
    """Nobody saw that something lacks, and nobody can say that nothing does."""
    assert may_wipe().answer == "yes"
    too_deep_below(world, "more")
    asked = may_wipe()
    assert asked.answer == "unknown"
    (reason,) = reasons_of(asked)
    assert "could not be read on the card" in reason.lacks


@pytest.mark.parametrize("days", [-365, 365])
def test_a_clock_a_year_off_takes_no_yes_away(world, may_wipe, settings, tmp_path, days):
    shift = f"s/int(time.time())/int(time.time()) + {days * 86400}/"
    with programs(settings, tmp_path, python3=f'/bin/sed "{shift}" | {PYTHON}'):
        assert may_wipe().answer == "yes"
    assert abs(CardListing.objects.get().head["clock"] - time.time()) > 86400 * 300


def a_database_that_came(world, *, copied):
    path = world.database.with_name(world.name.replace("03-04-05", "05-06-07"))
    path.write_bytes(world.database.read_bytes())
    os.utime(path, (AGO, AGO))
    if copied:
        put(world.copy.with_name(path.name), path.read_bytes())
    return path


def a_file_that_came(*place, copied=None):
    """On the card; where `copied` names a folder of ours, with an equal copy that nobody proved."""

    def came(world):
        path = world.card.joinpath(*(part.format(me=world.device.device_id) for part in place))
        world.renew(path, VIDEO)
        if copied:
            put(getattr(world.settings, copied) / path.relative_to(world.card / "videos"), VIDEO)
        return path

    return came


OTHERS_VIDEO = ("videos", OTHER, f"{OTHER}_00001.h264")
MENDED_BY = {
    "pull_results": [
        lambda world: a_database_that_came(world, copied=False),
        lambda world: a_database_that_came(world, copied=True),
    ],
    "pull_videos": [a_file_that_came("videos", "{me}", chunk(9))],
    "prove": [a_file_that_came("videos", "{me}", chunk(9), copied="VIDEOS_DIR")],
    "pull_files": [
        a_file_that_came("notes.txt"),
        a_file_that_came("upload", "masks", "a.json"),
        a_file_that_came("results", OTHER, "X", f"{OTHER}.db"),
        a_file_that_came(*OTHERS_VIDEO),
        a_file_that_came("videos", "{me}", ".hidden.h264"),
    ],
}


@pytest.mark.parametrize(
    ("remedy", "came"),
    [(remedy, came) for remedy, some in MENDED_BY.items() for came in some],
)
def test_what_nobody_proved_is_mended_by_what_brings_it_or_proves_it(
    world, may_wipe, do, remedy, came
):
    path = came(world)
    do(RunKind.LIST_CARD)
    found = [one for one in reasons_of(may_wipe()) if one.item.endswith(path.name)]
    assert {one.remedy for one in found} == {remedy}
