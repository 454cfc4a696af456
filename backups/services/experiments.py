"""Write down where each experiment stands, and forget the tellings that prove nothing more."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q

from backups.engine.compare import Comparison
from backups.engine.items import ItemState
from backups.models import ExperimentState
from backups.services.facts import Databases
from devices.models import Experiment, Telling

MOST_TELLINGS = 64  # of one experiment that no copy reaches; beyond that every second one goes
FIELDS = (
    "copy_id", "proof", "proven_at", "how", "held_at", "kind", "reason", "since",
    "rows_at_risk", "bytes_at_risk", "looked_at",
)  # fmt: skip


def store_states(databases: Databases, comparisons: Iterable[Comparison], *, now: datetime) -> None:
    """One row for each experiment that was looked at. What was written off has none."""
    by_name = {one.filename: one for one in databases.experiments}
    copies = {copy.path: copy.pk for copy in databases.copies}
    states = []
    for comparison in comparisons:
        for item in comparison.items:
            one = by_name[item.filename]
            states.append(ExperimentState(experiment=one, **_values(item, copies, now=now)))
            _forget_tellings(databases, one, item.held_at)
    ExperimentState.objects.bulk_create(
        states,
        update_conflicts=True,
        unique_fields=["experiment"],
        update_fields=[name.removesuffix("_id") for name in FIELDS],
    )
    looked_at = [state.experiment_id for state in states]
    ours = ExperimentState.objects.filter(experiment__device=databases.device)
    ours.filter(experiment__written_off=True).exclude(experiment__in=looked_at).delete()


def _values(item: ItemState, copies: Mapping[str, int], *, now: datetime) -> dict[str, object]:
    problem = item.problem
    return {
        "copy_id": copies.get(item.path),
        "proof": item.proof,
        "proven_at": item.proven_at,
        "how": item.how[:200],
        "held_at": item.held_at,
        "kind": item.kind or "",
        "reason": problem.reason[:500] if problem else "",
        "since": problem.since if problem else None,
        "rows_at_risk": problem.rows if problem else None,
        "bytes_at_risk": problem.bytes if problem else None,
        "looked_at": now,
    }


def _forget_tellings(databases: Databases, one: Experiment, held_at: datetime | None) -> None:
    """What a copy reached proves nothing more, but for a count made after the end."""
    tellings = [t for t in databases.tellings.get(one.pk, ()) if not t.final]
    reached = [t.pk for t in tellings if held_at and t.told_at < held_at]
    waiting = [t.pk for t in tellings if t.pk not in set(reached)]
    too_many = waiting[1:-1:2] if len(waiting) > MOST_TELLINGS else []
    if reached or too_many:
        Telling.objects.filter(Q(pk__in=reached) | Q(pk__in=too_many)).delete()
