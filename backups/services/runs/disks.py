"""Our disk, as runs meet it: whether it may be written to, and what of a device lies there."""

import shutil
from pathlib import Path

from django.conf import settings

from backups.engine.videos.facts import ScanResult, VideosUnreadable
from backups.models import Recording, ResultCopy
from backups.services.mounted_cards import mounted_card
from backups.services.runs.jobs import RunFailed, RunProgress, Work
from backups.services.storages import of_devices_here
from backups.services.videos import scan_videos
from devices.models import Device

FULL_PERCENT = 95


class NoRoom(Exception):
    """The disk that the copies go to is too full, or cannot be asked."""


def results_folder() -> Path:
    folder: Path = settings.RESULTS_DIR
    return folder


def videos_folder() -> Path:
    folder: Path = settings.VIDEOS_DIR
    return folder


def cards_folder() -> Path:
    """For other files of cards: where there are none yet it is the folder above that has room."""
    folder: Path = settings.CARDS_DIR
    return folder if folder.is_dir() else folder.parent


def check_room(folder: Path | None) -> None:
    """Raises NoRoom. None: nothing is written, and nothing can be too full for that."""
    if folder is None:
        return
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        raise NoRoom(f"{folder}: {error.strerror}: is it mounted?") from error
    percent = 100 * usage.used / ((usage.used + usage.free) or 1)  # as df counts it
    if percent >= FULL_PERCENT:
        raise NoRoom(
            f"the disk of {folder} is {percent:.0f} % full: backups stop at {FULL_PERCENT} %"
        )


def refuse_mounted_card(device: Device) -> None:
    """Raises RunFailed."""
    try:
        why = mounted_card(device)
    except OSError as error:
        raise RunFailed(f"what is mounted below our folders: {error.strerror}") from error
    if why:
        raise RunFailed(why, retry=False)


def refuse_lost_results() -> None:
    """What is written below an unmounted place would fill another disk. Raises RunFailed."""
    if not _names(results_folder()) and _are_known(ResultCopy):
        raise RunFailed("the results folder is empty, though it held copies: not mounted?")


def refuse_lost_videos() -> None:
    seen = {name for name in _names(videos_folder()) if not name.startswith(".")}
    if not seen and _are_known(Recording):
        raise RunFailed("the videos folder is empty, though it held recordings: not mounted?")


def _are_known(model: type[ResultCopy] | type[Recording]) -> bool:
    return model._default_manager.filter(of_devices_here()).exists()


def scanned(work: Work, *, rebuild: bool = False) -> ScanResult:
    """The device's videos here, as they are now; their rows are brought up to date.

    Raises RunFailed.
    """
    try:
        return scan_videos(
            work.device,
            now=work.clock(),
            rebuild=rebuild,
            progress=lambda files: work.watch.progress(
                RunProgress(phase="looking at the videos here", files_done=files)
            ),
        )
    except VideosUnreadable as error:
        raise RunFailed(f"the videos here cannot be looked at: {error}") from error


def _names(folder: Path) -> set[str]:
    try:
        return {path.name for path in folder.iterdir()}
    except OSError as error:
        text = f"{folder}: {error.strerror}: is it mounted?"
        raise RunFailed(text, retry=False) from error
