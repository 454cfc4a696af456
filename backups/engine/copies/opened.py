"""A copy opened to be given away: the file that our index names, all of it, of one moment.

It is reached through no link, and is a file. What is written while it is read is noticed, so that
nobody gets the beginning of one content and the end of another.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from stat import S_ISREG
from types import TracebackType

from backups.engine.copies.below import folder_below, open_in
from backups.engine.copies.digests import FileStamp, stamp_of
from backups.engine.copies.errors import LocalChanged, LocalElsewhere, file_errors

PIECE = 1024 * 1024


@dataclass(slots=True, kw_only=True)
class OpenedCopy:
    """`mark` is another one as soon as the content may be. `private`: nobody else can write it."""

    path: Path  # to name it by: what lies there now may be another file
    handle: int = field(repr=False)
    stamp: FileStamp
    mark: str
    private: bool = False

    @property
    def size_bytes(self) -> int:
        return self.stamp.size

    def check(self) -> None:
        """Raises LocalChanged if somebody wrote to it, or took it away, since it was opened."""
        if not self.private and stamp_of(os.fstat(self.handle)) != self.stamp:
            raise LocalChanged(f"{self.path}: was changed while it was read")

    def pieces(self, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """What is there from `start` on, each piece given only when it is known to be of the file
        that was opened. Raises LocalChanged, LocalFailed."""
        end = self.size_bytes if length is None else start + length
        while start < end:
            with file_errors(self.path):
                piece = os.pread(self.handle, min(PIECE, end - start), start)
            self.check()
            if not piece:
                raise LocalChanged(f"{self.path}: ends before its end")
            yield piece
            start += len(piece)

    def close(self) -> None:
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1

    def __enter__(self) -> "OpenedCopy":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_copy(root: Path, path: bytes) -> OpenedCopy:
    """A file at this path below the root. Raises LocalMissing, LocalElsewhere, LocalClosed,
    LocalFailed."""
    folder, _, name = path.rpartition(b"/")
    shown = root / os.fsdecode(path)
    with file_errors(shown), folder_below(root, folder) as parent:
        return opened_in(parent, name, shown=shown)


def opened_in(parent: int, name: bytes, *, shown: Path) -> OpenedCopy:
    """A file of an open folder. Raises OSError, LocalElsewhere."""
    handle = open_in(parent, name)
    found = os.fstat(handle)
    if not S_ISREG(found.st_mode):
        os.close(handle)
        raise LocalElsewhere(f"{shown}: not a regular file")
    stamp = stamp_of(found)
    return OpenedCopy(path=shown, handle=handle, stamp=stamp, mark=mark_of(stamp))


def mark_of(*stamps: FileStamp) -> str:
    """Of a file, and of those beside it that belong to its content."""
    return blake2b(repr([tuple(one) for one in stamps]).encode(), digest_size=16).hexdigest()
