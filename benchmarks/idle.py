"""What the whole stack costs while nothing changes: memory and share of a core, of all processes.

The simulated lab stands in for other machines; it is reported apart. `--short` measures one minute.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
DEVICES = 24
MEGABYTES_GOAL = 600
PERCENT_GOAL = 3.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    pss_mb: float
    rss_mb: float
    cpu_seconds: float


def main() -> int:
    options = arguments()
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="idle")))
        lab, places = closing.enter_context(started_lab(folder))
        stack = closing.enter_context(started_stack(folder, places))
        print(f"settling for {options.settle:.0f} s ...", flush=True)
        time.sleep(options.settle)
        return report(stack, lab, seconds=options.seconds)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--settle", type=float)
    parser.add_argument("--seconds", type=float)
    options = parser.parse_args()
    options.settle = options.settle or (60 if options.short else 150)
    options.seconds = options.seconds or (60 if options.short else 300)  # one round of snapshots
    return options


@contextmanager
def started_lab(folder: Path) -> Iterator[tuple[int, dict[str, str]]]:
    ready = folder / "lab.json"
    command = [sys.executable, "manage.py", "lab", "--root", str(folder / "lab")]
    command += ["--devices", str(DEVICES), "--device-port", "0", "--ready-file", str(ready)]
    command += ["--faults", ""]
    with started(command, environment(folder), folder / "lab.out") as process:
        wait_for(ready.exists, process)
        yield process.pid, json.loads(ready.read_text())


@contextmanager
def started_stack(folder: Path, places: dict[str, str]) -> Iterator[int]:
    names = ("node_url", "mysql_service_url", "rsync_service_url", "device_port")
    lab = {f"ETHONODE_{name.upper()}": str(places[name]) for name in names}
    lab |= {f"ETHONODE_{name.upper()}": places[name] for name in ("videos_dir", "results_dir")}
    output = folder / "output"
    env = {**environment(folder), **lab, "ETHONODE_PORT": "8999"}
    command = [sys.executable, "-m", "ethonode.run"]
    with started(command, env, output) as process:
        wait_for(lambda: "ethonode is at" in output.read_text(), process)
        yield process.pid


def environment(folder: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("ETHONODE_")}
    return {**own, "ETHONODE_VAR_DIR": str(folder / "var"), "ETHONODE_SIMULATED_LAB": "no"}


@contextmanager
def started(
    command: list[str], env: dict[str, str], output: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as file:
        process = subprocess.Popen(command, cwd=HERE, env=env, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 180
    while not happened():
        if process.poll() is not None or time.monotonic() > until:
            sys.exit(f"{process.args!r} did not start")
        time.sleep(0.2)


def report(stack: int, lab: int, *, seconds: float) -> int:
    before = {pid: measured(family(pid)) for pid in (stack, lab)}
    time.sleep(seconds)
    after = {pid: measured(family(pid)) for pid in (stack, lab)}
    spent = {pid: after[pid].cpu_seconds - before[pid].cpu_seconds for pid in after}
    percent = 100 * spent[stack] / seconds
    for pid in family(stack):
        one = measured([pid])
        print(f"  {one.pss_mb:6.1f} MB  {one.cpu_seconds:6.1f} s in all  {title(pid)}")
    memory = after[stack].pss_mb
    rss = after[stack].rss_mb
    print(f"memory  {memory:6.1f} MB (goal {MEGABYTES_GOAL}); RSS with shared pages: {rss:.1f} MB")
    print(f"CPU     {percent:6.2f} % of a core over {seconds:.0f} s (goal {PERCENT_GOAL})")
    lab_percent = 100 * spent[lab] / seconds
    print(f"apart, the simulated lab: {after[lab].pss_mb:.1f} MB, {lab_percent:.2f} %")
    return int(memory > MEGABYTES_GOAL or percent > PERCENT_GOAL)


def family(pid: int) -> list[int]:
    """A process and all below it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(below for child in children for below in family(int(child)))]


def measured(pids: list[int]) -> Cost:
    costs = [cost for pid in pids if (cost := _one(Path(f"/proc/{pid}")))]
    return Cost(
        pss_mb=sum(cost.pss_mb for cost in costs),
        rss_mb=sum(cost.rss_mb for cost in costs),
        cpu_seconds=sum(cost.cpu_seconds for cost in costs),
    )


def _one(process: Path) -> Cost | None:
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()[1:]
        fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
    except OSError:  # it has ended
        return None
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    own_and_reaped = sum(int(fields[index]) for index in (11, 12, 13, 14))
    return Cost(kilobytes["Pss"] / 1024, kilobytes["Rss"] / 1024, own_and_reaped / TICKS)


def title(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()[-90:]


if __name__ == "__main__":
    sys.exit(main())
