from backups.models.backup import Backup, BackupSnapshot
from backups.models.cards import CardListing
from backups.models.copies import ResultCopy
from backups.models.daemons import Claim, DaemonStatus
from backups.models.disk_look import DiskFolder, DiskLook
from backups.models.experiments import ExperimentState
from backups.models.lease import Lease
from backups.models.ledgers import DamagedFile, RecordingLedger, VideoInventory
from backups.models.plan import BackupPlan
from backups.models.policy import Policy
from backups.models.run import OPEN_STATES, Run, RunKind, RunState, RunTrigger
from backups.models.videos import QuarantinedVideo, Recording, VideoComparison, VideoScan

__all__ = [
    "OPEN_STATES",
    "Backup",
    "BackupPlan",
    "BackupSnapshot",
    "CardListing",
    "Claim",
    "DaemonStatus",
    "DamagedFile",
    "DiskFolder",
    "DiskLook",
    "ExperimentState",
    "Lease",
    "Policy",
    "QuarantinedVideo",
    "Recording",
    "RecordingLedger",
    "ResultCopy",
    "Run",
    "RunKind",
    "RunState",
    "RunTrigger",
    "VideoComparison",
    "VideoInventory",
    "VideoScan",
]
