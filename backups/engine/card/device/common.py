"""What every program for the device begins with."""

import hashlib
import json
import os
import select
import signal
import sys
import time
from typing import Any

VERSION = 2
LONGEST_VALUE = 300
LONGEST_ERROR = 2000
CHILDREN = []  # type: list


class Ended(Exception):
    """Nobody listens any more, or it became too much."""


class Output:
    def __init__(self) -> None:
        self.lines = 0
        self.listener = select.poll()
        self.listener.register(1, 0)

    def say(self, kind: str, told: dict) -> None:
        told["k"] = kind
        self.lines += 1
        sys.stdout.write(json.dumps(told, separators=(",", ":"), sort_keys=True) + "\n")

    def check(self) -> None:
        """Any event on a pipe that is only asked for its end says that its reader is gone."""
        if self.listener.poll(0):
            raise Ended("nobody listens")


def text(name: bytes) -> str:
    return name.decode("latin-1")


def joined(folder: bytes, name: bytes) -> bytes:
    return folder + b"/" + name if folder and name else folder or name


def checksum(files: Any) -> str:
    """Of all that is told of a folder's files: the same here and there, or something changed."""
    told = [[text(file[0])] + list(file[1:]) for file in files]
    return hashlib.sha256(json.dumps(told).encode("ascii")).hexdigest()[:24]


def reason_of(error: OSError) -> str:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return reason[:LONGEST_VALUE]


def line_of(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return text(file.read(200)).strip()
    except OSError:
        return ""


def device_told(given: dict) -> dict:
    return {
        "version": VERSION,
        "python": "%d.%d.%d" % sys.version_info[:3],
        "clock": int(time.time()),
        "boot": line_of(given["proc"] + "/sys/kernel/random/boot_id"),
    }


def give_up(number: int, frame: Any) -> None:
    end_children()
    sys.stderr.write("ethonode: it took too long\n")
    sys.stderr.flush()
    os._exit(6)


def end_children() -> None:
    while CHILDREN:
        child = CHILDREN.pop()
        if child.poll() is None:
            child.kill()
            child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe and not pipe.closed:
                close(pipe)


def close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:
        pass  # what was written last found no reader


def begin(given: dict) -> None:
    """Nowhere that could be unmounted, at the lowest priority, and not for ever."""
    os.chdir("/")
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(int(given["seconds"]))
    try:
        os.nice(19)
    except OSError:
        pass


def finish(work: Any, given: dict) -> int:
    """Do it, and give the code to end with."""
    begin(given)
    try:
        work(given)
    except OSError as error:
        sys.stderr.write("ethonode: %s: %s\n" % (given["root"], reason_of(error)))
        return 4
    except Ended as why:
        sys.stderr.write("ethonode: %s\n" % why)
        return 5
    sys.stdout.flush()
    return 0
