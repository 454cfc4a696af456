"""What the last scan saw on our disk, recording by recording. Whole folders are not unpacked."""

from array import array
from collections import defaultdict
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from backups.engine.videos.folder import Files, VideoCache, names_of, pack, unpack
from backups.engine.videos.ledger import Here
from backups.engine.videos.names import is_of, recording_key, stamp_of, text_of

MARK_BYTES = 12


class VideoPart(NamedTuple):
    """The files of one recording in one folder."""

    folder: bytes
    files: Files


Parts = dict[bytes, list[VideoPart]]


def parts_of(cache: VideoCache) -> Parts:
    """All that lies here, by recording."""
    parts: Parts = defaultdict(list)
    for path, folder in sorted(cache.folders.items()):
        hidden = b"/." in b"/" + path  # rsync's own, and other programs'
        for files in (folder.chunks, folder.others):
            if files.file_count and not hidden:
                for key, part in _split(path, files):
                    parts[key].append(VideoPart(path, part))
    return dict(parts)


def parts_by_name(cache: VideoCache) -> dict[str, list[VideoPart]]:
    """The same, by names that rows and pages can hold."""
    return {text_of(key, longest=400): parts for key, parts in parts_of(cache).items()}


def mark_of(parts: list[VideoPart]) -> bytes:
    """The same mark, the same files: nothing to compare again."""
    digest = blake2b(digest_size=MARK_BYTES)
    for part in parts:
        digest.update(part.folder + b"/" + part.files.packed)
    return digest.digest()


def files_of(parts: list[VideoPart]) -> dict[bytes, Here]:
    """Each file by its name; of two of one name the larger one counts."""
    found: dict[bytes, Here] = {}
    for folder, files in parts:
        columns = unpack(files)
        rows = zip(columns.sizes, columns.modified, columns.touched, strict=True)
        for name, row in zip(names_of(columns), rows, strict=True):
            file = Here(folder, *row)
            if name not in found or found[name].size < file.size:
                found[name] = file
    return found


def foreign_names(cache: VideoCache, device_id: bytes) -> list[bytes]:
    """Videos that by their own names are another device's."""
    found = []
    for folder in cache.folders.values():
        for files in (folder.chunks, folder.others):
            columns = unpack(files)
            if not (stamp_of(columns.prefix) and _begins_as_ours(columns.prefix, device_id)):
                found += [n for n in names_of(columns) if not is_of(n, device_id)]
    return sorted(found)


def _begins_as_ours(prefix: bytes, device_id: bytes) -> bool:
    return prefix.startswith(stamp_of(prefix) + b"_" + device_id + b"_")


def _split(path: bytes, files: Files) -> Iterator[tuple[bytes, Files]]:
    """Mostly one folder is one recording, which the beginning that its names share tells."""
    columns = unpack(files)
    if columns.suffix and (stamp := stamp_of(columns.prefix)):
        yield stamp, files
        return
    names = names_of(columns)
    keys = [recording_key(path, name) for name in names]
    if len(set(keys)) == 1:
        yield keys[0], files
        return
    for key in sorted(set(keys)):
        places = [place for place, other in enumerate(keys) if other == key]
        yield (
            key,
            pack(
                [names[place] for place in places],
                array("Q", [columns.sizes[place] for place in places]),
                array("q", [columns.modified[place] for place in places]),
                array("I", [columns.touched[place] for place in places]),
                suffix=columns.suffix,
            ),
        )
