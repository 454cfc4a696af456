"""The copy of each run: found by device and file name, for a whole page at once."""

from backups.engine.compare import CopyState
from backups.models import ResultCopy
from devices.models import Experiment


def attach_copies(experiments: list[Experiment]) -> list[Experiment]:
    """Give each experiment its `copy`; of two with one name the usable one; None without any."""
    copies = ResultCopy.objects.filter(
        device__in={experiment.device_id for experiment in experiments},
        filename__in={experiment.filename for experiment in experiments},
    )
    ranked = sorted(copies, key=lambda copy: copy.state == CopyState.USABLE)
    best = {(copy.device_id, copy.filename): copy for copy in ranked}
    for experiment in experiments:
        copy = best.get((experiment.device_id, experiment.filename))
        experiment.copy = copy  # type: ignore[attr-defined]
    return experiments
