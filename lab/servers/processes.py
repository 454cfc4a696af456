"""A server's process: it answers before it is used, and ends with the thread that started it."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 60  # seconds
END_PATIENCE = 15


class ServerFailed(Exception):
    """A server is not installed, did not answer in time, or ended; the text tells which."""


def search_path() -> str:
    """Debian keeps servers where a user's PATH does not lead."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


def find_program(name: str) -> str | None:
    return shutil.which(name, path=search_path())


def program(name: str) -> str:
    found = find_program(name)
    if found is None:
        raise ServerFailed(f"{name} is not installed")
    return found


def own_account() -> str:
    """Whoever runs this, whatever the environment calls him."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as error:
        raise ServerFailed(f"the account {os.geteuid()} has no name") from error


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def run_once(command: list[str], *, folder: Path | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=folder)
    if done.returncode:
        raise ServerFailed(f"{command[0]}: {(done.stdout + done.stderr)[-2000:]}")


@contextmanager
def running(
    command: list[str],
    folder: Path,
    answers: Callable[[], bool],
    *,
    end: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    """The server of a folder: its log is there, and one left over from before is ended first.

    `end`: what it ends by in order, without waiting for who is connected.
    """
    _end_left_over(folder)
    log = folder / "log"
    # The kernel tells it to end, even when whoever started it was killed.
    bound = [program("setpriv"), "--pdeathsig", "TERM", "--"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*bound, *command],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is for who started it, who then ends it in order
        )
    try:
        _pid_file(folder).write_text(str(process.pid))
        _wait(process, log, answers)
        yield
    finally:
        _end(process, end)
        _pid_file(folder).unlink(missing_ok=True)


def _pid_file(folder: Path) -> Path:
    return folder / "pid"


def _wait(process: subprocess.Popen[bytes], log: Path, answers: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not answers():
        if process.poll() is not None or time.monotonic() > until:
            raise ServerFailed(f"{log}: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes], by: signal.Signals) -> None:
    process.send_signal(by)
    try:
        process.wait(timeout=END_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_left_over(folder: Path) -> None:
    """One whose end we did not see; its command tells it from a stranger of the same number."""
    try:
        pid = int(_pid_file(folder).read_text())
    except (FileNotFoundError, ValueError):
        return
    until = time.monotonic() + END_PATIENCE
    while _is_of(pid, folder):
        late = time.monotonic() > until
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(0.05)


def _is_of(pid: int, folder: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return os.fsencode(folder) in words
