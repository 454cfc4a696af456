"""The saves that are there, and what each holds."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from django.conf import settings

from devices.freshness import not_after
from installation.own_state.errors import RestoreFailed

STAMP = "%Y%m%dT%H%M%SZ"
ABOUT, SUMS, MAKING = "about.json", "B2SUMS", ".making-"
SQLITE, POSTGRESQL = "database.sqlite3", "database.pgdump"
MOST_ABOUT = 1 << 20  # bytes


class SaveNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a save says of itself. `migrations`: as `app.name`. `keys`: file in it -> setting."""

    why: str
    migrations: list[str]
    keys: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """One folder, whole when it bears its name."""

    folder: Path
    made_at: datetime
    size_bytes: int

    @property
    def database(self) -> Path:
        return next(path for path in self._databases() if path.is_file())

    def _databases(self) -> Iterator[Path]:
        yield self.folder / SQLITE
        yield self.folder / POSTGRESQL

    @property
    def is_sqlite(self) -> bool:
        return (self.folder / SQLITE).is_file()

    def about(self) -> SaveNote:
        """Raises RestoreFailed."""
        try:
            with (self.folder / ABOUT).open("rb") as file:
                return msgspec.json.decode(file.read(MOST_ABOUT), type=SaveNote)
        except (OSError, msgspec.DecodeError) as error:
            raise RestoreFailed(f"{self.folder / ABOUT}: {error}") from error


def saved(*, now: datetime, folder: Path | None = None) -> list[Save]:
    """Those that are whole, newest first, and at last those of a clock that was ahead. A folder
    that is not there holds none."""
    place = folder or settings.SAVES_DIR
    try:
        found = [_read(path) for path in place.iterdir() if path.is_dir()]
    except FileNotFoundError:
        return []  # none was made yet

    def age(save: Save) -> tuple[bool, datetime]:
        return save.made_at <= not_after(now), save.made_at

    return sorted(filter(None, found), key=age, reverse=True)


def newest_save(*, now: datetime) -> Save | None:
    return next(iter(saved(now=now)), None)


def save_at(folder: Path) -> Save:
    """Raises RestoreFailed where that folder is none."""
    found = _read(folder)
    if found is None:
        raise RestoreFailed(f"{folder} is no save of ethonode")
    return found


def _read(folder: Path) -> Save | None:
    try:
        made_at = datetime.strptime(folder.name, STAMP).replace(tzinfo=UTC)
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    except (ValueError, OSError):
        return None
    if not (folder / SUMS).is_file():
        return None
    return Save(folder=folder, made_at=made_at, size_bytes=sum(sizes))


def write_about(folder: Path, about: SaveNote) -> None:
    (folder / ABOUT).write_text(json.dumps(msgspec.to_builtins(about), indent=1) + "\n")


def write_sums(folder: Path) -> None:
    """As `b2sum` writes them; the last file of a save."""
    names = sorted(path.name for path in folder.iterdir() if path.name != SUMS)
    lines = [f"{digest(folder / name)}  {name}\n" for name in names]
    (folder / SUMS).write_text("".join(lines))


def broken_files(folder: Path) -> list[str]:
    """Files of a save that are not what its B2SUMS says, or not there. Raises RestoreFailed."""
    try:
        lines = (folder / SUMS).read_text().splitlines()
    except (OSError, ValueError) as error:
        raise RestoreFailed(f"{folder / SUMS}: {error}") from error
    told = {name: one for one, _, name in (line.partition("  ") for line in lines) if name}
    if not told:
        raise RestoreFailed(f"{folder / SUMS} names no file")
    return [name for name, sum_told in told.items() if _digest_or_none(folder, name) != sum_told]


def _digest_or_none(folder: Path, name: str) -> str | None:
    path = folder / name
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        return None
    return digest(path)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, hashlib.blake2b).hexdigest()


def forget_old(saves: Sequence[Save], *, keep: int) -> None:
    for save in saves[max(keep, 1) :]:
        shutil.rmtree(save.folder)
