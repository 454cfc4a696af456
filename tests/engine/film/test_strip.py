"""Which chunks can be watched, how fast they go, and where there is nothing."""

import pytest

from backups.engine.film.strip import FilmFile, fps_of, parts_of

STEM = "2026-01-03_10-00-00_0192_pilot_1280x960@15fps-20q_"


def file(number, size=9, stem=STEM):
    return FilmFile(f"v{number}", f"{stem}{number:05d}.h264", size)


@pytest.mark.parametrize(
    ("name", "fps"),
    [
        (f"{STEM}00001.h264", 15.0),
        ("2026-01-03_10-00-00_0192__640x480@15.5_00002.h264", 15.5),
        ("2026-01-03_10-00-00_0192__640x480@30_00002.h264", 30.0),
        ("2026-01-03_10-00-00_0192__640x480@0fps-20q_00002.h264", None),
        ("2026-01-03_10-00-00_0192__640x480@999fps-20q_00002.h264", None),
        ("a@15fps-20q_00001.h264.mp4", None),
        ("a.h264", None),
    ],
)
def test_the_speed_is_in_the_name(name, fps):
    assert fps_of(name) == fps


def test_gaps_stand_between_chunks_and_are_said():
    parts = parts_of([file(4), file(1)], [f"{STEM}00006.h264".encode()])
    assert [(one.first, one.last, bool(one.file_id)) for one in parts] == [
        (1, 1, True), (2, 3, False), (4, 4, True), (5, 6, False),
    ]  # fmt: skip
    assert parts[0].says == "chunk 1, from 0:00:00"
    assert parts[1].says == "gap of 10 minutes at 0:05:00: chunks 2 to 3 are not here"


def test_whatever_number_a_name_bears_no_gap_is_counted_through():
    """A card may hold a file of any name: a thousand million numbers cost what three do."""
    parts = parts_of([file(0), file(2)], [b"x_999999999.h264"])
    assert [(one.first, one.last, bool(one.file_id)) for one in parts] == [
        (0, 0, True), (1, 1, False), (2, 2, True), (3, 999_999_999, False),
    ]  # fmt: skip
    assert parts[1].says.endswith("chunk 1 is not here")


def test_a_chunk_of_no_bytes_is_a_gap():
    (part,) = parts_of([file(1, size=0)], [])
    assert (part.file_id, part.says) == ("", "gap of 5 minutes at 0:00:00: chunk 1 is empty")


def test_of_two_with_one_number_the_larger_is_shown():
    (part,) = parts_of([file(1, size=3), FilmFile("other", "x_00001.h264", 7)], [])
    assert part.file_id == "other"


def test_what_is_no_chunk_is_not_shown():
    assert parts_of([FilmFile("m", "x_merged.mp4", 5), FilmFile("n", "x_00001.avi", 5)], []) == []
