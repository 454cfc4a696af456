"""The copy of each experiment that counts, for a whole page at once."""

from collections.abc import Iterable

from backups.engine.facts import ProblemKind
from backups.models import ExperimentState, RecordingLedger, ResultCopy
from backups.services.facts import copy_that_counts
from devices.models import Device, Experiment


def attach_copies(experiments: list[Experiment]) -> list[Experiment]:
    """Give each experiment its `copy`; None without any."""
    copies = ResultCopy.objects.filter(
        device__in={experiment.device_id for experiment in experiments},
        filename__in={experiment.filename for experiment in experiments},
    )
    best = _best(experiments, copies)
    for experiment in experiments:
        key = experiment.device_id, experiment.filename
        experiment.copy = best.get(key)  # type: ignore[attr-defined]
    return experiments


def best_by_name(
    experiments: Iterable[Experiment], copies: Iterable[ResultCopy]
) -> dict[str, ResultCopy]:
    """The copy that counts of each file name of one device."""
    return {name: copy for (_, name), copy in _best(list(experiments), copies).items()}


def _best(
    experiments: list[Experiment], copies: Iterable[ResultCopy]
) -> dict[tuple[int, str], ResultCopy]:
    """As the newest look chose it; before the first look, as it would choose."""
    states = ExperimentState.objects.filter(experiment__in=experiments)
    chosen = set(states.exclude(copy=None).values_list("copy", flat=True))
    of_name: dict[tuple[int, str], list[ResultCopy]] = {}
    for copy in copies:
        of_name.setdefault((copy.device_id, copy.filename), []).append(copy)
    return {
        key: best
        for key, some in of_name.items()
        if (best := copy_that_counts([c for c in some if c.pk in chosen] or some))
    }


def safe_names(device: Device) -> set[str]:
    """File names of experiments, and names of recordings, of which a look found nothing wrong.

    What only lags is as safe as can be. What no look compared yet is not named.
    """
    fine = ("", ProblemKind.LAGGING.value)
    states = ExperimentState.objects.filter(experiment__device=device, kind__in=fine)
    ledgers = RecordingLedger.objects.filter(device=device, kind__in=fine)
    compared = ledgers.exclude(looked_at=None)
    return {
        *states.values_list("experiment__filename", flat=True),
        *compared.values_list("recording", flat=True),
    }
