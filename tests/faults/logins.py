"""What our ssh meets at a device's address: a clock of its own, and what goes wrong there.

In place of a connection, what sshd would hand to the account's shell goes to one here.
"""

import os
import shlex
import sys
import time
from pathlib import Path

from tests.faults.case import Case

SSH = r"""#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in
    -o|-p|-F|-l) shift 2 ;;
    -*) shift ;;
    *) login=$1; shift; break ;;
  esac
done
DEVICE={root}/logins/${{login#*@}}
if [ -e "$DEVICE/refuses" ]; then
  echo "${{login}}: Permission denied (publickey)." >&2
  exit 255
fi
PATH={root}/logins:$PATH
export DEVICE PATH
case "$*" in
  *python3*) [ ! -e "$DEVICE/cut" ] || {{ sh -c "$*" | head -c "$(cat "$DEVICE/cut")"; exit; }} ;;
esac
exec sh -c "$*"
"""
# Before a script that is fed to it comes what the machine is like.
PYTHON = r"""#!/bin/sh
for last; do :; done
[ "$last" = - ] || exec {python} "$@"
cat "$DEVICE/machine.py" - | {python} "$@"
"""
CLOCK = "import os, time; time.time = (lambda now: lambda: now() + {off})(time.time)\n"


def set_up(root: Path) -> Path:
    """Gives the folder that the first `ssh` on the path is to be in."""
    folder = root / "logins"
    folder.mkdir(parents=True)
    words = {"root": root, "python": shlex.quote(sys.executable)}
    for path, text in ((root / "bin" / "ssh", SSH), (folder / "python3", PYTHON)):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(**words))
        path.chmod(0o755)
    return root / "bin"


def follow(case: Case, *, cut: int | None = None) -> None:
    """Bring what a login meets up to what the device is now. `cut`: bytes that it still answers."""
    folder = case.root / "logins" / case.device.address
    folder.mkdir(exist_ok=True)
    switches = case.switches
    off = case.device.clock.at(case.at) - time.time()
    (folder / "machine.py").write_text(CLOCK.format(off=off) + "".join(switches.machine))
    _present(folder / "refuses", "" if switches.refuses_ssh else None)
    cut = switches.cut if cut is None else cut
    _present(folder / "cut", None if cut is None else str(cut))


def _present(path: Path, text: str | None) -> None:
    if text is not None:
        path.write_text(text)
    elif os.path.lexists(path):
        path.unlink()
