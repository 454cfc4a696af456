"""Send the lister to a device by ssh, and read what it answers. Nothing is left there."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from backups.engine.card.errors import NoPython
from backups.engine.card.listing import MOST_BYTES, MOST_FILES, CardContents, read_listing
from backups.engine.pull.errors import RemoteMissing
from backups.engine.pull.failures import ssh_failure
from backups.engine.pull.names import checked_folder
from backups.engine.pull.processes import Leash, LocalProgram
from backups.engine.pull.ssh import SshTarget, command_on

SECONDS = 900
LONGEST_LINE = 128 * 1024
TOLD_EVERY = 50  # lines
_NO_ROOT, _NO_PROGRAM = 4, 127

# At the lowest priority, where the device has a way to say so.
_START = """
echo
command -v python3 >/dev/null || exit 127
command -v ionice >/dev/null && exec ionice -t -c 3 python3 -I -S -
exec python3 -I -S -
"""


def list_card(
    target: SshTarget,
    root: PurePosixPath,
    *,
    leash: Leash,
    seconds: int = SECONDS,
    progress: Callable[[int], None] = lambda lines: None,
) -> CardContents:
    """All below the data root. Raises PullError; a listing that was cut is none."""
    patient = replace(
        leash, most_bytes=MOST_BYTES, most_seconds=seconds + 60.0, longest_line=LONGEST_LINE
    )
    with tempfile.TemporaryFile() as script:
        _write(script, root=checked_folder(root), seconds=seconds)
        words = command_on(target, ["sh", "-c", _START])
        with LocalProgram(words, stdin=script) as program:
            lines = list(_counted(program.lines(patient), progress))
            code = program.code(patient)
    if code:
        raise _failure(code, program.said)
    return read_listing(lines)


def _failure(code: int, said: str) -> Exception:
    if code == _NO_PROGRAM:
        return NoPython("the device has no python3")
    if code == _NO_ROOT:
        return RemoteMissing(f"its data cannot be listed: {said.strip()[-200:]}")
    return ssh_failure(code, said)


def _counted(lines: Iterator[str], progress: Callable[[int], None]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number % TOLD_EVERY == 0:
            progress(number)
        yield line


def _write(script: IO[bytes], *, root: PurePosixPath, seconds: int) -> None:
    given = {"root": str(root), "seconds": seconds, "files": MOST_FILES}
    script.write(f"GIVEN = {msgspec.json.encode(given).decode()!r}\n".encode("ascii"))
    script.write(lister())
    script.seek(0)


@cache
def lister() -> bytes:
    return Path(__file__).with_name("lister.py").read_bytes()
