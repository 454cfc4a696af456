"""To move a device's copies: real files on two hosts, in use is what was proven to be whole."""

import os
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from backups.engine import places
from backups.engine.copies.digests import stamp_of
from backups.engine.videos.digests import KnownDigest, pack_digests, unpack_digests
from backups.engine.videos.ledger import HELD, HERE, KnownFile, pack_items, unpack_items
from backups.engine.videos.names import text_of
from backups.models import Lease, RecordingLedger, ResultCopy, Run, RunKind, RunTrigger
from backups.services import runs, storages
from backups.services.carried import content_of
from backups.services.leases import hold
from backups.services.results import read_results
from backups.services.snapshots import lease_of_look, take_snapshot
from backups.services.videos import scan_videos
from devices.models import Device, Storage
from tests.backups.storages.moves import START, files_of, fill, flip, move, place_of
from tests.servers import private_sshd


@pytest.fixture
def moving(nas, device, host, now):
    """Its copies lie on nas1, and are to lie on nas2."""
    Storage.objects.create(name="nas2")
    device.storage, device.goes_to = nas, Storage.objects.get(name="nas2")
    device.save()
    for name in ("nas2", "nas1"):
        root = host(name)
        storages.tell_of(name, asked_at=now, now=now)
    fill(root, device)
    read_results(device, now=now)
    scan_videos(device, now=now)
    return Device.objects.select_related("storage").get(pk=device.pk)


def test_all_comes_is_proven_and_then_in_use(moving, host, tmp_path):
    copy = moving.copies.get()
    marks = dict.fromkeys(("fingerprint", "proven_fingerprint"), copy.fingerprint)
    ResultCopy.objects.update(**marks, proven_at=timezone.now())
    host("nas2")
    run = move(moving)
    assert run.error == ""
    assert run.state == "succeeded"
    assert place_of(moving) == "nas2"
    assert (moving.left.name, moving.goes_to) == ("nas1", None)
    assert files_of(tmp_path / "nas2") == files_of(tmp_path / "nas1")
    assert len(files_of(tmp_path / "nas2")) == 3
    seen = read_results(moving, now=timezone.now()).copies[0]
    assert seen.fingerprint != copy.fingerprint
    assert seen.is_as_shown  # what was proven of the same content holds

    before = moving.history.first()
    assert before.history_change_reason == "all was proven to be on nas2"


def test_it_comes_over_ssh(moving, host, tmp_path, settings):
    host("nas2")
    with private_sshd(tmp_path / "sshd") as sshd:
        settings.SSH_KEY_FILE = sshd.key_file
        settings.SSH_KNOWN_HOSTS = tmp_path / "known_hosts"
        Storage.objects.filter(name="nas1").update(ssh=f"{sshd.user}@127.0.0.1", ssh_port=sshd.port)
        run = move(Device.objects.get(pk=moving.pk))
    assert run.error == ""
    assert run.state == "succeeded"
    assert place_of(moving) == "nas2"
    assert files_of(tmp_path / "nas2") == files_of(tmp_path / "nas1")


def test_what_lay_there_with_a_flipped_bit_is_copied_once_more(moving, host, tmp_path):
    """Of the same size and time: only its content tells."""
    root = host("nas2")
    assert move(moving).state == "succeeded"
    nas1, nas2 = Storage.objects.order_by("name")
    Device.objects.update(storage=nas1, left=None, goes_to=nas2)
    flip(root)
    assert move(Device.objects.select_related("storage").get()).state == "succeeded"
    assert files_of(tmp_path / "nas2") == files_of(tmp_path / "nas1")


def test_a_disk_that_flips_a_bit_each_time_is_never_switched_to(moving, host, monkeypatch):
    root = host("nas2")

    def copied_and_flipped(copy):
        def do(*args, **more):
            copy(*args, **more)
            flip(root)

        return do

    monkeypatch.setattr(places, "copy", copied_and_flipped(places.copy))
    run = move(moving)
    assert run.state == "failed"
    assert "are not as there" in run.error
    assert place_of(moving) == "nas1"
    assert moving.left is None


def test_a_move_that_is_killed_leaves_the_old_in_use(moving, host):
    class Killed(BaseException):
        pass

    host("nas2")

    def killed(progress):
        if progress.phase == "proving":
            raise Killed

    with pytest.raises(Killed):
        move(moving, show=killed)
    assert place_of(moving) == "nas1"
    retry = Run.objects.get(attempt=2)
    assert retry.storage.name == "nas2"
    Run.objects.update(not_before=timezone.now() - timedelta(minutes=1))
    assert runs.perform(retry.pk, clock=timezone.now).state == "succeeded"
    assert place_of(moving) == "nas2"


def test_what_is_written_there_meanwhile_is_no_move(moving, host, tmp_path):
    host("nas2")

    def write(progress):
        if progress.phase == "proving":
            path = next((tmp_path / "nas1").rglob("*_00002.h264"))
            path.write_bytes(b"\0\0\0\1" * (1000 + len(path.read_bytes())))

    run = move(moving, show=write)
    assert run.state == "failed"
    assert place_of(moving) == "nas1"


def test_nothing_else_of_the_device_begins_meanwhile(moving, host, now):
    asked = {"trigger": RunTrigger.PERSON, "now": now}
    moved = runs.request_run(moving, RunKind.MOVE, **asked)
    verify = runs.request_run(moving, RunKind.VERIFY, **asked)
    Run.objects.filter(pk=moved.pk).update(state="running", heartbeat_at=now)
    assert runs.perform(verify.pk, clock=lambda: now) is None
    Run.objects.filter(pk=moved.pk).update(state="queued")
    Run.objects.filter(pk=verify.pk).update(state="running", heartbeat_at=now)
    host("nas2")
    assert runs.perform(moved.pk, clock=lambda: now) is None


def test_it_waits_for_a_look_that_is_under_way(moving, host):
    host("nas2")
    look = hold(lease_of_look(moving), duration=timedelta(seconds=3), now=timezone.now())
    look.__enter__()
    assert move(moving).state == "succeeded"
    assert timezone.now() >= Lease.objects.get(name=lease_of_look(moving)).expires_at


def test_a_look_that_was_asked_for_before_it_moved_is_not_made_at_the_old_place(moving, host, now):
    stale = Device.objects.select_related("storage").get(pk=moving.pk)
    host("nas2")
    assert move(moving).state == "succeeded"
    host("nas1")
    with pytest.raises(storages.OtherStorage):
        take_snapshot(stale, now=now)


def test_what_was_left_is_deleted_only_when_it_is_equal(moving, host, tmp_path):
    host("nas2")
    assert move(moving).state == "succeeded"
    moving.refresh_from_db()
    host("nas1")
    flip(tmp_path / "nas2")
    run = move(moving, RunKind.CLEAR)
    assert (run.state, len(files_of(tmp_path / "nas1"))) == ("failed", 3)
    flip(tmp_path / "nas2")
    assert move(moving, RunKind.CLEAR).state == "succeeded"
    assert files_of(tmp_path / "nas1") == {}
    moving.refresh_from_db()
    assert moving.left is None
    assert len(files_of(tmp_path / "nas2")) == 3


@pytest.mark.parametrize("folder", ["results", "videos"])
def test_a_disk_that_is_not_mounted_holds_nothing_that_could_be_in_use(
    moving, host, tmp_path, folder
):
    """Its folder is there, and empty."""
    take_snapshot(moving, now=timezone.now())
    host("nas2")
    (tmp_path / "nas1" / folder).rename(tmp_path / "away")
    (tmp_path / "nas1" / folder).mkdir()
    run = move(moving)
    assert (run.state, place_of(moving), moving.left) == ("failed", "nas1", None)
    assert "mounted" in run.error


def test_nor_anything_that_was_deleted_there(moving, host, tmp_path):
    host("nas2")
    assert move(moving).state == "succeeded"
    moving.refresh_from_db()
    host("nas1")
    for folder in ("results", "videos"):
        (tmp_path / "nas1" / folder).rename(tmp_path / f"away-{folder}")
        (tmp_path / "nas1" / folder).mkdir()
    run = move(moving, RunKind.CLEAR)
    moving.refresh_from_db()
    assert (run.state, moving.left.name) == ("failed", "nas1")
    assert "mounted" in run.error


def test_a_deletion_that_was_killed_at_its_end_is_ended_by_the_next(moving, host, tmp_path):
    """All is deleted, and nobody has written it down: its folders are still there."""
    host("nas2")
    assert move(moving).state == "succeeded"
    moving.refresh_from_db()
    host("nas1")
    for path in (tmp_path / "nas1").rglob("*"):
        if path.is_file() and path.parent.name == START:
            path.unlink()
    assert move(moving, RunKind.CLEAR).state == "succeeded"
    moving.refresh_from_db()
    assert moving.left is None


def test_digests_and_what_is_known_of_chunks_go_along(moving, host, tmp_path):
    path = next((tmp_path / "nas1").rglob("*_00001.h264"))
    name = os.fsencode(path.name)
    before = content_of(stamp_of(path.stat()))
    RecordingLedger.objects.create(
        device=moving, recording=START, first_known_at=timezone.now(),
        memory=pack_items({name: KnownFile(held=3001, seen=before, flags=HELD | HERE)}),
        digests=pack_digests({text_of(name): KnownDigest(3001, "d", 1, before)}),
    )  # fmt: skip
    host("nas2")
    while int(time.time()) == int(path.stat().st_ctime):
        time.sleep(0.01)  # a scan knows the second in which a file was touched
    assert move(moving).state == "succeeded"
    after = content_of(stamp_of(next((tmp_path / "nas2").rglob("*_00001.h264")).stat()))
    row = RecordingLedger.objects.get()
    assert unpack_items(bytes(row.memory))[name].seen == after != before
    assert unpack_digests(bytes(row.digests))[text_of(name)].content == after
