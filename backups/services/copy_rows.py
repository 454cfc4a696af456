"""The rows of a device's copies. One that is gone is kept: what was found wrong with it is refuted
neither by its absence, nor by another place."""

from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
)
from datetime import UTC, datetime

from django.db import transaction

from backups.engine.copies import CopyFile
from backups.engine.items import CopyState
from backups.models import ExperimentState, ResultCopy
from devices.models import Device, Experiment, Writer
from devices.records import started_at

SEEN = ("filename", "size_bytes", "wal_bytes", "modified_at", "fingerprint")
LEARNT = (
    "writer", "state", "problem", "data_at", "row_count", "rows", "foreign", "finished",
    "short_rois", "rowless_rois", "holes", "inspected_at", "best_rows", "was_finished",
    "user", "location", "code", "about",
    "advanced_at",
    "damage", "damaged_at", "verified_at", "verified_fingerprint", "unread_fingerprint",
)  # fmt: skip

Known = MutableMapping[str, ResultCopy]  # every copy ever seen, by its path
_LAST = datetime.max.replace(tzinfo=UTC)


class ReturnedCopies:
    """Which of the files that did not lie here at the look before was a copy known before that.

    Each copy is at most one file: by its fingerprint, else by its place, else by its name. `known`
    has it at its new place from then on.
    """

    def __init__(self, known: Known, files: Sequence[CopyFile]) -> None:
        self.known = known
        self.found: dict[str, ResultCopy] = {}
        self.moved: dict[int, ResultCopy] = {}  # by their keys
        here = {file.path for file in files}
        self._away = [row for row in known.values() if row.gone_at or row.path not in here]
        self._away.sort(key=lambda row: row.gone_at or _LAST, reverse=True)
        new = [file for file in files if file.path not in known or known[file.path].gone_at]
        for is_it in (_is_as_it_was, _is_at_its_place, _has_its_name):
            for file, row in self._matches(new, is_it):
                self._take(file, row)

    def _matches(
        self, files: Sequence[CopyFile], is_it: Callable[[CopyFile, ResultCopy], bool]
    ) -> Iterator[tuple[CopyFile, ResultCopy]]:
        for file in files:
            if file.path in self.found:
                continue
            if row := next((row for row in self._away if is_it(file, row)), None):
                yield file, row

    def _take(self, file: CopyFile, row: ResultCopy) -> None:
        """Whatever lay at that place before is remembered at the other one."""
        self._away.remove(row)
        row.gone_at = None
        self.found[file.path] = row
        if row.path == file.path:
            return
        left, other = row.path, self.known.get(file.path)
        del self.known[left]
        self._put(row, file.path)
        if other:
            self._put(other, left)

    def _put(self, row: ResultCopy, path: str) -> None:
        row.path = path
        self.known[path] = self.moved[row.pk] = row


def _is_as_it_was(file: CopyFile, row: ResultCopy) -> bool:
    return row.fingerprint == file.fingerprint and row.filename == file.filename


def _is_at_its_place(file: CopyFile, row: ResultCopy) -> bool:
    return row.path == file.path


def _has_its_name(file: CopyFile, row: ResultCopy) -> bool:
    return row.filename == file.filename


def _move(device: Device, moved: Mapping[int, ResultCopy]) -> None:
    """Two may change places. What another look just found at one of them has no past."""
    if not moved:
        return
    places = {key: row.path for key, row in moved.items()}
    ours = ResultCopy.ever.filter(device=device)
    ours.filter(path__in=places.values()).exclude(pk__in=places).delete()
    for key in places:
        ours.filter(pk=key).update(path=f"on its way: {key}")
    for key, path in places.items():
        ours.filter(pk=key).update(path=path)


@transaction.atomic
def save_copies(
    device: Device,
    changed: list[ResultCopy],
    vanished: list[ResultCopy],
    *,
    moved: Mapping[int, ResultCopy],
    names: Collection[str],
    now: datetime,
) -> None:
    """Write what a look found. `names`: of all files that are here."""
    _move(device, moved)
    for row in changed:  # known ones too go through the one statement that adds or alters
        row.pk, row._state.adding = None, True
    ResultCopy.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["device", "path"],
        update_fields=[*SEEN, *LEARNT, "gone_at"],
    )
    _remember([row for row in vanished if row.filename not in names], now=now)
    gone = [row.pk for row in vanished]
    ResultCopy.ever.filter(pk__in=gone).update(gone_at=now)
    ExperimentState.objects.filter(copy__in=gone).update(copy=None)


def _remember(gone: Iterable[ResultCopy], *, now: datetime) -> None:
    """A copy that is no more was of an experiment, also where no device ever listed it."""
    Experiment.objects.bulk_create(
        [
            Experiment(
                device=row.device,
                filename=row.filename,
                writer=row.writer or Writer.SQLITE,
                started_at=started_at(row.filename),
                first_seen_at=row.first_seen_at,
                listed_at=row.first_seen_at,
                told_rows=row.best_rows,
                rows_told_at=row.inspected_at,
                rows_told_by="disk",
                gone_at=now,
                gone_reason="no device lists it",
            )
            for row in gone
            if row.state == CopyState.USABLE
        ],
        ignore_conflicts=True,
    )
