"""What it costs to read our side to its end: against `b2sum`, on the same files, from the disk.

python -m benchmarks.digests --short | --megabytes 2000 [--dir FOLDER]

Processor time of one run, the best of some rounds: on a machine that does nothing else the disk is
slower than both. Wall time is printed beside it.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from backups.engine.copies.below import digest_below
from backups.engine.copies.digests import forget
from benchmarks.measures import FAILED, best_of, show

LONG = 40_000_000  # a chunk of film
SMALL = 20_000  # a mask, a template
MOST_SMALL = 2_000
_BLOCK = 4_000_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=2_000)
    parser.add_argument("--short", action="store_true", help="200 MB")
    parser.add_argument("--dir", help="where to make the files")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="digests-", dir=options.dir))
    size = 200 if options.short else options.megabytes
    try:
        _against_b2sum("chunks", list(make_files(folder, size * 1_000_000 // LONG, LONG)))
        _against_b2sum("zeros", [_zeros(folder / "zeros")])
        _many(list(make_files(folder / "small", min(size * 10, MOST_SMALL), SMALL)))
    finally:
        shutil.rmtree(folder)
    print("FAILED: " + ", ".join(FAILED) if FAILED else "every count is as promised")
    return bool(FAILED)


def make_files(folder: Path, count: int, size: int) -> Iterator[Path]:
    """Of bytes that differ, on the disk."""
    folder.mkdir(exist_ok=True)
    block = os.urandom(min(size, _BLOCK))
    for number in range(count):
        path = folder / f"{number:05}"
        with path.open("wb") as file:
            for part in range(size // len(block)):
                file.write(f"{number} {part} ".encode() + block[len(f"{number} {part} ") :])
            os.fsync(file.fileno())
        yield path


def _zeros(path: Path) -> Path:
    path.write_bytes(bytes(LONG))
    return path


def ours(paths: Iterable[Path]) -> None:
    for path in paths:
        digest_below(path.parent, os.fsencode(path.name), stop=lambda: False)


def b2sum(paths: list[Path]) -> None:
    subprocess.run(["b2sum", *paths], stdout=subprocess.DEVNULL, check=True)


def _against_b2sum(what: str, paths: list[Path]) -> None:
    wall: dict[str, list[float]] = {"ours": [], "b2sum": []}

    def timed(name: str) -> None:
        for path in paths:
            forget(path)
        with _added_to(wall[name]):
            ours(paths) if name == "ours" else b2sum(paths)

    works: dict[str, Callable[[], object]] = {name: partial(timed, name) for name in wall}
    best = best_of(works, rounds=5)
    show(f"digests of {what}, x b2sum", -best["b2sum"] / best["ours"], ">= 0.85", -0.85)
    by_clock = min(wall["b2sum"]) / min(wall["ours"])
    print(f"       by the clock {by_clock:.2f}x: {min(wall['ours']):.3f} s")


def _many(paths: list[Path]) -> None:
    """Each is first written to the disk, if it is not there yet: that is a sync a file."""
    seconds: list[float] = []
    with _added_to(seconds):
        ours(paths)
    print(f"  {seconds[0] / len(paths) * 1000:.2f} ms a file of {SMALL:,} bytes")


@contextmanager
def _added_to(seconds: list[float]) -> Iterator[None]:
    began = time.monotonic()
    yield
    seconds.append(time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
