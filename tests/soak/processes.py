"""The processes of the stack: what each of them is, and how much memory it has."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    pid: int
    parent: int
    words: tuple[str, ...]
    memory: int  # bytes in memory
    born: float  # seconds after the start of the machine
    worked: float  # seconds of a processor


def processes() -> dict[int, Process]:
    """All that live, by their numbers."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            if (one := _read(folder)) is not None:
                found[one.pid] = one
    return found


def _read(folder: Path) -> Process | None:
    stat = (folder / "stat").read_text().rpartition(")")[2].split()
    if stat[0] in "ZX":
        return None
    words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
    return Process(
        pid=int(folder.name),
        parent=int(stat[1]),
        words=tuple(word for word in words if word),
        memory=int(stat[21]) * PAGE,
        born=int(stat[19]) / TICKS,
        worked=(int(stat[11]) + int(stat[12])) / TICKS,
    )


def children(pid: int, every: dict[int, Process]) -> list[int]:
    return [one.pid for one in every.values() if one.parent == pid]


def below(pids: Iterable[int], every: dict[int, Process]) -> list[int]:
    """Children of these, their children, and so on."""
    found: list[int] = []
    waiting = list(pids)
    while waiting:
        mine = children(waiting.pop(), every)
        found += mine
        waiting += mine
    return found


def cast(mains: dict[str, int], every: dict[int, Process]) -> dict[str, list[int]]:
    """Who plays which part, by the names of the plan. `mains`: main processes of the units."""
    stack = {name: [pid] for name, pid in mains.items() if pid in every}
    parts = {
        "supervisor": stack.get("main", []),
        "second worker": stack.get("second", []),
        "redis": stack.get("redis", []),
        "postgres": stack.get("postgres", []),
    }
    mine = [pid for main in parts["supervisor"] for pid in children(main, every)]
    for part in ("web", "worker", "beat"):
        parts[part] = [pid for pid in mine if _child_of_the_supervisor(every[pid]) == part]
    for part, of in (
        ("web child", "web"),
        ("worker child", "worker"),
        ("second worker's child", "second worker"),
        ("postgres child", "postgres"),
    ):
        parts[part] = [pid for parent in parts[of] for pid in children(parent, every)]
    parts["tool"] = below(parts["worker child"] + parts["second worker's child"], every)
    return parts


def _child_of_the_supervisor(one: Process) -> str:
    """By its command, or by the title that it has given itself."""
    title = " ".join(one.words)
    if "gunicorn" in title:
        return "web"
    if "celery" not in title:
        return ""
    return "beat" if re.search(r"\bbeat\b", title) else "worker"  # it is --without-heartbeat


def doubled(every: dict[int, Process]) -> list[tuple[str, ...]]:
    """Copies from a device that are under way twice at once: the same words to rsync.

    One rsync becomes two processes of the same words, parent and child: that is one.
    """
    found: dict[tuple[str, ...], list[Process]] = {}
    for one in every.values():
        if one.words and one.words[0].rpartition("/")[2] == "rsync" and "--server" not in one.words:
            found.setdefault(one.words, []).append(one)
    return [words for words, them in found.items() if _families(them) > 1]


def _families(them: list[Process]) -> int:
    pids = {one.pid for one in them}
    return sum(one.parent not in pids for one in them)
