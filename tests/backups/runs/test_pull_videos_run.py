"""A pull of videos as a run, and the verdict that its comparison gives."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backups.engine.facts import BackupType
from backups.models import QuarantinedVideo, RunKind, VideoComparison
from backups.services.snapshots import take_snapshot
from tests.engine.pull.conftest import chunk, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(card, device):
    """The device's own videos."""
    folder = card / "videos" / device.device_id
    for number in (1, 2, 3):
        put(folder / chunk(number), content(number))
    return folder


def content(number):
    """As a stream of video begins, and then whatever."""
    return b"\0\0\0\1\x67" + bytes([number]) * 50_000


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
    assert not facts.has_problems
    assert facts.proofs["counted"] + facts.proofs["equal"] == 3
    assert facts.source_read_at == VideoComparison.objects.get().began_at


def test_what_was_recorded_since_the_pull_and_left_nothing_is_missing(pull, there, device):
    pull()
    device.recording_at = device.recording_since = timezone.now() + timedelta(hours=1)
    (missing,) = video_facts(device).missing
    assert missing.since == device.recording_since


def test_a_chunk_lost_from_the_disk_is_seen_at_the_next_look(pull, there, device, settings):
    pull()
    (settings.VIDEOS_DIR / device.device_id / chunk(1)).unlink()
    (missing,) = video_facts(device).missing
    assert missing.reason == "chunk 1 is not here" or "gone" in missing.reason


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


@pytest.mark.parametrize("is_known", [True, False], ids=["", "of an older version"])
def test_what_a_person_decided_of_one_file_says_nothing_of_the_next_one_at_its_place(
    pull, there, device, settings, is_known
):
    """The one in quarantine went away, and the device's is another one again."""
    pull()
    put(there / chunk(1), b"\7" * 100, at=1_767_400_000)
    pull()
    QuarantinedVideo.objects.update(accepted=True)
    if not is_known:
        QuarantinedVideo.objects.update(content="")
    assert pull().state == "succeeded"
    (settings.VIDEOS_DIR / QuarantinedVideo.objects.get().kept_path).unlink()
    put(there / chunk(1), b"\6" * 100, at=1_767_500_000)
    assert pull().state == "failed"
    assert not QuarantinedVideo.objects.get().accepted
    assert video_facts(device).unproven


def test_a_file_that_became_the_devices_again_is_apart_no_more(pull, there, device):
    pull()
    whole = (there / chunk(1)).read_bytes()
    put(there / chunk(1), b"\7" * 100, at=1_767_400_000)
    pull()
    put(there / chunk(1), whole)
    assert pull().state == "succeeded"
    assert video_facts(device).unproven == ()


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
