"""Recordings to be watched: which chunks there are, and one of them as a film or as a picture."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from backups.engine.copies.errors import LocalFailed
from backups.engine.copies.opened import OpenedCopy
from backups.engine.film.errors import AllTaken, NoFilm, NotListed
from backups.engine.film.program import Film, poster
from backups.engine.film.slots import Slot
from backups.engine.film.strip import USUAL_FPS, FilmFile, FilmPart, fps_of, parts_of
from backups.engine.videos.ledger import unpack_items
from backups.models import RecordingLedger
from backups.services.files import FileQuery, NoSuchFile, SavedFile, files_of, find, opened

MOST_POSTER_BYTES = 64 * 1024 * 1024  # of all of them
SLOTS, POSTERS = "slots", "posters"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFilm:
    """`problems`: why not all that is here may be told of."""

    parts: tuple[FilmPart, ...]
    problems: tuple[str, ...]

    @property
    def gaps(self) -> list[FilmPart]:
        return [part for part in self.parts if not part.file_id]


def recording_film(row: RecordingLedger) -> RecordingFilm:
    """All chunks that lie here, and the numbers that lack between and after them."""
    seen, known = _seen(row), unpack_items(bytes(row.memory))
    return RecordingFilm(parts=tuple(parts_of(seen.files, known)), problems=seen.problems)


def chunk(row: RecordingLedger, number: int) -> FilmPart:
    """One of them, without a look at the others. Raises NoFilm where there is none here, NotListed
    where nobody can tell."""
    seen = _seen(row, search=f"{number}.")
    found = next((p for p in parts_of(seen.files, ()) if p.file_id and p.first == number), None)
    if found is None and seen.problems:
        raise NotListed("; ".join(seen.problems))
    if found is None:
        raise NoFilm(f"chunk {number} is not here")
    return found


class _Seen(NamedTuple):
    files: list[FilmFile]
    problems: tuple[str, ...]


def _seen(row: RecordingLedger, *, search: str = "") -> _Seen:
    """Its files that are here."""
    device, recording = row.device.device_id, row.recording
    query = FileQuery(device=device, kind="video", recording=recording, search=search)
    pages = list(files_of(query))
    problems = dict.fromkeys(problem for page in pages for problem in page.problems)
    files = [FilmFile(f.id, f.name, f.size_bytes) for page in pages for f in page.files]
    return _Seen(files, tuple(problems))


class WatchedFilm:
    """A film that has begun: to be iterated and closed. Raises FilmFailed of every kind."""

    def __init__(self, part: FilmPart, *, begin: float) -> None:
        with ExitStack() as stack:
            stack.enter_context(closing(_slot()))
            with _opened(part.file_id) as copy:
                fps = fps_of(part.name) or USUAL_FPS
                self._film = stack.enter_context(closing(Film(copy.handle, fps=fps, begin=begin)))
            self._all = stack.pop_all()

    def __iter__(self) -> Iterator[bytes]:
        return self._film

    def close(self) -> None:
        """Django calls it at the end, and when the viewer has left."""
        self._all.close()


def poster_of(part: FilmPart) -> bytes:
    """The first picture of a chunk, kept for the next viewer. Raises FilmFailed of every kind."""
    file = _found(part.file_id)
    kept = _posters() / f"{_key(file)}.jpg"
    with suppress(FileNotFoundError):
        return kept.read_bytes()
    with closing(_slot()), _opened(part.file_id) as copy:
        picture = poster(copy.handle)
    _keep(kept, picture)
    return picture


def _slot() -> Slot:
    if not settings.FILMS:
        raise AllTaken("this server shows no films: ETHONODE_FILMS is 0")
    _folder(settings.FILMS_DIR)
    return Slot(settings.FILMS_DIR / SLOTS, settings.FILMS)


def _found(file_id: str) -> SavedFile:
    try:
        return find(file_id)
    except NoSuchFile as error:
        raise NoFilm("it is not here any more") from error


def _opened(file_id: str) -> OpenedCopy:
    try:
        return opened(_found(file_id))
    except LocalFailed as error:
        raise NoFilm(str(error)) from error


def _key(file: SavedFile) -> str:
    told = f"{file.id} {file.size_bytes} {file.content}"
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _posters() -> Path:
    return _folder(_folder(settings.FILMS_DIR) / POSTERS)


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def _keep(place: Path, picture: bytes) -> None:
    """Whole or not at all. A disk that is full costs only the memory of it."""
    with suppress(OSError):
        _make_room(place.parent, len(picture))
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(picture)
            Path(name).replace(place)
        finally:
            Path(name).unlink(missing_ok=True)


def _make_room(folder: Path, size: int) -> None:
    """The oldest go first."""
    seen = sorted((kept.stat().st_mtime, kept.stat().st_size, kept) for kept in folder.iterdir())
    left = sum(held for _, held, _ in seen) + size
    for _, held, kept in seen:
        if left <= MOST_POSTER_BYTES:
            return
        kept.unlink(missing_ok=True)
        left -= held
