"""Write down the experiments that devices name. One once named is kept, and grows only on news.

Every time here is on our clock, and of what we saw: a device's clock says nothing of when.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.models import Device, Experiment, Telling, Writer
from devices.records import DeviceRecord, Extent, ListedDatabase, packed

GROWTH = (
    "path", "writer", "changed_at", "growing", "reported_state", "gone_at", "gone_reason",
    "told_rows", "told_size_bytes", "rows_told_at", "rows_told_by",
)  # fmt: skip
TOUCHED_AT_ONCE = 5000
PackedRows = dict[str, list[int | None]]  # table -> [highest id, count]
AHEAD = timedelta(days=1)  # a start later than this is no time at all
CARD = "card"  # who told what ssh read of the files themselves
NO_FILE = "the device has no such file any more"
REPLACED = "the device's MariaDB holds a later experiment"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAnswer:
    """A device and what was told of it. Not news: an older answer, or the same again."""

    device: Device
    record: DeviceRecord
    is_news: bool


def save_experiments(answers: Sequence[DeviceAnswer], *, told_by: str, now: datetime) -> None:
    known = _known(answer.device for answer in answers)
    changes = _Changes(told_by=told_by, now=now)
    for answer in answers:
        changes.take(answer, known.get(answer.device.pk, {}))
    changes.save()


class _Changes:
    """What one refresh adds and alters."""

    def __init__(self, *, told_by: str, now: datetime) -> None:
        self.told_by = told_by
        self.now = now
        self.new: list[Experiment] = []
        self.grown: list[Experiment] = []
        self.listed: list[int] = []
        self.tellings: list[Telling] = []

    def take(self, answer: DeviceAnswer, known: dict[str, Experiment]) -> None:
        named = {listed.filename: listed for listed in answer.record.experiments}
        self.new += [
            self._new(answer, listed) for name, listed in named.items() if name not in known
        ]
        if not answer.is_news:
            return
        self.listed += [one.pk for name, one in known.items() if name in named]
        for name, one in known.items():
            before = [getattr(one, field) for field in GROWTH]
            self._update(one, named.get(name), answer)
            if before != [getattr(one, field) for field in GROWTH]:
                self.grown.append(one)

    def save(self) -> None:
        Experiment.objects.bulk_create(
            self.new,
            update_conflicts=True,
            unique_fields=["device", "filename"],
            update_fields=["listed_at"],
        )
        Experiment.objects.bulk_update(self.grown, GROWTH)
        Telling.objects.bulk_create(self.tellings)
        for start in range(0, len(self.listed), TOUCHED_AT_ONCE):
            some = Experiment.objects.filter(pk__in=self.listed[start : start + TOUCHED_AT_ONCE])
            some.update(listed_at=self.now)

    def _new(self, answer: DeviceAnswer, listed: ListedDatabase) -> Experiment:
        growing = answer.is_news and _is_written(answer.record, listed.filename)
        in_time = listed.started_at is not None and listed.started_at <= self.now + AHEAD
        one = Experiment(
            device=answer.device,
            filename=listed.filename,
            path=listed.path,
            writer=listed.writer,
            started_at=listed.started_at if in_time else None,
            first_seen_at=self.now,
            listed_at=self.now,
            changed_at=self.now if growing else None,
            growing=growing,
            reported_state=listed.state,
            clock_off_seconds=_clock_off(answer.record, now=self.now),
        )
        if answer.is_news:
            self._note_rows(one, listed)
            _note_presence(one, listed, answer.record, now=self.now)
        return one

    def _update(self, one: Experiment, listed: ListedDatabase | None, answer: DeviceAnswer) -> None:
        record = answer.record
        was_growing, one.growing = one.growing, _is_written(record, one.filename)
        if record.writing and record.current_experiment is None:
            one.growing = was_growing  # it does not say which it writes
        if one.growing or was_growing:  # at its end too: it may have grown after the last look
            one.changed_at = self.now
        if listed and not listed.guessed:
            one.writer, one.reported_state = listed.writer, listed.state
            one.path = one.path or listed.path  # a card that shows another one outranks it
        if listed:
            self._note_rows(one, listed)
        _note_presence(one, listed, record, now=self.now)

    def _note_rows(self, one: Experiment, listed: ListedDatabase) -> None:
        if listed.rows is None:
            return
        size = listed.size_bytes
        before = note_rows(one, listed.rows, size, told_by=self.told_by, now=self.now)
        if before:
            self.tellings.append(before)


def note_rows(
    one: Experiment, told: Extent, size_bytes: int | None, *, told_by: str, now: datetime
) -> Telling | None:
    """Keep what is told. What was told before, and until when, becomes a telling of its own."""
    rows, before = packed(told), None
    if one.rows_told_at and (rows, size_bytes) != (one.told_rows, one.told_size_bytes):
        before = Telling(
            experiment=one,
            told_at=one.rows_told_at,
            told_by=one.rows_told_by,
            rows=one.told_rows,
            size_bytes=one.told_size_bytes,
        )
        if _has_grown(one, rows):
            one.changed_at = now
    one.told_rows, one.told_size_bytes = rows, size_bytes
    one.rows_told_at, one.rows_told_by = now, told_by
    return before


def later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _known(devices: Iterable[Device]) -> dict[int, dict[str, Experiment]]:
    by_device: dict[int, dict[str, Experiment]] = {}
    for one in Experiment.objects.filter(device__in=[device.pk for device in devices]):
        by_device.setdefault(one.device_id, {})[one.filename] = one
    return by_device


def _is_written(record: DeviceRecord, filename: str) -> bool:
    current = record.current_experiment
    return record.writing and current is not None and current.filename == filename


def _clock_off(record: DeviceRecord, *, now: datetime) -> float | None:
    return (record.clock_at - now).total_seconds() if record.clock_at else None


def _has_grown(one: Experiment, rows: PackedRows) -> bool:
    """Whether more is told than ever was: not each teller names every table, and one that names
    less than the last is no news. What is known to grow is not asked for what was told before."""
    if not _has_more(rows, [one.told_rows]):
        return False
    before = [] if one.growing else one.tellings.values_list("rows", flat=True)
    return _has_more(rows, [one.told_rows, *before])


def _has_more(rows: PackedRows, before: Sequence[PackedRows]) -> bool:
    """A table that nobody told of before has more, too."""
    return any(
        _most(counts) > max(_most(told.get(name, ())) for told in before)
        for name, counts in rows.items()
    )


def _most(counts: Iterable[int | None]) -> int:
    return max((count for count in counts if count is not None), default=0)


def _note_presence(
    one: Experiment, listed: ListedDatabase | None, record: DeviceRecord, *, now: datetime
) -> None:
    """What the device says it no longer has. That it does not name a thing says nothing, and
    nothing is gone by an inventory that is not to be believed."""
    reason = ""
    if listed and listed.is_there is False:
        if one.rows_told_by == CARD or not record.live:
            return  # a card that showed it outranks: its next listing tells
        reason = NO_FILE
    elif one.writer == Writer.MYSQL and record.live and _holds_a_later_one(record, one):
        reason = REPLACED
    elif listed is None or (listed.is_there is None and one.writer != Writer.MYSQL):
        return
    one.gone_at = (one.gone_at or now) if reason else None
    one.gone_reason = reason


def _holds_a_later_one(record: DeviceRecord, one: Experiment) -> bool:
    """MariaDB is dropped at each start: it holds the newest experiment, and no other."""
    held = [it for it in record.experiments if it.writer == Writer.MYSQL and not it.guessed]
    if one.started_at is None or one.filename in {it.filename for it in held}:
        return False
    return any(it.started_at and it.started_at > one.started_at for it in held)
