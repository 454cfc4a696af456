"""The one parent of all. Run by its path, not as a module: so it stays as small as a supervisor is.

Whatever way it ends, none of its descendants outlives it.
"""

import ctypes
import os
import signal
import sys
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
        """A closed terminal is a stop here, not the supervisor's reload."""
        received = super().get_signal()
        return signal.SIGTERM if received == signal.SIGHUP else received


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
