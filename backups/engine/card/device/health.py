"""How the card is: what the kernel counts and says of it. What is refused is not told."""

import json
import os
import re
import subprocess
import threading
import time
from typing import Any

from backups.engine.card.device.common import CHILDREN, Output, end_children, line_of

MOST_LOG = 4 * 1024 * 1024
SECONDS_A_PROGRAM = 20
MOST_NAMED = 20
LONGEST_WORD = 100
LONGEST_SAID = 200
LOGS = (
    ("dmesg", ["dmesg"]),
    ("journal", ["journalctl", "-k", "-b", "-q", "--no-pager", "-o", "json", "-n", "5000"]),
)
STAMPED = re.compile(r"(?:<\d+>)?\[ *(\d+)\.\d+\] ?(.*)")
OF_BLOCKS = re.compile(r"(error|timed? ?out).*\bmmcblk\d|\bmmcblk\d.*(error|timed? ?out)", re.I)
OF_HOST = re.compile(r"\b(mmc\d+): .*(error|timed? ?out|\bcrc\b|stuck|failed)", re.I)


def tell_health(given: dict, answer: Output) -> None:
    cards = sd_cards(given["sys"])
    answer.say(
        "health",
        {
            "partitions": partitions(given["sys"] + "/fs/ext4"),
            "kernel": kernel_errors(given["proc"], cards),
            "cards": [card[1:] for card in cards],
            "throttled": throttled(),
        },
    )


def number(words: str) -> Any:
    return int(words) if words.isdigit() and len(words) < 19 else None


def names_in(folder: str) -> list:
    try:
        return sorted(os.listdir(folder))[:MOST_NAMED]
    except OSError:
        return []


def partitions(folder: str) -> Any:
    """What ext4 counts; None: it does not say. A time of 0 is none."""
    found = []
    for name in names_in(folder):
        place = folder + "/" + name + "/"
        errors = number(line_of(place + "errors_count"))
        if errors is None:
            continue
        told = [name[:64], errors]  # type: list
        for which in ("first", "last"):
            told.append(number(line_of(place + which + "_error_time")) or None)
            told.append(line_of(place + which + "_error_func")[:LONGEST_WORD])
        told.append(number(line_of(place + "warning_count")))
        told.append(number(line_of(place + "lifetime_write_kbytes")))
        found.append(told)
    return found or None


def sd_cards(folder: str) -> list:
    """[host, name, date, serial, life time, type]; a raspberry's wifi is such a host, too."""
    found = []
    for host in names_in(folder + "/class/mmc_host"):
        for card in names_in(folder + "/class/mmc_host/" + host):
            place = folder + "/class/mmc_host/" + host + "/" + card + "/"
            words = [
                line_of(place + one) for one in ("name", "date", "serial", "life_time", "type")
            ]
            if words[4] in ("SD", "MMC"):
                found.append([host[:64]] + [word[:LONGEST_WORD] for word in words])
    return found[:MOST_NAMED]


def throttled() -> Any:
    """The bits of a raspberry's power supply: 0 it is too weak now, 16 it was since the start."""
    said = said_by(["vcgencmd", "get_throttled"]).strip()
    found = re.match(r"throttled=0x([0-9a-fA-F]{1,8})$", said)
    return int(found.group(1), 16) if found else None


def kernel_errors(proc: str, cards: list) -> Any:
    """Of the first log that may be read: what it says of the card, and since when it goes."""
    uptime = number(line_of(proc + "/uptime").partition(".")[0])
    began = None if uptime is None else int(time.time()) - uptime
    for by, words in LOGS:
        lines = list(read_log(by, said_by(words), began))
        if lines:
            return sum_up(by, lines, {card[0] for card in cards})
    return None


def read_log(by: str, said: str, began: Any) -> Any:
    """[time on the device's clock, or None; what was said]"""
    for line in said.splitlines():
        if by == "journal":
            yield read_entry(line)
            continue
        found = STAMPED.match(line)
        since = number(found.group(1)) if found else None
        at = None if since is None or began is None else began + since
        yield at, found.group(2) if found else line


def read_entry(line: str) -> tuple:
    """A message that is no UTF-8 is told as numbers."""
    try:
        told = json.loads(line)
        said, at = told.get("MESSAGE"), str(told.get("__REALTIME_TIMESTAMP"))
    except (ValueError, AttributeError):
        return None, ""
    return number(at[:-6]), said if isinstance(said, str) else ""


def sum_up(by: str, lines: list, hosts: set) -> dict:
    errors = [line for line in lines if is_error(line[1], hosts)]
    times = [at for at, said in errors if at is not None]
    return {
        "by": by,
        "since": next((at for at, said in lines if at is not None), None),
        "count": len(errors),
        "first": min(times) if times else None,
        "last": max(times) if times else None,
        "said": printable(errors[-1][1])[:LONGEST_SAID] if errors else "",
    }


def is_error(said: str, hosts: set) -> bool:
    of_host = OF_HOST.search(said)
    own = of_host is not None and (not hosts or of_host.group(1) in hosts)
    return own or OF_BLOCKS.search(said) is not None


def printable(said: str) -> str:
    return "".join(letter if " " <= letter < "\x7f" else "?" for letter in said)


def said_by(words: list) -> str:
    """Empty if there is no such program, or it refuses. Its seconds and its words are counted."""
    try:
        child = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )  # type: Any
    except OSError:
        return ""
    CHILDREN.append(child)
    timer = threading.Timer(SECONDS_A_PROGRAM, child.kill)
    timer.start()
    try:
        said = child.stdout.read(MOST_LOG)  # type: bytes
        refused = len(said) < MOST_LOG and child.wait() != 0
    finally:
        timer.cancel()
        end_children()
    return "" if refused else said.decode("utf-8", "replace")
