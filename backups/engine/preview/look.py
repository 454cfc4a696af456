"""One look into one file, within one deadline."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from backups.engine.copies.opening import GaveUp, NotADatabase, never, reading
from backups.engine.preview.activity import Activity, activity_of
from backups.engine.preview.guard import Guard, NotShown
from backups.engine.preview.pictures import Picture, picture_of, pictures_of
from backups.engine.preview.tables import ShownTable, tables_of
from backups.engine.preview.words import Words, words_of
from devices.texts import one_line

LARGEST_PRIVATE_COPY = 64 * 1024 * 1024  # of a database that has a WAL
SECONDS = 5.0
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`problems`: what of it could not be shown."""

    words: Words = ()
    tables: tuple[ShownTable, ...] = ()
    more_tables: int = 0
    activities: tuple[Activity, ...] = ()
    pictures: tuple[Picture, ...] = ()
    problems: tuple[str, ...] = ()


def preview(
    path: Path,
    *,
    handle: int | None = None,
    seconds: float = SECONDS,
    stop: Callable[[], bool] = never,
) -> Preview:
    """`handle`: of the file that is meant; SQLite opens by path. Raises NotShown where nothing
    can be shown."""
    with _guarded(path, handle, seconds=seconds, stop=stop) as guard:
        problems: list[str] = []
        words = _part(lambda: words_of(guard), "METADATA", problems)
        activities = tuple(_until(guard, activity_of(guard), "activity", problems))
        pictures = _part(lambda: pictures_of(guard), "pictures", problems)
        tables = tuple(_until(guard, tables_of(guard), "tables", problems))
        return Preview(
            words=words,
            tables=tables,
            more_tables=len(guard.ordinary) + len(guard.others) - len(tables),
            activities=activities,
            pictures=pictures,
            problems=tuple(problems),
        )


def picture_in(
    path: Path, number: int, *, handle: int | None = None, seconds: float = SECONDS
) -> tuple[str, bytes]:
    """The type and the bytes of one picture. Raises NotShown."""
    with _guarded(path, handle, seconds=seconds, stop=never) as guard:
        return picture_of(guard, number)


@contextmanager
def _guarded(
    path: Path, handle: int | None, *, seconds: float, stop: Callable[[], bool]
) -> Iterator[Guard]:
    deadline = time.monotonic() + seconds
    try:
        with reading(
            path, deadline=deadline, private_bytes=LARGEST_PRIVATE_COPY, stop=stop
        ) as connection:
            guard = Guard(connection, deadline=deadline, stop=stop)
            if handle is not None and not _is_open_twice(handle):
                raise NotShown("another file has just taken its place")
            yield guard
    except (NotADatabase, GaveUp) as error:
        raise NotShown(str(error)) from error
    except OSError as error:
        raise NotShown(error.strerror or "it cannot be read") from error
    except sqlite3.Error as error:
        raise NotShown(one_line(str(error), limit=200)) from error


def _is_open_twice(handle: int) -> bool:
    """By us, and by SQLite: what it opened is what we meant, whoever laid a link meanwhile."""
    meant = os.fstat(handle)
    found = 0
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  not to be walked
        with suppress(OSError):
            found += os.path.samestat(os.fstat(int(name)), meant)
    return found > 1


def _part(ask: Callable[[], tuple[Part, ...]], name: str, problems: list[str]) -> tuple[Part, ...]:
    try:
        return ask()
    except NotShown as error:
        problems.append(f"{name}: {error}")
        return ()


def _until(guard: Guard, parts: Iterator[Part], name: str, problems: list[str]) -> Iterator[Part]:
    """Those that came before the deadline."""
    for part in parts:
        yield part
        if guard.left <= 0:
            problems.append(f"{name}: cut off, for reading it took too long")
            return
