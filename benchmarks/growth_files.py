"""Copies on the disk for an installation that is made by bulk: links to a few small databases.

As a look before left them: opened, read to their end, and unchanged since. Without any file a
look would find no folder, and be over.
"""

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from backups.engine.copies.identity import fingerprint
from backups.models import ResultCopy
from devices.models import Device

LINKS = 30_000  # to one file: ext4 allows 65,000
CHUNKS = 3  # of a recording


def lay_copies(folder: Path, *, now: datetime) -> None:
    """A file for each copy, in a folder of its own as a device makes them."""
    settings.RESULTS_DIR = folder / "results"
    keys = list(ResultCopy.objects.order_by("pk").values_list("pk", flat=True))
    for number, first in enumerate(range(0, len(keys), LINKS)):
        some = ResultCopy.objects.filter(pk__gte=keys[first]).order_by("pk")
        last = keys[min(first + LINKS, len(keys)) - 1]
        _lay(folder / f"copy {number}.db", some.filter(pk__lte=last), now=now)


def _lay(content: Path, copies: QuerySet[ResultCopy], *, now: datetime) -> None:
    with closing(sqlite3.connect(content)) as database:
        database.execute("CREATE TABLE METADATA (field TEXT, value TEXT)")
    for path in copies.values_list("path", flat=True):
        place = settings.RESULTS_DIR / path
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(content, place)
    mark = fingerprint(content)  # only now: each link changes when the file was changed
    copies.order_by().update(
        fingerprint=mark, verified_fingerprint=mark, verified_at=now, finished=True,
        about={"read": True},
    )  # fmt: skip


def lay_videos(folder: Path, device: Device) -> None:
    """Some chunks of each recording of one device: a look lists no folder that is as it was."""
    settings.VIDEOS_DIR, settings.VIDEO_CACHE_DIR = folder / "videos", folder / "cache"
    for place in device.recordings.values_list("folder", flat=True):
        path = settings.VIDEOS_DIR / device.device_id / place
        path.mkdir(parents=True)
        for number in range(1, CHUNKS + 1):
            name = f"{path.name}_{device.device_id}_1280x960@15fps-20q_{number:05}.h264"
            (path / name).write_bytes(b"\0\0\0\1" * 250)
