"""What it costs to hold a card's listing against our copies and their proofs, before any is read.

python -m benchmarks.held --short | --chunks 100000 [--dir FOLDER]

A first scan of the same tree is the measure. The usual comparison is that of every night: all was
proven before, and a folder that is as it was on both sides costs a digest. The first one looks at
each copy, and unpacks each proof. Times are processor seconds of one run on one machine; memory is
the peak of a process that does nothing else.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.compare import DEVICE, peak_kib, scan
from benchmarks.measures import FAILED, best_of, must, show
from benchmarks.status_endpoint import set_up
from benchmarks.trees import DAY, MadeTree, make_tree

ROUNDS = 3
SECONDS = int(time.time()) + 61 * DAY  # the tree lies 60 days ahead; proofs are younger


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--short", action="store_true", help="20,000 chunks")
    parser.add_argument("--dir", help="where to make the tree")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return _child(*options.child)
    folder = Path(tempfile.mkdtemp(prefix="held-", dir=options.dir)).resolve()
    try:
        set_up(folder)
        _measure(folder / "data", 20_000 if options.short else options.chunks)
    finally:
        shutil.rmtree(folder)
    print("FAILED: " + ", ".join(FAILED) if FAILED else "every count is as promised")
    return bool(FAILED)


def _measure(data: Path, chunks: int) -> None:
    tree = make_tree(data / "videos" / DEVICE, chunks, now=time.time() + 60 * DAY)
    _point_at(data)
    comparing = _Comparing(data, tree)
    comparing.prove_all(chunks)
    must(comparing.first() == (0, chunks), "the first comparison finds all of it proven")
    must(comparing.usual() == (0, chunks), "and so does the usual one")
    best = best_of(
        {"scan": comparing.rescan, "first": comparing.first, "usual": comparing.usual},
        rounds=ROUNDS,
    )
    print(f"\n{chunks:,} files: " + ", ".join(f"{name} {best[name]:.3f} s" for name in best))
    show("usual comparison / first scan", best["usual"] / best["scan"], "<= 0.25", 0.25)
    print(f"  first comparison / first scan {best['first'] / best['scan']:.2f}")
    for which in ("usual", "first"):
        command = [sys.executable, "-m", "benchmarks.held", "--child", str(data), which]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        show(f"peak RSS of the {which} one beyond Django, MB", int(told[-1]) / 1024, "<= 60", 60)
        print(
            f"  of that before it: the listing as objects, and the scan {int(told[-2]) / 1024:.0f}"
        )


def _child(data: str, which: str) -> int:
    set_up(Path(data).parent)
    _point_at(Path(data))
    before = peak_kib()  # Django's own
    tree = MadeTree(Path(data, "videos", DEVICE), time.time() + 60 * DAY, 0, 0, 0)
    comparing = _Comparing(Path(data), tree)
    print(peak_kib() - before)
    getattr(comparing, which)()
    print(peak_kib() - before)
    return 0


class _Comparing:
    """A card that was listed, and the tree of its copies that was scanned."""

    def __init__(self, data: Path, tree: MadeTree) -> None:
        self.device, self.listing, self.tree = _device(), _listing(data), tree
        self.scan = self.rescan()

    def rescan(self) -> Any:
        return scan(self.tree)

    def prove_all(self, chunks: int) -> None:
        from backups.services.card_places import held_files  # noqa: PLC0415
        from backups.services.card_proofs import store_proofs  # noqa: PLC0415

        held, lacking = held_files(self.device, self.listing, own=frozenset(), proofs={})
        must((len(held), lacking) == (chunks, []), "each file of the card has its copy")
        store_proofs(self.device, dict(map(_proven, held)))

    def first(self) -> tuple[int, int]:
        return self._compared(None)

    def usual(self) -> tuple[int, int]:
        return self._compared(SECONDS - 30 * DAY)

    def _compared(self, again_before: int | None) -> tuple[int, int]:
        """How many files are to be proven, and how many are."""
        from backups.engine.card.proving import in_order  # noqa: PLC0415
        from backups.services.card_compare import compare_card  # noqa: PLC0415

        found = compare_card(
            self.device, self.listing, self.scan, own=frozenset(), again_before=again_before
        )
        wanted = in_order(found.held, found.proofs, again_before=again_before)
        return len(wanted), found.proven_count


def _point_at(data: Path) -> None:
    from django.conf import settings  # noqa: PLC0415 - only now is Django set up

    settings.VIDEOS_DIR = data / "videos"


def _device() -> Any:
    from django.utils import timezone  # noqa: PLC0415

    from devices.models import Device  # noqa: PLC0415

    now = timezone.now()
    told = {"told_at": now, "told_by": "device", "clock_skew_seconds": 0.0}
    return Device.objects.get_or_create(device_id=DEVICE, defaults={"first_seen_at": now, **told})[
        0
    ]


def _listing(data: Path) -> Any:
    """As the lister of a card with the same files tells it."""
    from backups.engine.card.known import known_of  # noqa: PLC0415
    from backups.engine.card.reading import MOST_FILES, read_listing  # noqa: PLC0415
    from backups.engine.card.remote import LISTER  # noqa: PLC0415
    from benchmarks.card import program  # noqa: PLC0415

    script = program(LISTER, data, files=MOST_FILES, folders={}, databases={})
    words = [sys.executable, "-I", "-S", "-"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        told, given = running.stdout, running.stdin
        if told is None or given is None:
            raise RuntimeError("no pipes")
        given.write(script)
        given.close()
        lines = (os.fsdecode(line).rstrip("\n") for line in told)
        return read_listing(lines, known=known_of(None))


def _proven(one: Any) -> tuple[bytes, Any]:
    from backups.engine.card.proofs import ProvenFile  # noqa: PLC0415

    place = one.place.decode("latin-1")
    facts = {"ours": one.ours, "digest": f"{hash(one.path):0128x}"[-128:]}
    return one.path, ProvenFile(
        mark=one.file.mark, place=place, proven_at=SECONDS, read_at=SECONDS, **facts
    )


if __name__ == "__main__":
    sys.exit(main())
