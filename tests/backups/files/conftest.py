"""A database, a recording of three chunks and a dump, all of them saved, indexed and read."""

import hashlib
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from backups.engine.videos.digests import KnownDigest, pack_digests
from backups.models import OtherFile, RecordingLedger, ResultCopy
from backups.services.files import FileQuery, file_page
from backups.services.results import read_results
from backups.services.videos import scan_videos

START = "2026-11-20_10-00-00"
LONG_AGO = 1_700_000_000


def b2(content):
    return hashlib.blake2b(content).hexdigest()


@dataclass
class Shelf:
    device: object
    root: Path
    database: Path
    videos: Path
    dump: Path

    @property
    def paths(self):
        """Every file, by the name that the list gives it."""
        found = [self.database, *sorted(self.videos.iterdir()), self.dump]
        return {str(path.relative_to(self.root)): path for path in found}

    def file(self, **asked):
        return file_page(FileQuery(**asked), limit=1).files[0]


def make_database(path, rows=50):
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE METADATA (field TEXT, value TEXT)")
        db.execute("CREATE TABLE ROI_1 (id INTEGER PRIMARY KEY, t INTEGER, x INTEGER)")
        db.executemany("INSERT INTO ROI_1 (t, x) VALUES (?, ?)", [(n, n) for n in range(rows)])
        db.commit()
    os.utime(path, (LONG_AGO, LONG_AGO))


@pytest.fixture
def shelf(device, settings, tmp_path, monkeypatch):
    # What was made for the test is as old as what lies in a lab.
    monkeypatch.setattr("backups.engine.copies.one_moment.REST_SECONDS", -1)
    settings.RESULTS_DIR, settings.VIDEOS_DIR = tmp_path / "results", tmp_path / "videos"
    settings.CARDS_DIR, settings.MOMENTS_DIR = tmp_path / "cards", tmp_path / "moments"
    settings.VIDEO_CACHE_DIR = tmp_path / "cache"
    own = device.device_id
    shelf = Shelf(
        device,
        tmp_path,
        settings.RESULTS_DIR / own / "ETHOSCOPE_019" / START / f"{START}_{own}.db",
        settings.VIDEOS_DIR / own / "ETHOSCOPE_019" / START,
        settings.CARDS_DIR / own / "upload" / "dump.sql",
    )
    make_database(shelf.database)
    shelf.videos.mkdir(parents=True)
    for number in (1, 2, 3):
        name = f"{START}_{own}_1280x960@25fps-28q_{number:05d}.h264"
        (shelf.videos / name).write_bytes(os.urandom(3000 + number))
    shelf.dump.parent.mkdir(parents=True)
    shelf.dump.write_bytes(b"INSERT INTO x VALUES (1);")
    index(shelf)
    return shelf


def index(shelf):
    now = timezone.now() + timedelta(days=60)
    read_results(shelf.device, now=now)
    copy = ResultCopy.objects.get()
    copy.digest, copy.digest_fingerprint = b2(shelf.database.read_bytes()), copy.fingerprint
    copy.digest_at = now
    copy.save()
    scan_videos(shelf.device, now=now)
    digests = {
        file.name.rpartition("/")[2]: KnownDigest(
            file.size_bytes, b2((shelf.root / file.name).read_bytes()), LONG_AGO, file.content
        )
        for file in file_page(FileQuery(kind="video"), limit=100).files
    }
    RecordingLedger.objects.create(
        device=shelf.device, recording=START, first_known_at=now, digests=pack_digests(digests)
    )
    OtherFile.objects.create(
        device=shelf.device,
        name="upload/dump.sql",
        path=b"upload/dump.sql",
        place=os.fsencode(str(shelf.dump.relative_to(shelf.root))),
        size_bytes=shelf.dump.stat().st_size,
        held_bytes=shelf.dump.stat().st_size,
        first_seen_at=now,
    )


@pytest.fixture
def reader(person):
    return person("devices.view_device", "devices.export_lists", "backups.download_files")
