"""Nothing outside of what is saved is ever given: encoded, linked, raced, renamed under way."""

import logging
import os
from base64 import urlsafe_b64encode
from itertools import product
from threading import Event, Thread
from urllib.parse import quote

import pytest

from backups.engine.copies.errors import LocalChanged
from backups.engine.videos.ledger import Here
from backups.models import OtherFile, ResultCopy
from backups.services.files import NoSuchFile, find
from backups.services.files.saved import of_video

SECRET = b"what nobody may have"
UP = ["..", "../../..", "x/../..", "....//....", ""]
ENCODERS = [
    lambda text: text,
    quote,
    lambda text: text.replace("/", "%2f").replace(".", "%2e"),
    lambda text: text.replace("/", "%252f").replace(".", "%252e"),
    lambda text: text.replace("/", "%c0%af").replace(".", "%c0%ae"),
    lambda text: text.replace("/", "%5c"),
    lambda text: text + "%00.h264",
    lambda text: text + "%0d%0aX-Sent: y",
    lambda text: "r1;" + text,
    lambda text: "file://" + text,
]
AROUND = ["/api/v1/files/{}/content/", "/api/v1/files/{}", "/api/v1/files/r{}/content/"]
ROUNDS = 60


@pytest.fixture(autouse=True)
def no_lines():
    """One for each of so many requests would cost more than they do."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def outside(shelf):
    """Beside the roots, and as deep as a way up may lead."""
    for folder in (shelf.root, shelf.root / "outside", shelf.root.parent):
        folder.mkdir(exist_ok=True)
        (folder / "secret.db").write_bytes(SECRET)
    yield shelf.root / "outside"
    (shelf.root.parent / "secret.db").unlink()


def given(reader, address):
    answer = reader.get(address)
    return answer.status_code, b"".join(answer) if answer.streaming else answer.content


def given_or_broken_off(reader, address):
    try:
        return given(reader, address)
    except LocalChanged:  # it was renamed between two pieces
        return 503, b""


def addresses(shelf):
    """That name what they should not."""
    targets = [str(shelf.root / "secret.db"), "etc/passwd"]
    for way, target, encode in product(UP, targets, ENCODERS):
        for around in AROUND:
            yield around.format(encode(f"{way}/{target}"))


def forged_ids(shelf):
    """Of videos, made as ours are."""
    own = shelf.device.device_id.encode()
    inside = [shelf.videos.parent.name.encode(), b"", b".", b"..", b"../..", b"/", b"x/../.."]
    names = [b"secret.db", b"..", b".", b"", b"../secret.db", b"/etc/passwd", b".hidden", b"a\nb"]
    for folder, name, device in product(inside, names, [own, b"..", b"../outside", b"", b"\xff"]):
        key = urlsafe_b64encode(b"\0".join((device, folder, name))).decode().rstrip("=")
        yield f"v{key}"


def test_no_address_leads_outside(reader, shelf, outside):
    tried = 0
    for address in addresses(shelf):
        tried += 1
        status, content = given(reader, address)
        assert status in {301, 400, 404}, address
        assert SECRET not in content, address
        assert b"root:" not in content, address
    for one in forged_ids(shelf):
        with pytest.raises(NoSuchFile):
            find(one)
        tried += 1
    assert tried >= 500


def test_not_even_our_own_index_leads_outside(reader, shelf, outside):
    """Whatever came into it: each way of a row, each through links of every sort."""
    own = shelf.database.parent
    (own / "file.db").symlink_to(outside / "secret.db")
    (own / "folder").symlink_to(outside)
    (own / "round.db").symlink_to("round.db")
    (own / "gone.db").symlink_to("nowhere")
    (own / "fd.db").symlink_to("/proc/self/fd/0")
    (own / "folder.db").mkdir()
    os.mkfifo(own / "pipe.db")
    (shelf.root / "results" / "linked").symlink_to(outside)
    below = own.relative_to(shelf.root / "results")
    ways = [f"{way}/{target}" for way in UP for target in ("secret.db", "outside/secret.db")]
    links = ["file.db", "folder/secret.db", "round.db", "gone.db", "fd.db", "folder.db", "pipe.db"]
    ways += [f"{below}/{name}" for name in links] + ["linked/secret.db", "", ".", "/", "a\0b"]
    ways += [f"{below}/{way}" for way in ways]
    copy, other = ResultCopy.objects.get(), OtherFile.objects.get()
    for way in ways:
        if "\0" not in way:  # no text of a database has one
            ResultCopy.objects.filter(pk=copy.pk).update(path=way)
        OtherFile.objects.filter(pk=other.pk).update(place=b"results/" + way.encode())
        for one in (f"r{copy.pk}", f"o{other.pk}"):
            status, content = given(reader, f"/api/v1/files/{one}/content/")
            assert status in {404, 409, 503}, way
            assert SECRET not in content, way
    for place in (b"", b"../secret.db", b"nowhere/x", b"results", b"/etc/passwd"):
        OtherFile.objects.filter(pk=other.pk).update(place=place)
        assert given(reader, f"/api/v1/files/o{other.pk}/content/")[0] in {404, 409}, place


def test_a_race_of_links_gives_the_file_or_nothing(reader, shelf, outside):
    """Its folder, and then the file itself, is a link outside every other moment."""
    (outside / shelf.database.name).write_bytes(SECRET)
    true = shelf.database.read_bytes()
    address = f"/api/v1/files/{shelf.file(kind='database').id}/content/"
    for place in (shelf.database.parent, shelf.database):
        aside, stop = place.with_name("aside"), Event()
        target = outside if place.is_dir() else outside / shelf.database.name

        def swap(place=place, aside=aside, target=target, stop=stop):
            while not stop.is_set():
                place.rename(aside)
                place.symlink_to(target)
                place.unlink()
                aside.rename(place)

        swapping = Thread(target=swap)
        swapping.start()
        try:
            answers = [given_or_broken_off(reader, address) for _ in range(ROUNDS)]
        finally:
            stop.set()
            swapping.join()
        assert all(content == true for status, content in answers if status == 200)
        assert all(SECRET not in content for _, content in answers)
        assert {status for status, _ in answers} <= {200, 404, 409, 503}


def test_what_is_renamed_under_way_is_what_was_begun_or_breaks_off(reader, shelf, outside):
    file = shelf.file(kind="video")
    path = shelf.paths[file.name]
    path.write_bytes(os.urandom(3 << 20))
    true, got = path.read_bytes(), b""
    pieces = iter(reader.get(f"/api/v1/files/{file.id}/content/"))
    got += next(pieces)
    (outside / "secret.db").rename(path)
    with pytest.raises(LocalChanged):
        got += b"".join(pieces)
    assert true.startswith(got)


def test_a_name_of_a_disk_is_a_name_of_the_index_only(shelf):
    """An id is made of what the scan saw; one that is made by hand is looked up there."""
    made = of_video(shelf.device, b"ETHOSCOPE_019", b"never-seen.h264", Here(b"", 1, 1, 1))
    with pytest.raises(NoSuchFile):
        find(made.id)
