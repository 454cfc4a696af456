"""ffmpeg on real H.264, and on what is none."""

import json
import os
import random
import subprocess
import time
from contextlib import closing

import pytest

from backups.engine.film.errors import AllTaken, NoFfmpeg, NoFilm
from backups.engine.film.program import Film, poster
from backups.engine.film.slots import Slot
from tests.films import FPS, SECONDS, h264


@pytest.fixture
def handle_of(tmp_path):
    handles = []

    def handle_of(content):
        path = tmp_path / f"{len(handles)}.h264"
        path.write_bytes(content)
        handles.append(os.open(path, os.O_RDONLY))
        return handles[-1]

    yield handle_of
    for handle in handles:
        os.close(handle)


@pytest.fixture
def told(tmp_path):
    def told(content):
        path = tmp_path / "film.mp4"
        path.write_bytes(content)
        words = ["ffprobe", "-v", "error", "-of", "json", "-count_packets", "-show_format"]
        words += ["-show_entries", "stream=codec_name,nb_read_packets", path]
        found = subprocess.run(words, capture_output=True, check=True)
        return json.loads(found.stdout)

    return told


def test_a_film_has_every_picture_at_the_speed_of_its_name(handle_of, told):
    with closing(Film(handle_of(h264()), fps=FPS)) as film:
        content = b"".join(film)
    found = told(content)
    assert content[4:8] == b"ftyp"
    assert found["streams"][0] == {"codec_name": "h264", "nb_read_packets": str(SECONDS * FPS)}
    assert float(found["format"]["duration"]) == pytest.approx(SECONDS, abs=0.1)


def test_a_film_begins_where_it_is_asked_to(handle_of, told):
    with closing(Film(handle_of(h264()), fps=FPS, begin=1.0)) as film:
        found = told(b"".join(film))
    assert int(found["streams"][0]["nb_read_packets"]) == (SECONDS - 1) * FPS


def test_a_poster_is_a_small_jpeg(handle_of):
    picture = poster(handle_of(h264()))
    assert picture.startswith(b"\xff\xd8\xff")
    assert len(picture) < 50_000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"#EXTM3U\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        bytes(90_000),
        random.Random(7).randbytes(90_000),  # noqa: S311
    ],
)
def test_what_is_no_film_is_none(handle_of, content):
    with pytest.raises(NoFilm):
        Film(handle_of(content), fps=FPS)
    with pytest.raises(NoFilm):
        poster(handle_of(content))


def test_when_the_viewer_leaves_nothing_is_left(handle_of):
    film = Film(handle_of(h264() * 400), fps=FPS)
    next(film)
    pid = film._process.pid
    began = time.monotonic()
    film.close()
    assert time.monotonic() - began < 1
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)
    assert list(film) == []


def test_its_time_is_limited(handle_of, monkeypatch):
    monkeypatch.setattr("backups.engine.film.program.MOST_SECONDS", 0.0)
    with pytest.raises(NoFilm):
        Film(handle_of(h264()), fps=FPS)


def test_without_ffmpeg_it_says_what_to_install(handle_of, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoFfmpeg, match="apt-get install ffmpeg"):
        Film(handle_of(h264()), fps=FPS)


def test_so_many_at_once(tmp_path):
    with closing(Slot(tmp_path / "films", 2)) as first, closing(Slot(tmp_path / "films", 2)):
        with pytest.raises(AllTaken):
            Slot(tmp_path / "films", 2)
        first.close()
        Slot(tmp_path / "films", 2).close()
