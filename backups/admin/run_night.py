"""What ran last night, or in another span: a line a device, failures by their cause, claims."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Max

from backups.engine.grammar import counted
from backups.failed_runs import what_to_do
from backups.models import Claim, Run, RunKind, RunState
from devices.dates import Period
from devices.models import Device, Lifecycle

LONGEST = timedelta(days=31)
MOST_NAMED = 20
_NOT_READ = ("log", "numbers")  # long, and not shown


@dataclass(slots=True)
class KindThatNight:
    """Runs of one kind, of one device: how many, how many failed, and how the newest stands."""

    kind: str
    count: int = 0
    failed: int = 0
    newest: int = 0
    state: str = ""

    def add(self, state: str, count: int, newest: int) -> None:
        self.count += count
        self.failed += count if state == RunState.FAILED else 0
        if newest > self.newest:
            self.newest, self.state = newest, state


@dataclass(frozen=True, slots=True)
class DeviceThatNight:
    """`cells`: one for each kind that ran at all, None where it did not run for this device."""

    device: Device
    cells: list[KindThatNight | None]
    claims: list[Claim]

    @property
    def is_bad(self) -> bool:
        return any(cell.state == RunState.FAILED for cell in self.cells if cell)


@dataclass(slots=True)
class Failure:
    """What failed last, and was not done since, for one reason: one thing to do.

    `runs`: the newest of each device.
    """

    error: str
    to_do: str
    kinds: dict[str, None] = field(default_factory=dict)  # in order, each once
    runs: dict[int, Run] = field(default_factory=dict)

    def add(self, run: Run) -> None:
        self.kinds[run.get_kind_display()] = None
        self.runs[run.device_id] = run

    @property
    def named(self) -> list[Run]:
        return list(self.runs.values())[:MOST_NAMED]

    @property
    def more(self) -> int:
        return max(0, len(self.runs) - MOST_NAMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    span: Period
    kinds: list[str]
    lines: list[DeviceThatNight]
    idle: list[Device]
    failures: list[Failure]
    counts: dict[str, int]
    mended: int  # failed, and succeeded later

    @property
    def sentence(self) -> str:
        """ "46 runs of 24 devices: 40 succeeded, 2 failed; 4 more failed, and succeeded later"."""
        total = sum(self.counts.values())
        if not total:
            return "Nothing ran in this time"
        parts = [f"{count} {RunState(state).label}" for state, count in self.counts.items()]
        later = f"; {self.mended} of those that failed came through later" if self.mended else ""
        runs, devices = counted(total, "run"), counted(len(self.lines), "device")
        return f"{runs} of {devices}: {', '.join(parts)}{later}"


def night_of(span: Period) -> Night:
    """Four queries, whatever ran."""
    cells, counts = _cells(span)
    devices = {device.pk: device for device in Device.objects.order_by("name", "device_id")}
    kinds = [kind for kind in RunKind.values if any(kind in row for row in cells.values())]
    claims = _claims()
    lines = [
        DeviceThatNight(device, [cells[key].get(kind) for kind in kinds], claims[key])
        for key, device in devices.items()
        if key in cells
    ]
    active = [one for one in devices.values() if one.lifecycle == Lifecycle.ACTIVE]
    return Night(
        span=span,
        kinds=[RunKind(kind).label for kind in kinds],
        lines=sorted(lines, key=lambda line: not line.is_bad),
        idle=[device for device in active if device.pk not in cells],
        failures=_failures(_all(cells)),
        counts=counts,
        mended=sum(cell.failed for cell in _all(cells) if cell.state == RunState.SUCCEEDED),
    )


def _cells(span: Period) -> tuple[dict[int, dict[str, KindThatNight]], dict[str, int]]:
    cells: dict[int, dict[str, KindThatNight]] = defaultdict(dict)
    counts = dict.fromkeys(RunState.values, 0)
    ran = Run.objects.filter(queued_at__gte=span.start, queued_at__lt=span.end).order_by()
    grouped = ran.values_list("device", "kind", "state").annotate(Count("pk"), Max("pk"))
    for device, kind, state, count, newest in grouped:
        cell = cells[device].setdefault(kind, KindThatNight(RunKind(kind).label))
        cell.add(state, count, newest)
        counts[state] += count
    return cells, {state: count for state, count in counts.items() if count}


def _all(cells: dict[int, dict[str, KindThatNight]]) -> list[KindThatNight]:
    return [cell for row in cells.values() for cell in row.values()]


def _claims() -> dict[int, list[Claim]]:
    found: dict[int, list[Claim]] = defaultdict(list)
    for claim in Claim.objects.order_by("daemon", "node"):
        found[claim.device_id].append(claim)
    return found


def _failures(cells: Iterable[KindThatNight]) -> list[Failure]:
    """The causes that hit most devices first."""
    keys = [cell.newest for cell in cells if cell.state == RunState.FAILED]
    found: dict[str, Failure] = {}
    runs = Run.objects.filter(pk__in=keys).select_related("device").defer(*_NOT_READ)
    for run in runs.order_by("pk"):
        cause = run.failure or run.error
        found.setdefault(cause, Failure(run.error, what_to_do(run))).add(run)
    return sorted(found.values(), key=lambda failure: -len(failure.runs))


def shortened(span: Period, *, now: datetime) -> Period:
    """A span that can be shown: it ends by now at the latest, and is not too long."""
    end = min(span.end, max(now, span.start + timedelta(minutes=1)))
    return Period(max(span.start, end - LONGEST), end)
