"""Checks of the folders that copies lie in: there, readable, writable where needed, with room."""

import os
import shlex
import shutil
from pathlib import Path

from django.conf import settings

from backups.engine.byte_sizes import human_size
from backups.engine.grammar import counted
from backups.services.runs.disks import FULL_PERCENT
from backups.services.videos import moved_caches
from installation.answers import One, SetupAnswer, off, ok, unknown, wrong
from installation.checks.ours import name_of
from installation.situation import Situation

MOST_NAMED = 20


def results(known: Situation) -> SetupAnswer:
    return _folder("results", settings.RESULTS_DIR, known)


def videos(known: Situation) -> SetupAnswer:
    return _folder("videos", settings.VIDEOS_DIR, known)


def cards(known: Situation) -> SetupAnswer:
    path: Path = settings.CARDS_DIR
    if not path.exists() and not known.writes("cards"):
        return off("No plan brings other files of cards here.")
    return _folder("cards", path if path.exists() else path.parent, known)


def _folder(name: str, path: Path, known: Situation) -> SetupAnswer:
    try:
        inside = [entry for entry in path.iterdir() if entry.is_dir()]
        has_any = any(path.iterdir())
    except OSError as error:
        return wrong(f"{path}: {error.strerror}.{_owner(path)}", _cure(path, error))
    if name in known.held and not has_any:
        line = f"findmnt -T {shlex.quote(str(path))}"
        return wrong(f"{path} is empty, though copies in it are known: is its disk mounted?", line)
    shut = [entry for entry in inside if not _may(entry, os.R_OK | os.X_OK)]
    if shut:
        return wrong(
            f"{counted(len(shut), 'folder')} in {path} cannot be read by {_me()}.",
            f"setfacl -R -m u:{_me()}:rX {shlex.quote(str(path))}",
            ones=[One(name=entry.name, words=_owner(entry).strip()) for entry in shut[:MOST_NAMED]],
        )
    return _written(name, path, known)


def _written(name: str, path: Path, known: Situation) -> SetupAnswer:
    needed = known.writes(name)
    if needed and not _may(path, os.W_OK | os.X_OK):
        return wrong(
            f"A plan makes copies in {path}, and {_me()} cannot write there.{_owner(path)}",
            f"setfacl -m u:{_me()}:rwX {shlex.quote(str(path))}",
        )
    use = "read and written" if needed else "read"
    return ok(f"{path} can be {use} by {_me()}.")


def room(known: Situation) -> SetupAnswer:
    """Below the limit at which our own runs stop."""
    said, full = [], []
    for path in dict.fromkeys((settings.RESULTS_DIR, settings.VIDEOS_DIR, settings.VAR_DIR)):
        try:
            usage = shutil.disk_usage(path)
        except OSError as error:
            return unknown(f"{path}: {error.strerror}: is it mounted?")
        percent = 100 * usage.used / ((usage.used + usage.free) or 1)  # as df counts it
        said.append(f"{path}: {human_size(usage.free)} free ({percent:.0f} % full)")
        full += [path] if percent >= FULL_PERCENT else []
    if full:
        line = f"df -h {' '.join(shlex.quote(str(path)) for path in full)}"
        return wrong(f"{'; '.join(said)}. Backups stop at {FULL_PERCENT} %.", line)
    return ok("; ".join(said) + ".")


def video_cache(_: Situation) -> SetupAnswer:
    """The old node keeps one of its own under the same names."""
    path: Path = settings.VIDEO_CACHE_DIR
    if moved := moved_caches():
        return ok(
            f"The old node writes into {path}, too: the memory of {counted(moved, 'device')} has"
            f" moved aside to {settings.VIDEO_CACHE_ASIDE} by itself."
        )
    place = next(one for one in (path, *path.parents) if one.exists())
    if not _may(place, os.W_OK | os.X_OK):
        return wrong(
            f"{path} cannot be written by {_me()}: every scan of videos begins anew.",
            f"setfacl -m u:{_me()}:rwX {shlex.quote(str(place))}    # or set ETHONODE_CACHE_DIR",
        )
    return ok(f"{path} is ours alone, as far as was seen.")


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=True)


def _me() -> str:
    return name_of(os.geteuid())


def _owner(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return ""
    return f" It belongs to {name_of(status.st_uid)}, with mode {status.st_mode & 0o7777:04o}."


def _cure(path: Path, error: OSError) -> str:
    where = shlex.quote(str(path))
    if isinstance(error, PermissionError):
        return f"setfacl -m u:{_me()}:rX {where}"
    return f"ls -ld {where}    # another place: ETHONODE_DATA_ROOT"
