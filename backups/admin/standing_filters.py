"""What experiments and recordings are narrowed by, beside dates and devices."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from backups.engine.facts import ProblemKind
from backups.engine.items import Proof
from backups.standing import LACKS

Items = QuerySet[Any]


class StandingFilter(DropdownFilter):
    """What is written off is in a group of its own, and never among the saved."""

    title = "safe or not"
    parameter_name = "standing"
    kind = "kind"  # the path to its field
    saved: Q
    unseen: Q

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = [kind.value for kind in ProblemKind if kind.value in LACKS]
        return [
            ("lacks", "something lacks"),
            ("saved", "saved"),
            (ProblemKind.LAGGING.value, "growing, and its copy lags"),
            ("unseen", "not looked at yet"),
            ("off", "written off"),
            *((kind, f"only: {kind}") for kind in kinds),
        ]

    def queryset(self, request: HttpRequest, queryset: Items) -> Items:
        value = self.value()
        if not value or value == "off":
            return queryset.filter(written_off=True) if value else queryset
        words = {
            "lacks": Q(**{f"{self.kind}__in": LACKS}),
            "saved": self.saved,
            "unseen": self.unseen,
        }
        return queryset.filter(words.get(value, Q(**{self.kind: value})), written_off=False)


class ExperimentStandingFilter(StandingFilter):
    kind = "state__kind"
    saved = Q(state__kind="")
    unseen = Q(state=None)


class RecordingStandingFilter(StandingFilter):
    saved = Q(kind="", looked_at__isnull=False, known_count__gt=0)
    unseen = Q(looked_at=None)


class ProofFilter(DropdownFilter):
    title = "proof"
    parameter_name = "proof"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((proof.value, proof.value) for proof in Proof if proof), ("none", "none")]

    def queryset(self, request: HttpRequest, queryset: Items) -> Items:
        match self.value():
            case None | "":
                return queryset
            case "none":
                return queryset.filter(Q(state=None) | Q(state__proof=""))
            case proof:
                return queryset.filter(state__proof=proof)


class GapsFilter(DropdownFilter):
    title = "gaps"
    parameter_name = "gaps"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "rows lack inside of the copy")]

    def queryset(self, request: HttpRequest, queryset: Items) -> Items:
        if self.value() != "yes":
            return queryset
        counted = Q(state__copy__holes__gt=0) | Q(state__copy__short_rois__gt=0)
        rowless = Q(state__copy__isnull=False) & ~Q(state__copy__rowless_rois=[])
        return queryset.filter(counted | rowless)
