"""Which names may become words of a command, or paths here."""

import re
from pathlib import PurePosixPath

from backups.engine.pull.errors import BadName
from devices.ids import is_device_id

LONGEST_PART = 255
LONGEST_PATH = 1024

_WORD = re.compile(r"[A-Za-z0-9_@+][A-Za-z0-9_.@+-]*")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*|[0-9A-Fa-f:]+(%[A-Za-z0-9_.-]+)?")


def checked_word(text: str, what: str) -> str:
    if len(text) > LONGEST_PART or not _WORD.fullmatch(text):
        raise BadName(f"{text[:80]!r} cannot be {what}")
    return text


def checked_host(text: str) -> str:
    if len(text) > LONGEST_PART or not _HOST.fullmatch(text):
        raise BadName(f"{text[:80]!r} cannot be a host")
    return text


def checked_device(text: str) -> str:
    if not is_device_id(text):
        raise BadName(f"{text[:80]!r} cannot be the name of a folder")
    return text


def checked_remote(path: PurePosixPath) -> PurePosixPath:
    """An absolute path on a device. Folders are called as people like it, a file is a plain word:
    it never comes as an argument of a command, but quoted or in a list."""
    if not path.is_absolute() or path.parts[0] != "/" or len(str(path)) > LONGEST_PATH:
        raise BadName(f"{str(path)[:80]!r} cannot be a path on a device")
    for part in path.parts[1:-1]:
        if part == ".." or len(part) > LONGEST_PART or not part.isprintable():
            raise BadName(f"{part[:80]!r} cannot be part of a path")
    checked_word(path.name, "part of a path")
    return path


def checked_folder(path: PurePosixPath) -> PurePosixPath:
    """An absolute path on a device, every part of which is a plain word."""
    for part in checked_remote(path).parts[1:]:
        checked_word(part, "part of a path")
    return path


def is_plain(path: str) -> bool:
    """Whether a name told by the device may become a path below its own folder here."""
    parts = path.split("/")
    fits = len(path) <= LONGEST_PATH and all(len(part) <= LONGEST_PART for part in parts)
    named = all(part and not part.startswith(".") for part in parts)
    return fits and named and path.isprintable()
