"""What the checks start from: all that the database tells, read before anything is asked.

The checks run beside each other, and none of them touches the database.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count

from backups.dashboard import Daemons
from backups.engine.silence import why_silent
from backups.models import BackupPlan, Claim, Recording, ResultCopy, RunKind
from backups.services.daemons import check_daemons
from backups.services.runs import KINDS
from backups.watch_state import PartState, own_parts
from devices.models import Device, Lifecycle, Storage
from incidents.models import Channel

OVER_SSH = (
    "pull_results_here",
    "pull_videos_here",
    "pull_files_here",
    "list_card_here",
    "prove_here",
)
WRITING = {
    "results": ("mirror_here", "pull_results_here"),
    "videos": ("pull_videos_here",),
    "cards": ("pull_files_here",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """`planned`: what any plan makes here. `held`: of which folders copies are known."""

    now: datetime
    devices: tuple[Device, ...] = ()
    with_mariadb: frozenset[int] = frozenset()
    planned: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    daemons: Daemons = field(default_factory=dict)
    claims: dict[tuple[str, str], int] = field(default_factory=dict)

    def needs_ssh(self) -> bool:
        return bool(self.planned & set(OVER_SSH))

    def writes(self, folder: str) -> bool:
        return bool(self.planned & set(WRITING[folder]))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFacts:
    """What is known without asking anybody: ethonode's own work, and what came of messages."""

    parts: dict[str, PartState]
    channels: tuple[Channel, ...]
    storages: tuple[tuple[Storage, str], ...] = ()  # each with why it is silent


def stored(*, now: datetime) -> StoredFacts:
    own = own_parts(now=now).own
    return StoredFacts(
        parts={part.name: part for part in own},
        channels=tuple(Channel.objects.filter(enabled=True)),
        storages=tuple(
            (one, why_silent(one.name, one.heard_at, now=now)) for one in Storage.objects.all()
        ),
    )


def situation(*, now: datetime) -> Situation:
    """The daemons are asked on the way: what they answer is stored as at any other time."""
    watched = Device.objects.filter(lifecycle=Lifecycle.ACTIVE)
    with_mariadb = KINDS[RunKind.MIRROR].suits(watched)
    daemons = {(status.node, status.daemon): status for status in check_daemons(now=now)}
    return Situation(
        now=now,
        devices=tuple(watched.order_by("name", "device_id")),
        with_mariadb=frozenset(with_mariadb.values_list("pk", flat=True)),
        planned=_planned(),
        held=frozenset(_held()),
        daemons=daemons,
        claims=_claims(),
    )


def _claims() -> dict[tuple[str, str], int]:
    counts = Claim.objects.order_by().values_list("node", "daemon").annotate(Count("pk"))
    return {(node, daemon): count for node, daemon, count in counts}


def _planned() -> frozenset[str]:
    switches = [field.name for field in BackupPlan._meta.fields if field.name.endswith("_here")]
    plans = BackupPlan.objects.values(*switches)
    return frozenset(name for plan in plans for name in switches if plan[name])


def _held() -> Collection[str]:
    models = {"results": ResultCopy, "videos": Recording}
    return [name for name, model in models.items() if model._default_manager.exists()]
