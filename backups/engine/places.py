"""Bring what one host holds of a device to another, and hold each file against its original.

It is called by whoever is on the host that the files come to. What is there is never changed.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from backups.engine.card.digests import digest_files
from backups.engine.copies.below import digest_below
from backups.engine.copies.digests import FileStamp
from backups.engine.copies.errors import LocalFailed
from backups.engine.errors import BackupError
from backups.engine.progress import Phase, Progress
from backups.engine.pull.errors import KeepsChanging
from backups.engine.pull.heard import Item
from backups.engine.pull.names import checked_device
from backups.engine.pull.rsync import Route, copy_files, listing_of

MOST_PASSES = 3
NO_STAMP = FileStamp(0, 0, 0, 0)
SECONDS = 12 * 3600.0


class NotAllCame(BackupError):
    """What is there could not be listed or copied whole; it is tried again later."""


class NotTheSame(BackupError):
    """What came differs from its original, also when it was copied once more."""


@dataclass(frozen=True, slots=True)
class Root:
    """One data folder on both hosts; places begin with its name."""

    name: bytes
    there: PurePosixPath
    here: Path


@dataclass(frozen=True, slots=True)
class FileThere:
    root: Root
    item: Item

    @property
    def path(self) -> bytes:
        return os.fsencode(self.item.path)

    @property
    def place(self) -> bytes:
        return self.root.name + b"/" + self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenPlace:
    """One file that was read to its end on both hosts, with the same digest."""

    place: bytes
    digest: str
    theirs: FileStamp
    ours: FileStamp


def bring(route: Route, roots: Sequence[Root], device_id: str) -> list[FileThere]:
    """Copy until nothing there differs in size or time from what is here. Gives all that is there.

    Raises NotAllCame, KeepsChanging, PullError.
    """
    for _ in range(MOST_PASSES):
        found = listed(route, roots, device_id)
        lacking = [file for file in found if not file.item.is_same]
        if not lacking:
            return found
        copy(route, lacking)
    raise KeepsChanging("files there were written each time that they were copied")


def listed(route: Route, roots: Iterable[Root], device_id: str) -> list[FileThere]:
    """Each file there, and in what it differs from the one here. Raises NotAllCame, PullError."""
    found: list[FileThere] = []
    for root in roots:
        route.tell(Progress(phase=Phase.COMPARING))
        root.here.mkdir(parents=True, exist_ok=True)
        heard = listing_of(route, root.there, root.here, folder=checked_device(device_id))
        if heard.problem:
            raise NotAllCame(heard.problem)
        found += [FileThere(root, item) for item in heard.items]
    return found


def copy(route: Route, files: Iterable[FileThere], *, whatever_is_here: bool = False) -> None:
    """`whatever_is_here`: also over what has the same size and time.

    Raises NotAllCame, PullError.
    """
    options = ["--relative", *(["--ignore-times"] if whatever_is_here else [])]
    for root, some in _by_root(files):
        items = [file.item for file in some]
        heard = copy_files(route, root.there, root.here, items=items, options=options)
        if heard.problem:
            raise NotAllCame(heard.problem)


def bring_what_may(route: Route, files: Sequence[FileThere], device_id: str) -> list[FileThere]:
    """Copy these once; gives those that are here then. What is written meanwhile comes next time.

    Raises NotAllCame, PullError.
    """
    if lacking := [file for file in files if not file.item.is_same]:
        copy(route, lacking)
    wanted = {file.place for file in files}
    now = listed(route, list(dict.fromkeys(file.root for file in files)), device_id)
    return [file for file in now if file.place in wanted and file.item.is_same]


def prove(route: Route, files: Sequence[FileThere], *, mend: bool = True) -> list[ProvenPlace]:
    """Read all of them on both hosts. `mend`: what differs is copied once more, and read again.

    Raises NotTheSame, NotAllCame, PullError, LocalFailed.
    """
    held = hold(route, files, mend=lambda file: mend)
    if held.unread:
        place, why = next(iter(held.unread.items()))
        raise NotAllCame(f"{os.fsdecode(place)}: {why}")
    if held.differing:
        names = ", ".join(os.fsdecode(file.place) for file in held.differing[:3])
        raise NotTheSame(f"{len(held.differing)} files here are not as there: {names}"[:800])
    return held.proven


@dataclass(slots=True)
class HeldPlaces:
    """What came of reading files on both hosts. `unread`: why not, by place."""

    proven: list[ProvenPlace] = field(default_factory=list)
    differing: list[FileThere] = field(default_factory=list)
    unread: dict[bytes, str] = field(default_factory=dict)


def hold(
    route: Route, files: Sequence[FileThere], *, mend: Callable[[FileThere], bool]
) -> HeldPlaces:
    """Read them on both hosts. Those to `mend` that differ are copied once more, and read again.

    Raises NotAllCame, PullError, LocalFailed.
    """
    held = _read(route, files)
    if again := [file for file in held.differing if mend(file)]:
        copy(route, again, whatever_is_here=True)
        held.differing = [file for file in held.differing if file not in again]
        once_more = _read(route, again)
        held.proven += once_more.proven
        held.differing += once_more.differing
        held.unread |= once_more.unread
    return held


def refuse_changed(route: Route, files: Iterable[FileThere], device_id: str) -> None:
    """Raises KeepsChanging where a file came, went or was written since."""
    before = {file.place: file.item.version for file in files}
    now = listed(route, list(dict.fromkeys(file.root for file in files)), device_id)
    if before != {file.place: file.item.version for file in now}:
        raise KeepsChanging("files there were written while they were proven")


def _read(route: Route, files: Sequence[FileThere]) -> HeldPlaces:
    held = HeldPlaces()
    done, total = 0, sum(file.item.size_bytes for file in files)
    for root, some in _by_root(files):
        by_path = {file.path: file for file in some}
        for told in _their_digests(route, root, by_path):
            file = by_path.pop(told.path)
            if told.problem:
                held.unread[file.place] = told.problem
                continue
            ours = digest_below(root.here, told.path, stop=route.leash.cancelled)
            if told.digest == ours.blake2b:
                held.proven.append(
                    ProvenPlace(
                        place=file.place, digest=told.digest, theirs=told.stamp, ours=ours.stamp
                    )
                )
            else:
                held.differing.append(file)
            done += ours.size_bytes
            route.tell(Progress(phase=Phase.PROVING, bytes_done=done, bytes_expected=total))
        held.unread |= {file.place: "was not read there in time" for file in by_path.values()}
    return held


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    path: bytes
    digest: str = ""
    stamp: FileStamp = NO_STAMP
    problem: str = ""


def _their_digests(route: Route, root: Root, paths: Iterable[bytes]) -> Iterator[_Told]:
    asked = list(paths)
    if route.target is None:
        for path in asked:
            yield _mounted(route, root, path)
        return
    for told in digest_files(route.target, root.there, asked, leash=route.leash, seconds=SECONDS):
        if told.mark is None or told.algorithm != "blake2b":
            yield _Told(path=told.path, problem=told.problem or "that host makes no BLAKE2b")
        else:
            stamp = FileStamp(*told.mark, told.inode)
            yield _Told(path=told.path, digest=told.digest, stamp=stamp)


def _mounted(route: Route, root: Root, path: bytes) -> _Told:
    try:
        read = digest_below(Path(root.there), path, stop=route.leash.cancelled)
    except LocalFailed as error:
        return _Told(path=path, problem=str(error))
    return _Told(path=path, digest=read.blake2b, stamp=read.stamp)


def _by_root(files: Iterable[FileThere]) -> Iterator[tuple[Root, list[FileThere]]]:
    found: dict[Root, list[FileThere]] = {}
    for file in files:
        found.setdefault(file.root, []).append(file)
    yield from found.items()
