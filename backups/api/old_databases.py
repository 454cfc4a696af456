"""The databases that a device lists, or that are here of it: as many as it ever had.

So of each no more is read than the old answer shows, and no model is made of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from typing import NamedTuple

from backups.api.copies import FINE, among_which
from backups.engine.facts import BackupType
from backups.engine.items import is_sound
from backups.models import ResultCopy
from backups.services.facts import copy_that_counts
from devices.models import Device, Writer


class ListedRow(NamedTuple):
    """An experiment as its device listed it, and what the newest look made of it, if one did."""

    filename: str
    writer: str
    started_at: datetime | None
    reported_state: str
    state__kind: str | None
    state__copy: int | None


class CopyRow(NamedTuple):
    """A copy on the disk."""

    pk: int
    device_id: int
    filename: str
    path: str
    writer: str
    size_bytes: int
    state: str
    damage: str
    foreign: str

    @property
    def is_sound(self) -> bool:
        return is_sound(self.state, damage=self.damage, foreign=self.foreign)


@dataclass(frozen=True, slots=True, kw_only=True)
class OldDatabase:
    """An experiment as its device listed it, and our copy: one of the two may be missing."""

    filename: str
    writer: str
    date: datetime | None  # when it started; of a copy that no list names, when it was last written
    reported_state: str
    copy: CopyRow | None
    is_saved: bool  # the newest look at the disk holds still, and found nothing wrong with it

    @property
    def size_bytes(self) -> int:
        """Of a saved one: the old pages draw a size as a full bar, "backed-up"."""
        return self.copy.size_bytes if self.copy and self.is_saved else 0


def old_databases(device: Device, *, known: set[BackupType]) -> list[OldDatabase]:
    """What the device lists, newest first, then the copies of what it no longer does.

    `known`: the types of which the disk was read lately.
    """
    listed = list(starmap(ListedRow, device.experiments.values_list(*ListedRow._fields)))
    best = _best_by_name(device, listed)
    found = [_of_listed(one, best.pop(one.filename, None), known) for one in listed]
    return found + list(_left_over(device, best, known))


def _of_listed(one: ListedRow, copy: CopyRow | None, known: set[BackupType]) -> OldDatabase:
    is_here = copy is not None and copy.is_sound
    return OldDatabase(
        filename=one.filename,
        writer=one.writer,
        date=one.started_at,
        reported_state=one.reported_state,
        copy=copy,
        is_saved=is_here and one.writer in known and one.state__kind in FINE,
    )


def _left_over(
    device: Device, best: dict[str, CopyRow], known: set[BackupType]
) -> Iterator[OldDatabase]:
    written = device.copies.filter(filename__in=best).values_list("pk", "modified_at")
    dates = dict(written) if best else {}
    for name, copy in sorted(best.items(), reverse=True):
        yield OldDatabase(
            filename=name,
            writer=copy.writer,
            date=dates.get(copy.pk),
            reported_state="",
            copy=copy,
            is_saved=copy.is_sound and (copy.writer or Writer.SQLITE) in known,
        )


def _best_by_name(device: Device, listed: Iterable[ListedRow]) -> dict[str, CopyRow]:
    """The copy that counts of each file name."""
    chosen = {one.state__copy for one in listed}
    rows = starmap(CopyRow, device.copies.order_by().values_list(*CopyRow._fields))
    several = among_which(rows, chosen)
    best = {name: some[0] for (_, name), some in several.items() if len(some) == 1}
    doubtful = {name: some for (_, name), some in several.items() if len(some) > 1}
    return best | _best_of_several(doubtful)


def _best_of_several(doubtful: dict[str, list[CopyRow]]) -> dict[str, CopyRow]:
    """Before the first look: all that is known of them is asked."""
    rows = {row.pk: row for some in doubtful.values() for row in some}
    whole = ResultCopy.objects.in_bulk(rows) if rows else {}
    best = {name: copy_that_counts(whole[row.pk] for row in some if row.pk in whole)
            for name, some in doubtful.items()}  # fmt: skip
    return {name: rows[copy.pk] for name, copy in best.items() if copy}
