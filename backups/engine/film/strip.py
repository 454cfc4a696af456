"""What of a recording can be watched, number by number, and where nothing is to be seen."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from backups.engine.grammar import counted
from backups.engine.videos.names import numbered
from backups.engine.videos.telling import CHUNK_SECONDS

USUAL_FPS = 25.0  # what players take where nothing is told
MOST_FPS = 240.0
_FPS = re.compile(r"@([0-9]{1,3}(?:\.[0-9]{1,3})?)(?:fps-[0-9]{1,3}q)?_[0-9]+\.h264$")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmPart:
    """A chunk that is here, or numbers of which there is nothing: then `file_id` is empty.

    `begins`: seconds since the start, by the number: each chunk is of 300 s.
    """

    first: int
    last: int
    begins: int
    name: str = ""
    file_id: str = ""
    why: str = ""  # there is nothing to be seen

    @property
    def seconds(self) -> int:
        return (self.last - self.first + 1) * CHUNK_SECONDS

    @property
    def clock(self) -> str:
        return _clock(self.begins)

    @property
    def says(self) -> str:
        if self.file_id:
            return f"chunk {self.first}, from {self.clock}"
        one = self.first == self.last
        which = f"chunk {self.first}" if one else f"chunks {self.first} to {self.last}"
        return f"gap of {counted(self.seconds // 60, 'minute')} at {self.clock}: {which} {self.why}"


@dataclass(frozen=True, slots=True)
class FilmFile:
    """One file that is here, by the id that it is opened by."""

    id: str
    name: str
    size_bytes: int


def parts_of(files: Iterable[FilmFile], known: Iterable[bytes]) -> list[FilmPart]:
    """In the order of their numbers. `known`: names of all files that the recording ever had."""
    here = _by_number(files)
    most = max([*here, *_numbers(known)], default=0)
    parts = [*(_chunk(number, file) for number, file in here.items()), *_gaps(here, most)]
    return sorted(parts, key=lambda part: part.first)


def fps_of(name: str) -> float | None:
    """As the name of a chunk tells it; the stream itself mostly tells none."""
    found = _FPS.search(name)
    fps = float(found[1]) if found else 0.0
    return fps if 0 < fps <= MOST_FPS else None


def _by_number(files: Iterable[FilmFile]) -> Mapping[int, FilmFile]:
    """The larger one, where two bear one number."""
    found: dict[int, FilmFile] = {}
    for file in files:
        place = numbered(file.name.encode("utf-8", "surrogatepass"))
        if place is None or place.after != b".h264":
            continue
        other = found.get(place.number)
        if other is None or file.size_bytes > other.size_bytes:
            found[place.number] = file
    return found


def _numbers(names: Iterable[bytes]) -> Iterator[int]:
    for name in names:
        place = numbered(name)
        if place and place.after == b".h264":
            yield place.number


def _chunk(number: int, file: FilmFile) -> FilmPart:
    begins = (number - 1) * CHUNK_SECONDS
    if not file.size_bytes:
        return FilmPart(first=number, last=number, begins=begins, name=file.name, why="is empty")
    return FilmPart(first=number, last=number, begins=begins, name=file.name, file_id=file.id)


def _gaps(here: Iterable[int], most: int) -> Iterator[FilmPart]:
    """Never number by number: a card's name may bear any."""
    before = 0
    for number in [*sorted(here), most + 1]:
        if number > before + 1:
            yield _gap(before + 1, number - 1)
        before = max(before, number)


def _gap(first: int, last: int) -> FilmPart:
    why = "is not here" if first == last else "are not here"
    return FilmPart(first=first, last=last, begins=(first - 1) * CHUNK_SECONDS, why=why)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
