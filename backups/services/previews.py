"""A look into a copy of an experiment's database, for a person who wants to see what is in it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from backups.engine.copies.errors import LocalFailed
from backups.engine.preview import NotShown, Preview, picture_in, preview
from backups.models import ResultCopy
from backups.services.files import NoSuchFile, at_one_moment, find, opened
from backups.services.files.saved import SavedFile

MOST_COPIED = 512 * 1024 * 1024  # of a database that is being written, to be looked into
IN_USE = "it is being written, and too large to be copied for a look: look again when it has ended"


def preview_of(copy: ResultCopy) -> Preview:
    """Raises NotShown, which says why."""
    with _at_hand(copy) as (path, handle):
        return preview(path, handle=handle)


def picture_of(copy: ResultCopy, number: int) -> tuple[str, bytes]:
    """The type and the bytes of one of its pictures. Raises NotShown."""
    with _at_hand(copy) as (path, handle):
        return picture_in(path, number, handle=handle)


@contextmanager
def _at_hand(copy: ResultCopy) -> Iterator[tuple[Path, int | None]]:
    """One that is written is copied; one at rest is read where it lies, which costs nothing."""
    try:
        file = find(f"r{copy.pk}")
        with ExitStack() as stack:
            if not (file.growing or copy.wal_bytes):
                at_rest = stack.enter_context(opened(file))
                if not at_rest.private:
                    yield at_rest.path, at_rest.handle
                    return
            yield stack.enter_context(_copied(file)), None
    except (LocalFailed, NoSuchFile) as error:
        raise NotShown(str(error)) from error


@contextmanager
def _copied(file: SavedFile) -> Iterator[Path]:
    if file.size_bytes > MOST_COPIED:
        raise NotShown(IN_USE)
    with at_one_moment(file) as path:
        yield path
