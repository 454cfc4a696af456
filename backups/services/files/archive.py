"""Many files as one zip, made while it is sent: its size is known before the first byte.

So a transfer that breaks off is too short for every client and every proxy. What cannot be opened
when it begins is named inside, in LEFT_OUT. What changes or cannot be read later breaks it off.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b

from zipstream import ZipStream

from backups.engine.copies.errors import LocalChanged, LocalFailed
from backups.engine.copies.opened import OpenedCopy
from backups.engine.errors import BackupError
from backups.services.files.listing import FilePage
from backups.services.files.saved import SavedFile, opened

SUMS = "B2SUMS"  # for `b2sum -c`
LEFT_OUT = "LEFT-OUT.txt"
MOST_FILES = 50_000
MOST_MOMENTS = 20  # private copies of databases that are being written, all kept until the end
DIGEST_LENGTH = 128


class TooMuch(BackupError):
    """More than one zip can be made of."""


@dataclass(slots=True)
class Packed:
    """One file of it. `held`: a private copy, which is made once."""

    file: SavedFile
    size_bytes: int
    mark: str
    held: OpenedCopy | None = None
    digest: str = ""

    def pieces(self) -> Iterator[bytes]:
        """Of exactly the file that was counted. Raises LocalFailed."""
        digest = blake2b()
        with self.held or opened(self.file) as copy:
            if copy.mark != self.mark:
                raise LocalChanged(f"{self.file.name}: was changed while others were sent")
            for piece in copy.pieces():
                digest.update(piece)
                yield piece
        self.digest = digest.hexdigest()


@dataclass(slots=True)
class Archive:
    """To be closed: it may hold private copies."""

    entries: list[Packed] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    held: ExitStack = field(default_factory=ExitStack)

    def add(self, file: SavedFile) -> None:
        """Raises TooMuch."""
        if len(self.entries) + len(self.left_out) >= MOST_FILES:
            raise TooMuch(f"more than {MOST_FILES:,} files: ask for them in parts")
        try:
            copy = opened(file)
        except LocalFailed as error:
            self.left_out.append(f"{file.name}: {type(error).__name__}: {error}\n")
            return
        entry = Packed(file, copy.size_bytes, copy.mark)
        if copy.private:
            entry.held = self.held.enter_context(copy)
            if sum(one.held is not None for one in self.entries) >= MOST_MOMENTS:
                raise TooMuch(f"more than {MOST_MOMENTS} databases that are being written")
        else:
            copy.close()
        self.entries.append(entry)

    def stream(self) -> ZipStream:
        """Its length is that of the zip; its pieces raise LocalFailed."""
        stream = ZipStream(sized=True)
        for entry in self.entries:
            stream.add(entry.pieces(), entry.file.name, size=entry.size_bytes)
        if self.left_out:
            stream.add("".join(self.left_out), LEFT_OUT)
        length = sum(len(sum_line("0" * DIGEST_LENGTH, one.file.name)) for one in self.entries)
        stream.add(self._sums(), SUMS, size=length)
        return stream

    def _sums(self) -> Iterator[bytes]:
        """Asked for last, when all others were read."""
        for entry in self.entries:
            yield sum_line(entry.digest, entry.file.name)

    def close(self) -> None:
        self.held.close()


def archive_of(pages: Iterable[FilePage]) -> Archive:
    """Raises TooMuch."""
    archive, names = Archive(), set[str]()
    with ExitStack() as held:
        held.callback(archive.close)
        for page in pages:
            archive.left_out += [f"{problem}\n" for problem in page.problems]
            for file in page.files:
                if file.name not in names:
                    names.add(file.name)
                    archive.add(file)
        held.pop_all()
    return archive


def sum_line(digest: str, name: str) -> bytes:
    r"""As `b2sum` writes it: a line that begins with \ has a name in which each \ is doubled."""
    if "\\" not in name:
        return f"{digest}  {name}\n".encode("utf-8", "surrogatepass")
    escaped = name.replace("\\", "\\\\")
    return f"\\{digest}  {escaped}\n".encode("utf-8", "surrogatepass")
