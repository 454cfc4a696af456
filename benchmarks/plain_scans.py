"""Scans that remember nothing, to compare with, and the least that any scan could do."""

import os
import subprocess
from datetime import timedelta
from pathlib import Path

from benchmarks.trees import MadeTree

WEEK = timedelta(days=7)


def plain_scan(folder: Path) -> tuple[int, int, int]:
    """What the same question costs without a memory: every folder listed, every file asked."""
    count = size = newest = 0
    waiting = [os.fsencode(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.name.endswith(b".h264"):
                    status = entry.stat(follow_symlinks=False)
                    count += 1
                    size += status.st_size
                    newest = max(newest, status.st_mtime_ns)
    return count, size, newest


def needed_looks(tree: MadeTree) -> dict[bytes, list[bytes]]:
    """The looks that no rescan can spare, by folder: at each folder, and at each young file."""
    young_after = tree.now - WEEK.total_seconds()
    return {
        os.fsencode(folder): [
            os.fsencode(name)
            for name in names
            if os.lstat(f"{folder}/{name}").st_mtime > young_after
        ]
        for folder, _, names in os.walk(tree.device_dir)
    }


def look_at(needed: dict[bytes, list[bytes]]) -> None:
    """The least that Python can do: one lstat each, the names in hand, nothing compared."""
    for folder, names in needed.items():
        os.lstat(folder)
        if names:
            handle = os.open(folder, os.O_RDONLY)
            for name in names:
                os.lstat(name, dir_fd=handle)
            os.close(handle)


def find_all(folder: Path) -> None:
    command = ["find", str(folder), "-name", "*.h264", "-printf", "%s %T@ %p\n"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
