from backups.models.backup import Backup, BackupSnapshot
from backups.models.copies import ResultCopy
from backups.models.lease import Lease
from backups.models.policy import Policy
from backups.models.services import Claim, ServiceStatus
from backups.models.videos import Recording, VideoScan

__all__ = [
    "Backup",
    "BackupSnapshot",
    "Claim",
    "Lease",
    "Policy",
    "Recording",
    "ResultCopy",
    "ServiceStatus",
    "VideoScan",
]
