"""What the page of one experiment shows: device, copy, proof and recording, side by side."""

from datetime import UTC, datetime, timedelta
from typing import Any

from backups.admin.file_rows import few_files_shown
from backups.engine.videos.telling import CHUNK_SECONDS
from backups.models import RecordingLedger, ResultCopy
from backups.rois import picture, rois_of
from backups.services.files import FileQuery
from backups.standing import copy_of, gaps_of, of_experiment, state_of
from backups.write_offs import write_off_of
from devices.models import Experiment

MOST_RECORDINGS = 10
LOOKED_AT = 500  # recordings of the device, the newest that began before the end
STAMP = "%Y-%m-%d_%H-%M-%S"


def experiment_page(experiment: Experiment, *, now: datetime) -> dict[str, Any]:
    copy = copy_of(experiment)
    ended_at = _ended_at(experiment, copy)
    rois = rois_of(experiment, copy)
    device_id = experiment.device.device_id
    of_its_own = FileQuery(device=device_id, experiment=experiment.filename)
    return {
        "now": now,
        "experiment": experiment,
        "item": state_of(experiment),
        "standing": of_experiment(experiment),
        "write_off": write_off_of(experiment),
        "copy": copy,
        "ended_at": ended_at,
        "rois": rois,
        "rois_picture": picture(rois),
        "gaps": gaps_of(copy),
        "beside": _recordings(experiment, ended_at or now),
        **few_files_shown(of_its_own),
    }


def _ended_at(experiment: Experiment, copy: ResultCopy | None) -> datetime | None:
    """On the device's clock: its stop row, else its newest row here. None while it grows."""
    if experiment.growing or copy is None:
        return None
    return _moment(copy.about.get("stopped", "")) or copy.data_at


def _moment(seconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _recordings(experiment: Experiment, until: datetime) -> list[RecordingLedger]:
    """Those of the device that overlap it in time, if the device's clock is on UTC."""
    begun = experiment.started_at
    if begun is None:
        return []
    ledgers = RecordingLedger.objects.filter(
        device=experiment.device_id, recording__lte=f"{until:{STAMP}}"
    )
    some = ledgers.defer("memory", "digests").order_by("-recording")[:LOOKED_AT]
    return [one for one in some if begun <= _end_of(one)][:MOST_RECORDINGS]


def _end_of(ledger: RecordingLedger) -> datetime:
    """So many chunks after its start. A name that is no time overlaps nothing."""
    try:
        begun = datetime.strptime(ledger.recording, STAMP).replace(tzinfo=UTC)
        return begun + timedelta(
            seconds=CHUNK_SECONDS * max(ledger.newest_number, ledger.known_count)
        )
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)
