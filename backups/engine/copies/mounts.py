"""Which file systems a folder's files are on, and whose: a card that is mounted here is no copy."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")
_NAME = r"(?:\[(?P<v6{0}>[^\]\s]+)\]|(?P<name{0}>[^:/\[\]@\s]+))"
# user@host:/path as sshfs and NFS are told it, the path or the user left out; //host/share.
_REMOTE = re.compile(rf"//{_NAME.format(1)}/.*|(?:[^@/\s]*@)?{_NAME.format(2)}:.*")
_SHARED = re.compile(r"nfs4?|cifs|smb3?|smbfs|9p|ceph|afs|fuse\..+")
_ON_THIS_MACHINE = {"fuse.lxcfs", "fuse.portal", "fuse.gvfsd-fuse", "fuse.mergerfs", "fuse.ntfs-3g"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One file system where it is mounted. `source`: as whoever mounted it named it."""

    point: Path
    kind: str
    source: str

    @property
    def host(self) -> str:
        """Where its files are, in small letters; "": on this machine, as far as it tells."""
        found = _REMOTE.fullmatch(self.source)
        return next(filter(None, found.groups())).lower() if found else ""

    @property
    def is_shared(self) -> bool:
        return _SHARED.fullmatch(self.kind) is not None and self.kind not in _ON_THIS_MACHINE


def read_mounts(told: str) -> list[Mount]:
    """What Linux tells of this process, in the order of mounting; other lines are left out."""
    return list(_mounts(told))


def _mounts(told: str) -> Iterator[Mount]:
    for line in told.splitlines():
        place, mark, system = line.partition(" - ")
        words, about = place.split(" "), system.split(" ")
        if mark and len(words) > 4 and len(about) > 1:
            yield Mount(point=Path(_plain(words[4])), kind=about[0], source=_plain(about[1]))


def mounts_of(folder: Path, mounts: Collection[Mount]) -> list[Mount]:
    """The one that holds it, and all below it. Of two at one place the later hides the other."""
    by_point = {mount.point: mount for mount in mounts}
    holding = next(
        (by_point[point] for point in (folder, *folder.parents) if point in by_point), None
    )
    below = [mount for point, mount in by_point.items() if folder in point.parents]
    return [holding, *below] if holding else below


def _plain(word: str) -> str:
    raw = _ESCAPED.sub(lambda found: chr(int(found[1], 8) & 0xFF), word)
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")
