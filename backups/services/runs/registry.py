"""The kinds of run that this installation can do."""

from collections.abc import Mapping

from backups.models import RunKind
from backups.services.runs.jobs import Job
from backups.services.runs.mirror import mirror_device

JOBS: Mapping[RunKind, Job] = {RunKind.MIRROR: mirror_device}
