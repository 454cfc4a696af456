"""Refuse to write where a disk is not mounted: what is written there would fill another one."""

from pathlib import Path

from django.conf import settings

from backups.models import Recording, ResultCopy
from backups.services.runs.jobs import RunFailed


def refuse_lost_results() -> None:
    """An empty folder where copies are known to be. Raises RunFailed."""
    if not _names(settings.RESULTS_DIR) and ResultCopy.objects.exists():
        raise RunFailed("the results folder is empty, though it held copies: not mounted?")


def refuse_lost_videos() -> None:
    seen = {name for name in _names(settings.VIDEOS_DIR) if not name.startswith(".")}
    if not seen and Recording.objects.exists():
        raise RunFailed("the videos folder is empty, though it held recordings: not mounted?")


def _names(folder: Path) -> set[str]:
    try:
        return {path.name for path in folder.iterdir()}
    except OSError as error:
        text = f"{folder}: {error.strerror}: is it mounted?"
        raise RunFailed(text, retry=False) from error
