"""What years of history cost: pages, lists, tasks, and the database: `python -m benchmarks.growth`.

Makes installations of 50, 200 and 500 devices, each a week, a year and three years old; asks each
for every page, and then the young and the old one of 200 devices in turn, for the ratio.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.measures import FAILED, must

GOAL = 1.3
FEW_MS = 5.0  # below this nobody can tell a page's cost from the machine's other work
FEW_STEPS = 50  # likewise of the database: 5,000 instructions
LOCK_GOAL = 0.1
TIMEOUTS = 3
HANGING = 50
SIZES, YEARS = (50, 200, 500), (0, 1, 3)
RATIO_OF = 200
ROUNDS = 9


@dataclass(slots=True)
class Installation:
    """One process with one database."""

    devices: int
    years: int
    process: "subprocess.Popen[str]"
    made: dict[str, Any]

    def ask(self, what: str, word: str = "") -> Any:
        assert self.process.stdin  # noqa: S101
        self.process.stdin.write(json.dumps([what, word]) + "\n")
        self.process.stdin.flush()
        return _line(self.process)

    def __str__(self) -> str:
        return f"{self.devices} devices, {self.years} years"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", default=",".join(map(str, SIZES)))
    parser.add_argument("--years", default=",".join(map(str, YEARS)))
    parser.add_argument("--ratio-of", type=int, default=RATIO_OF, help="devices of the ratio")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--postgres", action="store_true", help="on a private PostgreSQL")
    parser.add_argument("--keep", default="", help="a folder where what is made is kept")
    parser.add_argument("--short", action="store_true", help="10 devices, a week and a year")
    asked = parser.parse_args()
    if asked.short:
        asked.devices, asked.years, asked.ratio_of, asked.rounds = "10", "0,1", 10, 1
    years = [int(year) for year in asked.years.split(",")]
    with ExitStack() as closing:
        server = closing.enter_context(_postgres()) if asked.postgres else None
        for devices in map(int, asked.devices.split(",")):
            _measure(devices, years, asked, server)
    # Few devices fill no page while they are young: the short form shows only that all is asked.
    raise SystemExit(bool(FAILED) and not asked.short)


def _measure(devices: int, years: list[int], asked: argparse.Namespace, server: Any) -> None:
    is_ratio = devices == asked.ratio_of
    with ExitStack() as closing:
        kept = []
        for age in years:
            if is_ratio and age in (years[0], years[-1]):
                kept.append(closing.enter_context(installation(devices, age, server, asked.keep)))
            else:
                with installation(devices, age, server, asked.keep) as one:
                    _report(one, rounds=asked.rounds)
        if kept:
            _compare(kept[0], kept[-1], rounds=asked.rounds)
        for one in kept:
            _report(one, rounds=0)


@contextmanager
def installation(
    devices: int, years: int, server: Any = None, keep: str = ""
) -> Iterator[Installation]:
    database = server.make(f"growth-{devices}-{years}") if server else ""
    of_it = [str(devices), str(years), database, "" if server else keep]
    command = [sys.executable, "-m", "benchmarks.growth_lab", *of_it]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        yield Installation(devices, years, process, _line(process))
    finally:
        assert process.stdin  # noqa: S101
        process.stdin.close()
        process.wait()


def _line(process: "subprocess.Popen[str]") -> Any:
    assert process.stdout  # noqa: S101
    line = process.stdout.readline()
    if not line:
        raise SystemExit("an installation ended: what went wrong is above")
    return json.loads(line)


@contextmanager
def _postgres() -> Iterator[Any]:
    from tests.postgres import private_postgres  # noqa: PLC0415 - its driver is for tests

    with private_postgres() as server:
        yield server


def _report(one: Installation, *, rounds: int) -> None:
    size, snapshots = one.made["bytes"] / 1e6, one.made["snapshots"]
    print(f"{one}: {size:.0f} MB, {snapshots:,} snapshots", flush=True)
    for url in one.ask("pages") if rounds else ():
        cost = one.ask("page", url)
        p50 = statistics.median(one.ask("time", url) for _ in range(rounds))
        must(cost["status"] == 200, f"{url:60} p50 {p50:6.0f} ms {_text(cost)}")
    for name in one.ask("tasks"):
        cost = one.ask("task", name)
        said = f"{name:24} {cost['seconds']:7.2f} s, another writer waited {cost['wait']:.3f} s"
        must(cost["wait"] <= LOCK_GOAL, f"{said}: {cost['said']}")
    _cycle(one, hanging=min(HANGING, one.devices // 4))


def _cycle(one: Installation, *, hanging: int) -> None:
    """Asked in parallel under one deadline; then every device's copies are looked at in turn, which
    is what the workers share."""
    cost = one.ask("cycle", str(hanging))
    said = (
        f"a cycle without a node, {hanging} devices hang: {cost['answered']} answered in"
        f" {cost['asked']:.1f} s of the clock (a timeout is {cost['timeout']:.0f});"
        f" processor {cost['asking']:.1f} s to ask, {cost['cpu']:.1f} s in all; {cost['mb']:.0f} MB"
    )
    must(cost["asked"] <= TIMEOUTS * cost["timeout"], said)


def _text(cost: dict[str, Any]) -> str:
    return f"{cost['queries']:3} queries {cost['steps']:6} steps {cost['bytes'] / 1024:4.0f} kB"


def _compare(young: Installation, old: Installation, *, rounds: int) -> None:
    """In turn, so that a busy moment hits both; of each the fastest counts."""
    print(f"{old} against {young.years}: ratio of the fastest, p50 of the old one", flush=True)
    for url in young.ask("pages"):
        before, after = young.ask("page", url), old.ask("page", url)
        times = [(young.ask("time", url), old.ask("time", url)) for _ in range(rounds)]
        fast, slow = (min(some) for some in zip(*times, strict=True))
        p50 = statistics.median(time for _, time in times)
        grown = _has_grown(fast, slow, FEW_MS) and _has_grown(
            before["steps"], after["steps"], FEW_STEPS
        )
        said = f"{url:60} {slow / fast:5.2f}x p50 {p50:6.0f} ms {_text(after)}"
        must(not grown and after["status"] == 200, f"{said} ({before['steps']} young)")


def _has_grown(before: float, after: float, few: float) -> bool:
    return after > GOAL * before and after - before > few


if __name__ == "__main__":
    main()
