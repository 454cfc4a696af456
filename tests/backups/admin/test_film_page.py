"""A recording is watched: by its page and what that asks for, and in a browser."""

import socket

import pytest
from django.utils import timezone

from backups.engine.film.errors import AllTaken, NoFilm
from backups.engine.film.slots import Slot
from backups.models import RecordingLedger
from backups.services.films import chunk
from backups.services.videos import cache_file, scan_videos
from tests.browsers import browser_page, log_in
from tests.films import FPS, SECONDS, filmed, h264
from tests.platform.stack import wait_until
from tests.served import served, session_of_boss


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Made once: four chunks, of which the third is gone."""
    root = tmp_path_factory.mktemp("film")
    recording = filmed("0192c3d4e5f60718293a4b5c6d7e8f90", root)
    (root / "videos" / recording.folder / recording.chunk(3).name).unlink()
    return root, recording


@pytest.fixture
def row(device, tree, settings, tmp_path):
    root, recording = tree
    settings.VIDEOS_DIR, settings.VIDEO_CACHE_DIR = root / "videos", tmp_path / "cache"
    settings.FILMS_DIR = tmp_path / "films"
    now = timezone.now()
    scan_videos(device, now=now)
    return RecordingLedger.objects.create(
        device=device, recording=recording.stamp, first_known_at=now, looked_at=now,
        known_count=4, named_count=3,
    )  # fmt: skip


def of(row, name, number=None):
    return f"/admin/backups/recordingledger/{row.pk}/{name}/" + (f"{number}/" if number else "")


def text(client, url):
    return " ".join(client.get(url).content.decode().split())


def film_bytes(answer):
    content = b"".join(answer.streaming_content)
    answer.close()
    return content


def test_the_page_shows_chunks_and_says_gaps(admin_client, row):
    shown = text(admin_client, of(row, "watch"))
    assert shown.count("data-number=") == 3
    assert "Gap of 5 minutes at 0:10:00: chunk 3 is not here" in shown
    assert f"{FPS} pictures a second, as the names tell" in shown
    assert of(row, "watch") in text(
        admin_client, f"/admin/backups/recordingledger/{row.pk}/change/"
    )


def test_a_chunk_is_a_film_and_has_a_picture(admin_client, row, settings):
    answer = admin_client.get(of(row, "film", 1))
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("video/mp4", "no-store")
    whole = film_bytes(answer)
    assert whole[4:8] == b"ftyp"
    assert len(film_bytes(admin_client.get(of(row, "film", 1) + "?from=2"))) < len(whole)
    for _ in range(2):  # made, and kept
        assert admin_client.get(of(row, "poster", 1)).content.startswith(b"\xff\xd8\xff")
    assert len(list((settings.FILMS_DIR / "posters").iterdir())) == 1


def test_for_one_chunk_no_other_is_looked_up(row, tree):
    """Numbers that end alike are others."""
    _, recording = tree
    assert chunk(row, 2).name.endswith(recording.chunk(2).name)
    for number in (0, 3, 12, 102):
        with pytest.raises(NoFilm):
            chunk(row, number)


@pytest.mark.parametrize("begin", ["nan", "-1", "1e99", "x", "", "0"])
def test_what_is_no_time_is_the_start(admin_client, row, begin):
    answer = admin_client.get(of(row, "film", 2) + f"?from={begin}")
    assert answer.status_code in {200, 404}  # nothing is left of it after so long
    answer.close()


@pytest.mark.parametrize("number", [3, 5, 99999999999999999999])
def test_what_is_not_here_is_said(admin_client, row, number):
    for name in ("film", "poster"):
        answer = admin_client.get(of(row, name, number))
        assert (answer.status_code, answer.content.decode()) == (404, f"chunk {number} is not here")


def test_only_so_many_at_once_and_a_place_is_given_back(admin_client, row, settings):
    settings.FILMS = 1
    first = admin_client.get(of(row, "film", 1))
    refused = admin_client.get(of(row, "film", 2))
    assert (refused.status_code, refused["Retry-After"]) == (503, "30")
    first.close()  # the viewer has left
    second = admin_client.get(of(row, "film", 2))
    assert second.status_code == 200
    second.close()


def test_a_viewer_who_goes_leaves_nothing_behind(row, settings, tree, tmp_path, device):
    recording = tree[1]
    settings.VIDEOS_DIR, settings.FILMS = tmp_path / "videos", 1
    folder = settings.VIDEOS_DIR / recording.folder
    folder.mkdir(parents=True)
    (folder / recording.chunk(1).name).write_bytes(h264() * 1000)  # more than sockets hold
    scan_videos(device, now=timezone.now())
    session = session_of_boss()
    with served() as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as viewer:
            asked = f"GET {of(row, 'film', 1)} HTTP/1.0\r\nCookie: sessionid={session}\r\n\r\n"
            viewer.sendall(asked.encode())
            assert viewer.recv(12) == b"HTTP/1.1 200"
            with pytest.raises(AllTaken):
                Slot(settings.FILMS_DIR / "slots", 1)
        wait_until(lambda: is_free(settings.FILMS_DIR / "slots"))


def is_free(folder):
    try:
        Slot(folder, 1).close()
    except AllTaken:
        return False
    return True


def test_without_ffmpeg_the_page_says_what_to_install(admin_client, row, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = text(admin_client, of(row, "watch"))
    assert "apt-get install ffmpeg" in shown
    assert "<video" not in shown
    assert admin_client.get(of(row, "film", 1)).status_code == 503


def test_who_may_not_see_recordings_sees_nothing_of_them(client, row, django_user_model):
    client.force_login(django_user_model.objects.create_user("bob", is_staff=True))
    for url in (of(row, "watch"), of(row, "film", 1), of(row, "poster", 1)):
        assert client.get(url).status_code == 403


@pytest.mark.by_turns
def test_in_a_browser_it_plays_seeks_and_passes_over_the_gap(row):
    session = session_of_boss()
    with served() as address, browser_page(patience=30_000, base_url=address) as page:
        log_in(page, address, session)
        refusals = []
        page.on("console", lambda m: refusals.append(m.text) if "Security" in m.text else None)
        page.goto(of(row, "watch"))
        says = page.locator(".film-now")
        page.get_by_title("chunk 2, from 0:05:00").click()
        page.wait_for_function("document.querySelector('video').currentTime > 0.5")
        assert page.evaluate("document.querySelector('video').videoWidth") == 160
        page.wait_for_function(  # at its end the next one that is here follows, by itself
            "document.querySelector('.film-now').textContent.includes('chunk 4')"
        )
        assert says.inner_text() == (
            "After a gap of 5 minutes at 0:10:00: chunk 3 is not here: chunk 4, from 0:15:00"
        )
        page.locator("#film-place").fill("2")  # seek within it
        page.wait_for_function("document.querySelector('video').src.endsWith('?from=2')")
        page.wait_for_function("document.querySelector('.film-now').textContent.includes('last')")
        assert page.locator(".film-gap").get_attribute("title").startswith("gap of 5 minutes")
        assert page.evaluate("document.querySelector('video').currentTime") < SECONDS - 1
        assert refusals == []


def test_chunks_that_cannot_be_listed_are_not_said_to_lack(admin_client, row):
    cache_file(row.device.device_id).path.write_bytes(b"planted")
    for part in ("film", "poster"):
        answer = admin_client.get(of(row, part, 1))
        assert answer.status_code == 503
        assert "not written by this installation" in answer.content.decode()
