"""A lab leaves nothing behind but its files, and goes on with them."""

import contextlib
import socket
import threading
from pathlib import Path

import pytest

from lab.doors import AddressTaken
from lab.memory import LabMemoryError
from lab.server import Lab
from tests.lab.conftest import everything, wait_until


def sockets():
    links = list(Path("/proc/self/fd").iterdir())
    return sum(str(link.readlink()).startswith("socket:") for link in links if link.is_symlink())


def known_runs(lab):
    return [[(run.filename, run.rows, run.stopped_at) for run in d.runs] for d in lab.devices]


def files(lab):
    return {path: path.stat().st_ino for path in lab.videos_dir.rglob("*.h264")}


def test_a_stopped_lab_leaves_no_thread_and_no_socket(tmp_path, connect):
    before = sockets(), threading.active_count()
    with Lab(tmp_path, chunks=5, faults=["hung"]) as lab:
        connect(f"{lab.node_url}/devices").close()
        held = connect(f"{lab.node_url}/devices")
        wait_until(lambda: len(lab.requests) == 2)
    held.close()
    assert (sockets(), threading.active_count()) == before


def test_killing_a_server_ends_its_conversations(lab, connect):
    lab.faults.switch_on("hung")
    held = connect(f"{lab.node_url}/devices")
    wait_until(lambda: lab.requests)
    lab.kill("node")
    with contextlib.suppress(ConnectionResetError):
        assert everything(held) == b""


def test_many_devices_need_one_thread(tmp_path):
    before = threading.active_count()
    with Lab(tmp_path, devices=100, chunks=0) as lab:
        assert threading.active_count() == before + 1
        assert len({device.address for device in lab.devices}) == 100


def test_a_second_lab_goes_on_with_the_files_of_the_first(make_lab):
    first = make_lab()
    first.tick(700)
    before, runs = files(first), known_runs(first)
    first.stop()
    second = make_lab(started_at=first.now())
    assert files(second) == before
    assert known_runs(second) == runs
    second.tick(400)
    assert files(second).keys() >= before.keys()


def test_a_lab_that_was_not_stopped_goes_on_too(make_lab, query, by_kind, lab):
    (lab.results_dir.parent / "lab.json.old").write_bytes(
        (lab.results_dir.parent / "lab.json").read_bytes()
    )
    lab.tick(600)
    run = by_kind["sqlite"].run
    written = run.rows
    lab.stop()
    (lab.results_dir.parent / "lab.json.old").replace(lab.results_dir.parent / "lab.json")
    again = make_lab(started_at=lab.now())
    assert again.devices[0].run.rows == written


def test_a_second_lab_may_have_more_or_fewer_devices(make_lab):
    make_lab(devices=3).stop()
    make_lab(devices=2).stop()
    lab = make_lab(devices=4)
    assert [device.number for device in lab.devices] == [1, 2, 3, 4]


def test_faults_end_with_the_lab(make_lab, query):
    faults = ["missing-copy@1", "corrupt-copy@2", "duplicate-names", "frozen-device"]
    first = make_lab(faults=faults)
    copies = [first.results_dir / device.run.path for device in first.devices[:2]]
    assert not copies[0].exists()
    first.stop()
    second = make_lab()
    assert [query(copy, "PRAGMA quick_check") for copy in copies] == [[("ok",)]] * 2
    assert len({device.name for device in second.devices}) == 6


def test_a_taken_port_is_one_clear_error(tmp_path):
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressTaken, match=str(port)):
            Lab(tmp_path, chunks=0, node_port=port).start()
    assert threading.active_count() == before


def test_foreign_notes_are_one_clear_error(tmp_path):
    (tmp_path / "lab.json").write_text("[]")
    with pytest.raises(LabMemoryError, match=r"lab\.json"):
        Lab(tmp_path).start()


@pytest.mark.parametrize("devices", [0, 1000])
def test_a_lab_has_a_sensible_number_of_devices(tmp_path, devices):
    with pytest.raises(ValueError, match="1 to 999"):
        Lab(tmp_path, devices=devices)


def test_requests_are_remembered(lab, get, ask_device):
    get(f"{lab.node_url}/devices")
    ask_device(lab.devices[1], "/id")
    told = [(request.role.value, request.device_id, request.path) for request in lab.requests]
    assert told == [("node", "", "/devices"), ("device", lab.devices[1].device_id, "/id")]
