"""A recording of real H.264, made by the lab."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.chunks import CHUNK_SECONDS, Filming
from lab.films import FPS, SECONDS, film
from lab.tree import NodeTree

START = 1767434400.0  # 2026-01-03 10:00:00 UTC
SMALL = 1 / 400  # of a chunk's size: some 100 kB


def filmed(device_id, root, *, chunks=4):
    """Below `root`; gives what it is."""
    recording = Filming(
        device_id=device_id, folder_name="ETHOSCOPE_019", started_at=START, code="pilot",
        camera=f"160x120@{FPS}fps-20q", ended_at=START + chunks * CHUNK_SECONDS, scale=SMALL,
    )  # fmt: skip
    tree = NodeTree(root)
    tree.pull_recording(recording)
    film(recording, tree.videos, Path(root) / "films")
    return recording


@cache
def h264():
    """One chunk of it, without the zeros at its end."""
    with TemporaryDirectory() as root:
        filmed("0" * 32, Path(root), chunks=1)
        return (Path(root) / "films" / "0.h264").read_bytes()


__all__ = ["FPS", "SECONDS", "filmed", "h264"]
