"""The copy of each experiment that counts, for a whole page at once."""

from collections.abc import Iterable

from backups.models import ExperimentState, ResultCopy
from backups.services.facts import copy_that_counts
from devices.models import Experiment


def attach_copies(experiments: list[Experiment]) -> list[Experiment]:
    """Give each experiment its `copy`, as its newest look chose it; None without any."""
    states = ExperimentState.objects.filter(experiment__in=experiments).select_related("copy")
    chosen = {state.experiment_id: state.copy for state in states}
    for experiment in experiments:
        experiment.copy = chosen.get(experiment.pk)  # type: ignore[attr-defined]
    return experiments


def best_by_name(
    experiments: Iterable[Experiment], copies: Iterable[ResultCopy]
) -> dict[str, ResultCopy]:
    """The copy that counts of each file name; of a device's experiments as they were judged."""
    by_name: dict[str, list[ResultCopy]] = {}
    for copy in copies:
        by_name.setdefault(copy.filename, []).append(copy)
    chosen = {
        experiment.filename: experiment.copy  # type: ignore[attr-defined]
        for experiment in attach_copies(list(experiments))
    }
    return {
        name: best
        for name, some in by_name.items()
        if (best := chosen.get(name) or copy_that_counts(some))
    }
