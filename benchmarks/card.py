"""What it costs to list a card of 10,000 files over ssh: sessions, looks, bytes on the wire.

python -m benchmarks.card --short | --files 10000 [--dir FOLDER]

Looks are counted by strace where it is installed.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path, PurePosixPath

from backups.engine.card import fetch, list_card, packed
from backups.engine.pull import SshTarget
from backups.engine.pull.processes import Leash
from benchmarks.measures import FAILED, must, show
from benchmarks.trees import DAY, make_tree
from lab.servers.sshd import make_key, sshd

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
    must(log.count("Accepted publickey") == 1, "one ssh session")
    count = listing.file_count
    wire = sum(len(line) + 1 for line in listing.lines)
    print(f"\n{count:,} files in {len(listing.folders):,} folders")
    show("bytes a file on the wire", wire / count, "<= 120", 120)
    show("bytes a file, kept", len(packed(listing)) / count, "<= 30", 30)
    _count_looks(root, count)


def _count_looks(root: Path, files: int) -> None:
    if shutil.which("strace") is None:
        print("  --   looks were not counted: no strace")
        return
    given = json.dumps({"root": str(root), "seconds": 60, "files": 10**6})
    script = f"GIVEN = {given!r}\n".encode() + fetch.lister()
    looks = "trace=stat,lstat,fstat,newfstatat,statx"
    words = ["strace", "-f", "-c", "-e", looks, sys.executable, "-I", "-S", "-"]
    done = subprocess.run(words, input=script, capture_output=True, check=True)
    rows = [line.split() for line in done.stderr.decode().splitlines()]
    calls = sum(int(row[3]) for row in rows if row and re.fullmatch(r"\w*stat(at|x)?", row[-1]))
    show("looks a file", calls / files, "<= 2", 2)


if __name__ == "__main__":
    sys.exit(main())
