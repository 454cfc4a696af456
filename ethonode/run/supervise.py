"""The one parent of all. Run by its path, not as a module: so it stays as small as a supervisor is.

Whatever way it ends, none of its descendants outlives it.
"""

import ctypes
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from supervisor.options import ServerOptions
from supervisor.supervisord import go

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LIBC = ctypes.CDLL(None)


class Options(ServerOptions):  # type: ignore[misc]  # supervisor has no types
    def setpgrp(self) -> None:
        """Run in each new child: it ends when this process is killed."""
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        super().setpgrp()

    def get_signal(self) -> Any:
        """Asked in each turn of the loop: a closed terminal is a stop, not a reload."""
        tell_systemd("READY=1\nWATCHDOG=1")
        received = super().get_signal()
        return signal.SIGTERM if received == signal.SIGHUP else received


def tell_systemd(text: str) -> None:
    """That the loop turns, where systemd started us and waits for it. A miss is told by silence."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
    with suppress(OSError), socket.socket(socket.AF_UNIX, kind) as notify:
        notify.sendto(text.encode(), address.replace("@", "\0", 1))


def main(ini: str, lab_file: str) -> None:
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)  # the child of a killed child becomes ours
    options = Options()
    options.realize(["--nodaemon", "--configuration", ini], doc="")
    options.first = True
    options.test = False
    try:
        go(options)
    finally:
        Path(lab_file).unlink(missing_ok=True)
        _kill_what_is_left()


def _kill_what_is_left() -> None:
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while left := children.read_text().split():
        for pid in left:
            os.kill(int(pid), signal.SIGKILL)
        for pid in left:
            os.waitpid(int(pid), 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
