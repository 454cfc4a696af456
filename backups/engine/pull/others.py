"""Pull files of a card that are neither its experiments nor its videos, and lose nothing by it."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from backups.engine.copies.errors import LocalFull, file_errors
from backups.engine.copies.place import unused
from backups.engine.progress import Progress
from backups.engine.pull.names import checked_device, checked_folder
from backups.engine.pull.processes import Leash
from backups.engine.pull.rsync import Route, copy_below
from backups.engine.pull.ssh import SshTarget

KEPT = ".kept"  # copies that another content took the place of, by the moment of that
KEEP_FREE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledOthers:
    """`problem`: why some did not come; "": all did."""

    wire_bytes: int
    problem: str


def pull_others(
    target: SshTarget,
    files: Mapping[bytes, int],
    *,
    root: PurePosixPath,
    device_id: str,
    cards_dir: Path,
    now: datetime,
    bandwidth_kib: int = 0,
    progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> PulledOthers:
    """Copy these, by path below the root and with their sizes, into `cards_dir/device_id`.

    Raises PullError, LocalFailed.
    """
    here = cards_dir / checked_device(device_id)
    with file_errors(here):
        kept = unused(cards_dir.absolute() / KEPT / device_id / f"{now:%Y-%m-%d_%H-%M-%S}")
        here.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(here).free
    if sum(files.values()) + KEEP_FREE > free:
        raise LocalFull(f"{sum(files.values()):,} bytes are needed, {free:,} are free")
    route = Route(
        target=target,
        leash=Leash(cancelled=cancelled),
        tell=progress,
        bandwidth_kib=bandwidth_kib,
    )
    heard = copy_below(
        route,
        checked_folder(root),
        sorted(files),
        here,
        kept=kept,
        size_bytes=sum(files.values()),
    )
    return PulledOthers(wire_bytes=heard.wire_bytes, problem=heard.problem)
