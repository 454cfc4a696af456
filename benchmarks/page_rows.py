"""Rows of a lab's years: experiments with their copies, recordings, and runs; by bulk."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice

from backups.models import (
    ExperimentState,
    Recording,
    RecordingLedger,
    ResultCopy,
    Run,
    RunKind,
    RunState,
    RunTrigger,
)
from devices.models import Device, Experiment

BATCH = 5000
TWO_DAYS = timedelta(days=2)
THREE_DAYS = timedelta(days=3)
THREE_MINUTES = timedelta(minutes=3)
PEOPLE = ("maria", "chen", "okafor", "lindqvist", "")


def make_experiments(
    devices: Sequence[Device], count: int, *, now: datetime, every: timedelta = TWO_DAYS
) -> None:
    """Each with a copy here and where it stands; every twentieth lacks something."""
    each = count // len(devices)
    experiments = Experiment.objects.bulk_create(
        [_experiment(device, n * every, now) for device in devices for n in range(each)], BATCH
    )
    copies = ResultCopy.objects.bulk_create([_copy(e, now) for e in experiments], BATCH)
    ExperimentState.objects.bulk_create(
        [_state(n, *pair, now) for n, pair in enumerate(zip(experiments, copies, strict=True))],
        BATCH,
    )


def _experiment(device: Device, ago: timedelta, now: datetime) -> Experiment:
    started = now - ago - timedelta(days=1, minutes=device.pk)
    return Experiment(
        device=device, writer="sqlite", started_at=started, first_seen_at=started, listed_at=now,
        filename=f"{started:%Y-%m-%d_%H-%M-%S}_{device.device_id}.db", told_size_bytes=40_000_000,
    )  # fmt: skip


def _copy(experiment: Experiment, now: datetime) -> ResultCopy:
    name, device = PEOPLE[(experiment.pk or 0) % len(PEOPLE)], experiment.device
    begun = experiment.filename.removesuffix(f"_{device.device_id}.db")
    return ResultCopy(
        device=device, path=f"{device.device_id}/{device.name}/{begun}/{experiment.filename}",
        filename=experiment.filename, writer="sqlite", size_bytes=40_000_000, modified_at=now,
        first_seen_at=now, state="usable", row_count=1_203_000, inspected_at=now, user=name,
        location="incubator 1", code="sleep",
        rows={f"ROI_{n}": [60_000, 60_000] for n in range(1, 21)},
    )  # fmt: skip


def _state(number: int, experiment: Experiment, copy: ResultCopy, now: datetime) -> ExperimentState:
    lacks = number % 20 == 3
    return ExperimentState(
        experiment=experiment, copy=copy, proof="" if lacks else "counted", looked_at=now,
        kind="behind" if lacks else "", reason="the copy ends at noon" if lacks else "",
        since=now - timedelta(hours=5) if lacks else None,
    )  # fmt: skip


def make_recordings(
    devices: Sequence[Device], each: int, *, now: datetime, every: timedelta = THREE_DAYS
) -> None:
    rows = [(device, now - n * every - timedelta(minutes=device.pk)) for device in devices
            for n in range(each)]  # fmt: skip
    RecordingLedger.objects.bulk_create(
        [
            RecordingLedger(
                device=device, recording=f"{at:%Y-%m-%d_%H-%M-%S}_{device.device_id}",
                first_known_at=at, known_count=288, counted_count=288,
            )
            for device, at in rows
        ],
        BATCH,
    )  # fmt: skip
    Recording.objects.bulk_create(
        [
            Recording(
                device=device, folder=f"{device.device_id}/{at:%Y-%m-%d_%H-%M-%S}",
                chunk_count=288, size_bytes=3_000_000_000, newest_change_at=at,
            )
            for device, at in rows
        ],
        BATCH,
    )  # fmt: skip


def make_runs(
    devices: Sequence[Device], count: int, *, now: datetime, every: timedelta = THREE_MINUTES
) -> None:
    """The newest first; every fiftieth failed, and some are at work."""
    runs = (_run(devices[n % len(devices)], n, now - n * every) for n in range(count))
    while batch := list(islice(runs, BATCH)):
        Run.objects.bulk_create(batch)
    for device in devices[:5]:
        Run.objects.create(
            device=device, kind=RunKind.PROVE, trigger=RunTrigger.SCHEDULE, state=RunState.RUNNING,
            queued_at=now, not_before=now, started_at=now, bytes_done=4, bytes_total=10,
        )  # fmt: skip


def _run(device: Device, number: int, ended: datetime) -> Run:
    failed = number % 50 == 7
    at = ended - timedelta(minutes=5)
    return Run(
        device=device, kind=list(RunKind)[number % 5], trigger=RunTrigger.SCHEDULE,
        state=RunState.FAILED if failed else RunState.SUCCEEDED, queued_at=at, not_before=at,
        started_at=at, ended_at=at + timedelta(minutes=2), log="read\nwritten\n" * 20,
        error="the device did not answer" if failed else "",
        failure="HostUnreachable" if failed else "",
    )  # fmt: skip
