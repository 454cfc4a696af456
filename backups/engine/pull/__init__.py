"""Copies pulled over ssh: run databases of one moment, videos chunk by chunk, each proven."""

from backups.engine.progress import Phase, Progress
from backups.engine.pull.authorized_keys import authorize
from backups.engine.pull.errors import PullError
from backups.engine.pull.keys import (
    ensure_key,
    ensure_memory,
    forget_host_key,
    public_file,
)
from backups.engine.pull.on_device import folder_is_there
from backups.engine.pull.outcome import (
    Difference,
    ListedFile,
    Method,
    PulledDatabase,
    PulledVideos,
    Quarantined,
)
from backups.engine.pull.results import DatabaseOptions, pull_database
from backups.engine.pull.ssh import SshTarget, knock
from backups.engine.pull.videos import pull_videos

__all__ = [
    "DatabaseOptions",
    "Difference",
    "ListedFile",
    "Method",
    "Phase",
    "Progress",
    "PullError",
    "PulledDatabase",
    "PulledVideos",
    "Quarantined",
    "SshTarget",
    "authorize",
    "ensure_key",
    "ensure_memory",
    "folder_is_there",
    "forget_host_key",
    "knock",
    "public_file",
    "pull_database",
    "pull_videos",
]
