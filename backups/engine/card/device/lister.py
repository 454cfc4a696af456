"""What a card holds: every file, and what of its databases can be told cheaply."""

import json
import os
import stat
import sys
from typing import Any

from backups.engine.card.device.common import (
    LONGEST_ERROR,
    Ended,
    Output,
    checksum,
    device_told,
    finish,
    joined,
    line_of,
    reason_of,
    text,
)
from backups.engine.card.device.databases import tell_database
from backups.engine.card.device.health import tell_health

MOST_LINE = 8000
KIND = 5  # where a file says its type
TYPES = (
    (stat.S_ISLNK, "l"), (stat.S_ISDIR, "d"), (stat.S_ISFIFO, "p"), (stat.S_ISSOCK, "s"),
    (stat.S_ISCHR, "c"), (stat.S_ISBLK, "b"),
)  # fmt: skip


class Listing(Output):
    def __init__(self, given: dict) -> None:
        Output.__init__(self)
        self.left = given["files"]
        self.known = given["folders"]  # by path, what its files were the last time
        self.totals = {"folders": 0, "files": 0, "bytes": 0, "errors": 0}

    def count_one(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Ended("there are more files than a listing may have")

    def fail(self, path: bytes, error: OSError) -> None:
        self.totals["errors"] += 1
        path = path[:LONGEST_ERROR].rstrip(b"/")
        self.say("error", {"path": text(path), "reason": reason_of(error)})


def kind_of(mode: int) -> str:
    return next((letter for fits, letter in TYPES if fits(mode)), "-")


def walk(root: bytes, answer: Listing) -> list:
    """Every folder in order of its path; gives the databases. No link is followed."""
    waiting, databases = [b""], []
    while waiting:
        folder = waiting.pop()
        answer.check()
        answer.count_one()
        try:
            files, below = look(root, folder, answer)
        except OSError as error:
            answer.fail(folder, error)
            continue
        tell_folder(folder, files, answer)
        waiting.extend(sorted(below, reverse=True))
        databases += [joined(folder, file[0]) for file in files if is_database(file)]
    return databases


def look(root: bytes, folder: bytes, answer: Listing) -> tuple:
    files, below = [], []
    for entry in os.scandir(joined(root, folder)):
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # gone since it was named
        except OSError as error:
            answer.fail(joined(folder, entry.name), error)
            continue
        if stat.S_ISDIR(found.st_mode):
            below.append(joined(folder, entry.name))
            continue
        answer.count_one()
        kind = kind_of(found.st_mode)
        times = found.st_mtime_ns, found.st_ctime_ns
        files.append((entry.name, found.st_size) + times + (found.st_blocks, kind))
    return sorted(files), below


def tell_folder(folder: bytes, files: list, answer: Listing) -> None:
    """In pieces that fit a line; what all names of a piece begin with is said once."""
    answer.totals["folders"] += 1
    answer.totals["files"] += len(files)
    answer.totals["bytes"] += sum(file[1] for file in files if file[KIND] == "-")
    path = text(folder)
    if path in answer.known and answer.known[path] == checksum(files):
        answer.say("same", {"path": path})
        return
    places = pieces(files)
    for place, some in enumerate(places):
        begin = os.path.commonprefix([f[0] for f in some]) or b""  # noqa: RUF071  # of names
        told = [tell_file(file, len(begin)) for file in some]
        more = place + 1 < len(places)
        answer.say("folder", {"path": path, "begin": text(begin), "files": told, "more": more})


def tell_file(file: tuple, begin: int) -> list:
    told = [text(file[0][begin:])] + list(file[1:KIND])
    return told if file[KIND] == "-" else told + [file[KIND]]


def pieces(files: list) -> list:
    found = [[]]  # type: list
    room = MOST_LINE
    for file in files:
        size = len(json.dumps(text(file[0]))) + 80
        if found[-1] and size > room:
            found.append([])
            room = MOST_LINE
        found[-1].append(file)
        room -= size
    return found


def is_database(file: tuple) -> bool:
    return bool(file[0].endswith(b".db")) and file[KIND] == "-" and file[1] > 0


def tell_head(root: bytes, given: dict, answer: Output) -> None:
    room = os.statvfs(root)
    told = device_told(given)
    told["uptime"] = uptime(given["proc"])
    told["size"] = room.f_blocks * room.f_frsize
    told["free"] = room.f_bavail * room.f_frsize
    told["read_only"] = is_read_only(root, given["proc"])
    answer.say("head", told)


def uptime(proc: str) -> Any:
    seconds = line_of(proc + "/uptime").partition(".")[0]
    return int(seconds) if seconds.isdigit() else None


def is_read_only(root: bytes, proc: str) -> Any:
    """By the mount's options; None: not told. New kernels keep `rw` after an error."""
    root, best, found = os.path.realpath(root), b"", None
    try:
        with open(proc + "/self/mounts", "rb") as file:
            mounts = [line.split() for line in file.read(1000000).splitlines()]
    except OSError:
        return None
    for words in mounts:
        place = words[1] if len(words) > 3 else b"?"
        inside = place == b"/" or root == place or root.startswith(place + b"/")
        if inside and len(place) >= len(best):
            options = words[3].split(b",")
            best, found = place, b"ro" in options or b"emergency_ro" in options
    return found


def list_all(given: dict) -> None:
    root, answer = given["root"].encode("latin-1"), Listing(given)
    tell_head(root, given, answer)
    tell_health(given, answer)
    for path in walk(root, answer):
        tell_database(root, path, given["databases"].get(text(path)), answer)
    answer.say("end", dict(answer.totals, lines=answer.lines))


if __name__ == "__main__":
    sys.exit(finish(list_all, json.loads(globals()["GIVEN"])))
