"""`python -m tests.soak --minutes 14 --devices 200 --seed s1`: ends with 0 where all held."""

import argparse
import secrets
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from lab.daemons import CYCLE_SECONDS
from tests.hosts.base import DATABASE, HostsFailed, wait
from tests.hosts.network import enter_it, no_world_apart
from tests.incidents.sinks import WebSink
from tests.soak.figures import Found
from tests.soak.plan import plan
from tests.soak.stack import HOSTS, Stack, stack
from tests.soak.strikes import Striker
from tests.soak.watch import Rows, Watch, grown

WARM_MINUTES = 10.0  # at most: until the devices are green for the first time
RECOVERY_MINUTES = 10.0
MOST_LEASE = 3600.0
PATIENCE = CYCLE_SECONDS + 150  # for one more device that is green: until each was copied once
DISK_IS_FULL = "No space left on device"


def main() -> int:
    asked = arguments()
    if why := no_world_apart():
        say(f"everything is on one host, no link is cut and no disk is full: {why}")
    else:
        enter_it("tests.soak")
    say(f"seed {asked.seed}, {asked.minutes:g} minutes, {asked.devices} devices")
    try:
        with stack(asked.devices, asked.opened, asked.seed) as made:
            try:
                found = soak(made, asked)
            finally:
                shutil.copytree(made.folder / "var" / "log", asked.logs, dirs_exist_ok=True)
                shutil.copytree(made.folder / "logs", asked.logs, dirs_exist_ok=True)
    except HostsFailed as error:
        say(str(error))
        return 2
    print("\n".join(found.lines()))
    print("\n".join(["", *found.wrong]) if found.wrong else "\nAll held.")
    return 1 if found.wrong else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=14.0, help="of strikes")
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--opened", type=int, default=12, help="of them, backed up here")
    parser.add_argument("--kills", type=float, default=16.0, help="a minute")
    parser.add_argument("--seed", default=secrets.token_hex(3))
    parser.add_argument("--logs", type=Path, default=Path("var/soak"), help="kept here at the end")
    return parser.parse_args()


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def soak(made: Stack, asked: argparse.Namespace) -> Found:
    rows, watch = Rows(made), Watch(made, asked.seed)
    striker = Striker(made, to_verify=watch.to_verify)
    watch.begin()
    began = time.monotonic()
    first = settled(watch, WARM_MINUTES)
    warm = time.monotonic()
    say(f"{len(first)} of {asked.devices} devices are green after {warm - began:.0f} s")
    hosts = [name for name in HOSTS if made.hosts[name].apart]
    strikes = plan(
        asked.seed, minutes=asked.minutes, kills_a_minute=asked.kills, hosts=hosts,
        disks=sorted(made.disks),
    )  # fmt: skip
    watch.asking.set()
    striker.go_through(strikes)
    watch.asking.clear()
    struck = time.monotonic()
    say(f"the last strike is over; {striker.killed.total()} kills")
    late = recovered(watch, first, RECOVERY_MINUTES)
    healed = time.monotonic()
    say(f"after {healed - struck:.0f} s {len(late)} of them are not green again")
    drained = emptied(made, rows)
    watch.stop()
    found = Found()
    found.add("kill -9, in all", striker.killed.total())
    for name, count in sorted(striker.killed.items()):
        found.add(f"  of {name}", count)
    found.add("  not struck: nobody played that part", striker.missed.total())
    for name, count in sorted(striker.done.items()):
        found.add(name, count)
    said = made.keeper.log_of("postgres").read_text(errors="replace").count(DISK_IS_FULL)
    found.add("PostgreSQL said that its disk is full", said)
    found.add("starts of units by their keeper", dict(made.keeper.started))
    _add_looks(found, watch)
    found.add("devices green before the first strike", f"{len(first)} of {asked.devices}")
    found.add("of them green again in the end", f"{len(first) - len(late)} of {len(first)}")
    found.add("  seconds until then", round(healed - struck))
    if late or not first:
        found.wrong.append(f"not green again: {dict(list(late.items())[:10])}")
    _add_runs(found, rows, watch, drained=drained)
    _add_messages(found, made, rows)
    for name, samples in sorted(watch.seen.memory.items()):
        if "child" not in name:
            found.add_memory(name, *grown(samples, warm))
    _add_database(found, made, rows)
    found.add_all("watchers that failed themselves", watch.seen.broken)
    return found


def settled(watch: Watch, minutes: float) -> set[str]:
    """Devices that are green; waited for until all are, or no more become so for long."""
    until, best, better_at = time.monotonic() + minutes * 60, 0, time.monotonic()
    while time.monotonic() < until:
        verdicts = watch.seen.verdicts
        green = len(verdicts) - len(watch.not_green)
        if green > best:
            best, better_at = green, time.monotonic()
        if (verdicts and green == len(verdicts)) or time.monotonic() - better_at > PATIENCE:
            break
        time.sleep(2)
    say(f"not green: {Counter(watch.not_green.values())}")
    return set(watch.seen.verdicts) - set(watch.not_green)


def recovered(watch: Watch, first: set[str], minutes: float) -> dict[str, str]:
    until = time.monotonic() + minutes * 60
    looks = watch.seen.looks
    while time.monotonic() < until:
        late = {name: said for name, said in watch.not_green.items() if name in first}
        if not late and watch.seen.looks > looks + 2:
            return {}
        time.sleep(2)
    return {name: said for name, said in watch.not_green.items() if name in first}


def emptied(made: Stack, rows: Rows) -> bool:
    """Whether all that was asked for ends, once nothing more is planned."""
    rows.ask(
        "UPDATE backups_backupplan SET mirror_here = false, pull_results_here = false,"
        " pull_videos_here = false, list_card_here = false, prove_here = false,"
        " verify_here = false, pull_files_here = false"
    )
    try:
        while left := rows.open_runs():  # however many there are, it goes on
            wait(lambda left=left: rows.open_runs() != left, "a run ends", RECOVERY_MINUTES * 60)
        wait(lambda: rows.waiting_messages() == 0, "no message waits", 120)
    except HostsFailed as error:
        say(str(error))
        return False
    return True


def _add_looks(found: Found, watch: Watch) -> None:
    seen = watch.seen
    found.add("looks at the whole fleet by HTTP", seen.looks)
    found.add("  without an answer", seen.unanswered)
    found.add("backups judged", seen.judged)
    found.add("  green", seen.green)
    found.add("  over a lack on our disk", seen.over_a_lack)
    found.add("    green, the disk not looked at since", seen.not_yet)
    found.add_all("false greens", seen.false_greens)


def _add_runs(found: Found, rows: Rows, watch: Watch, *, drained: bool) -> None:
    seen = watch.seen
    found.add("runs in all", dict(sorted(rows.run_states().items())))
    found.add("runs asked for by HTTP", seen.asked)
    found.add("  of which were promised (202)", len(seen.requested))
    found.add("  other answers", dict(seen.refused))
    lost = rows.runs_not_ended(list(seen.requested))
    found.add_all("promised runs without an end", [seen.requested[one] for one in lost])
    found.add("all other runs have ended", drained, must_be=True)
    found.add_all("runs with two ends, or begun twice", [str(r) for r in rows.wrong_courses()])
    found.add_all("copies under way twice at once", seen.doubled)


def _add_messages(found: Found, made: Stack, rows: Rows) -> None:
    wanted = rows.told()
    came = arrived(made.sink)
    found.add("messages written", wanted.total())
    found.add(
        "  came a second time, under the same key", len(made.sink.keys) - len(set(made.sink.keys))
    )
    found.add_all("messages lost", [str(one) for one in (wanted - came)])
    found.add_all("messages doubled", [str(one) for one in (came - wanted)])
    found.add("problems of which nobody was told", rows.untold(), must_be=0)
    found.add("messages that still wait", rows.waiting_messages(), must_be=0)


def arrived(sink: WebSink) -> Counter[tuple[int, str]]:
    """Of which problem, what: as often as a receiver that knows keys has it."""
    return Counter(
        (one["incident"], one["event"])
        for message in sink.once()
        for one in message["messages"]
        if "incident" in one
    )


def _add_database(found: Found, made: Stack, rows: Rows) -> None:
    found.add_all("foreign keys that lead nowhere", rows.orphans())
    left = rows.leases()
    longest = MOST_LEASE + max((clock.most_ahead for clock in made.clocks.values()), default=0)
    found.add("leases in force at the end", sum(one[1] <= MOST_LEASE for one in left))
    found.add_all("  for longer than any work", [str(one) for one in left if one[1] > longest])
    checked = subprocess.run(_amcheck(made), capture_output=True, text=True)
    found.add("pg_amcheck of all tables and indexes", checked.returncode, must_be=0)
    if checked.returncode:
        found.wrong.append(checked.stdout[:2000] + checked.stderr[:2000])


def _amcheck(made: Stack) -> list[str]:
    program = max(Path("/usr/lib/postgresql").glob("*/bin/pg_amcheck"), default=Path("pg_amcheck"))
    words = [str(program), "--install-missing", "-h", str(made.postgres.folder), "-U", "postgres"]
    return [*words, "-d", DATABASE]


if __name__ == "__main__":
    sys.exit(main())
