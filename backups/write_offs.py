"""What a person may write off: that it will never be here is accepted, and is no alarm any more."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Model, Q

from backups.models import OtherFile, RecordingLedger
from backups.standing import LACKS, of_file, state_of
from devices.models import Experiment

SAID = "Written off"
TAKEN_BACK = "Write-off taken back"
LACKING_FILE = frozenset({"damaged", "lost", "missing", "another size"})
RIGHTS: dict[type[Model], str] = {
    Experiment: "devices.write_off_experiment",
    RecordingLedger: "backups.change_recordingledger",
    OtherFile: "backups.change_otherfile",
}
# The same to a database; what was written off already lacks nothing that anybody waits for.
LACKING: dict[type[Model], Q] = {
    Experiment: Q(state__kind__in=LACKS),
    RecordingLedger: Q(kind__in=LACKS),
    OtherFile: Q(held_bytes=None) | ~Q(damage="") | ~Q(held_bytes=F("size_bytes")),
}


class NothingLacks(Exception):
    """There is nothing to write off, or nothing to take back; the text says so."""


def lacks(row: Any) -> bool:
    """Whether something of it is not here, so that there is anything to write off."""
    return _LACKS[type(row)](row)


def write_off(row: Any, *, by: Any, reason: str) -> str:
    """Gives what is written down. Raises NothingLacks."""
    if not row.written_off and not lacks(row):
        raise NothingLacks(f"Nothing of {row} is known to lack.")
    return _set(row, f"{SAID}: {reason}", by=by, lost=True)


def take_back(row: Any, *, by: Any) -> str:
    """It is judged again like any other. Raises NothingLacks."""
    if not row.written_off:
        raise NothingLacks(f"{row} is not written off.")
    return _set(row, TAKEN_BACK, by=by, lost=False)


def write_off_of(row: Any) -> LogEntry | None:
    """Who wrote it off, when and why; None: it is not, or nobody wrote that down."""
    if not row.written_off:
        return None
    about = ContentType.objects.get_for_model(row)
    acts = LogEntry.objects.filter(content_type=about, object_id=str(row.pk))
    return acts.filter(change_message__startswith=SAID).select_related("user").first()


def _set(row: Any, said: str, *, by: Any, lost: bool) -> str:
    row.written_off = lost
    row.save(update_fields=["written_off"])
    LogEntry.objects.log_actions(by.pk, [row], CHANGE, change_message=said, single_object=True)
    return said


def _experiment_lacks(row: Experiment) -> bool:
    state = state_of(row)
    return state is not None and state.kind in LACKS


_LACKS: dict[type[Model], Callable[[Any], bool]] = {
    Experiment: _experiment_lacks,
    RecordingLedger: lambda row: row.kind in LACKS,
    OtherFile: lambda row: of_file(row) in LACKING_FILE,
}
