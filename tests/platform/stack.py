"""`make run` in a process of its own, with its own var folder and port."""

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests.servers import free_port

PATIENCE = 150  # seconds, for a machine that is busy with other tests


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    process: subprocess.Popen[bytes]
    var: Path
    port: int
    output: Path

    def get(self, path: str) -> str:
        """The text of the answer; empty if there was none."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        except (OSError, HTTPException):
            return ""
        finally:
            connection.close()

    def pids(self) -> list[int]:
        return _pids_with(f"ETHONODE_VAR_DIR={self.var}")

    def pid_of(self, name: str) -> int:
        """Of the child that the supervisor started last under this name."""
        log = (self.var / "log" / "supervisor.log").read_text()
        return int(re.findall(rf"spawned: '{name}' with pid (\d+)", log)[-1])

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE)


def environment(var: Path, **others: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("ETHONODE_")}
    lab = {"ETHONODE_VAR_DIR": str(var), "ETHONODE_SIMULATED_LAB": "no"}
    return {**own, "PYTHONWARNINGS": "default", **lab, **others}


def refusal(var: Path, **others: str) -> subprocess.CompletedProcess[str]:
    """A start that must fail."""
    command = [sys.executable, "-m", "ethonode.run"]
    return subprocess.run(
        command, env=environment(var, **others), capture_output=True, text=True, timeout=100
    )


@contextmanager
def running(var: Path, **others: str) -> Iterator[Running]:
    port = free_port()
    var.mkdir(parents=True, exist_ok=True)
    output = var / "output"
    command = [sys.executable, "-m", "ethonode.run"]
    env = environment(var, ETHONODE_PORT=str(port), **others)
    with output.open("ab") as file:
        process = subprocess.Popen(command, env=env, stdout=file, stderr=file)
    stack = Running(process=process, var=var, port=port, output=output)
    try:
        wait_until(lambda: "ethonode is at" in output.read_text() or process.poll() is not None)
        assert process.poll() is None, output.read_text()
        yield stack
    finally:
        if process.poll() is None:
            stack.stop()


def asked(stack: Running, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Of its database, which others are writing to."""
    with closing(sqlite3.connect(stack.var / "ethonode.sqlite3", timeout=20)) as database, database:
        return database.execute(sql, values).fetchall()


def wait_until(happened: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.1)


def _pids_with(variable: str) -> list[int]:
    return [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if variable in _words(process / "environ")
    ]


def _words(path: Path) -> list[str]:
    try:
        return path.read_bytes().decode(errors="replace").split("\0")
    except OSError:  # it has ended
        return []
