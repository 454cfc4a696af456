"""What a declaration of a kind of run says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from backups.engine.facts import BackupType
from backups.models import BackupPlan, RunKind
from backups.services.runs.jobs import Budget, Job, RunReport
from backups.services.runs.kinds.suits import Devices
from devices.models import Device, Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEntry:
    """Where a plan says whether it is made here, and how often: the names of its two fields."""

    title: str
    fields: tuple[str, ...]
    pause_when_busy: timedelta | None = None  # at most, while the device tracks or records
    opens: Callable[[BackupPlan, datetime], bool] = lambda plan, now: True
    budget: Callable[[BackupPlan, datetime], Budget | None] = lambda plan, now: None

    def pause(self, plan: BackupPlan) -> timedelta | None:
        is_made, every, *_ = self.fields
        return getattr(plan, every) if getattr(plan, is_made) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOfRun:
    """`copies`: which data of a device it brings here. `fills`: the folder that it writes to.

    `suits` narrows devices to those that have what it is for, and `lacks` says what the others
    have not. `door`: of the device, through which it goes. `brief`: done in seconds: it needs no
    slot. `alone`: nothing else is done for the device meanwhile. `seldom`: shown
    only where it suits. `place`: whose worker does it, if it is not that of its own storage;
    `on_main`: that of the one host does.
    """

    kind: RunKind
    button: str
    icon: str
    question: str
    explained: str
    permission: str = "backups.start_run"
    job: Job
    report: type[RunReport]
    suits: Callable[[Devices], Devices]
    lacks: str
    door: str = ""
    brief: bool = False
    alone: bool = False
    seldom: bool = False
    place: Callable[[Device], Storage | None] = lambda device: None
    on_main: Callable[[Device], bool] = lambda device: False
    copies: frozenset[BackupType] = frozenset()
    fills: Callable[[], Path] | None = None
    plan: PlanEntry | None = None

    @property
    def folder(self) -> Path | None:
        return self.fills() if self.fills else None

    def pause(self, plan: BackupPlan, *, busy: bool = False) -> timedelta | None:
        """How long to wait after each by this plan; None: it is not made here."""
        pause = self.plan.pause(plan) if self.plan else None
        most = self.plan.pause_when_busy if self.plan and busy else None
        return min(pause, most) if pause and most else pause

    def opens(self, plan: BackupPlan, now: datetime) -> bool:
        """Whether the plan lets one begin at this time of day."""
        return self.plan is None or self.plan.opens(plan, now)
