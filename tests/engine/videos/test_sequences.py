"""Whatever happens to the files, and whatever the clock does, memory changes no answer.

The clock is the test's own: a ctime cannot be set, so each real one stands for the moment at which
the test's clock stood when it appeared. That clock is coarse: many changes share a moment. The one
stated exception, an old file rewritten in place, is left to the re-check (see test_memory).
"""

import os
import random
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backups.engine.videos.folder import iter_chunks
from tests.engine.videos.conftest import DAY, WEEK, Tree

SECOND = 10**9
FOLDERS = ["E/a", "E/b", "F/a", "E"]
STEPS = [
    "write", "write", "grow", "shrink", "replace", "arrive", "arrive_partly", "finish", "delete",
    "rename", "move", "to_folder", "link", "mkdir", "rmtree", "rename_folder", "back_date_folder",
    "companion", "scan", "scan", "scan", "forward", "forward", "back",
]  # fmt: skip
JUMPS = [1, 5, 3600, 2 * DAY, 8 * DAY, 40 * DAY, 400 * DAY]


class TreeStory:
    """A tree, a clock, and what may be done to both. Every choice comes from one seed."""

    def __init__(self, root, seed):
        self.tree = Tree(root, now=1_800_000_000.0)
        self.choose = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.probe = root.parent / "probe"
        self.probe.touch()
        self.stamps = {}
        self.cache = None
        self.scanned_at = 0.0
        self.tree.device_dir.mkdir(parents=True)

    def look(self, path, *, dir_fd=None):
        real = os.lstat(path, dir_fd=dir_fd)
        now = int(self.tree.now * SECOND)
        changed = self.stamps.setdefault((real.st_ino, "ctime", real.st_ctime_ns), now)
        modified = real.st_mtime_ns
        if abs(modified - real.st_ctime_ns) < DAY * SECOND:  # not one of the test's own times
            modified = self.stamps.setdefault((real.st_ino, "mtime", modified), now)
        return SimpleNamespace(
            st_mode=real.st_mode,
            st_dev=real.st_dev,
            st_ino=real.st_ino,
            st_size=real.st_size,
            st_mtime_ns=modified,
            st_ctime_ns=changed,
        )

    def do(self, step):
        getattr(self, step)()
        newest = 0
        for folder, _, names in os.walk(self.tree.root):
            for path in (folder, *(os.path.join(folder, name) for name in names)):  # noqa: PTH118
                self.look(path)
                newest = max(newest, os.lstat(path).st_ctime_ns)
        while self.probe.stat().st_ctime_ns <= newest:  # clocks of filesystems may be coarse
            os.utime(self.probe)

    def files(self):
        return sorted(path for path in self.tree.device_dir.rglob("*") if path.is_file())

    def one_of(self, paths):
        return self.choose.choice(paths) if paths else None

    def folder(self):
        return self.tree.folder(self.choose.choice(FOLDERS))

    def name(self):
        return f"x_{self.choose.randint(1, 5):05d}.h264"

    def touch(self, path):
        os.utime(path, (self.tree.now, self.tree.now))

    def may_rewrite(self, path):
        """Not the stated exception: at the last scan this file was young, or not there."""
        seen = self.look(path)
        touched = max(seen.st_mtime_ns, seen.st_ctime_ns) / SECOND
        return self.scanned_at - touched < WEEK.total_seconds() - 2

    def write(self):
        path = self.folder() / self.name()
        if path.is_dir() or path.is_symlink():
            return
        if path.exists() and not self.may_rewrite(path):
            path.unlink()
        path.write_bytes(b"x" * self.choose.randint(0, 9))
        self.touch(path)

    def grow(self):
        path = self.one_of([path for path in self.files() if self.may_rewrite(path)])
        if path:
            os.truncate(path, path.stat().st_size + 1)
            self.touch(path)

    def shrink(self):
        path = self.one_of([path for path in self.files() if self.may_rewrite(path)])
        if path:
            before = path.stat()
            os.truncate(path, 0)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def arrive(self, name=None, age_days=300.0):
        folder = self.folder()
        final = folder / (name or self.name())
        if final.is_dir():
            return
        before = folder.stat()
        temporary = folder / f".{final.name}.AbC{self.choose.randint(100, 999)}"
        temporary.write_bytes(b"y" * self.choose.randint(0, 9))
        self.tree.age(temporary, days=self.choose.choice([0, 3, age_days]))
        temporary.rename(final)
        if self.choose.random() < 0.7:  # rsync -t
            os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))

    def replace(self):
        path = self.one_of(self.files())
        if path:
            self.arrive(path.name)

    def arrive_partly(self):
        path = self.folder() / f"{self.name()}{self.choose.choice(['', '.Ab12Cd'])}"
        if not path.exists() and not path.is_symlink():
            path.write_bytes(b"z")
            os.utime(path, (0, 0))

    def finish(self):
        for path in self.files():
            if path.stat().st_mtime == 0 and self.may_rewrite(path):
                path.write_bytes(b"z" * 20)
                self.tree.age(path, days=200)

    def delete(self):
        path = self.one_of(self.files())
        if path:
            path.unlink()

    def rename(self):
        path = self.one_of(self.files())
        target = path and path.with_name(self.name())
        if path and not target.is_dir():
            path.rename(target)

    def move(self):
        path = self.one_of(self.files())
        target = path and self.folder() / path.name
        if path and not target.is_dir():
            path.rename(target)

    def to_folder(self):
        path = self.one_of(self.files())
        if path:
            path.unlink()
            path.mkdir()
            (path / "in_00001.h264").touch()

    def link(self):
        path = self.folder() / f"link_{self.name()}"
        if not path.exists() and not path.is_symlink():
            path.symlink_to(self.tree.device_dir)

    def mkdir(self):
        (self.folder() / "empty").mkdir(exist_ok=True)

    def rmtree(self):
        shutil.rmtree(self.folder())

    def rename_folder(self):
        source, target = self.folder(), self.tree.device_dir / self.choose.choice(FOLDERS)
        if not target.exists() and not target.is_relative_to(source):
            target.parent.mkdir(exist_ok=True)
            source.rename(target)

    def back_date_folder(self):
        self.tree.age(self.folder(), days=500)

    def companion(self):
        path = self.folder() / f"{self.name()}.md5"
        if path.is_dir():
            return
        if path.exists() and not self.may_rewrite(path):
            path.unlink()
        path.write_bytes(b"m" * self.choose.randint(0, 9))
        self.touch(path)

    def forward(self):
        self.tree.now += self.choose.choice(JUMPS)

    def back(self):
        self.tree.now -= self.choose.choice(JUMPS)
        self.scan()  # a file's age as the last scan saw it is what the rule speaks of

    def scan(self):
        options = {"look": self.look, "recheck_days": 10**6}
        found = self.tree.scan(self.cache, **options)
        truth = self.tree.scan(**options)
        assert found.recordings == truth.recordings
        assert list(iter_chunks(found.cache)) == list(iter_chunks(truth.cache))
        if found.worth_saving or self.choose.random() < 0.2:
            self.cache = found.cache
        self.scanned_at = self.tree.now


@pytest.mark.timeout(900)  # five hundred trees, on a machine that may be busy
@settings(max_examples=int(os.environ.get("ETHONODE_TEST_SEQUENCES", "500")), deadline=None)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=4, max_size=25), seed=st.integers(0, 2**32))
@example(steps=["write", "forward", "write", "grow", "scan", "back", "write"], seed=0)
def test_any_sequence_of_changes_leaves_the_scan_equal_to_a_full_one(steps, seed):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "videos").mkdir()
        world = TreeStory(Path(folder) / "videos", seed)
        for step in steps:
            world.do(step)
        world.do("scan")
