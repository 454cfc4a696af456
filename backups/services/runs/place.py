"""Where a copy lies: `<results>/<machine id>/<name>/<date>_<time>/<file>`, and nowhere else.

The names come from devices, and devices write into this tree: each name is checked, and no folder
on the way may be a link.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devices.ids import DEVICE_ID, is_device_id

LONGEST_NAME = 128

_FILENAME = re.compile(rf"(?P<started>\d{{4}}-\d\d-\d\d_\d\d-\d\d-\d\d)_{DEVICE_ID}\.db", re.ASCII)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class UnsafePlace(Exception):
    """A name that cannot be part of a path, or a folder that cannot be trusted."""


def path_of_copy(device_id: str, device_name: str, filename: str) -> Path:
    """The place below the results folder. Raises UnsafePlace."""
    if not is_device_id(device_id):
        raise UnsafePlace(f"{device_id[:64]!r} cannot be the name of a folder")
    parts = _FILENAME.fullmatch(filename)
    if parts is None:
        raise UnsafePlace(f"{filename[:128]!r} is no file name of an experiment")
    return Path(device_id, _checked_name(device_name), parts["started"], filename)


def _checked_name(name: str) -> str:
    unsafe = (
        not name.isprintable()
        or name != name.strip()
        or name.startswith((".", "-"))
        or any(sign in name for sign in "/\\")
        or not 0 < len(name.encode(errors="replace")) <= LONGEST_NAME
    )
    if unsafe:
        raise UnsafePlace(f"the device's name {name[:64]!r} cannot be the name of a folder")
    return name


@contextmanager
def folder_for(copy: Path, *, results_dir: Path) -> Iterator[Path]:
    """Make the folders of this copy while the body runs, and those that stay empty go again.

    Raises UnsafePlace where one is a link or no folder, or where results are not kept at all.
    """
    made = _make_folders(copy.parent.parts, results_dir=results_dir)
    try:
        folder = (results_dir / copy.parent).resolve()
        if not folder.is_relative_to(results_dir.resolve()):
            raise UnsafePlace(f"{results_dir / copy.parent} does not lie in {results_dir}")
        yield folder / copy.name
    finally:
        with suppress(OSError):  # not empty: something is kept here
            for folder in reversed(made):
                folder.rmdir()


def _make_folders(names: tuple[str, ...], *, results_dir: Path) -> list[Path]:
    made: list[Path] = []
    place = results_dir
    try:
        parent = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UnsafePlace(f"{place}: {error.strerror}: is it mounted?") from error
    try:
        for name in names:
            place /= name
            child, is_new = _folder(name, parent=parent, place=place)
            os.close(parent)
            parent = child
            made += [place] if is_new else []
    finally:
        os.close(parent)
    return made


def _folder(name: str, *, parent: int, place: Path) -> tuple[int, bool]:
    """Open the folder below an open one, never through a link; and tell whether it is new."""
    is_new = True
    try:
        os.mkdir(name, mode=0o755, dir_fd=parent)
    except FileExistsError:
        is_new = False
    except OSError as error:
        raise UnsafePlace(f"{place}: {error.strerror}") from error
    try:
        return os.open(name, _FOLDER, dir_fd=parent), is_new
    except OSError as error:
        raise UnsafePlace(f"{place}: not a folder of its own: {error.strerror}") from error
