"""One saved file: what the index knows of it, by which id it is asked for, and how it is opened."""

import binascii
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from backups.engine.copies.errors import LocalElsewhere
from backups.engine.copies.one_moment import Copying, database_of_one_moment, open_database
from backups.engine.copies.opened import OpenedCopy, open_copy
from backups.engine.errors import BackupError
from backups.engine.videos.folder import Files, folder_text, moment, names_of, unpack
from backups.engine.videos.ledger import Here
from backups.engine.videos.names import is_video, recording_of, text_of
from backups.models import OtherFile, ResultCopy
from backups.services.card_places import RESULTS, VIDEOS, folder_of
from backups.services.storages import check_here
from backups.services.videos import cache_file
from devices.ids import is_device_id
from devices.models import Device, Experiment

SECONDS_FOR_A_MOMENT = 60.0


class NoSuchFile(BackupError):
    """Nothing of this id is in our index (any more)."""


class FileKind(StrEnum):
    """In the order of lists."""

    DATABASE = "database"
    OTHER = "other"
    VIDEO = "video"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFile:
    """One file as the index has it. `name` is its path below all that is saved, as text."""

    id: str
    kind: FileKind
    device: Device
    place: bytes = field(repr=False)  # below the data folders, as backups.services.card_places
    name: str
    size_bytes: int
    modified_at: datetime | None
    digest: str = ""  # BLAKE2b as `b2sum` writes it; "": this content was never read to its end
    digest_at: datetime | None = None
    experiment: str = ""  # its file name
    recording: str = ""  # when it began, as in the names of its chunks
    growing: bool = False
    content: int = 0  # of a video: tells this content from another one


def find(file_id: str) -> SavedFile:
    """Raises NoSuchFile, also for what can be no id; OtherStorage for a video elsewhere."""
    sources = {"r": _found_copy, "o": _found_other, "v": _found_video}
    source = sources.get(file_id[:1])
    found = source(file_id[1:]) if source else None
    if found is None:
        raise NoSuchFile("there is no such file")
    return found


def opened(file: SavedFile) -> OpenedCopy:
    """To be read and closed. A database is of one moment. Raises LocalFailed of every kind, and
    OtherStorage."""
    root, path = _root(file)
    return open_database(root, path, _how(file)) if _is_database(file) else open_copy(root, path)


def at_one_moment(file: SavedFile) -> AbstractContextManager[Path]:
    """A private copy of a database, to be looked into by SQLite: gone at the end. Raises
    LocalFailed of every kind."""
    root, path = _root(file)
    return database_of_one_moment(root, path, _how(file))


def _root(file: SavedFile) -> tuple[Path, bytes]:
    check_here(file.device, file.device.storage)
    try:
        return folder_of(file.place)
    except KeyError as error:
        raise LocalElsewhere(f"{file.name}: it lies in none of our folders") from error


def _how(file: SavedFile) -> Copying:
    return Copying(
        scratch=settings.MOMENTS_DIR,
        now=timezone.now().timestamp(),
        give_up_at=time.monotonic() + SECONDS_FOR_A_MOMENT,
        growing=file.growing,
    )


def _is_database(file: SavedFile) -> bool:
    return file.kind is FileKind.DATABASE or file.name.endswith(".db")


def of_copy(copy: ResultCopy, *, growing: bool) -> SavedFile:
    """Its digest is of one file: with a -wal beside it, what is given is another one."""
    is_read = copy.digest_fingerprint == copy.fingerprint and not copy.wal_bytes
    return SavedFile(
        id=f"r{copy.pk}",
        kind=FileKind.DATABASE,
        device=copy.device,
        place=RESULTS + b"/" + copy.path.encode(),
        name=f"results/{copy.path}",
        size_bytes=copy.size_bytes,
        modified_at=copy.modified_at,
        digest=copy.digest if is_read else "",
        digest_at=copy.digest_at if is_read else None,
        experiment=copy.filename,
        growing=growing,
    )


def of_other(row: OtherFile) -> SavedFile:
    place = bytes(row.place)
    return SavedFile(
        id=f"o{row.pk}",
        kind=FileKind.OTHER,
        device=row.device,
        place=place,
        name=text_of(place, longest=1000),
        size_bytes=row.held_bytes or 0,
        modified_at=None,
    )


def of_video(device: Device, folder: bytes, name: bytes, seen: Here) -> SavedFile:
    key = b"\0".join((device.device_id.encode(), folder, name))
    below = (folder + b"/" if folder else b"") + name
    text = f"{folder_text(folder)}/{text_of(name)}" if folder else text_of(name)
    return SavedFile(
        id="v" + urlsafe_b64encode(key).decode().rstrip("="),
        kind=FileKind.VIDEO if is_video(name) else FileKind.OTHER,
        device=device,
        place=b"/".join((VIDEOS, device.device_id.encode(), below)),
        name=f"videos/{device.device_id}/{text}",
        size_bytes=seen.size,
        modified_at=moment(seen.modified),
        recording=recording_of(folder, name),
        content=seen.content,
    )


def _found_copy(key: str) -> SavedFile | None:
    copy = ResultCopy.objects.select_related("device").filter(pk=_number(key)).first()
    if copy is None:
        return None
    same = Experiment.objects.filter(device=copy.device, filename=copy.filename, growing=True)
    return of_copy(copy, growing=same.exists())


def _found_other(key: str) -> SavedFile | None:
    rows = OtherFile.objects.select_related("device").exclude(held_bytes=None)
    row = rows.filter(pk=_number(key)).first()
    return of_other(row) if row and row.place else None


def _number(key: str) -> int:
    """0 is the key of no row."""
    is_one = key.isascii() and key.isdecimal() and len(key) < 19
    return int(key) if is_one else 0


def _found_video(key: str) -> SavedFile | None:
    """Only what the last scan saw."""
    try:
        device_id, folder, name = urlsafe_b64decode(key + "=" * (-len(key) % 4)).split(b"\0")
    except (binascii.Error, ValueError):
        return None
    text = device_id.decode("ascii", "replace")
    device = Device.objects.filter(device_id=text).first() if is_device_id(text) else None
    if device is None or is_hidden(folder, name):
        return None
    check_here(device, device.storage)
    known = cache_file(text).load().folders.get(folder)
    sorts = (known.chunks, known.others) if known else ()
    seen = next((here for files in sorts if (here := _in(files, folder, name))), None)
    return of_video(device, folder, name, seen) if seen else None


def _in(files: Files, folder: bytes, name: bytes) -> Here | None:
    columns = unpack(files)
    names = names_of(columns)
    place = bisect_left(names, name)
    if place == len(names) or names[place] != name:
        return None
    row = (columns.sizes[place], columns.modified[place], columns.touched[place])
    return Here(folder, *row)


def is_hidden(folder: bytes, name: bytes = b"") -> bool:
    """rsync's temporaries, and what other programs hide."""
    return b"/." in b"/" + folder or name.startswith(b".")
