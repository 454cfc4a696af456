"""Digests of named files below the data root, read from the card at a byte rate."""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import time
from typing import Any

from backups.engine.card.device.common import (
    CHILDREN,
    Output,
    device_told,
    end_children,
    finish,
    reason_of,
    text,
)

PIECE = 256 * 1024
STRETCH = 4 * 1024 * 1024  # between two looks whether anybody still listens
SECONDS_SILENT = 5  # at most, while a long file is read
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


class NotRead(Exception):
    """Why a file has no digest."""


class OutOfTime(Exception):
    """The seconds that were given are over: the rest is not told."""


class DigestProgram:
    """A digest that another program makes of what is written to it."""

    def __init__(self, name: str) -> None:
        self.child = subprocess.Popen([name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # type: Any
        CHILDREN.append(self.child)

    def update(self, piece: Any) -> None:
        self.child.stdin.write(piece)

    def hexdigest(self) -> str:
        told = text(self.child.communicate()[0]).split()
        return told[0] if told and self.child.returncode == 0 else ""


def algorithm() -> tuple:
    """[name, maker]: BLAKE2b came to Python with 3.6, and to coreutils before."""
    if getattr(hashlib, "blake2b", None):
        return "blake2b", getattr(hashlib, "blake2b")
    if shutil.which("b2sum"):
        return "blake2b", lambda: DigestProgram("b2sum")
    return "sha256", hashlib.sha256


class Pace:
    """No more bytes a second than were allowed, and no longer than was given."""

    def __init__(self, answer: Output, most: Any, seconds: float) -> None:
        self.answer = answer
        self.most = most
        self.began = time.monotonic()
        self.until = self.began + seconds
        self.told_at = self.looked_at = self.began
        self.bytes = self.looked = 0

    def passed(self, count: int) -> None:
        self.bytes += count
        while self.most and self.bytes > (time.monotonic() - self.began) * self.most:
            time.sleep(0.05)
        if self.bytes - self.looked >= STRETCH or time.monotonic() - self.looked_at > 1:
            self.look()

    def look(self) -> None:
        now = time.monotonic()
        self.looked, self.looked_at = self.bytes, now
        if now - self.told_at > SECONDS_SILENT:
            self.told_at = now
            self.answer.say("at", {"bytes": self.bytes})
        sys.stdout.flush()
        self.answer.check()
        if now > self.until:
            raise OutOfTime()


def opened(root: bytes, path: bytes) -> tuple:
    """[folder, file]: no step of the path may be a link. The root may lie behind one."""
    names = path.split(b"/")
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in names[:-1]:
            below = os.open(name, FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        return folder, os.open(names[-1], FILE, dir_fd=folder)
    except OSError:
        os.close(folder)
        raise


def stamp(found: Any) -> tuple:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def read(handle: int, size: int, digest: Any, pace: Pace) -> int:
    forget(handle)
    done, piece = 0, memoryview(bytearray(PIECE))
    while done <= size:
        count = os.readv(handle, [piece])
        if not count:
            break
        digest.update(piece[:count])
        done += count
        pace.passed(count)
        if done % STRETCH < PIECE:
            forget(handle)
    forget(handle)
    return done


def forget(handle: int) -> None:
    """Memory is to have nothing of it: what is read comes from the card, and costs nobody else."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


def digest_of(root: bytes, path: bytes, make: Any, pace: Pace) -> dict:
    folder, handle = opened(root, path)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise NotRead("is no plain file")
        digest = make()
        size = read(handle, found.st_size, digest, pace)
        told = digest.hexdigest()
        there = os.stat(path.split(b"/")[-1], dir_fd=folder, follow_symlinks=False)
        same = stamp(found) == stamp(os.fstat(handle)) == stamp(there)
    finally:
        os.close(handle)
        os.close(folder)
        end_children()
    if not same or size != found.st_size:
        raise NotRead("changed while it was read")
    if not told:
        raise NotRead("its digest could not be made")
    return {
        "size": found.st_size,
        "modified": found.st_mtime_ns,
        "changed": found.st_ctime_ns,
        "inode": found.st_ino,
        "digest": told,
    }


def tell(root: bytes, path: bytes, make: Any, pace: Pace) -> None:
    pace.look()
    told = {"path": text(path)}
    try:
        told.update(digest_of(root, path, make, pace))
    except NotRead as why:
        told["problem"] = str(why)
    except OSError as error:
        told["problem"] = reason_of(error)
    pace.answer.say("digest", told)
    sys.stdout.flush()


def digest_all(given: dict) -> None:
    root = given["root"].encode("latin-1")
    os.close(os.open(root, os.O_RDONLY | os.O_DIRECTORY))
    answer, (name, make) = Output(), algorithm()
    answer.say("digests", dict(device_told(given), algorithm=name))
    pace = Pace(answer, given["rate"], given["budget"])
    try:
        for path in given["paths"]:
            tell(root, path.encode("latin-1"), make, pace)
    except OutOfTime:
        pass
    answer.say("over", {"lines": answer.lines})


if __name__ == "__main__":
    sys.exit(finish(digest_all, json.loads(globals()["GIVEN"])))
