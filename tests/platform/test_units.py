"""The units of deploy/systemd, as far as that is possible without systemd as the first process."""

import json
import os
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import pytest

from tests.incidents.sinks import WebSink, running
from tests.platform.stack import PATIENCE, wait_until
from tests.platform.units import ROOT, UNITS, cannot_build, unit, world
from tests.servers import free_port

WHY_NOT = cannot_build()
PYTHON = "/opt/ethonode/.venv/bin/python"
REDIS = "unix:///run/ethonode-redis/redis.sock"
ENDED = {"succeeded", "failed", "cancelled"}
TURNS = int(os.environ.get("ETHONODE_RESTARTS", "0"))  # of each worker: by `make test-long`
in_the_long_form = pytest.mark.skipif(not TURNS, reason="make test-long")
STANDALONE = "ethonode.service"
PARTS = ("web", "worker", "beat")
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT),
]


def named(name):
    return unit(ROOT / "deploy" / "systemd" / name)


@pytest.fixture(scope="module")
def port():
    return free_port()


@pytest.fixture(scope="module")
def machine(tmp_path_factory, port):
    """With the environment file as it is delivered, filled in for this machine."""
    ours = {
        "PORT": port,
        "SIMULATED_LAB": "no",
        "REDIS_URL": REDIS,
        "NODE_URL": "http://127.0.0.1:9",  # nobody is there
        "DATA_ROOT": "/var/lib/ethonode/data",
        "ALERT_NETWORKS": "127.0.0.0/8",
    }
    lines = (ROOT / "deploy" / "ethonode.env.example").read_text()
    for name, value in ours.items():
        lines = re.sub(rf"^ETHONODE_{name}=.*$", f"ETHONODE_{name}={value}", lines, flags=re.M)
    with world(tmp_path_factory.mktemp("units"), lines) as made:
        yield made


@pytest.fixture(scope="module")
def prepared(machine, migrated):
    """Redis, and what an installation finds that was upgraded: it has its tables."""
    machine.write("/var/lib/ethonode/ethonode.sqlite3", migrated.file.read_bytes())
    redis = machine.start(named("ethonode-redis.service"))
    wait_until(lambda: b"ready to accept" in redis.log.read_bytes())
    prepare = machine.start(named("ethonode-prepare.service"))
    assert prepare.run.wait(timeout=PATIENCE) == 0, prepare.log.read_text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the unit of the whole stack told systemd, by when, and by what it ended."""

    first: bytes
    times: list[float]
    ended_with: int
    answers_then: str


@pytest.fixture(scope="module")
def whole(machine, prepared, port):
    """It was there, and is gone again: the single ones are tried after it, on what it left."""
    with systemd_listens() as (name, told):
        stack = machine.start(named(STANDALONE), notify=name)
        first = told.recv(100)
        wait_until(lambda: answer(port, "/healthz") == "ok\n")
        times = [time.monotonic() for _ in range(5) if told.recv(100)]
        ended_with = stack.stop(signal.SIGTERM)
    return Told(
        first=first,
        times=times,
        ended_with=ended_with,
        answers_then=answer(port, "/healthz"),
    )


@pytest.fixture(scope="module")
def parts(machine, prepared, request):
    """All that the one unit is, each by its own."""
    if TURNS:
        request.getfixturevalue("whole")  # before these, and gone
    return {name: machine.start(named(f"ethonode-{name}.service")) for name in PARTS}


def answer(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as got:
            return got.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.read().decode()
    except OSError:
        return ""


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_finds_nothing_wrong_with_it(machine, path):
    """In the world where /opt/ethonode is: a program that is not there is wrong, too."""
    place = f"/opt/ethonode/deploy/systemd/{path.name}"
    found = machine.command("systemd-analyze", "verify", "--man=no", place)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_its_account_its_folders_and_its_environment_are_those_of_all(path):
    one = unit(path)
    assert one.one("User") == one.one("Group") == "ethonode"
    assert one.one("EnvironmentFile") == "/etc/ethonode.env"
    assert one.one("StateDirectory") == "ethonode"
    assert one.one("ProtectSystem") == "strict"
    assert one.one("Restart") == ("" if one.one("Type") == "oneshot" else "always")


@pytest.mark.by_turns
def test_started_one_by_one_they_are_an_installation(parts, port):
    wait_until(lambda: answer(port, "/healthz") == "ok\n")

    def state():
        told = json.loads(answer(port, "/readyz") or "{}").get("parts", {})
        wanted = ("database", "migrations", "redis", "worker", "beat")
        return all(told.get(name, {}).get("ok") for name in wanted)

    wait_until(state)


@in_the_long_form
def test_workers_that_are_restarted_in_turn_lose_nothing_and_do_nothing_twice(machine, parts):
    """Two of them, while runs and messages stand in the queue; by the signal of the unit, and by
    the one that a container gets."""
    worker, second = (
        parts["worker"].unit,
        ("--hostname", "second@%h", "--statedb", "/var/lib/ethonode/2"),
    )
    alive = [(parts["worker"], ()), (machine.start(worker, also=second), second)]
    wait_until(lambda: b" ready." in alive[1][0].log.read_bytes())
    with running(WebSink()) as sink, (machine.folder / "rolling").open("w+") as output:
        words = [PYTHON, "-m", "tests.platform.rolling", sink.address]
        work = machine.run(worker, words, log=output)
        wait_until(lambda: sink.asked)
        for number in (signal.SIGQUIT, signal.SIGTERM) * TURNS:
            for _ in range(2):
                stopped, also = alive.pop(0)
                stopped.stop(number)
                alive.append((machine.start(worker, also=also), also))
                time.sleep(2)  # and not until it is ready: the other one may be the next
        code = work.wait(timeout=PATIENCE * 2)
        output.seek(0)
        said = output.read()
        assert code == 0, said
        told = Counter(one["title"] for message in sink.messages for one in message["messages"])
    assert told == {f"message {number}": 1 for number in range(20)}
    _every_run_ended_once(json.loads(said.splitlines()[-1]))
    for one, _ in alive:
        one.stop()


def _every_run_ended_once(done):
    seen = defaultdict(list)
    for run, _, new in done["seen"]:
        seen[run].append(new)
    attempts = defaultdict(list)
    for device, run, state, error in done["runs"]:
        assert seen[run] == ["running", state], (device, error)
        attempts[device].append(state)
    assert len(attempts) == 24
    for device, states in attempts.items():
        assert states[-1] == "succeeded", device
        assert set(states[:-1]) <= {"failed"}, device


@contextmanager
def systemd_listens():
    """A socket that all namespaces see; as systemd's, it is given by its name."""
    name = f"@ethonode-test-{free_port()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(name.replace("@", "\0", 1))
        told.settimeout(PATIENCE)
        yield name, told


@in_the_long_form
def test_the_whole_stack_in_one_unit_says_that_it_is_ready_and_that_it_lives(whole):
    one = named(STANDALONE)
    assert (one.one("Type"), one.one("NotifyAccess")) == ("notify", "main")
    assert whole.first == b"READY=1\nWATCHDOG=1"
    pauses = [later - before for before, later in pairwise(whole.times)]
    assert max(pauses) < int(one.one("WatchdogSec")) / 4


@in_the_long_form
def test_it_ends_in_order_and_leaves_nobody_who_answers(whole):
    assert (whole.ended_with, whole.answers_then) == (0, "")
