"""The kinds of run, each declared once: buttons, routes, plans, pages and commands follow from it.

A new one is a word in `RunKind`, a module with its job, and a declaration here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from backups.engine.facts import BackupType
from backups.models import BackupPlan, Recording, ResultCopy, Run, RunKind
from backups.services.runs.connection import MARIADB, SSH, ConnectionReport, try_doors
from backups.services.runs.disks import cards_folder, results_folder, videos_folder
from backups.services.runs.jobs import Budget, Job, RunReport
from backups.services.runs.list_card import list_device_card
from backups.services.runs.mirror import mirror_device
from backups.services.runs.move import clear_left, move_device
from backups.services.runs.nights import budget_of, is_night
from backups.services.runs.prove import prove_device
from backups.services.runs.pull_files import pull_other_files
from backups.services.runs.pull_results import pull_results
from backups.services.runs.pull_videos import pull_device_videos
from backups.services.runs.reports import (
    FilesReport,
    ListingReport,
    MirrorReport,
    MoveReport,
    ProofReport,
    ResultsReport,
    SecondReport,
    VerifyReport,
    VideosReport,
)
from backups.services.runs.second_copy import copy_to_second
from backups.services.runs.verify import verify_device
from backups.services.runs.wipe import WipeReport, ask_to_wipe
from backups.services.second_copies import second_places
from devices.models import Device, Experiment, Storage, Writer

Devices = QuerySet[Device]
NO_ADDRESS = "nobody has told its address"


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
    only where it suits. `place`: whose worker does it, if it is not that of its own storage.
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


def _with_another_place(devices: Devices) -> Devices:
    return devices.exclude(goes_to=None).exclude(goes_to=F("storage")).filter(left=None)


def _with_second_place(devices: Devices) -> Devices:
    seconds = Storage.objects.filter(is_second=True)
    on_one = seconds.filter(second_of=OuterRef("storage"))
    here = Q(storage=None) & Q(Exists(seconds.filter(second_of=None)))
    return devices.filter(Q(Exists(on_one)) | here)


def _with_left_copies(devices: Devices) -> Devices:
    return devices.exclude(left=None).exclude(storage=None)


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
        lacks="no experiment of this device is in MariaDB",
        door=MARIADB,
        copies=frozenset({BackupType.MYSQL}),
        fills=results_folder,
        plan=PlanEntry(
            title="MySQL results",
            fields=("mirror_here", "mirror_every"),
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
        lacks="no experiment of this device is in SQLite",
        door=SSH,
        copies=frozenset({BackupType.SQLITE}),
        fills=results_folder,
        plan=PlanEntry(
            title="SQLite results",
            fields=("pull_results_here", "pull_results_every"),
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
        lacks=NO_ADDRESS,
        door=SSH,
        copies=frozenset({BackupType.VIDEO}),
        fills=videos_folder,
        plan=PlanEntry(
            title="Videos",
            fields=("pull_videos_here", "pull_videos_every"),
        ),
    ),
    KindOfRun(
        kind=RunKind.PULL_FILES,
        button="Pull other files",
        icon="folder_copy",
        question="Pull its other files now?",
        explained=(
            "A worker lists the card, and fetches what is neither an experiment nor a video of this"
            " device: another machine's data, uploads, dumps. They go to a folder of their own, and"
            " what lies there is never replaced without being kept."
        ),
        job=pull_other_files,
        report=FilesReport,
        suits=_with_address,
        lacks=NO_ADDRESS,
        door=SSH,
        fills=cards_folder,
        plan=PlanEntry(
            title="Other files",
            fields=("pull_files_here", "pull_files_every"),
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
        lacks="no copy of its data is here yet",
        plan=PlanEntry(
            title="Verification",
            fields=("verify_here", "verify_every"),
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
        lacks=NO_ADDRESS,
        door=SSH,
        plan=PlanEntry(
            title="Listing of cards",
            fields=("list_card_here", "list_card_every"),
            pause_when_busy=timedelta(minutes=10),
        ),
    ),
    KindOfRun(
        kind=RunKind.PROVE,
        button="Prove contents",
        icon="verified",
        question="Prove its contents now?",
        explained=(
            "A worker lists the card, and reads what is not proven yet to its end: on the card, at"
            " a low rate, and here, from the disk. What is equal on both sides is proven."
        ),
        job=prove_device,
        report=ProofReport,
        suits=_with_address,
        lacks=NO_ADDRESS,
        door=SSH,
        plan=PlanEntry(
            title="Proof of content",
            fields=(
                "prove_here",
                "prove_every",
                "prove_from",
                "prove_until",
                "prove_gigabytes",
            ),
            opens=is_night,
            budget=budget_of,
        ),
    ),
    KindOfRun(
        kind=RunKind.WIPE,
        button="May I wipe it?",
        icon="contract_delete",
        question="Ask whether its card may be wiped?",
        explained=(
            "A worker lists the card twice, asks the device's MariaDB, and looks at our copies. Yes"
            " is said only where everything is equal here. Nothing is deleted by us, ever."
        ),
        job=ask_to_wipe,
        report=WipeReport,
        suits=_with_address,
        lacks=NO_ADDRESS,
        door=SSH,
    ),
    KindOfRun(
        kind=RunKind.MOVE,
        button="Move its data",
        icon="drive_file_move",
        question="Move its data to the other storage now?",
        explained=(
            "The worker of the storage that is set for it copies all that is saved of this device,"
            " reads every file on both hosts, and only then uses the new ones. No other run of the"
            " device begins meanwhile. The old ones stay, until you delete them."
        ),
        permission="devices.move_device",
        job=move_device,
        report=MoveReport,
        suits=_with_another_place,
        lacks="no other storage is set for it",
        place=lambda device: device.goes_to,
        alone=True,
        seldom=True,
    ),
    KindOfRun(
        kind=RunKind.SECOND_COPY,
        button="Make second copies",
        icon="content_copy",
        question="Bring its second copies up to date now?",
        explained=(
            "The worker of the second place copies what is new of this device's files, and reads"
            " both to their end. What lies there is never replaced by less, nor by what has become"
            " another content without being written."
        ),
        job=copy_to_second,
        report=SecondReport,
        suits=_with_second_place,
        lacks="its place has no storage that keeps second copies",
        place=lambda device: next(iter(second_places(device)), None),
        seldom=True,
        plan=PlanEntry(
            title="Second copies",
            fields=("second_copy_here", "second_copy_every"),
        ),
    ),
    KindOfRun(
        kind=RunKind.CLEAR,
        button="Delete what the move left",
        icon="delete_sweep",
        question="Delete its old copies there now?",
        explained=(
            "The worker of the storage that it was moved from reads every file there and the one"
            " in use once more, and deletes there what is equal. If one is not, nothing is deleted."
        ),
        permission="devices.delete_left",
        job=clear_left,
        report=MoveReport,
        suits=_with_left_copies,
        lacks="no move has left anything",
        place=lambda device: device.left,
        alone=True,
        seldom=True,
    ),
    KindOfRun(
        kind=RunKind.CONNECT,
        button="Test connection",
        icon="cable",
        question="Test the connection to it now?",
        explained=(
            "A worker asks the device by HTTP who it is, logs in by ssh and leaves again, and asks"
            " its MariaDB for its databases. Nothing is read or written beyond that."
        ),
        job=try_doors,
        report=ConnectionReport,
        suits=_with_address,
        lacks=NO_ADDRESS,
        brief=True,
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
