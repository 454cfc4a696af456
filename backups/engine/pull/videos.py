"""Pull one device's videos. Nothing is ever deleted, there or here, nor made smaller here."""

import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from backups.engine.copies.errors import LocalFull
from backups.engine.progress import Phase, Progress
from backups.engine.pull.arrivals import Arrivals, Kept, Settled
from backups.engine.pull.heard import Heard, Item
from backups.engine.pull.names import checked_device, checked_folder, is_plain
from backups.engine.pull.outcome import Difference, ListedFile, PulledVideos, Quarantined
from backups.engine.pull.processes import Leash
from backups.engine.pull.rotation import Share, share_of
from backups.engine.pull.rsync import Route, contents, copy_files, listing
from backups.engine.pull.ssh import SshTarget
from backups.engine.pull.tree import VideoTree, opened_tree
from devices.texts import one_line

ON_A_DEVICE = PurePosixPath("/ethoscope_data/videos")
KEEP_FREE = 64 * 1024 * 1024
CONTENT_BYTES = 256 * 1024 * 1024  # of what seems the same, read on both sides in one pull
_NOT_COPIED = "its name is hidden, too long, or holds what cannot be printed"


def pull_videos(
    target: SshTarget,
    *,
    device_id: str,
    videos_dir: Path,
    now: datetime,
    remote_dir: PurePosixPath = ON_A_DEVICE,
    bandwidth_kib: int = 0,
    silent_seconds: int = 60,
    keep_free_bytes: int = KEEP_FREE,
    content_bytes: int = CONTENT_BYTES,
    content_after: str = "",
    damaged: frozenset[str] = frozenset(),
    progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> PulledVideos:
    """Copy what is not here yet into `videos_dir/device_id`, then compare the two once more.

    A file that is here is replaced only by one that begins with all of it. Of those that seem the
    same by size and time some are also read on both sides: `content_bytes` of them, or a share of
    all, after the path at which the pull before ended. Those known to be `damaged` here are read
    first: if they differ, the device's takes their place and ours is kept apart. Raises PullError;
    whole files that arrived by then stay.
    """
    source = checked_folder(remote_dir / checked_device(device_id))
    began = time.monotonic()
    route = Route(
        target=target,
        leash=Leash(cancelled=cancelled, silent_seconds=silent_seconds),
        tell=progress,
        bandwidth_kib=bandwidth_kib,
        silent_seconds=silent_seconds,
    )
    with opened_tree(videos_dir, device_id) as tree:
        pull = _VideoPull(
            route=route, source=source, tree=tree, keep_free_bytes=keep_free_bytes, damaged=damaged
        )
        share = share_of(pull.copy(), after=content_after, budget=content_bytes, first=damaged)
        pull.compare(share)
        compared_at = now + timedelta(seconds=time.monotonic() - began)
        done = pull.prove(began=now)
    return replace(done, compared_at=compared_at, seconds=time.monotonic() - began)


@dataclass(slots=True)
class _Lacking:
    """What is not here as it is there, by what is known of it."""

    left: list[str] = field(default_factory=list)
    newer: list[str] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    refused: list[Difference] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _VideoPull:
    route: Route
    source: PurePosixPath
    tree: VideoTree
    keep_free_bytes: int
    damaged: frozenset[str]
    wire_bytes: int = 0
    files_added: int = 0
    files_grown: int = 0
    problems: list[str] = field(default_factory=list)
    first_seen: frozenset[int] = frozenset()
    equal: set[str] = field(default_factory=set)  # both sides were read to their end
    other: set[str] = field(default_factory=set)  # so were these, and they differ
    repaired: list[str] = field(default_factory=list)
    content_upto: str = ""

    def copy(self) -> list[Item]:
        """Gives those that were here already, as their size and time say."""
        seen = self._listing(Phase.COMPARING)
        self.first_seen = frozenset(item.version for item in seen.items)
        present = [item for item in seen.items if self.tree.has(item)]
        wanted = [
            item for item in seen.items if not self.tree.has(item) and not self._why_not(item)
        ]
        new = [item for item in wanted if item.is_new]
        differing = self._unknown(item for item in wanted if not item.is_new)
        self._refuse_if_full([*new, *differing])
        self._copy_new(new)
        self._copy_differing(differing)
        return present

    def compare(self, share: Share) -> None:
        """Hold some against the device by content. What differs is fetched, and kept apart."""
        self.content_upto = share.upto
        if not share.items:
            return
        heard = contents(self.route, self.source, self.tree.own, items=share.items)
        self._note(heard)
        # Without those that were written since, or are gone from here.
        told = {item.version: item for item in heard.items if not item.is_new}
        read = [told[item.version] for item in share.items if item.version in told]
        self.other = {item.path for item in read if item.differs_in_content}
        self.equal |= {item.path for item in read} - self.other
        self._copy_differing(self._unknown(item for item in read if item.path in self.other))

    def prove(self, *, began: datetime) -> PulledVideos:
        """Compare once more: what is said of the copy is what this shows, of each file there."""
        seen = self._listing(Phase.PROVING)
        files = tuple(self._listed(item) for item in seen.items)
        here = {file.path for file in files if file.is_here}
        lacking = self._sorted_by_why(item for item in seen.items if item.path not in here)
        return PulledVideos(
            folder=self.tree.own,
            began_at=began,
            compared_at=began,
            file_count=seen.file_count,
            files_added=self.files_added,
            files_grown=self.files_grown,
            wire_bytes=self.wire_bytes,
            left=tuple(lacking.left),
            newer=tuple(lacking.newer),
            quarantined=tuple(lacking.quarantined),
            refused=tuple(lacking.refused),
            skipped=tuple(_shown(path) for path in seen.skipped),
            problems=tuple(self.problems),
            seconds=0.0,
            files=files,
            repaired=tuple(self.repaired),
            content_upto=self.content_upto,
        )

    def _sorted_by_why(self, items: Iterable[Item]) -> _Lacking:
        lacking, arrivals = _Lacking(), Arrivals(self.tree)
        for item in items:
            if why := self._why_not(item):
                lacking.refused.append(Difference(path=_shown(item.path), reason=why))
            elif not item.is_new and (kept := arrivals.known(item)):
                lacking.quarantined.append(_in_quarantine(item, kept))
            elif item.version in self.first_seen:
                lacking.left.append(item.path)
            else:
                lacking.newer.append(item.path)
        return lacking

    def _listed(self, item: Item) -> ListedFile:
        is_here = item.path not in self.other and self.tree.has(item)
        return ListedFile(
            path=item.path,
            size_bytes=item.size_bytes,
            is_here=is_here,
            by_content=is_here and item.path in self.equal,
        )

    def _unknown(self, items: Iterable[Item]) -> list[Item]:
        """Those of which the device's version does not lie in quarantine yet, or is wanted here."""
        arrivals = Arrivals(self.tree)
        return [i for i in items if i.path in self.damaged or not arrivals.is_known(i)]

    def _copy_new(self, items: list[Item]) -> None:
        """They are out of sight until they are whole; what came meanwhile is not overwritten."""
        if not items:
            return
        words = ["--ignore-existing", f"--temp-dir={self.tree.arriving}"]
        words += [f"--partial-dir={self.tree.partial}"]
        heard = copy_files(self.route, self.source, self.tree.own, items=items, options=words)
        self._note(heard)
        self.files_added += heard.statistics.get("Number of regular files transferred", 0)
        self.equal |= {item.path for item in heard.items}  # rsync holds each against the device's

    def _copy_differing(self, items: list[Item]) -> None:
        """Into a place apart, built upon what is here; each is judged by its content."""
        if not items:
            return
        words = ["--ignore-times", f"--copy-dest={self.tree.own}"]
        words += [f"--partial-dir={self.tree.partial}"]
        heard = copy_files(self.route, self.source, self.tree.apart, items=items, options=words)
        self._note(heard)
        arrivals = Arrivals(self.tree)
        for item in items:
            settled = arrivals.settle(item.path, is_damaged=item.path in self.damaged)
            if settled in (Settled.GREW, Settled.REPAIRED):
                self.files_grown += settled is Settled.GREW
                self.repaired += [item.path] if settled is Settled.REPAIRED else []
                self.equal.add(item.path)
                self.other.discard(item.path)

    def _listing(self, phase: Phase) -> Heard:
        heard = listing(self.route, self.source, self.tree.own, phase=phase)
        self._note(heard)
        return heard

    def _note(self, heard: Heard) -> None:
        self.wire_bytes += heard.wire_bytes
        if heard.problem and heard.problem not in self.problems:
            self.problems.append(heard.problem)

    def _why_not(self, item: Item) -> str:
        if not is_plain(item.path):
            return _NOT_COPIED
        return self.tree.in_the_way(item.path)

    def _refuse_if_full(self, items: list[Item]) -> None:
        needed = sum(item.size_bytes for item in items)
        free = shutil.disk_usage(self.tree.own).free
        if needed and free - needed < self.keep_free_bytes:
            raise LocalFull(f"{needed:,} bytes are needed, {free:,} are free")


def _in_quarantine(item: Item, kept: Kept) -> Quarantined:
    return Quarantined(path=item.path, reason=kept.reason, kept=kept.path)


def _shown(name: str) -> str:
    return one_line(name, limit=200)
