"""Write down where each experiment stands, and forget the tellings that prove nothing more."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from django.db.models import Q

from backups.engine.compare import Comparison
from backups.engine.items import ItemState
from backups.models import ExperimentState
from backups.services.facts import Databases
from devices.models import Experiment, Telling

MOST_TELLINGS = 64  # of one experiment that no copy reaches; beyond that every second one goes
FOUND = (
    "copy_id", "proof", "proven_at", "how", "held_at", "kind", "reason", "since",
    "rows_at_risk", "bytes_at_risk",
)  # fmt: skip


def store_states(databases: Databases, comparisons: Iterable[Comparison], *, now: datetime) -> None:
    """One row for each experiment that was looked at. What was written off has none.

    Where it is found as it was, only when is written.
    """
    found = dict(_found(databases, comparisons))
    known = databases.states
    same = {pk for pk, values in found.items() if pk in known and _says(known[pk]) == values}
    changed = [
        ExperimentState(experiment_id=pk, looked_at=now, **values)
        for pk, values in found.items()
        if pk not in same
    ]
    ExperimentState.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["experiment"],
        update_fields=[*(name.removesuffix("_id") for name in FOUND), "looked_at"],
    )
    ExperimentState.objects.filter(experiment__in=same).update(looked_at=now)
    written_off = [one.pk for one in databases.experiments if one.written_off]
    over = [pk for pk in written_off if pk in known and pk not in found]
    ExperimentState.objects.filter(experiment__in=over).delete()


def _found(
    databases: Databases, comparisons: Iterable[Comparison]
) -> Iterator[tuple[int, dict[str, object]]]:
    """What a look says of each experiment, by its key."""
    by_name = {one.filename: one for one in databases.experiments}
    copies = {copy.path: copy.pk for copy in databases.copies}
    for comparison in comparisons:
        for item in comparison.items:
            one = by_name[item.filename]
            _forget_tellings(databases, one, item.held_at)
            yield one.pk, _values(item, copies)


def _says(state: ExperimentState) -> dict[str, object]:
    return {name: getattr(state, name) for name in FOUND}


def _values(item: ItemState, copies: Mapping[str, int]) -> dict[str, object]:
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
    }


def _forget_tellings(databases: Databases, one: Experiment, held_at: datetime | None) -> None:
    """What a copy reached proves nothing more, but for a count made after the end."""
    tellings = [t for t in databases.tellings.get(one.pk, ()) if not t.final]
    reached = [t.pk for t in tellings if held_at and t.told_at < held_at]
    waiting = [t.pk for t in tellings if t.pk not in set(reached)]
    too_many = waiting[1:-1:2] if len(waiting) > MOST_TELLINGS else []
    if reached or too_many:
        Telling.objects.filter(Q(pk__in=reached) | Q(pk__in=too_many)).delete()
