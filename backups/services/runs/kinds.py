"""The kinds of run, each declared once: buttons, routes, plans, pages and commands follow from it.

A new one is a word in `RunKind`, a module with its job, and a declaration here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
from django.db.models import Exists, OuterRef, QuerySet

from backups.engine.facts import BackupType
from backups.models import BackupPlan, Recording, ResultCopy, Run, RunKind
from backups.services.runs.disks import results_folder, videos_folder
from backups.services.runs.jobs import Job, RunReport
from backups.services.runs.list_card import list_device_card
from backups.services.runs.mirror import mirror_device
from backups.services.runs.pull_results import pull_results
from backups.services.runs.pull_videos import pull_device_videos
from backups.services.runs.reports import (
    ListingReport,
    MirrorReport,
    ResultsReport,
    VerifyReport,
    VideosReport,
)
from backups.services.runs.verify import verify_device
from devices.models import Device, Experiment, Writer

Devices = QuerySet[Device]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEntry:
    """Where a plan says whether and how often; `pause` is None where it only watches."""

    title: str
    fields: tuple[str, str]
    pause: Callable[[BackupPlan], timedelta | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOfRun:
    """`copies`: which data of a device it brings here. `fills`: the folder that it writes to.

    `suits` narrows devices to those that have what it is for.
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
    copies: frozenset[BackupType] = frozenset()
    fills: Callable[[], Path] | None = None
    plan: PlanEntry | None = None

    @property
    def folder(self) -> Path | None:
        return self.fills() if self.fills else None

    def pause(self, plan: BackupPlan) -> timedelta | None:
        """How long to wait after each by this plan; None: it is not made here."""
        return self.plan.pause(plan) if self.plan else None


def _with_mysql(devices: Devices) -> Devices:
    return devices.filter(_writes(Writer.MYSQL))


def _with_sqlite(devices: Devices) -> Devices:
    return devices.filter(_writes(Writer.SQLITE))


def _writes(writer: Writer) -> Exists:
    its_own = Experiment.objects.filter(device=OuterRef("pk"), writer=writer, written_off=False)
    return Exists(its_own)


def _with_address(devices: Devices) -> Devices:
    """Its firmware may list no videos: whether there are any, only a pull can tell."""
    return devices.exclude(address="")


def _with_copies(devices: Devices) -> Devices:
    """What was never seen here needs no second look."""
    mine = {"device": OuterRef("pk")}
    results, videos = ResultCopy.objects.filter(**mine), Recording.objects.filter(**mine)
    return devices.filter(Exists(results) | Exists(videos))


_DECLARED = (
    KindOfRun(
        kind=RunKind.MIRROR,
        button="Mirror MySQL",
        icon="database",
        question="Mirror this device now?",
        explained=(
            "A worker copies the device's MariaDB to this installation's results folder, and"
            " compares every table. The node's own MySQL service must not write the same copy at"
            " the same time."
        ),
        job=mirror_device,
        report=MirrorReport,
        suits=_with_mysql,
        copies=frozenset({BackupType.MYSQL}),
        fills=results_folder,
        plan=PlanEntry(
            title="MySQL results",
            fields=("mirror_here", "mirror_every"),
            pause=lambda plan: plan.mirror_every if plan.mirror_here else None,
        ),
    ),
    KindOfRun(
        kind=RunKind.PULL_RESULTS,
        button="Pull results",
        icon="download",
        question="Pull its results now?",
        explained=(
            "A worker fetches the device's SQLite databases over ssh, each as a copy of one"
            " moment, and proves what arrived. The node's own rsync service must not write the"
            " same copies."
        ),
        job=pull_results,
        report=ResultsReport,
        suits=_with_sqlite,
        copies=frozenset({BackupType.SQLITE}),
        fills=results_folder,
        plan=PlanEntry(
            title="SQLite results",
            fields=("pull_results_here", "pull_results_every"),
            pause=lambda plan: plan.pull_results_every if plan.pull_results_here else None,
        ),
    ),
    KindOfRun(
        kind=RunKind.PULL_VIDEOS,
        button="Pull videos",
        icon="videocam",
        question="Pull its videos now?",
        explained=(
            "A worker fetches over ssh what is not here yet, and compares once more. Nothing is"
            " deleted on the device, and no file that is here is replaced by less."
        ),
        job=pull_device_videos,
        report=VideosReport,
        suits=_with_address,
        copies=frozenset({BackupType.VIDEO}),
        fills=videos_folder,
        plan=PlanEntry(
            title="Videos",
            fields=("pull_videos_here", "pull_videos_every"),
            pause=lambda plan: plan.pull_videos_every if plan.pull_videos_here else None,
        ),
    ),
    KindOfRun(
        kind=RunKind.VERIFY,
        button="Verify copies",
        icon="fact_check",
        question="Verify its copies now?",
        explained=(
            "A worker reads every database copy of this device to its end, and its videos, those"
            " first that were never read. What is damaged becomes corrupt in the next verdict."
        ),
        job=verify_device,
        report=VerifyReport,
        suits=_with_copies,
        plan=PlanEntry(
            title="Verification",
            fields=("verify_here", "verify_every"),
            pause=lambda plan: plan.verify_every if plan.verify_here else None,
        ),
    ),
    KindOfRun(
        kind=RunKind.LIST_CARD,
        button="List its card",
        icon="sd_card",
        question="List its card now?",
        explained=(
            "A worker sends a small read-only program over ssh, which tells every file on the card"
            " and the rows of each database. Nothing is installed or written on the device."
        ),
        job=list_device_card,
        report=ListingReport,
        suits=_with_address,
        plan=PlanEntry(
            title="Listing of cards",
            fields=("list_card_here", "list_card_every"),
            pause=lambda plan: plan.list_card_every if plan.list_card_here else None,
        ),
    ),
)

KINDS: Mapping[RunKind, KindOfRun] = {declared.kind: declared for declared in _DECLARED}


def kind_of(run: Run) -> KindOfRun:
    return KINDS[RunKind(run.kind)]


def report_of(run: Run) -> RunReport:
    """What the run counted. What another version stored and this one cannot read says nothing."""
    report = kind_of(run).report
    try:
        return msgspec.convert(run.numbers, report)
    except msgspec.ValidationError:
        return report()
