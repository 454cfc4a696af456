"""What it costs to hold a device's list and its disk against the ledger: with the database.

python -m benchmarks.compare --short | --chunks 100000 [--dir FOLDER]

A first scan of the same tree is the measure. Times are processor seconds of one run on one
machine; memory is the peak of a process that does nothing else.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measures import FAILED, best_of, must, show
from benchmarks.status_endpoint import set_up
from benchmarks.trees import DAY, MadeTree, make_tree

DEVICE = "0192c3d4e5f60718293a4b5c6d7e8f90"
ROUNDS = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--short", action="store_true", help="the same: it takes a minute")
    parser.add_argument("--dir", help="where to make the tree")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="compare-", dir=options.dir))
    try:
        set_up(folder)
        if options.child:
            return _child(Path(options.child), folder)
        tree = make_tree(folder / DEVICE, options.chunks, now=time.time() + 60 * DAY)
        print(f"\n{tree.chunk_count:,} chunks in {tree.folder_count:,} folders")
        _times(tree)
        show("peak RSS beyond Django, MB", _peak_megabytes(tree), "<= 60", 60)
    finally:
        shutil.rmtree(folder)
    print("FAILED: " + ", ".join(FAILED) if FAILED else "every count is as promised")
    return bool(FAILED)


@dataclass(slots=True)
class Compared:
    """A device, its tree as scanned, and its list: what one comparison works on."""

    device: Any
    scan: Any
    parts: Any
    listing: Any
    names: list[str]

    def first(self) -> None:
        self.device.ledgers.all().delete()
        self.again()

    def again(self) -> None:
        from django.utils import timezone  # noqa: PLC0415 - only now is Django set up

        from backups.services.video_ledger import LedgerComparison  # noqa: PLC0415

        LedgerComparison(
            device=self.device,
            now=timezone.now(),
            parts=self.parts,
            listing=self.listing,
            listed_before=None,
            heads_left=0,  # the files of this tree are sparse
        ).run()


def _compared(tree: MadeTree) -> Compared:
    from django.conf import settings  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from backups.engine.videos.folder import chunk_names  # noqa: PLC0415
    from backups.engine.videos.held import parts_by_name  # noqa: PLC0415
    from backups.engine.videos.names import by_recording  # noqa: PLC0415
    from devices.models import Device  # noqa: PLC0415

    settings.VIDEOS_DIR = tree.device_dir.parent
    now = timezone.now()
    device = Device.objects.create(
        device_id=DEVICE, first_seen_at=now, told_at=now, told_by="device", clock_skew_seconds=0.0
    )
    found = scan(tree)
    names = sorted(chunk_names(found.cache))
    return Compared(device, found, parts_by_name(found.cache), by_recording(names), names)


def scan(tree: MadeTree) -> Any:
    from backups.engine.videos.folder import VideoCache  # noqa: PLC0415
    from backups.engine.videos.scan import scan_device  # noqa: PLC0415
    from benchmarks.plain_scans import WEEK  # noqa: PLC0415

    return scan_device(tree.device_dir, VideoCache(), now=tree.now, settled_after=WEEK)


def _times(tree: MadeTree) -> None:
    compared = _compared(tree)
    compared.first()
    packed = sum(len(row.memory) for row in compared.device.ledgers.all())
    rows = compared.device.ledgers.count()
    best = best_of(
        {
            "scan": lambda: scan(tree),
            "again": compared.again,
            "grouping": lambda: _grouped(compared),
            "first": compared.first,
        },
        rounds=ROUNDS,
    )
    must(packed <= 30 * tree.chunk_count, f"{packed / tree.chunk_count:.1f} bytes a chunk <= 30")
    must(rows < tree.folder_count, f"{rows:,} rows for {tree.chunk_count:,} chunks")
    again = best["again"] + best["grouping"]
    print(f"  first scan {best['scan']:.4f} s, first comparison {best['first']:.4f} s")
    print(
        f"  a comparison {best['again']:.4f} s, list and disk by recording {best['grouping']:.4f}"
    )
    show("comparison / first scan", again / best["scan"], "<= 0.25", 0.25)
    print(f"  first comparison / first scan {best['first'] / best['scan']:.2f}")


def _grouped(compared: Compared) -> None:
    from backups.engine.videos.held import parts_by_name  # noqa: PLC0415
    from backups.engine.videos.names import by_recording  # noqa: PLC0415

    parts_by_name(compared.scan.cache)
    by_recording(compared.names)


def _child(device_dir: Path, folder: Path) -> int:
    before = peak_kib()  # Django's own
    compared = _compared(MadeTree(device_dir, time.time() + 60 * DAY, 0, 0, 0))
    compared.first()
    compared.again()
    print(peak_kib() - before)
    return 0


def peak_kib() -> int:
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])  # type: ignore[index]


def _peak_megabytes(tree: MadeTree) -> float:
    command = [sys.executable, "-m", "benchmarks.compare", "--child", str(tree.device_dir)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(answer.stdout.split()[-1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
