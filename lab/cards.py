"""The videos on the cards of open devices: files whose bytes are there to be copied."""

import hashlib
import os
from pathlib import Path

from lab.chunks import START_CODE, Clip, Filming


def write_chunks(videos: Path, recording: Filming, *, first: int = 1) -> None:
    """Write what is not there yet, from that chunk on. What is there is only added to."""
    folder = videos / recording.folder
    folder.mkdir(parents=True, exist_ok=True)
    for chunk in recording.chunks(first=first):
        path = folder / chunk.name
        if recording.scale < 1:
            _add(path, _content(chunk))
        else:
            _add(path, START_CODE)
            os.truncate(path, chunk.size_bytes)
        os.utime(path, (chunk.modified_at, chunk.modified_at))


def _add(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content[file.tell() :])


def _content(chunk: Clip) -> bytes:
    """A longer one begins with the shorter: a chunk grows until the next begins."""
    return (START_CODE + hashlib.shake_128(chunk.name.encode()).digest(chunk.size_bytes))[
        : chunk.size_bytes
    ]
