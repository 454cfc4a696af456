from backups.models.backup import Backup, BackupSnapshot
from backups.models.cards import CardChange, CardListing, CardReading, OtherFile, ProvenFolder
from backups.models.copies import ResultCopy
from backups.models.daemons import Claim, DaemonStatus
from backups.models.disk_look import DiskFolder, DiskLook
from backups.models.experiments import ExperimentState
from backups.models.lease import Lease
from backups.models.ledgers import DamagedFile, RecordingLedger, VideoInventory
from backups.models.plan import BackupPlan
from backups.models.policy import Policy
from backups.models.run import OPEN_STATES, Run, RunKind, RunState, RunTrigger
from backups.models.second import SecondFolder
from backups.models.thinned import Thinned
from backups.models.videos import QuarantinedVideo, Recording, VideoComparison, VideoScan
from backups.models.wipes import WipeCertificate, WipeQuestion

__all__ = [
    "OPEN_STATES",
    "Backup",
    "BackupPlan",
    "BackupSnapshot",
    "CardChange",
    "CardListing",
    "CardReading",
    "Claim",
    "DaemonStatus",
    "DamagedFile",
    "DiskFolder",
    "DiskLook",
    "ExperimentState",
    "Lease",
    "OtherFile",
    "Policy",
    "ProvenFolder",
    "QuarantinedVideo",
    "Recording",
    "RecordingLedger",
    "ResultCopy",
    "Run",
    "RunKind",
    "RunState",
    "RunTrigger",
    "SecondFolder",
    "Thinned",
    "VideoComparison",
    "VideoInventory",
    "VideoScan",
    "WipeCertificate",
    "WipeQuestion",
]
