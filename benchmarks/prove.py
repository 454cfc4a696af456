"""What a proof of content costs: both sides read to their end, the card's over ssh, and compared.

python -m benchmarks.prove --short | --megabytes 10000 [--dir FOLDER]

`b2sum` of the same files of both sides, one side after the other and both at once, is the measure:
all from the disk, by the clock, in one run. Here both sides are one machine and one disk; no byte
rate is set.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from backups.engine.card import digest_files
from backups.engine.copies.below import digest_below
from backups.engine.copies.digests import forget
from backups.engine.pull import SshTarget
from backups.engine.pull.processes import Leash
from benchmarks.digests import LONG, make_files
from benchmarks.measures import FAILED, must, show
from lab.servers.sshd import make_key, sshd

BEST_OF = 3
TINY = "tiny"  # what it costs is the session


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=10_000)
    parser.add_argument("--short", action="store_true", help="200 MB")
    parser.add_argument("--dir", help="where to make the files")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="prove-", dir=options.dir)).resolve()
    try:
        size = 200 if options.short else options.megabytes
        _measure(folder, size * 1_000_000 // LONG, rounds=BEST_OF if options.short else 1)
    finally:
        shutil.rmtree(folder)
    print("FAILED: " + ", ".join(FAILED) if FAILED else "every count is as promised")
    return bool(FAILED)


def _measure(folder: Path, count: int, *, rounds: int) -> None:
    card, copies = folder / "card", folder / "copies"
    names = [path.name for path in make_files(card, count, LONG)]
    copies.mkdir()
    (card / TINY).write_bytes(b"1")
    for name in (*names, TINY):
        shutil.copyfile(card / name, copies / name)
    os.sync()
    make_key(folder / "key")
    with sshd(folder / "sshd", authorized=folder / "key.pub") as server:
        target = SshTarget(
            host="127.0.0.1",
            port=server.port,
            user=server.user,
            key_file=folder / "key",
            known_hosts=folder / "known_hosts",
        )
        works: dict[str, Callable[[], None]] = {
            "b2sum, side by side": lambda: _b2sum(card, copies, names, at_once=True),
            "b2sum": lambda: _b2sum(card, copies, names, at_once=False),
            "one byte": lambda: must(_proven(target, card, copies, [TINY]) == 1, "it is equal"),
            "proof": lambda: must(_proven(target, card, copies, names) == count, "all are equal"),
        }
        best = dict.fromkeys(works, float("inf"))
        for _ in range(rounds):
            for name, work in works.items():
                best[name] = min(best[name], _seconds(work, [card, copies]))
    print(f"\n{count} files of {LONG:,} bytes on each side")
    session = best.pop("one byte")
    for name, seconds in best.items():
        print(f"  {name} {seconds:.2f} s, {2 * count * LONG / seconds / 1e6:,.0f} MB/s")
    beyond = best["b2sum"] / max(best["proof"] - session, 0.001)
    print(
        f"  of the proof a session's start and end {session:.2f} s; x b2sum beyond it {beyond:.2f}"
    )
    show("proof, x b2sum of both sides", -best["b2sum"] / best["proof"], ">= 0.85", -0.85)


def _seconds(work: Callable[[], None], folders: list[Path]) -> float:
    for folder in folders:
        for path in folder.iterdir():
            forget(path)
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _b2sum(card: Path, copies: Path, names: list[str], *, at_once: bool) -> None:
    running = []
    for folder in (card, copies):
        words = ["b2sum", *(str(folder / name) for name in names)]
        running.append(subprocess.Popen(words, stdout=subprocess.DEVNULL))
        if not at_once:
            running[-1].wait()
    for one in running:
        if one.wait() != 0:
            raise RuntimeError("b2sum failed")


def _proven(target: SshTarget, card: Path, copies: Path, names: list[str]) -> int:
    """As a run does it: while the card reads the next file, ours of the last one is read."""
    paths = [os.fsencode(name) for name in names]
    return sum(
        one.digest == digest_below(copies, one.path, stop=lambda: False).blake2b
        for one in digest_files(target, PurePosixPath(card), paths, leash=Leash())
    )


if __name__ == "__main__":
    sys.exit(main())
