"""The number on every page: how many problems are open, and how bad the worst is."""

from dataclasses import dataclass

from django.db.models import Count

from incidents.engine.causes import Severity, worst_of
from incidents.models import Incident, IncidentState


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell:
    by_severity: dict[Severity, int]

    @property
    def count(self) -> int:
        return sum(self.by_severity.values())

    @property
    def worst(self) -> str:
        return worst_of(*self.by_severity) if self.by_severity else ""

    @property
    def words(self) -> str:
        named = ", ".join(f"{count} {severity}" for severity, count in self.by_severity.items())
        return f"Open problems: {named or 'none'}"


def bell() -> Bell:
    rows = Incident.objects.filter(state=IncidentState.OPEN).order_by().values_list("severity")
    counts = dict(rows.annotate(count=Count("pk")))
    return Bell(by_severity={s: counts[s.value] for s in Severity if s.value in counts})
