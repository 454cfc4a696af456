"""The copy of each experiment that counts, for a whole page at once."""

from collections.abc import Iterable, Set
from typing import Protocol, TypeVar

from backups.engine.facts import ProblemKind
from backups.models import ExperimentState, RecordingLedger, ResultCopy
from backups.services.facts import copy_that_counts
from devices.models import Device, Experiment

FINE = ("", ProblemKind.LAGGING.value)  # what only lags is as safe as can be


class _Named(Protocol):
    """A copy, or a row of one."""

    @property
    def pk(self) -> int: ...
    @property
    def device_id(self) -> int: ...
    @property
    def filename(self) -> str: ...


C = TypeVar("C", bound=_Named)


def attach_copies(experiments: list[Experiment]) -> list[Experiment]:
    """Give each experiment its `copy`; None without any."""
    names = {experiment.filename for experiment in experiments}
    copies = ResultCopy.objects.filter(filename__in=names)  # an index has them: hardly another's
    best = _best(experiments, copies)
    for experiment in experiments:
        key = experiment.device_id, experiment.filename
        experiment.copy = best.get(key)  # type: ignore[attr-defined]
    return experiments


def _best(
    experiments: list[Experiment], copies: Iterable[ResultCopy]
) -> dict[tuple[int, str], ResultCopy]:
    states = ExperimentState.objects.filter(experiment__in=experiments)
    chosen = set(states.exclude(copy=None).values_list("copy", flat=True))
    several = among_which(copies, chosen)
    return {key: best for key, some in several.items() if (best := copy_that_counts(some))}


def among_which(copies: Iterable[C], chosen: Set[int | None]) -> dict[tuple[int, str], list[C]]:
    """Of each device and file name those of which one counts: the one that the newest look chose;
    before the first look all."""
    of_name: dict[tuple[int, str], list[C]] = {}
    for copy in copies:
        of_name.setdefault((copy.device_id, copy.filename), []).append(copy)
    return {key: [c for c in some if c.pk in chosen] or some for key, some in of_name.items()}


def safe_recordings(device: Device, names: Iterable[str]) -> set[str]:
    """Those of these of which a look found nothing wrong. What no look compared yet is not among
    them."""
    ledgers = RecordingLedger.objects.filter(device=device, recording__in=names, kind__in=FINE)
    return set(ledgers.exclude(looked_at=None).values_list("recording", flat=True))
