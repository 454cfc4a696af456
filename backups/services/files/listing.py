"""Lists of saved files, by device, kind and name: pages keep their place while files come."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import msgspec

from backups.engine.videos.folder import (
    Columns,
    Files,
    Folder,
    folder_text,
    joined_names,
    names_of,
    unpack,
)
from backups.engine.videos.ledger import Here
from backups.models import OtherFile, Recording, ResultCopy
from backups.services.files.digests import with_digests
from backups.services.files.saved import FileKind, SavedFile, is_hidden, of_copy, of_other, of_video
from backups.services.storages import OtherStorage, check_here
from backups.services.videos import cache_file
from devices.ids import is_device_id
from devices.models import Device, Experiment

AT_ONCE = 500


class BadPage(ValueError):
    """A page that this server did not tell of."""


class End(NamedTuple):
    """Where a page ended: the last file of it."""

    device: str
    source: str
    first: bytes = b""
    second: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileQuery:
    """What is asked for; an empty text asks for all."""

    device: str = ""
    kind: str = ""
    experiment: str = ""  # its file name
    recording: str = ""  # when it began, or the folder that it lies in
    search: str = ""  # part of the name, in any case


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePage:
    """`problems`: whose files cannot be listed now, and why: that is not to have none."""

    files: tuple[SavedFile, ...]
    following: str  # "": there are no more
    problems: tuple[str, ...]


Found = tuple[End, SavedFile]
Source = Callable[[Device, FileQuery, End, list[str]], Iterator[Found]]


def file_page(query: FileQuery, *, after: str = "", limit: int) -> FilePage:
    """Raises BadPage; OtherStorage where one device is asked for whose files lie elsewhere."""
    problems: list[str] = []
    found = list(islice(_all(query, _decoded(after), problems), limit + 1))
    following = _encoded(found[limit - 1][0]) if len(found) > limit else ""
    files = with_digests([file for _, file in found[:limit]])
    return FilePage(files=tuple(files), following=following, problems=tuple(problems))


def files_of(query: FileQuery) -> Iterator[FilePage]:
    """All of them, page by page."""
    after = ""
    while True:
        page = file_page(query, after=after, limit=AT_ONCE)
        yield page
        if not (after := page.following):
            return


def _all(query: FileQuery, after: End, problems: list[str]) -> Iterator[Found]:
    devices = Device.objects.filter(device_id__gte=after.device).order_by("device_id")
    devices = devices.select_related("storage")
    if query.device:
        devices = devices.filter(device_id=query.device)
    for device in devices:
        for name, source in SOURCES.items():
            if device.device_id != after.device or name >= after.source:
                is_there = (device.device_id, name) == after[:2]
                beyond = after if is_there else End(device.device_id, name)
                yield from source(device, query, beyond, problems)


def _copies(device: Device, query: FileQuery, after: End, problems: list[str]) -> Iterator[Found]:
    if query.kind not in {"", FileKind.DATABASE} or query.recording:
        return
    rows = ResultCopy.objects.filter(device=device, path__gt=after.first.decode())
    rows = rows.filter(path__icontains=query.search.removeprefix("results/"))
    if query.experiment:
        rows = rows.filter(filename=query.experiment)
    growing = Experiment.objects.filter(device=device, growing=True)
    names = frozenset(growing.values_list("filename", flat=True))
    for copy in rows.order_by("path").iterator(AT_ONCE):
        copy.device = device
        place = after._replace(first=copy.path.encode(), second=b"")
        yield place, of_copy(copy, growing=copy.filename in names)


def _others(device: Device, query: FileQuery, after: End, problems: list[str]) -> Iterator[Found]:
    if query.kind not in {"", FileKind.OTHER} or query.recording or query.experiment:
        return
    rows = OtherFile.objects.filter(device=device, name__gt=after.first.decode())
    rows = rows.exclude(held_bytes=None).filter(name__icontains=query.search)
    for row in rows.order_by("name").iterator(AT_ONCE):
        if row.place:
            row.device = device
            yield after._replace(first=row.name.encode(), second=b""), of_other(row)


def _videos(device: Device, query: FileQuery, after: End, problems: list[str]) -> Iterator[Found]:
    """Out of the memory of the last scan: neither a walk of the disk, nor a row a file."""
    if query.kind == FileKind.DATABASE or query.experiment:
        return
    if elsewhere := _why_elsewhere(device, alone=bool(query.device)):
        problems.append(elsewhere)
        return
    cache = cache_file(device.device_id).load()
    if not cache.folders and (why := cache.problem or _why_nothing(device)):
        problems.append(why)
    for folder in sorted(path for path in cache.folders if path >= after.first):
        if not is_hidden(folder):
            yield from _in_folder(device, query, after, folder, cache.folders[folder])


def _why_elsewhere(device: Device, *, alone: bool) -> str:
    """Raises OtherStorage of one that is asked for alone: there it can be answered."""
    try:
        check_here(device, device.storage)
    except OtherStorage as error:
        if alone:
            raise
        return f"{device.device_id}: {error}: ask for this device alone"
    return ""


def _why_nothing(device: Device) -> str:
    if Recording.objects.filter(device=device).exists():
        return f"{device.device_id}: the names of its videos are known after the next scan"
    return ""


def _in_folder(
    device: Device, query: FileQuery, after: End, folder: bytes, known: Folder
) -> Iterator[Found]:
    beyond = after.second if folder == after.first else b""
    columns = [unpack(files) for files in _worth_a_look(device, query, folder, known)]
    seen = sorted(pair for one in columns for pair in _rows(one, folder))
    for name, here in seen:
        if name > beyond and not is_hidden(b"", name):
            file = of_video(device, folder, name, here)
            if _matches(file, folder, query):
                yield after._replace(first=folder, second=name), file


def _worth_a_look(
    device: Device, query: FileQuery, folder: bytes, known: Folder
) -> Iterator[Files]:
    """All names of a folder are searched as one text, before any becomes an object."""
    if not _may_hold(query.recording, folder, known):
        return
    needle = query.search.encode("utf-8", "surrogatepass").lower()
    path = f"videos/{device.device_id}/".encode().lower()
    path += folder.lower() + b"/" if folder else b""
    before, slash, name = needle.rpartition(b"/")  # no name of a file holds a slash
    in_folder = needle in path
    if not in_folder and not path.endswith(before + slash):
        return
    for files in (known.chunks, known.others):
        if files.file_count and (in_folder or name in joined_names(unpack(files)).lower()):
            yield files


def _may_hold(recording: str, folder: bytes, known: Folder) -> bool:
    """A recording is called as its files or their folder begin; signs that were written otherwise
    are looked for file by file."""
    if not recording.isascii() or not recording.isprintable() or "\\" in recording:
        return True
    name = recording.encode()
    return name in folder or any(
        files.file_count and name in joined_names(unpack(files))
        for files in (known.chunks, known.others)
    )


def _rows(columns: Columns, folder: bytes) -> Iterator[tuple[bytes, Here]]:
    rows = zip(columns.sizes, columns.modified, columns.touched, strict=True)
    for name, row in zip(names_of(columns), rows, strict=True):
        yield name, Here(folder, *row)


def _matches(file: SavedFile, folder: bytes, query: FileQuery) -> bool:
    return (
        query.kind in {"", file.kind}
        and query.recording in {"", file.recording, folder_text(folder)}
        and query.search.lower() in file.name.lower()
    )


SOURCES: dict[str, Source] = {"databases": _copies, "others": _others, "videos": _videos}


def _encoded(place: End) -> str:
    return urlsafe_b64encode(msgspec.json.encode(place)).decode("ascii")


def _decoded(after: str) -> End:
    if not after:
        return End("", "")
    try:
        place = msgspec.json.decode(urlsafe_b64decode(after.encode("ascii")), type=End)
        is_one = is_device_id(place.device) and place.source in SOURCES
        _ = place.source == "videos" or place.first.decode()
    except (binascii.Error, ValueError) as error:
        raise BadPage("no page of this list") from error
    if not is_one:
        raise BadPage("no page of this list")
    return place
