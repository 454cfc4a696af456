"""The copy of each experiment that counts, for a whole page at once."""

from collections.abc import Iterable

from backups.dashboard import DeviceStatus
from backups.engine.facts import ProblemKind
from backups.models import DamagedFile, ExperimentState, ResultCopy
from backups.services.facts import copy_that_counts
from devices.models import Experiment


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


def unsafe_names(status: DeviceStatus) -> set[str]:
    """File names of all that the newest look found wrong; what only lags is as safe as can be."""
    states = ExperimentState.objects.filter(experiment__device=status.device)
    wrong = states.exclude(kind__in=("", ProblemKind.LAGGING.value))
    damaged = DamagedFile.objects.filter(device=status.device)
    facts = [backup.facts for backup in status.backups.values()]
    return {
        *wrong.values_list("experiment__filename", flat=True),
        *damaged.values_list("path", flat=True),
        *(p.name for f in facts for p in (*f.corrupt, *f.unproven)),  # also what nobody lists
    }
