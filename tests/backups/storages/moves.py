"""What is moved in tests: a database and two chunks, and the run that moves them."""

import os
import sqlite3
from contextlib import closing

from django.utils import timezone

from backups.models import RunKind, RunTrigger
from backups.services import runs

START = "2026-11-20_10-00-00"
LONG_AGO = 1_700_000_000


def fill(root, device):
    own = device.device_id
    database = root / "results" / own / "ETHOSCOPE_019" / START / f"{START}_{own}.db"
    database.parent.mkdir(parents=True)
    with closing(sqlite3.connect(database)) as db:
        db.execute("CREATE TABLE METADATA (field TEXT, value TEXT)")
        db.execute("INSERT INTO METADATA VALUES ('machine_id', ?)", [own])
        db.execute("CREATE TABLE VAR_MAP AS SELECT 'x' AS var_name")
        db.execute("CREATE TABLE ROI_MAP AS SELECT 1 AS roi_idx")
        db.execute("CREATE TABLE ROI_1 (id INTEGER PRIMARY KEY, t INTEGER, x INTEGER)")
        db.executemany("INSERT INTO ROI_1 (t, x) VALUES (?, ?)", [(n, n) for n in range(50)])
        db.commit()
    videos = root / "videos" / own / "ETHOSCOPE_019" / START
    videos.mkdir(parents=True)
    for number in (1, 2):
        path = videos / f"{START}_{own}_1280x960@25fps-28q_{number:05d}.h264"
        path.write_bytes(os.urandom(3000 + number))
        os.utime(path, (LONG_AGO, LONG_AGO))
    os.utime(database, (LONG_AGO, LONG_AGO))


def files_of(root):
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".cache" not in path.parts and "cache" not in path.parts
    }


def move(device, kind=RunKind.MOVE, show=lambda progress: None):
    run = runs.request_run(device, kind, trigger=RunTrigger.PERSON, now=timezone.now())
    return runs.perform(run.pk, clock=timezone.now, show=show)


def place_of(device):
    device.refresh_from_db()
    return device.storage.name


def state_of(device):
    device.refresh_from_db()
    return device.storage and device.storage.name, device.still_kept_on


def flip(root):
    path = next(root.rglob("*.h264"))
    times = path.stat()
    with path.open("r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
