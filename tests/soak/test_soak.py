"""The parts of a soak that need no stack: plan, oracle, and who is which process."""

import json
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from contextlib import closing

import pytest

from lab.server import Lab
from tests.hosts.clock import Clock, Step, build, earliest
from tests.incidents.sinks import WebSink, running
from tests.soak.__main__ import arrived
from tests.soak.figures import Found
from tests.soak.plan import CLOCKS, DAMAGES, KILLS, LASTS, STEPS, counted, plan
from tests.soak.processes import Process, cast, doubled
from tests.soak.truth import MAX_AGE, Lack, Oracle, Shown, false_green, lasting

NOW = 1_795_000_000.0
HOUR = 3600
HOSTS = ["main", "second"]
DISKS = ["database", "results", "var"]


def planned(seed="s", **others):
    asked = {"minutes": 10, "kills_a_minute": 22, "hosts": HOSTS, "disks": DISKS}
    return plan(seed, **(asked | others))


def test_a_seed_gives_the_same_strikes_again():
    assert planned() == planned()
    assert planned() != planned("t")


def test_ten_minutes_kill_each_part_by_its_turn():
    killed = [strike.target for strike in planned() if strike.what == "kill"]
    assert len(killed) == 220
    a_round = sum(KILLS.values())
    assert sorted(killed[:a_round]) == sorted(n for n, often in KILLS.items() for _ in range(often))


def test_strikes_come_in_their_order_and_within_their_time():
    strikes = planned()
    assert strikes == sorted(strikes, key=lambda strike: strike.at)
    assert 0 <= strikes[0].at < strikes[-1].at <= 600
    least, most = LASTS["cut"]
    assert all(least <= one.lasts <= most for one in strikes if one.what == "cut")


@pytest.mark.parametrize(
    ("what", "targets"),
    [
        ("full disk", DISKS),
        ("cut", HOSTS),
        ("clock", CLOCKS),
        ("own clock", [f"{host} {step}" for host in HOSTS for step in STEPS]),
        ("damage", DAMAGES),
    ],
)
@pytest.mark.parametrize("seed", "abcdef")
def test_ten_minutes_spare_nothing_by_chance(seed, what, targets):
    struck = Counter(one.target for one in planned(seed) if one.what == what)
    assert struck.keys() == set(targets)
    assert max(struck.values()) - min(struck.values()) <= 1


def test_on_one_host_no_link_is_cut_no_disk_is_full_and_no_clock_is_stepped():
    found = counted(planned(hosts=[], disks=[]))
    assert not found["cut"] + found["full disk"] + found["own clock"]
    assert found["damage"]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("clock"))


@pytest.fixture
def clock(library, tmp_path):
    return Clock(library, tmp_path / "clock")


SHOWS = """
import datetime, subprocess, time
for _ in iter(input, "end"):
    began = time.monotonic()
    time.sleep(0.01)
    child = subprocess.check_output(["date", "+%s"])
    took = time.monotonic() - began
    print(time.time(), datetime.datetime.now().timestamp(), int(child), took, flush=True)
"""


def test_a_host_s_clock_is_stepped_while_its_processes_go_on(clock):
    words = [*clock.words, sys.executable, "-c", SHOWS]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def shown():
            process.stdin.write("\n")
            process.stdin.flush()
            *times, took = map(float, process.stdout.readline().split())
            return [round((one - time.time()) / HOUR) for one in times], took

        for ahead in (0, -5, 12, -24 * 365, 0):
            clock.set_ahead(ahead * HOUR)
            times, took = shown()
            assert times == [ahead] * 3
            assert 0.01 <= took < 60  # what is waited for is no matter of the date
        process.communicate("end\n")


def test_a_time_that_was_told_is_known_by_the_clock_that_showed_it(clock):
    at = clock.steps[0].at
    clock.steps += [Step(at + 100, 5 * HOUR), Step(at + 200, 0), Step(at + 300, -5 * HOUR)]
    told = {at + 50: [at + 50], at + 150 + 5 * HOUR: [at + 150], at + 310 - 5 * HOUR: [at + 310]}
    assert {one: clock.true_times(one, now=at + 400) for one in told} == told
    assert earliest([clock], at + 150, now=at + 400) == float("inf")


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path, devices=5, chunks=6, started_at=NOW, restless=False) as lab:
        yield lab


def of(lab, number):
    return lab.devices[number - 1]


def test_of_a_lab_that_was_copied_nothing_is_lacking(lab):
    assert Oracle(lab).look(NOW) == {}


def test_what_is_removed_cut_or_damaged_is_lacking_since_it_was_seen(lab):
    oracle = Oracle(lab)
    oracle.look(NOW)
    gone, cut, broken = (lab.results_dir / of(lab, n).runs[0].path for n in (1, 3, 5))
    gone.unlink()
    with closing(sqlite3.connect(cut)) as copy, copy:
        copy.execute("DELETE FROM ROI_1 WHERE id > 3")
    broken.write_bytes(broken.read_bytes()[:5000])
    chunk = next((lab.videos_dir / of(lab, 4).recordings[0].folder).glob("*.h264"))
    chunk.unlink()
    found = oracle.look(NOW + 10)
    assert {backup[0] for backup in found} == {of(lab, n).device_id for n in (1, 3, 4, 5)}
    assert oracle.look(NOW + 20) == found
    assert {one.since for lacks in found.values() for one in lacks.values()} == {NOW + 10}


def test_a_run_that_goes_on_may_lag_and_never_shrink(lab):
    oracle = Oracle(lab)
    oracle.look(NOW)
    lab.tick(60)
    assert oracle.look(NOW + 60) == {}
    with closing(sqlite3.connect(lab.results_dir / of(lab, 1).runs[-1].path)) as copy, copy:
        copy.execute("DELETE FROM ROI_1 WHERE id > 3")
    [backup] = oracle.look(NOW + 70)
    assert backup == (of(lab, 1).device_id, "sqlite")


def test_a_run_that_has_just_begun_need_not_be_here(lab):
    device = of(lab, 1)
    lab.stop_run(device)
    run = lab.start_run(device)
    oracle = Oracle(lab)
    assert oracle.look(NOW + 60) == {}
    (lab.results_dir / run.path).unlink(missing_ok=True)
    assert oracle.look(NOW + MAX_AGE["sqlite"] + 60)


@pytest.mark.parametrize(
    ("verdict", "taken_at", "is_false"),
    [
        ("protected", NOW + 1, True),
        ("none", NOW + 1, True),
        ("protected", NOW - 1, False),
        ("missing", NOW + 1, False),
        ("unknown", NOW + 1, False),
    ],
)
def test_green_is_false_where_the_disk_was_looked_at_since(verdict, taken_at, is_false):
    lacks = {"a.db": Lack("a.db", "no copy", NOW)}
    assert false_green(Shown(verdict, taken_at), lacks) is is_false
    assert not false_green(Shown(verdict, taken_at), {})


def test_what_came_or_went_between_two_looks_is_nobodys_mistake():
    lack = {name: Lack(name, "no copy", NOW) for name in "abc"}
    before = {("x", "sqlite"): {"a": lack["a"], "b": lack["b"]}}
    after = {("x", "sqlite"): {"b": lack["b"], "c": lack["c"]}, ("y", "video"): {"c": lack["c"]}}
    assert lasting(before, after) == {("x", "sqlite"): {"b": lack["b"]}}


def process(pid, parent, *words):
    return Process(pid=pid, parent=parent, words=words, memory=1, born=0.0, worked=0.0)


def test_each_part_is_told_by_its_place_and_its_words():
    every = {
        one.pid: one
        for one in (
            process(2, 1, "python", "supervise.py"),
            process(3, 2, "python", "-m", "gunicorn", "--worker-class", "x"),
            process(4, 3, "gunicorn: worker [ethonode.wsgi:application]"),
            process(5, 2, "[celeryd: worker@main:MainProcess] (worker --without-heartbeat)"),
            process(6, 5, "[celeryd: worker@main:ForkPoolWorker-4]"),
            process(7, 6, "rsync", "x"),
            process(8, 2, "[celery beat] -A ethonode.celery beat --pidfile="),
            process(9, 1, "postgres"),
            process(10, 9, "postgres: idle"),
        )
    }
    parts = {name: pids for name, pids in cast({"main": 2, "postgres": 9}, every).items() if pids}
    assert parts == {
        "supervisor": [2], "web": [3], "web child": [4], "worker": [5], "worker child": [6],
        "beat": [8], "postgres": [9], "postgres child": [10], "tool": [7],
    }  # fmt: skip
    assert cast({"main": 99}, every)["supervisor"] == []


def test_one_rsync_is_two_processes_and_two_are_doubled():
    words = ("/usr/bin/rsync", "-t", "device:a", "here/")
    once = {1: process(1, 0, *words), 2: process(2, 1, *words)}
    assert doubled(once) == []
    assert doubled(once | {3: process(3, 0, *words)}) == [words]
    assert doubled(once | {3: process(3, 0, "rsync", "--server", "x")}) == []


def test_a_message_that_comes_twice_under_its_key_has_come_once():
    def post(key, *events):
        told = [{"incident": 7, "event": event, "title": "x"} for event in events]
        body = json.dumps({"key": key, "messages": [*told, {"event": "test", "title": "y"}]})
        urllib.request.urlopen(sink.address, data=body.encode()).close()

    with running(WebSink()) as sink:
        post("a", "opened")
        post("a", "opened")
        post("b", "over", "opened")
        assert arrived(sink) == {(7, "opened"): 2, (7, "over"): 1}


def test_what_must_not_be_is_wrong():
    found = Found()
    found.add("kills", 3)
    found.add("lost", 0, must_be=0)
    found.add_memory("web", 100 << 20, 140 << 20)
    assert found.wrong == []
    found.add_all("doubled", ["a run"])
    found.add_memory("web", 100, 160)
    assert [line.split(":")[0] for line in found.wrong] == [
        "doubled",
        "  a run",
        "memory of web grew from 0 to 0 MB",
    ]
