"""A device's videos, held against the chunks on the disk."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backups.engine.compare import WRITER_LAG, Comparison
from backups.engine.facts import Problem
from backups.engine.video_compare import (
    RECORDING,
    PulledSource,
    VideoSource,
    compare_pulled,
    compare_videos,
    recording_of,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SILENT = VideoSource(listing=None, recording=False, recording_since=None, recording_at=None)
SEEN = replace(SILENT, recording_since=NOW - DAY, recording_at=NOW)
CHUNK = "2026-01-03_10-00-00_0192c3d4__1280x960@15fps-20q_00001.h264"


def compare(source, *, on_disk=(), newest_at=None, known_since=None):
    return compare_videos(
        source,
        on_disk=frozenset(on_disk),
        newest_at=newest_at,
        known_since=known_since or {},
        now=NOW,
    )


def test_a_listed_chunk_that_is_not_on_the_disk_is_missing_by_recording():
    (missing,) = compare(replace(SILENT, listing=frozenset([CHUNK]))).missing
    assert (missing.name, missing.since) == ("2026-01-03_10-00-00", NOW)


def test_a_missing_chunk_keeps_the_age_of_its_first_sighting():
    source = replace(SILENT, listing=frozenset([CHUNK]))
    (missing,) = compare(source, known_since={recording_of(CHUNK): NOW - DAY}).missing
    assert missing.since == NOW - DAY


def test_a_listing_that_the_disk_holds_whole_has_no_problem():
    source = replace(SILENT, listing=frozenset([CHUNK]))
    assert compare(source, on_disk=[CHUNK, "another.h264"]) == Comparison()


def test_a_recording_without_any_chunk_is_missing_since_it_began():
    (missing,) = compare(SEEN).missing
    assert missing.since == SEEN.recording_since


def test_a_running_recording_is_behind_its_newest_chunk():
    (behind,) = compare(replace(SEEN, recording=True), newest_at=NOW).behind
    assert behind.since == NOW


def test_a_new_recording_is_not_blamed_for_the_age_of_the_last_one():
    (behind,) = compare(replace(SEEN, recording=True), newest_at=NOW - 30 * DAY).behind
    assert behind.since == SEEN.recording_since


def test_a_recording_that_ended_with_its_newest_chunk_here_is_whole():
    assert compare(SEEN, newest_at=NOW - WRITER_LAG) == Comparison()


def test_a_recording_that_ended_after_the_newest_chunk_is_behind():
    assert compare(SEEN, newest_at=NOW - WRITER_LAG - timedelta(seconds=1)).behind


def test_chunks_of_a_device_that_nobody_saw_record_prove_nothing():
    assert compare(SILENT, newest_at=NOW).unproven


def test_a_device_that_never_recorded_and_has_no_chunk_has_no_problem():
    assert compare(SILENT) == Comparison()


PULLED = PulledSource(
    began_at=NOW, file_count=3, held_count=4, lacking={}, refused=(), quarantined=()
)


def compare_with_pull(pulled=PULLED, *, held_count=4, recording=False, recording_at=None):
    return compare_pulled(
        pulled, held_count=held_count, recording=recording, recording_at=recording_at
    )


def test_what_a_pull_found_whole_has_no_problem():
    assert compare_with_pull(recording_at=NOW) == Comparison()


def test_files_that_did_not_come_are_missing_since_that_is_known():
    lacking = {"2026-01-04_10-00-00": (1, NOW), "2026-01-03_10-00-00": (2, NOW - DAY)}
    first, second = compare_with_pull(replace(PULLED, lacking=lacking)).missing
    assert (first.name, first.since) == ("2026-01-03_10-00-00", NOW - DAY)
    assert first.reason == "2 files are not on the disk"
    assert second.since == NOW


@pytest.mark.parametrize(
    ("recording", "recording_at", "is_behind"),
    [
        (False, None, False),
        (False, NOW, False),
        (False, NOW + DAY / 86400, True),
        (True, None, True),
        (True, NOW - DAY, True),
    ],
)
def test_what_was_recorded_since_the_pull_is_not_held(recording, recording_at, is_behind):
    behind = compare_with_pull(recording=recording, recording_at=recording_at).behind
    assert [(problem.name, problem.since) for problem in behind] == [(RECORDING, NOW)] * is_behind


@pytest.mark.parametrize(("held_count", "shrank"), [(5, False), (4, False), (3, True)])
def test_who_holds_fewer_files_than_at_the_pull_lost_some(held_count, shrank):
    assert bool(compare_with_pull(held_count=held_count).unproven) is shrank


@pytest.mark.parametrize("kind", ["refused", "quarantined"])
def test_what_is_not_in_its_place_proves_nothing(kind):
    problem = Problem("a.h264", NOW, "smaller than the one here")
    assert compare_with_pull(replace(PULLED, **{kind: (problem,)})).unproven == (problem,)
