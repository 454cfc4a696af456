"""Where an experiment or a recording stands, in a word: said alike in lists, pages and files."""

from collections.abc import Iterator

from django.core.exceptions import ObjectDoesNotExist

from backups.engine.facts import ProblemKind
from backups.engine.grammar import counted
from backups.models import ExperimentState, OtherFile, RecordingLedger, ResultCopy
from devices.models import Experiment

WRITTEN_OFF = "written off"
NOT_LOOKED_AT = "not looked at"
SAVED = "saved"
SO_FAR = "saved so far"
LACKS = frozenset(kind.value for kind in ProblemKind if kind is not ProblemKind.LAGGING)
COLOURS = {  # as unfold's labels have them: what is saved needs none
    "corrupt": "danger",
    "lost": "danger",
    "missing": "danger",
    "unproven": "warning",
    "behind": "warning",
    "lagging": "info",
    WRITTEN_OFF: "info",
    NOT_LOOKED_AT: "warning",
}


def state_of(experiment: Experiment) -> ExperimentState | None:
    try:
        found: ExperimentState = experiment.state
    except ObjectDoesNotExist:
        return None
    return found


def copy_of(experiment: Experiment) -> ResultCopy | None:
    state = state_of(experiment)
    return state.copy if state else None


def of_experiment(experiment: Experiment) -> str:
    if experiment.written_off:
        return WRITTEN_OFF
    state = state_of(experiment)
    if state is None:
        return NOT_LOOKED_AT
    return state.kind or (SO_FAR if experiment.growing else SAVED)


def of_recording(ledger: RecordingLedger) -> str:
    """One of which no file is known is not saved: there is nothing yet that could be."""
    if ledger.written_off:
        return WRITTEN_OFF
    if ledger.kind:
        return ledger.kind
    if ledger.looked_at is None or not ledger.known_count:
        return "no file known" if ledger.looked_at else NOT_LOOKED_AT
    return SO_FAR if ledger.growing else SAVED


def of_file(row: OtherFile) -> str:
    if row.written_off:
        return WRITTEN_OFF
    if row.damage:
        return "damaged"
    if row.held_bytes is None:
        return "lost" if row.gone_at else "missing"
    if row.held_bytes != row.size_bytes:
        return "another size"
    return "equal" if row.equal else "of its size"


def gaps_of(copy: ResultCopy | None) -> str:
    """ "12 rows, 2 regions without a row": what lacks inside of a copy; "" for nothing."""
    return "; ".join(_gaps(copy)) if copy else ""


def _gaps(copy: ResultCopy) -> Iterator[str]:
    if copy.holes:
        yield f"{counted(copy.holes, 'row number')} lacking"
    if copy.short_rois:
        yield f"{counted(copy.short_rois, 'region')} ending early"
    if copy.rowless_rois:
        yield f"{counted(len(copy.rowless_rois), 'region')} without a row"
