"""Send a program to a device by ssh, and hear what it answers. Nothing is left there."""

import ast
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from backups.engine.card.errors import NoPython
from backups.engine.errors import BackupError
from backups.engine.pull.errors import RemoteMissing
from backups.engine.pull.failures import ssh_failure
from backups.engine.pull.processes import Leash, LocalProgram
from backups.engine.pull.ssh import SshTarget, command_on

MOST_SENT = 2 * 1024 * 1024  # bytes of what is given to a program: more costs the device memory
MOST_GREETING = 200  # lines that a shell may say before
OLDEST = (3, 5)
LISTER = ("common", "health", "databases", "lister")
DIGESTER = ("common", "digester")
WHERE = {"sys": "/sys", "proc": "/proc"}
_DEVICE = Path(__file__).with_name("device")
_BEGUN = "ethonode: told by its shell"
_NO_ROOT, _NO_PROGRAM = 4, 127

# At the lowest priority, where the device has a way to say so.
_START = """
cd /
echo
command -v python3 >/dev/null || exit 127
command -v ionice >/dev/null && exec ionice -t -c 3 python3 -I -S -
exec python3 -I -S -
"""


def heard(
    target: SshTarget, program: Sequence[str], given: Mapping[str, Any], *, leash: Leash
) -> Iterator[str]:
    """Line by line. Raises PullError: at the end, if it did not end well."""
    begin = f"GIVEN = {json.dumps({**WHERE, **given})!r}\n{_too_old()}".encode("ascii")
    words = ["sh", "-c", _START]
    return run_script(target, words, begin + source(*program), leash=leash)


def _too_old() -> str:
    """One that is older than that is as none. It can read the program, and run none of it."""
    return f"import sys\nif sys.version_info < {OLDEST}:\n    sys.exit({_NO_PROGRAM})\n"


def run_script(
    target: SshTarget, words: Sequence[str], stdin: bytes, *, leash: Leash
) -> Iterator[str]:
    with tempfile.TemporaryFile() as file:
        file.write(stdin)
        file.seek(0)
        with LocalProgram(command_on(target, words), stdin=file) as running:
            yield from running.lines(leash)
            code = running.code(leash)
    if code:
        raise _failure(code, running.said)


def shell_says(
    target: SshTarget, script: str, words: Sequence[str], *, stdin: bytes = b"", leash: Leash
) -> Iterator[str]:
    """What one of the scripts of device/ answers, without what the account's shell says before."""
    text = _DEVICE.joinpath(f"{script}.sh").read_text()
    lines = run_script(target, ["sh", "-c", text, _BEGUN, *words], stdin, leash=leash)
    if _BEGUN in islice(lines, MOST_GREETING):
        yield from lines


@cache
def source(*names: str) -> bytes:
    """These modules for the device as one program: they import nothing of each other there."""
    return b"\n".join(map(_without_own_imports, names))


def _without_own_imports(name: str) -> bytes:
    text = _DEVICE.joinpath(f"{name}.py").read_text()
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("backups."):
            lines[node.lineno - 1 : node.end_lineno] = [""] * (
                (node.end_lineno or node.lineno) - node.lineno + 1
            )
    return "\n".join(lines).encode() + b"\n"


def _failure(code: int, said: str) -> BackupError:
    if code == _NO_PROGRAM:
        return NoPython("the device has no python3")
    if code == _NO_ROOT:
        return RemoteMissing(f"its data cannot be read: {said.strip()[-200:]}")
    return ssh_failure(code, said)
