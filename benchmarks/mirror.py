"""The mirror against a copy in chunks of 200 rows with a commit each, in the same run.

python -m benchmarks.mirror [--rows 200000 | --long] [--rtt-ms 5] [--short]
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backups.engine.mirror import drivers
from benchmarks.mirror_device import BenchDevice, bench_device
from benchmarks.mirror_worker import REFERENCE
from tests.fault_proxy import Fault, fault_proxy

LONG_ROWS = 2_000_000
SHORT_ROWS = 40_000
ROUNDS = 3
GOALS = {"PyMySQL": 3, "mysqlclient": 8}  # times the reference's speed
DRIVERS = {driver.name: GOALS[driver.name] for driver in drivers.DRIVERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    seconds: float
    rows: int
    peak_mb: float

    @property
    def speed(self) -> float:
        return self.rows / self.seconds


Round = dict[str, Measurement]


@dataclass(frozen=True, slots=True)
class Bench:
    device: BenchDevice
    folder: Path
    port: int
    line: str  # what the network is like

    def run(self, work: str, *before: str) -> Measurement:
        """A driver's name, or the reference; into a copy of its own."""
        words = [sys.executable, "-m", "benchmarks.mirror_worker", work, str(self.port)]
        done = subprocess.run(
            [*before, *words, str(self.folder / f"{work}-{self.port}.db")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if before else None,
            check=True,
            text=True,
        )
        return Measurement(**json.loads(done.stdout))

    def all(self) -> Round:
        return {work: self.run(work) for work in (*DRIVERS, REFERENCE)}


def full_copy(bench: Bench) -> None:
    done = bench.all()
    other = done[REFERENCE].speed
    for driver, goal in DRIVERS.items():
        ours = done[driver]
        note = f"{ours.speed:,.0f} rows/s, reference {other:,.0f}"
        line = f"full copy of {ours.rows:,} rows, {bench.line}, {driver}"
        report(line, ours.speed / other, f">= {goal}", note)
        report("  peak memory, MB", ours.peak_mb, "<= 60")


def new_rows(bench: Bench, *, rows: int) -> None:
    rounds = []
    for _ in range(ROUNDS):
        bench.device.add_rows(rows)
        rounds.append(bench.all())
    for driver in DRIVERS:
        line = f"1 % new ({rows:,} rows), {bench.line}, {driver}"
        report(line, _ratio(rounds, driver), ">= 5", _times(rounds, driver))


def nothing_new(bench: Bench) -> None:
    rounds = [bench.all() for _ in range(ROUNDS)]
    reference = questions(bench, REFERENCE)
    for driver in DRIVERS:
        line = f"nothing new, {bench.line}, {driver}"
        print(f"{line}: {_times(rounds, driver)}; ours also proves a share of the old rows")
        asked = questions(bench, driver)
        report("  questions to the server", asked, "<= 12", f"reference {reference}")


def questions(bench: Bench, work: str) -> int:
    before = bench.device.questions()
    bench.run(work)
    return bench.device.questions() - before - 1


def syncs(bench: Bench, *, rows: int) -> None:
    """The kernel's count, of a full copy and of 1 % new."""
    for driver in DRIVERS:
        counted = {"full copy": syncs_of(bench, driver)}
        bench.device.add_rows(rows)
        counted["1 % new"] = syncs_of(bench, driver)
        counted["nothing new"] = syncs_of(bench, driver)
        for what, count in counted.items():
            report(f"syncs of the disk, {what}, {driver}", count, "<= 4")


def syncs_of(bench: Bench, work: str) -> int:
    log = bench.folder / "strace.log"
    trace = ("strace", "-f", "-o", str(log), "-e", "trace=fsync,fdatasync,sync,syncfs,msync")
    bench.run(work, *trace)
    return len(re.findall(r"\b(?:fsync|fdatasync|sync|syncfs|msync)\(", log.read_text()))


def _ratio(rounds: list[Round], driver: str) -> float:
    return statistics.median(one[REFERENCE].seconds / one[driver].seconds for one in rounds)


def _times(rounds: list[Round], driver: str) -> str:
    ours, other = (
        statistics.median(one[work].seconds for one in rounds) for work in (driver, REFERENCE)
    )
    return f"{ours * 1000:.0f} ms, reference {other * 1000:.0f} ms"


def report(what: str, value: float, goal: str, note: str = "") -> None:
    wanted = float(goal.split()[1])
    met = value >= wanted if goal.startswith(">=") else value <= wanted
    number = f"{value:.1f}" if isinstance(value, float) else str(value)
    print(f"{what:60} {number:>8}  goal {goal:6} {'met' if met else 'MISSED':7} {note}", flush=True)


def measure(bench: Bench, rows: int, *steps: Callable[[Bench], None]) -> None:
    full_copy(bench)
    new_rows(bench, rows=max(20, rows // 100))
    nothing_new(bench)
    for step in steps:
        step(bench)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--long", action="store_true", help=f"{LONG_ROWS:,} rows")
    parser.add_argument("--short", action="store_true", help=f"{SHORT_ROWS:,} rows")
    parser.add_argument("--rtt-ms", type=float, default=5.0, help="0: without a slow network")
    words = parser.parse_args()
    rows = LONG_ROWS if words.long else SHORT_ROWS if words.short else words.rows
    with bench_device(rows=rows) as (device, folder):
        measure(Bench(device, folder, device.server.port, "loopback"), rows)
        if words.rtt_ms:
            with fault_proxy(device.server.port) as proxy:
                proxy.fault = Fault(round_trip=words.rtt_ms / 1000)
                measure(Bench(device, folder, proxy.port, f"{words.rtt_ms:g} ms round trip"), rows)
        if shutil.which("strace"):
            (folder / "syncs").mkdir()
            bench = Bench(device, folder / "syncs", device.server.port, "loopback")
            syncs(bench, rows=max(20, rows // 100))
    if rows < LONG_ROWS:
        print(f"The goals are for {LONG_ROWS:,} rows (--long); of fewer, the start is most of it.")


if __name__ == "__main__":
    main()
