"""To move a device's copies from the host of ethonode itself to a storage: real files on both."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from backups import dashboard
from backups.engine.verdict import Verdict
from backups.models import DiskLook, OtherFile, Run, RunKind
from backups.services import runs, storages
from backups.services.snapshots import take_snapshot
from devices.models import Device, Storage
from devices.models.storage import MAIN
from tests.backups.storages.moves import files_of, move, state_of
from tests.servers import private_sshd


@pytest.fixture
def by_ssh(tmp_path, settings):
    """Each of the two hosts lets the other in."""
    with private_sshd(tmp_path / "sshd") as sshd:
        settings.SSH_KEY_FILE = sshd.key_file
        settings.SSH_KNOWN_HOSTS = tmp_path / "known_hosts"
        login = f"{sshd.user}@127.0.0.1"
        ways = {"ssh": login, "ssh_port": sshd.port}
        Storage.objects.update(**ways, main_ssh=login, main_ssh_port=sshd.port)
        yield


def same_folders(settings, host):
    """Be nas1, which sees what the host of ethonode has."""
    seen = settings.RESULTS_DIR, settings.VIDEOS_DIR, settings.CARDS_DIR
    host("nas1")
    settings.RESULTS_DIR, settings.VIDEOS_DIR, settings.CARDS_DIR = seen


def verdicts(device):
    take_snapshot(Device.objects.select_related("storage").get(pk=device.pk), now=timezone.now())
    status = dashboard.device_status(device, now=timezone.now())
    return {kind: one.judgement.verdict for kind, one in status.backups.items()}


def test_all_comes_and_what_was_green_stays_green(leaving, host, tmp_path):
    before = verdicts(leaving)
    assert Verdict.PROTECTED in before.values()
    assert runs.offers_for(leaving, now=timezone.now())[RunKind.MOVE].can_work
    host("nas1")
    run = move(leaving)
    assert (run.error, run.state) == ("", "succeeded")
    assert state_of(leaving) == ("nas1", MAIN)
    assert (leaving.left, leaving.goes_to) == (None, None)
    assert files_of(tmp_path / "nas1") == files_of(tmp_path / "here")
    assert len(files_of(tmp_path / "nas1")) == 3
    assert verdicts(leaving) == before
    assert leaving.copies.get().is_as_shown


def test_there_and_back_by_ssh(leaving, host, by_ssh, tmp_path):
    before = files_of(tmp_path / "here")
    host("nas1")
    assert move(leaving).error == ""
    assert state_of(leaving) == ("nas1", MAIN)
    host("")
    assert move(leaving, RunKind.CLEAR).error == ""
    assert state_of(leaving) == ("nas1", "")
    assert (files_of(tmp_path / "here"), files_of(tmp_path / "nas1")) == ({}, before)


def test_a_move_that_is_killed_leaves_the_old_in_use(leaving, host):
    class Killed(BaseException):
        pass

    def killed(progress):
        if progress.phase == "proving":
            raise Killed

    host("nas1")
    with pytest.raises(Killed):
        move(leaving, show=killed)
    assert state_of(leaving) == (None, "")
    retry = Run.objects.get(attempt=2)
    Run.objects.update(not_before=timezone.now() - timedelta(minutes=1))
    assert runs.perform(retry.pk, clock=timezone.now).error == ""
    assert state_of(leaving) == ("nas1", MAIN)


def test_what_is_written_there_meanwhile_is_no_move(leaving, host, tmp_path):
    def write(progress):
        if progress.phase == "proving":
            path = next((tmp_path / "here").rglob("*_00002.h264"))
            path.write_bytes(b"\0\0\0\1" * (1000 + len(path.read_bytes())))

    host("nas1")
    assert move(leaving, show=write).state == "failed"
    assert state_of(leaving) == (None, "")


def _other_file(leaving, root):
    """Of its card, and saved."""
    path = root / "cards" / leaving.device_id / "notes.sql"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"of the card")
    OtherFile.objects.create(
        device=leaving, name="notes.sql", path=b"notes.sql", size_bytes=11, held_bytes=11,
        place=b"cards/" + leaving.device_id.encode() + b"/notes.sql", first_seen_at=timezone.now(),
    )  # fmt: skip
    storages.look_at_own_disks(now=timezone.now())
    return path


@pytest.mark.parametrize("folder", ["results", "videos", "cards"])
def test_a_disk_that_is_not_mounted_holds_nothing_that_could_be_in_use(
    leaving, host, tmp_path, folder
):
    _other_file(leaving, tmp_path / "here")
    host("nas1")
    (tmp_path / "here" / folder).rename(tmp_path / "away")
    (tmp_path / "here" / folder).mkdir()
    run = move(leaving)
    assert (run.state, state_of(leaving)) == ("failed", (None, ""))
    assert "mounted" in run.error


def test_the_same_folders_are_taken_over_and_nothing_is_left(leaving, host, settings, tmp_path):
    _other_file(leaving, tmp_path / "here")
    same_folders(settings, host)
    run = move(leaving)
    assert run.error == ""
    assert state_of(leaving) == ("nas1", "")
    assert leaving.history.first().history_change_reason == "the same files are seen on nas1"


def _lacks(path):
    path.unlink()


def _is_longer(path):
    with path.open("ab") as file:
        file.write(b"more")


@pytest.mark.parametrize("spoil", [_lacks, _is_longer])
@pytest.mark.parametrize("pattern", ["*_00002.h264", "*.db", "notes.sql"])
def test_not_with_a_file_that_lacks_or_is_another(
    leaving, host, settings, tmp_path, spoil, pattern
):
    """Also a video in a folder that is there."""
    _other_file(leaving, tmp_path / "here")
    spoil(next((tmp_path / "here").rglob(pattern)))
    same_folders(settings, host)
    run = move(leaving)
    assert "of its files do not lie here as they are known" in run.error
    assert state_of(leaving) == (None, "")


def test_other_folders_of_the_same_paths_are_not_taken_over(leaving, host, settings, tmp_path):
    """A storage on another host whose folders are called alike, and which holds copies of all."""
    same_folders(settings, host)
    for path in list((tmp_path / "here").rglob("*.*")):
        if path.is_file():
            times, content = path.stat(), path.read_bytes()
            path.unlink()
            path.write_bytes(content)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    run = move(leaving)
    assert "say on its page how it reaches ethonode's host by ssh" in run.error
    assert state_of(leaving) == (None, "")


def test_the_same_files_behind_ssh_are_no_copies(leaving, host, settings, by_ssh, tmp_path):
    same_folders(settings, host)
    run = move(leaving)
    assert "is the same file on both hosts" in run.error
    assert state_of(leaving) == (None, "")


def test_a_look_that_was_asked_for_before_it_moved_is_not_made_at_home(leaving, host):
    stale = Device.objects.get(pk=leaving.pk)
    host("nas1")
    assert move(leaving).error == ""
    host("")
    with pytest.raises(storages.OtherStorage):
        take_snapshot(stale, now=timezone.now())


def test_its_disks_are_known_for_a_retired_device_that_is_to_leave(leaving, nas):
    DiskLook.objects.filter(storage=None).delete()
    Device.objects.update(lifecycle="retired")
    storages.look_at_own_disks(now=timezone.now())
    assert DiskLook.objects.filter(storage=None).exists()
