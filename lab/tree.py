"""The node's data tree: `videos/` and `results/`, and the daemons' way of filling them."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from lab.cards import md5_of, write_chunk
from lab.chunks import Clip, Filming
from lab.mirroring import mirror
from lab.stores import Store
from lab.tracking import Tracking


@dataclass(slots=True)
class Totals:
    """Files and bytes of a whole tree, all devices together."""

    files: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Copied:
    """One file that a daemon's turn wrote, by its path below `videos/` or `results/`."""

    path: str
    size_bytes: int

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class NodeTree:
    """What the node holds. Modification times are the device's, as rsync -t leaves them."""

    def __init__(self, root: Path) -> None:
        self.videos = root / "videos"
        self.results = root / "results"
        self.video_totals = Totals()  # counted on the way: the tree may hold a million chunks
        self.videos.mkdir(parents=True, exist_ok=True)
        self.results.mkdir(parents=True, exist_ok=True)

    def pull_recording(self, recording: Filming) -> list[Copied]:
        """Bring the chunks that are new or have grown."""
        if recording.held_chunks == recording.chunk_count and recording.stopped:
            newest = recording.chunk(recording.held_chunks)
            if newest.size_bytes == recording.held_bytes:
                return []
        folder = self.videos / recording.folder
        folder.mkdir(parents=True, exist_ok=True)
        copied = [
            self._pull_chunk(folder, recording, index)
            for index in range(max(1, recording.held_chunks), recording.chunk_count + 1)
        ]
        if recording.merged and not recording.held_chunks:
            merged = Clip(f"{recording.prefix}_merged.mp4", 1_000_000, recording.ended_at)
            write_chunk(folder, merged, whole=False)
            self._count(merged.size_bytes)
        newest = recording.chunk(recording.chunk_count)
        changed = [file for file in copied if file]
        recording.held_chunks, recording.held_bytes = recording.chunk_count, newest.size_bytes
        return changed

    def pull_run(self, run: Tracking, source: Path) -> Copied | None:
        """Byte copy of a file without its -wal, as rsync makes it; None if unchanged."""
        target = self.results / run.path
        told = source.stat()
        if _same(target, told):
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.lab")
        shutil.copyfile(source, partial)
        os.utime(partial, ns=(told.st_mtime_ns, told.st_mtime_ns))
        partial.replace(target)
        return Copied(str(run.path), told.st_size)

    def mirror_run(self, run: Tracking, source: Store) -> Copied:
        """Copy of a database of MariaDB, table by table. Raises NotReadyYet."""
        target = self.results / run.path
        mirror(source, target)
        return Copied(str(run.path), target.stat().st_size)

    def take_recording(self, recording: Filming, source: Path) -> None:
        """Copy the true bytes of an open device's recording."""
        folder = self.videos / recording.folder
        shutil.copytree(source / recording.folder, folder, dirs_exist_ok=True)
        recording.held_chunks = recording.chunk_count
        recording.held_bytes = recording.chunk(recording.held_chunks).size_bytes
        self.video_totals.files += recording.chunk_count
        self.video_totals.size_bytes += recording.size_bytes()

    def add_md5(self, recording: Filming) -> None:
        """Companions as old firmware wrote them: the sum first, then the name."""
        for index in range(1, recording.held_chunks + 1):
            _add_md5(self.videos / recording.folder, recording.chunk(index))

    def restore(self, recording: Filming) -> None:
        """Write the held chunks again, whatever became of them."""
        folder = self.videos / recording.folder
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(1, recording.held_chunks + 1):
            chunk = recording.chunk(index)
            (folder / chunk.name).unlink(missing_ok=True)
            write_chunk(folder, chunk, whole=recording.scale < 1)

    def result_totals(self) -> Totals:
        sizes = [
            os.stat(os.path.join(folder, name), follow_symlinks=False).st_size  # noqa: PTH116, PTH118  walks often
            for folder, _, names in os.walk(self.results)
            for name in names
        ]
        return Totals(len(sizes), sum(sizes))

    def _pull_chunk(self, folder: Path, recording: Filming, index: int) -> Copied | None:
        chunk = recording.chunk(index)
        held = recording.held_bytes if index == recording.held_chunks else 0
        if chunk.size_bytes == held:
            return None
        write_chunk(folder, chunk, whole=recording.scale < 1)
        self._count(chunk.size_bytes, held=held)
        if recording.with_md5:
            _add_md5(folder, chunk)
        return Copied(str(recording.folder / chunk.name), chunk.size_bytes)

    def _count(self, size_bytes: int, *, held: int = 0) -> None:
        self.video_totals.files += not held
        self.video_totals.size_bytes += size_bytes - held


def _add_md5(folder: Path, chunk: Clip) -> None:
    (folder / f"{chunk.name}.md5").write_text(f"{md5_of(chunk.name)}  {chunk.name}\n")


def _same(target: Path, told: os.stat_result) -> bool:
    try:
        held = target.stat()
    except FileNotFoundError:
        return False
    return (held.st_size, held.st_mtime_ns) == (told.st_size, told.st_mtime_ns)
