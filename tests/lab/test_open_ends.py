"""What open devices need is there as long as their lab, and what they hold outlives it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pymysql
import pytest

from lab.fleet import Habit
from lab.servers import processes
from tests.lab.conftest import wait_until

TOP = Path(__file__).parents[2]


@pytest.fixture
def make_open_lab(make_lab, tmp_path):
    def make(**options):
        return make_lab(**({"devices": 4, "open_devices": 4} | options))

    return make


@pytest.fixture
def started(tmp_path):
    """`manage.py lab` in processes of their own, all on one folder; they are killed at the end."""
    begun = []

    def start():
        ready = tmp_path / "ready.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "manage.py", "lab", "--root", tmp_path / "lab", "--devices", "2"]
        command += ["--chunks", "5", "--device-port", "0", "--faults", "", "--open", "2"]
        process = subprocess.Popen(
            [*command, "--ready-file", ready], cwd=TOP, env=os.environ, stdout=subprocess.DEVNULL
        )
        begun.append(process)
        while not ready.exists():
            assert process.poll() is None
        return process, json.loads(ready.read_text())

    yield start
    for process in begun:
        process.kill()
        process.wait()


def servers_of(root):
    """What runs with this folder in its command, but for the lab itself."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(root / "servers") in words:
            found.append(int(folder.name))
    return found


def count_rows(lab, device):
    address = {"host": device.address, "port": lab.database_port}
    login = {"user": "node", "password": "node", "database": device.run.database_name}
    with pymysql.connect(**address, **login) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*), MAX(id) FROM ROI_7")
        return cursor.fetchone()


def at_once():
    return True


def of_kind(lab, kind):
    return next(device for device in lab.devices if device.kind is kind)


def test_a_lab_that_is_stopped_takes_its_servers_along(make_open_lab, tmp_path):
    lab = make_open_lab()
    assert len(servers_of(tmp_path / "lab")) == 2
    lab.stop()
    assert servers_of(tmp_path / "lab") == []


def test_a_lab_that_is_killed_does_so_too(started, tmp_path):
    process, told = started()
    assert len(servers_of(tmp_path / "lab")) == 2
    process.kill()
    process.wait()
    wait_until(lambda: servers_of(tmp_path / "lab") == [])
    address = told["devices"][0].partition(":")[0]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, told["ssh_port"]), 5)


def test_what_is_left_over_is_replaced(make_open_lab, started, tmp_path):
    """A stopped server cannot end: it is still there when the next lab begins."""
    process, _ = started()
    left = servers_of(tmp_path / "lab")
    for pid in left:
        os.kill(pid, signal.SIGSTOP)
    process.kill()
    process.wait()
    assert sorted(servers_of(tmp_path / "lab")) == sorted(left)
    for pid in left:
        os.kill(pid, signal.SIGCONT)
    lab = make_open_lab(devices=2)
    assert lab.remarks == [
        f"no one can log in by ssh: there is no {tmp_path / 'lab/servers/authorized_key'} yet"
    ]
    assert not set(left) & set(servers_of(tmp_path / "lab"))
    assert count_rows(lab, lab.devices[1])[0] > 1_000


def test_one_that_will_not_end_is_killed(monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "END_PATIENCE", 0.2)
    with processes.running(
        ["sh", "-c", "trap '' TERM; sleep 100; : " + str(tmp_path)], tmp_path, at_once
    ):
        stubborn = int((tmp_path / "pid").read_text())
        processes._end_left_over(tmp_path)
        assert not processes._is_of(stubborn, tmp_path)


def test_a_stranger_of_the_same_number_is_left_alone(tmp_path):
    with subprocess.Popen(["sleep", "100"]) as stranger:
        (tmp_path / "pid").write_text(str(stranger.pid))
        with processes.running(["sleep", "100"], tmp_path, at_once):
            assert stranger.poll() is None
        stranger.kill()


def test_a_lab_outlives_its_servers(make_open_lab, tmp_path, get):
    lab = make_open_lab()
    device, other = of_kind(lab, Habit.MYSQL), of_kind(lab, Habit.SQLITE)
    rows = device.run.rows
    for pid in servers_of(tmp_path / "lab"):
        os.kill(pid, signal.SIGKILL)
    told = get(f"http://{device.address}:{lab.device_port}/data/{device.device_id}")
    assert told["database_info"]["db_size_bytes"] == 0
    before = other.run.rows
    lab.tick(60)
    assert other.run.rows == before + 6
    lab.stop()
    again = make_open_lab(started_at=lab.now())
    assert count_rows(again, of_kind(again, Habit.MYSQL))[0] >= rows - 1


def test_a_second_lab_goes_on_with_the_databases_and_files(make_open_lab, query):
    first = make_open_lab()
    first.tick(60)
    device, filming = of_kind(first, Habit.MYSQL), of_kind(first, Habit.VIDEO)
    before, recording = count_rows(first, device), filming.recording
    first.stop()
    second = make_open_lab(started_at=first.now())
    again = of_kind(second, Habit.MYSQL)
    assert (again.run.filename, again.run.rows) == (device.run.filename, device.run.rows)
    assert count_rows(second, again) == before
    assert of_kind(second, Habit.VIDEO).recording.started_at == recording.started_at
    second.tick(60)
    assert count_rows(second, again) == (before[0] + 6, before[1] + 6)


def test_a_device_opened_later_begins_something_new(make_open_lab):
    first = make_open_lab(open_devices=0)
    runs = len(of_kind(first, Habit.MYSQL).runs)
    first.stop()
    second = make_open_lab(started_at=first.now())
    device, filming = of_kind(second, Habit.MYSQL), of_kind(second, Habit.VIDEO)
    second.tick(60)
    assert len(device.runs) == runs + 1
    assert count_rows(second, device) == (6, 6)
    card = second._world.side.videos
    for recording in filming.recordings:
        found = {path.name: path.stat().st_size for path in (card / recording.folder).iterdir()}
        assert found == {chunk.name: chunk.size_bytes for chunk in recording.chunks()}


@pytest.mark.parametrize(
    ("missing", "kinds"),
    [("mariadbd", {Habit.SQLITE, Habit.VIDEO, Habit.OLD}), ("sshd", {Habit.MYSQL})],
)
def test_without_a_program_its_devices_stay_closed(
    make_open_lab, monkeypatch, tmp_path, missing, kinds
):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("mariadbd", "mariadb-install-db", "sshd", "ssh-keygen", "setpriv"):
        if name != missing:
            (programs / name).symlink_to(shutil.which(name, path=processes.search_path()))
    monkeypatch.setattr(processes, "search_path", lambda: str(programs))
    lab = make_open_lab()
    assert {device.kind for device in lab.devices if device.opened} == kinds
    assert f"{missing} is not installed" in " ".join(lab.remarks)
    lab.tick(700)


def test_without_both_there_is_an_ordinary_lab(make_open_lab, monkeypatch, tmp_path, get):
    monkeypatch.setattr(processes, "search_path", lambda: str(tmp_path))
    lab = make_open_lab()
    assert len(lab.remarks) == 2
    assert (lab.ssh_port, lab.database_port) == (0, 0)
    assert len(get(f"{lab.rsync_service_url}/status")["devices"]) == 4
