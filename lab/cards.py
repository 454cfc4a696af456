"""Chunks as files: on the cards of open devices with all their bytes, else sparse."""

import hashlib
import os
from pathlib import Path

from lab.chunks import START_CODE, Clip, Filming


def write_chunks(videos: Path, recording: Filming, *, first: int = 1) -> None:
    """Write what is not there yet, from that chunk on. What is there is only added to."""
    folder = videos / recording.folder
    folder.mkdir(parents=True, exist_ok=True)
    for chunk in recording.chunks(first=first):
        write_chunk(folder, chunk, whole=recording.scale < 1)


def write_chunk(folder: Path, chunk: Clip, *, whole: bool) -> None:
    """A sparse one has the true size, a stream's first bytes, and nothing else on the disk."""
    file = os.open(f"{folder}/{chunk.name}", os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(file, _content(chunk) if whole else START_CODE, 0)
        os.ftruncate(file, chunk.size_bytes)
        os.utime(file, (chunk.modified_at, chunk.modified_at))
    finally:
        os.close(file)


def md5_of(name: str) -> str:
    """A chunk's sum, as old firmware tells it; of no content, since most have none."""
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def _content(chunk: Clip) -> bytes:
    """A longer one begins with the shorter: a chunk grows until the next begins."""
    filling = hashlib.shake_128(chunk.name.encode()).digest(chunk.size_bytes - len(START_CODE))
    return START_CODE + filling
