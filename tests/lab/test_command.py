"""`manage.py lab` runs until it is told to stop."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from lab.faults.catalogue import CATALOGUE

TOP = Path(__file__).parents[2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_tells_its_addresses_and_stops_cleanly(tmp_path, get, number):
    ready = tmp_path / "ready.json"
    command = [sys.executable, "manage.py", "lab", "--root", tmp_path / "lab", "--devices", "2"]
    command += ["--chunks", "5", "--device-port", "0", "--faults", "cut@mysql", "--live"]
    with subprocess.Popen(
        [*command, "--ready-file", ready], cwd=TOP, env=os.environ, stdout=subprocess.PIPE
    ) as process:
        for line in process.stdout:
            if line.startswith(b"devices:"):
                break
        while not ready.exists():
            assert process.poll() is None
        told = json.loads(ready.read_text())
        assert len(get(told["node_url"] + "/devices")) == 2
        process.send_signal(number)
        assert process.wait(timeout=30) == 0


def test_every_fault_is_listed_with_a_line(capsys):
    call_command("lab", "--list-faults")
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(CATALOGUE)
    assert all(len(line.split()) > 2 for line in listed)


@pytest.mark.parametrize("faults", ["no-such-fault", "corrupt-copy@ETHOSCOPE_999"])
def test_a_wrong_fault_stops_the_start_with_one_line(tmp_path, faults):
    with pytest.raises(CommandError, match="simulated lab cannot start"):
        call_command(
            "lab", "--root", str(tmp_path), "--devices", "1", "--chunks", "0", "--faults", faults
        )
