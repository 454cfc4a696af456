"""Walk the folders of one device, listing only those that may have changed.

What is trusted, and why. A folder whose device, inode, mtime and ctime are those of its listing
holds the same names, unless it was changed so shortly before the listing that a later change need
not have moved the stamps (racy). A file is settled once it was looked at when its mtime and its
ctime were both a settling time old: rsync sets an mtime back, nothing sets a ctime. In a folder
that did change every file is looked at: inode numbers are reused, so none is proven by its name.
A settled file rewritten in place moves no stamp of its folder: for these, each folder is proven
anew when its turn comes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from stat import S_ISDIR
from zlib import crc32

from backups.engine.videos.folder import Files, Folder, FolderKey, folder_text, summarise
from backups.engine.videos.look import (
    Look,
    Moved,
    SecondLook,
    Status,
    list_folder,
    look_again,
    measure,
    opened,
)  # fmt: skip
from backups.engine.videos.names import CHUNK_SUFFIX, chunks_and_others

DEEPEST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How far memory is to be trusted."""

    settled_until: int  # in seconds: files touched up to here were old when last looked at
    now_settled_until: int  # the same for the scan under way
    racy_after: int  # in nanoseconds: folders that changed later are not trusted yet
    today: int
    recheck_days: int


@dataclass(slots=True, kw_only=True)
class Walk:
    """One walk under way: what it found, and what that cost."""

    top: bytes
    old: dict[bytes, Folder]
    trust: Trust
    look: Look
    progress: Callable[[int], None]
    found: dict[bytes, Folder] = field(default_factory=dict)
    unread: set[bytes] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    vanished: bool = False
    listed_folders: int = 0
    fresh_chunks: int = 0
    looked_files: int = 0
    rechecked_chunks: int = 0
    newly_settled: int = 0

    def visit(self, path: bytes = b"", *, depth: int = 0) -> None:
        """See a folder and all below it."""
        try:
            folder = self._see(path)
        except (FileNotFoundError, NotADirectoryError):
            self.vanished = True
            return
        except OSError as error:
            self.keep(path, reason=error.strerror or str(error))
            return
        self.found[path] = folder
        self.progress(folder.chunks.file_count + folder.others.file_count)
        for name in folder.subfolders:
            below = path + b"/" + name if path else name
            if depth < DEEPEST:
                self.visit(below, depth=depth + 1)
            else:
                self.keep(below, reason=f"more than {DEEPEST} folders deep, not looked at")

    def keep(self, path: bytes, *, reason: str) -> None:
        """Remember what was known of a folder that cannot be read, and trust none of it."""
        self.errors.append(f"{folder_text(path)}: {reason}")
        self._keep_known(path)

    def _keep_known(self, path: bytes) -> None:
        self.unread.add(path)
        if known := self.old.get(path):
            self.found[path] = known._replace(key=None)
            for name in known.subfolders:
                self._keep_known(path + b"/" + name if path else name)

    def _see(self, path: bytes) -> Folder:
        full = self.top + b"/" + path if path else self.top
        status = self.look(full)
        if not S_ISDIR(status.st_mode):
            raise NotADirectoryError if path else OSError("is a link or a file, not a folder")
        known = self.old.get(path)
        # Racy again where the clock went back: a change from now on may bear the stamp it has.
        key = key_to_trust(status, racy_after=self.trust.racy_after)
        if known is None or key is None or known.key != key:
            return self._list(path, full, status=status)
        if self._is_due(path, known):
            folder = self._list(path, full, status=status)
            self.rechecked_chunks += folder.chunks.file_count
            return folder
        try:
            return self._look_again(full, known)
        except (Moved, FileNotFoundError):  # it changed after we looked at the folder itself
            return self._list(path, full, status=status)

    def _list(self, path: bytes, full: bytes, *, status: Status) -> Folder:
        with opened(full) as handle:
            names = list_folder(handle)
            videos, rest = chunks_and_others(names.files, hidden=b"/." in b"/" + path)
            chunks = measure(handle, videos, suffix=CHUNK_SUFFIX, look=self.look)
            others = measure(handle, rest, look=self.look)
        self.listed_folders += 1
        self.fresh_chunks += chunks.file_count
        self.looked_files += chunks.file_count + others.file_count
        return Folder(
            key=key_to_trust(status, racy_after=self.trust.racy_after),
            proven_day=self.trust.today,
            subfolders=names.subfolders,
            chunks=chunks,
            others=others,
            summary=summarise(chunks, others),
        )

    def _look_again(self, full: bytes, known: Folder) -> Folder:
        if max(known.chunks.last_touched, known.others.last_touched) <= self.trust.settled_until:
            return known
        chunks = self._second_look(full, known.chunks)
        others = self._second_look(full, known.others)
        self.fresh_chunks += len(chunks.young)
        self.looked_files += len(chunks.young) + len(others.young)
        self.newly_settled += self._settled(chunks) + self._settled(others)
        if chunks.files is known.chunks and others.files is known.others:
            return known
        return known._replace(
            chunks=chunks.files,
            others=others.files,
            summary=summarise(chunks.files, others.files),
        )

    def _second_look(self, full: bytes, files: Files) -> SecondLook:
        if files.last_touched <= self.trust.settled_until:
            return SecondLook(files, ())
        return look_again(full, files, settled_until=self.trust.settled_until, look=self.look)

    def _settled(self, seen: SecondLook) -> int:
        """Count the files that need no look again, once this one is remembered."""
        until = self.trust.now_settled_until
        if min(seen.young, default=until + 1) > until:
            return 0
        return sum(time <= until for time in seen.young)

    def _is_due(self, path: bytes, known: Folder) -> bool:
        """Whether it is this folder's turn: between half and all of the set days after the last."""
        days = self.trust.recheck_days
        age = self.trust.today - known.proven_day
        if age < -1:  # proven by a clock that was ahead
            return True
        return age >= days - crc32(path) % (days // 2 + 1)


def key_to_trust(status: Status, *, racy_after: int) -> FolderKey | None:
    """Give the stamps to know the folder by, or None while it is racy."""
    if status.st_ctime_ns > racy_after:
        return None
    return key_of(status)


def key_of(status: Status) -> FolderKey:
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns
