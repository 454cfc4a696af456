"""A disk without room: what is stored is still read, and what cannot be written is said."""

import os
import sqlite3
import subprocess
from contextlib import closing, suppress

import pytest
from django.db import OperationalError

from ethonode import held_database
from ethonode.failures import DATABASE, DISK, unavailable_why

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


@pytest.fixture
def small_disk(tmp_path):
    """Two megabytes, of memory."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def database(small_disk, settings):
    path = small_disk / "db.sqlite3"
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE told (word TEXT)")
        writer.execute("INSERT INTO told VALUES ('safe')")
        writer.commit()
    settings.DATABASES = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)},
    }
    return path


def fill(place):
    with suppress(OSError), (place / "filler").open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass


def words(path):
    with closing(sqlite3.connect(path)) as reader:
        return reader.execute("SELECT word FROM told").fetchall()


@needs_root
@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
def test_while_one_connection_is_held_all_others_can_read(database, small_disk):
    with closing(held_database.held_open()):
        fill(small_disk)
        assert words(database) == words(database) == [("safe",)]


@needs_root
@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
def test_without_it_nobody_could(database, small_disk):
    fill(small_disk)
    with pytest.raises(sqlite3.OperationalError) as caught:
        words(database)
    assert unavailable_why(OperationalError(*caught.value.args)) == DISK


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OperationalError("database or disk is full"), DISK),
        (OperationalError("disk I/O error"), DISK),
        (OperationalError("unable to open database file"), DISK),
        (OperationalError("attempt to write a readonly database"), DISK),
        (OSError(28, "No space left on device"), DISK),
        (OperationalError("could not connect to server"), DATABASE),
        (OperationalError("database is locked"), DATABASE),
        (ValueError("database or disk is full"), ""),
        (KeyError("x"), ""),
        (OperationalError("no such table: backups_run"), ""),
        (OperationalError("no such column: seal"), ""),
        (OperationalError('near "SELEC": syntax error'), ""),
    ],
)
def test_only_what_the_machine_lacks_is_no_mistake_of_ours(error, why):
    assert unavailable_why(error) == why


@pytest.fixture
def failing(monkeypatch, client):
    """Every look at a session or a device meets a full disk."""

    def full(*_, **__):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr("django.db.models.query.QuerySet._fetch_all", full)
    monkeypatch.setattr("django.db.models.query.QuerySet.get", full)
    client.raise_request_exception = False
    client.cookies["sessionid"] = "x" * 32
    return client


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/admin/", "/api/v1/devices/", "/api/v1/incidents/", "/backup/status", "/metrics"]
)
def test_a_request_is_answered_with_the_reason(failing, path):
    answer = failing.get(path, HTTP_ACCEPT="text/html,application/json")
    assert answer.status_code == 503
    assert "free space on it" in answer.content.decode()
    assert answer["Retry-After"]
    assert answer["Content-Type"].startswith(
        "application/problem+json" if "/api/" in path else "text/html"
    )


@pytest.mark.django_db
def test_health_does_not_ask_the_database(failing):
    assert failing.get("/healthz").status_code == 200
