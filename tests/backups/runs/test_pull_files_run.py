"""What a card holds beside experiments and videos: found, judged, fetched, and never lost again."""

import os
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from backups.engine.facts import BackupType, ProblemKind
from backups.models import OtherFile, RunKind, RunState
from backups.services.snapshots import take_snapshot

OTHER = "0" * 31 + "1"
PLACES = [
    "upload/video/old.avi",
    "backup/ETHOSCOPE_007_db_2020.sql",
    f"results/{OTHER}/E/2020-01-01_00-00-00/2020-01-01_00-00-00_{OTHER}.db",
    f"videos/{OTHER}/E/2020-01-01_00-00-00/2020-01-01_00-00-00_{OTHER}_x_00001.h264",
    "results/notes.txt",
    "videos/loose.sql",
    "roi_templates/mine.json",
    "at the root",
]
NOT_DATA = ["cache/db_metadata_x.json", "videos/.cache/video_cache_1.pkl", "lost+found/x"]
ODD = [
    b"upload/\xff\xfe.txt",
    b"upload/new\nline",
    b"upload/-rf",
    b"upload/a b*[c]?",
    b"upload/.hid",
]


@pytest.fixture
def put(card):
    def put(name, content=b"data"):
        path = card / (name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return put


def here(settings, device, name):
    if isinstance(name, bytes):
        name = name.decode("utf-8", "surrogateescape")
    return settings.CARDS_DIR / device.device_id / name


def problems(device, backup_type=BackupType.SQLITE, *, at=None):
    now = at or timezone.now()
    snapshot = next(
        s for s in take_snapshot(device, now=now) if s.backup.backup_type == backup_type
    )
    facts = snapshot.facts
    return {
        (kind, problem.name): problem.reason
        for kind in ProblemKind
        for problem in facts.of_kind(kind)
    }


@pytest.mark.parametrize("name", PLACES)
def test_whatever_may_be_data_is_missing_until_it_was_fetched(do, device, put, settings, name):
    put(name)
    assert do(RunKind.LIST_CARD).state == RunState.SUCCEEDED
    kind = BackupType.VIDEO if name.startswith("videos/") else BackupType.SQLITE
    assert (ProblemKind.MISSING, name) in problems(device, kind)
    run = do(RunKind.PULL_FILES)
    assert run.state == RunState.SUCCEEDED, run.error
    assert here(settings, device, name).read_bytes() == b"data"
    assert problems(device, kind) == {}


@pytest.mark.parametrize("name", NOT_DATA)
def test_what_programs_remember_is_no_data(do, device, put, name):
    put(name)
    do(RunKind.LIST_CARD)
    assert not OtherFile.objects.exists()


@pytest.mark.parametrize("name", ODD)
def test_any_name_is_fetched(do, device, put, settings, name):
    put(name)
    run = do(RunKind.PULL_FILES)
    assert run.state == RunState.SUCCEEDED, run.error
    assert here(settings, device, name).read_bytes() == b"data"
    assert OtherFile.objects.get().held_bytes == 4


def test_what_comes_again_as_another_content_leaves_the_old_one_kept(do, device, put, settings):
    put("upload/a.txt", b"first")
    do(RunKind.PULL_FILES)
    put("upload/a.txt", b"second, and longer")
    do(RunKind.LIST_CARD)
    assert (ProblemKind.BEHIND, "upload/a.txt") in problems(device)
    assert do(RunKind.PULL_FILES).state == RunState.SUCCEEDED
    assert here(settings, device, "upload/a.txt").read_bytes() == b"second, and longer"
    kept = [path.read_bytes() for path in settings.CARDS_DIR.rglob(".kept/**/a.txt")]
    assert kept == [b"first"]


def test_a_clock_that_stands_still_or_was_set_back_costs_no_older_content(
    do, device, put, settings, time_machine
):
    """What is kept is named by its moment, and a moment can come twice."""
    time_machine.move_to(timezone.now(), tick=False)
    for content in (b"first", b"second!", b"the third"):
        put("upload/a.txt", content)
        do(RunKind.LIST_CARD)
        assert do(RunKind.PULL_FILES).state == RunState.SUCCEEDED
    kept = [path.read_bytes() for path in settings.CARDS_DIR.rglob(".kept/**/a.txt")]
    assert sorted(kept) == [b"first", b"second!"]


def test_what_was_read_as_another_content_is_not_ours_again_by_being_touched(
    do, device, put, settings
):
    """Neither by its size, nor by a time, nor by a list that says the same once more."""
    old = time.time() - 3600
    os.utime(put("upload/a.txt", b"first"), (old, old))
    do(RunKind.PULL_FILES)
    ours = here(settings, device, "upload/a.txt")
    ours.write_bytes(b"other")
    assert "another content" in do(RunKind.PROVE).error
    for touch in (lambda: None, ours.touch, lambda: ours.write_bytes(b"third")):
        touch()
        do(RunKind.LIST_CARD)
        assert (ProblemKind.MISSING, "upload/a.txt") in problems(device)
    assert do(RunKind.PULL_FILES).state == RunState.SUCCEEDED
    assert ours.read_bytes() == b"first"
    assert problems(device) == {}
    kept = [path.read_bytes() for path in settings.CARDS_DIR.rglob(".kept/**/a.txt")]
    assert kept == [b"third"]


def test_what_was_there_once_and_is_nowhere_now_is_lost(do, device, put):
    path = put("upload/a.txt")
    put("upload/b.txt")
    do(RunKind.LIST_CARD)
    path.unlink()
    do(RunKind.LIST_CARD)
    assert (ProblemKind.LOST, "upload/a.txt") in problems(device)


def test_what_is_gone_there_and_whole_here_is_safe_until_it_goes_here_too(
    do, device, put, settings
):
    path = put("upload/a.txt")
    put("upload/b.txt")
    do(RunKind.PULL_FILES)
    path.unlink()
    do(RunKind.LIST_CARD)
    assert problems(device) == {}
    here(settings, device, "upload/a.txt").unlink()
    assert (ProblemKind.LOST, "upload/a.txt") in problems(device)


@pytest.mark.parametrize("above", ["upload", "upload/a.txt"])
def test_what_a_link_hides_is_not_absent(do, device, put, card, above):
    put("upload/a.txt")
    put("upload2/b.txt")
    do(RunKind.LIST_CARD)
    hidden = card / above
    hidden.rename(card / "results" / "away")
    hidden.symlink_to(card / "results" / "away")
    do(RunKind.LIST_CARD)
    assert OtherFile.objects.get(name="upload/a.txt").gone_at is None
    assert (ProblemKind.MISSING, "upload/a.txt") in problems(device)


def test_a_folder_that_cannot_be_read_is_no_absence(do, device, put, settings):
    put("upload/a.txt")
    do(RunKind.PULL_FILES)
    folder = here(settings, device, "upload")
    folder.rename(folder.with_name("away"))
    folder.symlink_to("away")  # not followed: as if it were not there
    assert (ProblemKind.MISSING, "upload/a.txt") in problems(device)


def test_an_age_makes_it_red(do, device, put):
    put("upload/a.txt")
    do(RunKind.LIST_CARD)
    later = timezone.now() + timedelta(days=2)
    assert (ProblemKind.MISSING, "upload/a.txt") in problems(device, at=later)


@pytest.mark.parametrize("place", ["results/a.txt", "upload/a.txt"])
def test_another_content_of_the_same_size_is_no_copy(do, device, put, settings, place):
    """Neither before it was fetched, nor where the file that is there stays in its place."""
    old = time.time() - 86400
    os.utime(put(place, b"theirs"), (old, old))
    top, name = place.split("/")
    folder = settings.RESULTS_DIR if top == "results" else here(settings, device, top)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"others")
    assert do(RunKind.PROVE).numbers["differ_count"] == 1
    assert (ProblemKind.MISSING, place) in problems(device)
    assert do(RunKind.PULL_FILES).state == RunState.SUCCEEDED
    assert here(settings, device, place).read_bytes() == b"theirs"
    assert do(RunKind.PROVE).numbers["equal"] == 1
    assert problems(device) == {}
    assert OtherFile.objects.get().equal


def test_what_was_written_on_the_card_since_it_was_proven_is_fetched(do, device, put, settings):
    old = time.time() - 86400
    os.utime(put("upload/a.txt", b"first"), (old, old))
    do(RunKind.PULL_FILES)
    do(RunKind.PROVE)
    os.utime(put("upload/a.txt", b"other"), (old, old))
    assert do(RunKind.PULL_FILES).state == RunState.SUCCEEDED
    assert here(settings, device, "upload/a.txt").read_bytes() == b"other"


def test_more_files_than_are_looked_at_is_said_of_every_type(do, device, put, monkeypatch):
    monkeypatch.setattr("backups.services.other_files.MOST", 2)
    for name in ("a.avi", "b.avi"):
        put(f"videos/{OTHER}/{name}")
    do(RunKind.LIST_CARD)
    put("upload/notes.txt")
    do(RunKind.LIST_CARD)
    assert (ProblemKind.UNPROVEN, "other files") in problems(device)
