"""Write down the runs that devices name. A run once named is kept, and grows only on news."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.models import Device, Experiment
from devices.records import DeviceRecord, ListedDatabase

GROWTH = ("path", "writer", "changed_at", "growing", "reported_state")
TOUCHED_AT_ONCE = 5000
AHEAD = timedelta(days=1)  # a start later than this is no time at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A device and what was told of it. Not news: an older answer, or the same again."""

    device: Device
    record: DeviceRecord
    is_news: bool


def save_experiments(tellings: Sequence[Telling], *, now: datetime) -> None:
    known = _known(telling.device for telling in tellings)
    new: list[Experiment] = []
    grown: list[Experiment] = []
    listed: list[int] = []
    for telling in tellings:
        runs = known.get(telling.device.pk, {})
        named = {run.filename: run for run in telling.record.runs}
        new += [_new(telling, run, now=now) for name, run in named.items() if name not in runs]
        if telling.is_news:
            listed += [run.pk for name, run in runs.items() if name in named]
            grown += [
                run for name, run in runs.items() if _update(run, named.get(name), telling, now=now)
            ]
    Experiment.objects.bulk_create(
        new,
        update_conflicts=True,
        unique_fields=["device", "filename"],
        update_fields=["listed_at"],
    )
    Experiment.objects.bulk_update(grown, GROWTH)
    for start in range(0, len(listed), TOUCHED_AT_ONCE):
        some = Experiment.objects.filter(pk__in=listed[start : start + TOUCHED_AT_ONCE])
        some.update(listed_at=now)


def changed_at(record: DeviceRecord, *, now: datetime) -> datetime:
    """When the run it writes, or wrote last, changed: on our clock, and never after now."""
    if record.result_changed_at is None or record.clock_at is None:
        return now
    return min(now - (record.clock_at - record.result_changed_at), now)


def later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _known(devices: Iterable[Device]) -> dict[int, dict[str, Experiment]]:
    found: dict[int, dict[str, Experiment]] = {}
    for run in Experiment.objects.filter(device__in=[device.pk for device in devices]):
        found.setdefault(run.device_id, {})[run.filename] = run
    return found


def _new(telling: Telling, run: ListedDatabase, *, now: datetime) -> Experiment:
    growing = telling.is_news and _is_written(telling.record, run.filename)
    in_time = run.started_at is not None and run.started_at <= now + AHEAD
    return Experiment(
        device=telling.device,
        filename=run.filename,
        path=run.path,
        writer=run.writer,
        started_at=run.started_at if in_time else None,
        first_seen_at=now,
        listed_at=now,
        changed_at=changed_at(telling.record, now=now) if growing else None,
        growing=growing,
        reported_state=run.state,
    )


def _update(
    run: Experiment, named: ListedDatabase | None, telling: Telling, *, now: datetime
) -> bool:
    """Bring a known run up to date; tell whether anything changed."""
    before = [getattr(run, name) for name in GROWTH]
    record = telling.record
    was_growing, run.growing = run.growing, _is_written(record, run.filename)
    if record.writing and record.current_run is None:
        run.growing = was_growing  # it does not say which run it writes
    if run.growing or was_growing:  # at its end too: it may have grown after the last look
        run.changed_at = later(run.changed_at, changed_at(record, now=now))
    if named and not named.guessed:
        run.writer, run.reported_state = named.writer, named.state
        run.path = named.path or run.path
    return before != [getattr(run, name) for name in GROWTH]


def _is_written(record: DeviceRecord, filename: str) -> bool:
    run = record.current_run
    return record.writing and run is not None and run.filename == filename
