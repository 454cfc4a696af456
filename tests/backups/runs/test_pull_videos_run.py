"""A pull of videos as a run, and the verdict that its comparison gives."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backups.engine.facts import BackupType
from backups.engine.pull import PulledVideos
from backups.engine.video_compare import compare_pulled
from backups.models import QuarantinedVideo, RunKind, VideoComparison
from backups.services.pulled_videos import pulled_source, store_comparison
from backups.services.snapshots import take_snapshot
from tests.engine.pull.conftest import chunk, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(card, device):
    """The device's own videos."""
    folder = card / "videos" / device.device_id
    for number in (1, 2, 3):
        put(folder / chunk(number), bytes([number]) * 50_000)
    return folder


@pytest.fixture
def pull(do):
    return lambda **others: do(RunKind.PULL_VIDEOS, **others)


def video_facts(device):
    """As a look now gives them. The device is silent over HTTP: only ssh speaks for it."""
    device.inventory_error = "no answer"
    device.save()
    found = take_snapshot(device, now=timezone.now())
    return next(s.facts for s in found if s.backup.backup_type == BackupType.VIDEO)


def test_videos_come_and_all_that_the_device_had_is_here(pull, there, device, settings):
    run = pull()
    assert (run.state, run.error) == ("succeeded", "")
    here = settings.VIDEOS_DIR / device.device_id
    assert (here / chunk(2)).read_bytes() == (there / chunk(2)).read_bytes()
    facts = video_facts(device)
    assert (facts.source_count, facts.copy_count) == (3, 3)
    assert (facts.missing, facts.behind, facts.unproven) == ((), (), ())
    assert facts.source_read_at == VideoComparison.objects.get().began_at


def test_what_was_recorded_since_is_behind_since_the_pull(pull, there, device):
    pull()
    device.recording_at = device.recording_since = timezone.now()
    (behind,) = video_facts(device).behind
    assert behind.since == VideoComparison.objects.get().began_at


def test_a_chunk_lost_from_the_disk_is_seen_at_the_next_look(pull, there, device, settings):
    pull()
    (settings.VIDEOS_DIR / device.device_id / chunk(1)).unlink()
    (unproven,) = video_facts(device).unproven
    assert "2 files, and held 3" in unproven.reason


def test_another_file_under_a_chunks_name_is_no_green(pull, there, device):
    pull()
    put(there / chunk(1), b"\7" * 100, at=1_767_400_000)
    run = pull()
    assert run.state == "failed"
    assert "other files than those here" in run.error
    (unproven,) = video_facts(device).unproven
    assert (unproven.name, "theirs is apart" in unproven.reason) == (chunk(1), True)


def test_a_person_can_keep_ours(pull, there, device):
    pull()
    put(there / chunk(1), b"\7" * 100, at=1_767_400_000)
    pull()
    QuarantinedVideo.objects.update(accepted=True)
    assert video_facts(device).unproven == ()


def test_one_that_a_person_kept_fails_no_run(pull, there, device):
    pull()
    put(there / chunk(1), b"\7" * 100, at=1_767_400_000)
    pull()
    QuarantinedVideo.objects.update(accepted=True)
    assert pull().state == "succeeded"


def test_a_file_that_is_never_copied_is_no_green(pull, there, device):
    put(there / "a\nb.h264", b"video")
    run = pull()
    assert "never copied" in run.error
    assert len(video_facts(device).unproven) == 1


@pytest.mark.parametrize("what", ["folder", "file", "nothing"])
def test_what_is_behind_a_link_is_no_green(pull, there, device, tmp_path, what):
    target = tmp_path / "usb" / what
    if what == "folder":
        put(target / "a.h264", b"video")
    elif what == "file":
        put(target, b"video")
    (there / "2025-12-01_00-00-00").symlink_to(target)
    run = pull()
    assert (run.state, run.numbers["skipped"]) == ("failed", ["2025-12-01_00-00-00"])
    assert "not followed" in run.error
    (unproven,) = video_facts(device).unproven
    assert unproven.name == "2025-12-01_00-00-00"


def test_contents_are_read_on_where_the_pull_before_ended(pull, there, device):
    pull()
    VideoComparison.objects.update(content_upto=chunk(1))
    pull()
    assert VideoComparison.objects.get().content_upto == chunk(1)  # all came round
    put(there / chunk(2), b"\7" * 50_000)
    run = pull()
    assert [path for path, _ in run.numbers["quarantined"]] == [chunk(2)]


def test_what_did_not_come_is_missing_since_it_was_first_found_so(device, now, tmp_path):
    for minutes in (0, 10):
        at = now + timedelta(minutes=minutes)
        store_comparison(device, pulled(tmp_path, at=at, left=(chunk(1),)), held_count=0, now=at)
    (problem,) = as_problems(device)
    assert (problem.since, problem.reason) == (now, "1 files are not on the disk")


def test_what_came_at_last_is_missing_no_more(device, now, tmp_path):
    store_comparison(device, pulled(tmp_path, at=now, left=(chunk(1),)), held_count=0, now=now)
    store_comparison(device, pulled(tmp_path, at=now), held_count=1, now=now)
    assert as_problems(device) == ()


def pulled(folder, *, at, left=()):
    nothing = dict.fromkeys(("newer", "quarantined", "refused", "skipped", "problems"), ())
    counts = dict.fromkeys(("files_added", "files_grown", "wire_bytes", "seconds"), 0)
    facts = {"began_at": at, "compared_at": at, "file_count": 3, "left": left}
    return PulledVideos(folder=folder, **facts, **counts, **nothing)


def as_problems(device):
    seen = compare_pulled(pulled_source(device), held_count=9, recording=False, recording_at=None)
    return seen.missing


def test_a_device_that_never_recorded_has_no_videos(pull, card, device):
    run = pull()
    assert (run.state, run.numbers["file_count"]) == ("succeeded", 0)
    facts = video_facts(device)
    assert (facts.source_count, facts.copy_count, facts.missing) == (0, 0, ())


def test_a_device_without_any_videos_folder_has_lost_its_disk(pull, card, device):
    (card / "videos").rmdir()
    run = pull()
    assert run.state == "failed"
    assert not VideoComparison.objects.exists()


def test_a_broken_comparison_leaves_the_one_before(pull, there, device, settings):
    pull()
    before = VideoComparison.objects.get().began_at
    settings.SSH_PORT = 1
    pull()
    assert VideoComparison.objects.get().began_at == before


def test_a_lost_mount_is_not_written_to(pull, there, device, settings):
    pull()
    settings.VIDEOS_DIR.rename(settings.VIDEOS_DIR.with_name("unmounted"))
    settings.VIDEOS_DIR.mkdir()
    assert "not mounted" in pull().error
    assert list(settings.VIDEOS_DIR.iterdir()) == []
