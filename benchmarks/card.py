"""What it costs to list a card of 10,000 files over ssh: sessions, looks, bytes on the wire.

And what a digest costs on the device, against `b2sum` on the same file.

python -m benchmarks.card --short | --files 10000 [--dir FOLDER]

Looks are counted by strace where it is installed.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from backups.engine.card import list_card, packed
from backups.engine.card.remote import DIGESTER, LISTER, WHERE, source
from backups.engine.pull import SshTarget
from backups.engine.pull.processes import Leash
from benchmarks.measures import FAILED, best_of, must, show
from benchmarks.trees import DAY, make_tree
from lab.servers.sshd import make_key, sshd

BYTES_DIGESTED, TIMES = 256 * 1024 * 1024, 4  # one start is of many files
DEVICE = "0192c3d4e5f60718293a4b5c6d7e8f90"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--short", action="store_true", help="the same: it takes seconds")
    parser.add_argument("--dir", help="where to make the tree")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="card-", dir=options.dir))
    try:
        root = folder / "card"
        make_tree(root / "videos" / DEVICE, options.files, now=time.time() + 60 * DAY)
        _measure(folder, root)
        _digests(root)
    finally:
        shutil.rmtree(folder)
    print("FAILED: " + ", ".join(FAILED) if FAILED else "every count is as promised")
    return bool(FAILED)


def _measure(folder: Path, root: Path) -> None:
    make_key(folder / "key")
    with sshd(folder / "sshd", authorized=folder / "key.pub") as server:
        target = SshTarget(
            host="127.0.0.1",
            port=server.port,
            user=server.user,
            key_file=folder / "key",
            known_hosts=folder / "known_hosts",
        )
        listing = list_card(target, PurePosixPath(root), leash=Leash())
        log = (folder / "sshd" / "log").read_text()
        again = list_card(target, PurePosixPath(root), leash=Leash(), known=listing)
    must(log.count("Accepted publickey") == 1, "one ssh session")
    count = listing.file_count
    print(f"\n{count:,} files in {len(listing.folders):,} folders")
    show("bytes a file on the wire", listing.wire_bytes / count, "<= 120", 120)
    show("bytes a file, kept", len(packed(listing)) / count, "<= 30", 30)
    must(again.folders == listing.folders, "the same, where nothing changed")
    lines = again.wire_bytes / len(again.folders)
    show("bytes a folder on the wire where nothing changed", lines, "<= 120", 120)
    print(f"       that is {again.wire_bytes:,} bytes in all, of {listing.wire_bytes:,}")
    _count_looks(root, count)


def program(modules: Sequence[str], root: Path, **more: object) -> bytes:
    given = {"root": str(root), "seconds": 600, **WHERE, **more}
    return f"GIVEN = {json.dumps(given)!r}\n".encode() + source(*modules)


def _digests(root: Path) -> None:
    """On the device's side, both from the disk: processor time, as a card is slower than both."""
    path = root / "videos" / "long.h264"
    path.write_bytes(os.urandom(BYTES_DIGESTED))
    os.sync()  # what is not on the disk stays in memory
    given = program(DIGESTER, root, paths=["videos/long.h264"] * TIMES, rate=None, budget=600)
    ours = [sys.executable, "-I", "-S", "-"]
    forget = f'dd if="{path}" of=/dev/null iflag=nocache count=0 2>/dev/null'
    theirs = ["sh", "-c", "; ".join([f'{forget}; b2sum "{path}"'] * TIMES)]
    works: dict[str, Callable[[], object]] = {
        "ours": lambda: subprocess.run(ours, input=given, stdout=subprocess.DEVNULL, check=True),
        "b2sum": lambda: subprocess.run(theirs, stdout=subprocess.DEVNULL, check=True),
    }
    best = best_of(works, rounds=3)
    show("digest of a long file, x b2sum", -best["b2sum"] / best["ours"], ">= 0.85", -0.85)


def _count_looks(root: Path, files: int) -> None:
    if shutil.which("strace") is None:
        print("  --   looks were not counted: no strace")
        return
    script = program(LISTER, root, files=10**6, folders={}, databases={})
    looks = "trace=stat,lstat,fstat,newfstatat,statx"
    words = ["strace", "-f", "-c", "-e", looks, sys.executable, "-I", "-S", "-"]
    done = subprocess.run(words, input=script, capture_output=True, check=True)
    rows = [line.split() for line in done.stderr.decode().splitlines()]
    calls = sum(int(row[3]) for row in rows if row and re.fullmatch(r"\w*stat(at|x)?", row[-1]))
    show("looks a file", calls / files, "<= 2", 2)


if __name__ == "__main__":
    sys.exit(main())
