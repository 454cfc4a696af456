"""The kinds of run that this installation can do."""

from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from backups.models import RunKind
from backups.services.runs.jobs import Kind
from backups.services.runs.mirror import mirror_device
from backups.services.runs.pull_results import pull_results
from backups.services.runs.pull_videos import pull_device_videos
from backups.services.runs.verify import verify_device


def _results() -> Path:
    folder: Path = settings.RESULTS_DIR
    return folder


def _videos() -> Path:
    folder: Path = settings.VIDEOS_DIR
    return folder


KINDS: Mapping[RunKind, Kind] = {
    RunKind.MIRROR: Kind(job=mirror_device, fills=_results),
    RunKind.PULL_RESULTS: Kind(job=pull_results, fills=_results),
    RunKind.PULL_VIDEOS: Kind(job=pull_device_videos, fills=_videos),
    RunKind.VERIFY: Kind(job=verify_device, fills=None),
}
