"""Kinds of run that bring a device's data here."""

from backups.engine.facts import BackupType
from backups.models import RunKind
from backups.services.runs.connection import MARIADB, SSH
from backups.services.runs.disks import cards_folder, results_folder, videos_folder
from backups.services.runs.kinds.declaration import KindOfRun, PlanEntry
from backups.services.runs.kinds.suits import NO_ADDRESS, with_address, with_mysql, with_sqlite
from backups.services.runs.mirror import mirror_device
from backups.services.runs.pull_files import pull_other_files
from backups.services.runs.pull_results import pull_results
from backups.services.runs.pull_videos import pull_device_videos
from backups.services.runs.reports import FilesReport, MirrorReport, ResultsReport, VideosReport

BRINGING = (
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
        suits=with_mysql,
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
        suits=with_sqlite,
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
        suits=with_address,
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
        suits=with_address,
        lacks=NO_ADDRESS,
        door=SSH,
        fills=cards_folder,
        plan=PlanEntry(
            title="Other files",
            fields=("pull_files_here", "pull_files_every"),
        ),
    ),
)
