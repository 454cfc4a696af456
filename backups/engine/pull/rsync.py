"""The system's rsync over our ssh, and how it is called."""

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from backups.engine.progress import Phase, Progress, Tell
from backups.engine.pull.errors import NoisyShell, ProgramFailed, SourceVanished, TransferIncomplete
from backups.engine.pull.failures import rsync_failure
from backups.engine.pull.heard import FORMAT, Heard, Item
from backups.engine.pull.processes import Leash, LocalProgram
from backups.engine.pull.progress import Meter
from backups.engine.pull.ssh import SshTarget, greeting_of
from devices.texts import one_line

SLOWEST_READ = 5_000_000  # bytes a second that a device reads at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How to reach the device, and how to treat the way there. `target` None: what is there is
    mounted here."""

    target: SshTarget | None
    leash: Leash
    tell: Tell
    bandwidth_kib: int = 0
    silent_seconds: int = 60

    @property
    def account(self) -> SshTarget:
        """Raises ProgramFailed where there is none: what is mounted runs no programs."""
        if self.target is None:
            raise ProgramFailed("what is mounted here runs no programs")
        return self.target

    def command(self, options: Iterable[str], sources: Sequence[str], here: Path) -> list[str]:
        words = ["rsync", "--protect-args", "--no-human-readable", "--outbuf=L", "--stats"]
        words += ["--no-motd", f"--timeout={self.silent_seconds}"]
        if self.target:
            words += ["--rsh", " ".join(map(_rsh_word, self.target.words()))]
        if self.bandwidth_kib > 0:
            words += [f"--bwlimit={self.bandwidth_kib}"]
        login = f"{self.target.rsync_login}:" if self.target else ""
        return [*words, *options, "--", *(f"{login}{source}" for source in sources), str(here)]


def listing(route: Route, source: PurePosixPath, here: Path, *, phase: Phase) -> Heard:
    """All that is there, and in what each differs from here by size or time. Copies nothing."""
    route.tell(Progress(phase=phase))
    return _listed(route, ["--exclude=.*"], source, here)


def listing_of(route: Route, root: PurePosixPath, here: Path, *, folder: str) -> Heard:
    """All in one folder of a data folder there; none, where there is no such folder."""
    only = ["--exclude=.*", f"--include=/{folder}/", f"--include=/{folder}/**", "--exclude=*"]
    return _listed(route, only, root, here)


def _listed(route: Route, only: Sequence[str], source: PurePosixPath, here: Path) -> Heard:
    options = ["-rtnii", "--no-inc-recursive", *only, FORMAT]
    heard = _run(route, route.command(options, [f"{source}/"], here), meter=None, names=())
    if not heard.problem and heard.file_count != len(heard.items):
        counts = f"rsync counts {heard.file_count:,} files there"
        heard.problem = f"{counts}, and {len(heard.items):,} of its lines name one"
    return heard


def contents(route: Route, source: PurePosixPath, here: Path, *, items: Sequence[Item]) -> Heard:
    """Which of these files differ in content: both sides read them to their end."""
    route.tell(Progress(phase=Phase.VERIFYING))
    # While the device reads it says nothing.
    seconds = sum(item.size_bytes for item in items) // SLOWEST_READ
    patient = replace(route, silent_seconds=route.silent_seconds + seconds)
    options = ["-tncii", "--files-from=-", "--from0", FORMAT]
    command = patient.command(options, [f"{source}/"], here)
    return _run(patient, command, meter=None, names=[item.path for item in items])


def copy_files(
    route: Route,
    source: PurePosixPath,
    here: Path,
    *,
    items: Sequence[Item],
    options: Sequence[str],
) -> Heard:
    """Copy the named files from below a folder there to below a folder here."""
    meter = Meter(route.tell, sum(item.size_bytes for item in items), len(items))
    words = ["-ti", "--files-from=-", "--from0", "--chmod=D755,F644", "--info=progress2", FORMAT]
    command = route.command([*words, *options], [f"{source}/"], here)
    return _run(route, command, meter=meter, names=[item.path for item in items])


def copy_whole(
    route: Route,
    sources: Sequence[PurePosixPath],
    here: Path,
    *,
    options: Sequence[str],
    size_bytes: int,
) -> Heard:
    """Copy files into a folder. They come in a list: in an argument the other rsync would take
    signs of a path for wildcards."""
    meter = Meter(route.tell, size_bytes, len(sources))
    words = ["-t", "--files-from=-", "--from0", "--no-relative", "--chmod=F600"]
    command = route.command([*words, "--info=progress2", *options], ["/"], here)
    names = [str(source.relative_to("/")) for source in sources]
    return _run(route, command, meter=meter, names=names)


def copy_below(
    route: Route,
    root: PurePosixPath,
    paths: Sequence[bytes],
    here: Path,
    *,
    kept: Path,
    size_bytes: int,
) -> Heard:
    """Copy files with their folders; those that are here are compared by content. What another
    content takes the place of goes to `kept`."""
    meter = Meter(route.tell, size_bytes, len(paths))
    words = ["-tc", "--files-from=-", "--from0", "--relative", "--chmod=D700,F600", "--no-links"]
    words += ["--backup", f"--backup-dir={kept}", "--info=progress2", "--no-protect-args"]
    command = route.command(words, [f"{root}/"], here)
    return _run(route, command, meter=meter, names=[os.fsdecode(path) for path in paths])


def _run(route: Route, command: list[str], *, meter: Meter | None, names: Sequence[str]) -> Heard:
    heard = Heard()
    with tempfile.TemporaryFile() as stdin:
        stdin.write(b"".join(os.fsencode(name) + b"\0" for name in names))
        stdin.seek(0)
        with LocalProgram(command, stdin=stdin) as program:
            # rsync and ssh give a silent device up by themselves; this is for a silent rsync.
            patient = replace(route.leash, silent_seconds=2 * route.silent_seconds + 60)
            for line in program.lines(patient):
                if meter is None or not meter.hear(line):
                    heard.hear(line)
            code = program.code(patient)
    _judge(route, heard, code, program.said)
    return heard


def _judge(route: Route, heard: Heard, code: int, said: str) -> None:
    """Files that could not be copied are for the caller to weigh; all else ends the pull."""
    if code == 0:
        return
    failure = rsync_failure(code, said)
    if isinstance(failure, NoisyShell) and route.target:
        greeting = one_line(greeting_of(route.target, leash=route.leash), limit=200)
        raise NoisyShell(f"its account's shell prints {greeting!r} before every command")
    if not isinstance(failure, TransferIncomplete | SourceVanished):
        raise failure
    heard.problem = str(failure)


def _rsh_word(word: str) -> str:
    """rsync splits --rsh at spaces, but for those between quotes; a quote is doubled."""
    return "'" + word.replace("'", "''") + "'"
