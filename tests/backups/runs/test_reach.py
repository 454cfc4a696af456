"""How what goes wrong on the way to a device, or on our disk, ends a run of any kind."""

import pytest
from django.utils import timezone

from backups.engine.errors import BackupError, Cancelled
from backups.engine.mirror.errors import AccessDenied, DatabaseMissing, SourceGone, TableDenied
from backups.engine.pull.errors import HostUnreachable, KeyRefused
from backups.services.runs.disks import scanned
from backups.services.runs.jobs import OtherServer, RunFailed, RunStopped, Work
from backups.services.runs.place import UnsafePlace
from backups.services.runs.reach import own_errors, target_of

PEOPLE = [AccessDenied, DatabaseMissing, TableDenied, KeyRefused, UnsafePlace]
TIME = [SourceGone, HostUnreachable]


def ended_by(error):
    with pytest.raises(RunFailed, match="it says so") as ended, own_errors():
        raise error("it says so")
    return ended.value


@pytest.mark.parametrize("error", PEOPLE)
def test_what_a_person_has_to_mend_is_not_tried_again(error):
    assert not ended_by(error).retry


@pytest.mark.parametrize("error", TIME)
def test_what_time_may_mend_is_tried_again_and_is_called_by_its_name(error):
    assert issubclass(error, BackupError)
    assert (ended_by(error).retry, ended_by(error).failure) == (True, error.__name__)


def test_what_was_cancelled_is_stopped():
    with pytest.raises(RunStopped), own_errors():
        raise Cancelled("cancelled")


def test_host_keys_are_remembered_also_where_our_own_key_lies_elsewhere(settings, tmp_path, device):
    """Without a folder for its memory ssh warns, and takes any key at each contact."""
    settings.SSH_KEY_FILE = tmp_path / "elsewhere" / "key"
    settings.SSH_KNOWN_HOSTS = tmp_path / "var" / "ssh" / "known_hosts"
    device.address = "127.0.0.9"
    memory = target_of(device, OtherServer()).known_hosts
    assert memory == settings.SSH_KNOWN_HOSTS
    memory.write_text("")


class Told:
    """What a run is told of while it works."""

    def __init__(self):
        self.phases = []

    def progress(self, progress):
        self.phases.append(progress.phase)


@pytest.fixture
def work(device):
    return Work(device=device, watch=Told(), now=timezone.now(), clock=timezone.now)


@pytest.mark.parametrize("rebuild", [True, False])
def test_videos_here_that_cannot_be_looked_at_are_not_counted(work, settings, tmp_path, rebuild):
    settings.VIDEOS_DIR = tmp_path / "not-mounted"
    with pytest.raises(RunFailed, match="the videos here cannot be looked at"):
        scanned(work, rebuild=rebuild)


def test_all_files_here_are_counted_while_the_run_tells_how_far_it_is(work, settings, tmp_path):
    settings.VIDEOS_DIR, settings.VIDEO_CACHE_DIR = tmp_path, tmp_path / "cache"
    folder = tmp_path / work.device.device_id / "E" / "2026-11-01_00-00-00"
    folder.mkdir(parents=True)
    for name in ("a.h264", "b.h264", "index.html"):
        (folder / name).write_bytes(b"x")
    assert scanned(work).file_count == 3
    assert set(work.watch.phases) == {"looking at the videos here"}
