"""The python3 of a simulated device: a script that is fed to it finds that machine's card.

What the script is GIVEN leads to the card, and to a /proc and a /sys of the machine's own; the
card has the size, and the clock the time, that the machine's note says. Runs by itself: nothing of
the lab is imported.
"""

import ast
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

_GIVEN = b"GIVEN = "
_OWN = ("proc", "sys")


def main(words: list[str]) -> None:
    if words[-1:] != ["-"]:
        os.execv(sys.executable, [sys.executable, *words])  # noqa: S606  as a login runs it
    script = sys.stdin.buffer.read()
    machine = Path(os.environ["LAB_MACHINE"])
    told = json.loads((machine / "machine.json").read_bytes())
    if script.startswith(_GIVEN):
        first, _, rest = script.partition(b"\n")
        given = json.loads(ast.literal_eval(first.removeprefix(_GIVEN).decode()))
        given["root"] = given["root"].replace(told["data_root"], told["card"], 1)
        uptime = machine / "proc" / "uptime"
        uptime.write_text(f"{time.time() - told['booted_at']:.2f} 0.00\n")
        given |= {name: str(machine / name) for name in _OWN}
        script = _GIVEN + ascii(json.dumps(given)).encode() + b"\n" + rest
    _pretend(told)
    sys.argv = ["-"]
    exec(compile(script, "<stdin>", "exec"), {"__name__": "__main__"})  # noqa: S102  as python3 does


def _pretend(told: dict[str, int]) -> None:
    real, now = os.statvfs, time.time
    block = 4096
    size, free = told["size_bytes"] // block, told["free_bytes"] // block

    def statvfs(path: Any) -> os.statvfs_result:
        files = tuple(real(path))[5:]
        return os.statvfs_result((block, block, size, free, free, *files))

    os.statvfs = statvfs
    time.time = lambda: now() + told["clock_offset"]


if __name__ == "__main__":
    main(sys.argv[1:])
