"""Pull one device's videos. Nothing is ever deleted, there or here, nor made smaller here."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from backups.engine.copies.errors import LocalFull
from backups.engine.progress import Phase, Progress
from backups.engine.pull.arrivals import Arrivals, Kept, Settled
from backups.engine.pull.names import checked_device, checked_remote, is_plain
from backups.engine.pull.outcome import Difference, PulledVideos, Quarantined
from backups.engine.pull.processes import Leash
from backups.engine.pull.rsync import Heard, Item, Route, copy_files, listing
from backups.engine.pull.ssh import SshTarget
from backups.engine.pull.tree import VideoTree, opened_tree
from devices.texts import one_line

ON_A_DEVICE = PurePosixPath("/ethoscope_data/videos")
KEEP_FREE = 64 * 1024 * 1024
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
    progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> PulledVideos:
    """Copy what is not here yet into `videos_dir/device_id`, then compare the two once more.

    A file that is here is replaced only by one that begins with all of it. Raises PullError;
    whole files that arrived by then stay.
    """
    source = checked_remote(remote_dir / checked_device(device_id))
    began = time.monotonic()
    route = Route(
        target=target,
        leash=Leash(cancelled=cancelled, silent_seconds=silent_seconds),
        tell=progress,
        bandwidth_kib=bandwidth_kib,
        silent_seconds=silent_seconds,
    )
    with opened_tree(videos_dir, device_id) as tree:
        pull = _VideoPull(route=route, source=source, tree=tree, keep_free_bytes=keep_free_bytes)
        pull.copy()
        done = pull.prove(began=now)
    seconds = time.monotonic() - began
    return replace(done, compared_at=now + timedelta(seconds=seconds), seconds=seconds)


@dataclass(slots=True, kw_only=True)
class _VideoPull:
    route: Route
    source: PurePosixPath
    tree: VideoTree
    keep_free_bytes: int
    wire_bytes: int = 0
    files_added: int = 0
    files_grown: int = 0
    problems: list[str] = field(default_factory=list)
    first_seen: frozenset[Item] = frozenset()

    def copy(self) -> None:
        seen = self._listing(Phase.COMPARING)
        self.first_seen = frozenset(seen.items)
        wanted = [item for item in seen.items if self._why_not(item) == ""]
        arrivals = Arrivals(self.tree)
        new = [item for item in wanted if item.is_new]
        differing = [item for item in wanted if not item.is_new and not arrivals.is_known(item)]
        self._refuse_if_full([*new, *differing])
        self._copy_new(new)
        self._copy_differing(differing, arrivals)

    def prove(self, *, began: datetime) -> PulledVideos:
        """Compare once more: what is said of the copy is what this shows."""
        seen = self._listing(Phase.PROVING)
        arrivals = Arrivals(self.tree)
        left, newer, quarantined, refused = [], [], [], []
        for item in seen.items:
            if why := self._why_not(item):
                refused.append(Difference(path=_shown(item.path), reason=why))
            elif not item.is_new and (kept := arrivals.known(item)):
                quarantined.append(_in_quarantine(item, kept))
            elif item in self.first_seen:
                left.append(item.path)
            else:
                newer.append(item.path)
        return PulledVideos(
            folder=self.tree.own,
            began_at=began,
            compared_at=began,
            file_count=seen.file_count,
            files_added=self.files_added,
            files_grown=self.files_grown,
            wire_bytes=self.wire_bytes,
            left=tuple(left),
            newer=tuple(newer),
            quarantined=tuple(quarantined),
            refused=tuple(refused),
            skipped=tuple(_shown(path) for path in seen.skipped),
            problems=tuple(self.problems),
            seconds=0.0,
        )

    def _copy_new(self, items: list[Item]) -> None:
        """They are out of sight until they are whole; what came meanwhile is not overwritten."""
        if not items:
            return
        words = ["--ignore-existing", f"--temp-dir={self.tree.arriving}"]
        words += [f"--partial-dir={self.tree.partial}"]
        heard = copy_files(self.route, self.source, self.tree.own, items=items, options=words)
        self._note(heard)
        self.files_added += heard.statistics.get("Number of regular files transferred", 0)

    def _copy_differing(self, items: list[Item], arrivals: Arrivals) -> None:
        """Into a place apart, built upon what is here; each is judged by its content."""
        if not items:
            return
        words = ["--ignore-times", f"--copy-dest={self.tree.own}"]
        words += [f"--partial-dir={self.tree.partial}"]
        heard = copy_files(self.route, self.source, self.tree.apart, items=items, options=words)
        self._note(heard)
        for item in items:
            if arrivals.settle(item.path) is Settled.GREW:
                self.files_grown += 1

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
