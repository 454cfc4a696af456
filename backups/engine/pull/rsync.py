"""The system's rsync over our ssh: how it is called, and what it says."""

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from backups.engine.progress import Phase, Progress, Tell
from backups.engine.pull.errors import SourceVanished, TransferIncomplete
from backups.engine.pull.failures import rsync_failure
from backups.engine.pull.processes import Leash, LocalProgram
from backups.engine.pull.progress import Meter
from backups.engine.pull.ssh import SshTarget

_ESCAPED = re.compile(rb"\\#([0-7]{3})")
_ITEM = re.compile(r"([<>ch.*][fdLDS]\S{9})\|([0-9]{1,19})\|([0-9/:-]{1,32})\|(.*)", re.DOTALL)
_STATISTIC = re.compile(r"([A-Z][A-Za-z ]{1,40}): ([0-9,]{1,20})(?: bytes)?(?: \((.*)\))?")
_SKIPPED = re.compile(r'skipping non-regular file "(.*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file that rsync would copy: what it is called on the device, how large, how old."""

    path: str
    size_bytes: int
    modified: str  # UTC, as rsync writes it
    is_new: bool


@dataclass(slots=True, kw_only=True)
class Heard:
    """All that one rsync said."""

    items: list[Item] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)  # links and devices
    statistics: dict[str, int] = field(default_factory=dict)
    file_count: int = 0
    problem: str = ""

    @property
    def wire_bytes(self) -> int:
        sent = self.statistics.get("Total bytes sent", 0)
        return sent + self.statistics.get("Total bytes received", 0)

    @property
    def literal_bytes(self) -> int:
        return self.statistics.get("Literal data", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How to reach the device, and how to treat the way there."""

    target: SshTarget
    leash: Leash
    tell: Tell
    bandwidth_kib: int = 0
    silent_seconds: int = 60

    def command(self, options: Iterable[str], sources: Sequence[str], here: Path) -> list[str]:
        words = ["rsync", "--protect-args", "--no-human-readable", "--outbuf=L", "--stats"]
        words += ["--no-motd", f"--timeout={self.silent_seconds}"]
        words += ["--rsh", " ".join(map(_rsh_word, self.target.words()))]
        if self.bandwidth_kib > 0:
            words += [f"--bwlimit={self.bandwidth_kib}"]
        login = self.target.rsync_login
        return [*words, *options, "--", *(f"{login}:{source}" for source in sources), str(here)]


def listing(route: Route, source: PurePosixPath, here: Path, *, phase: Phase) -> Heard:
    """What is there and differs from here by size or time. Copies nothing."""
    route.tell(Progress(phase=phase))
    options = ["-rtni", "--no-inc-recursive", "--exclude=.*", "--out-format=%i|%l|%M|%n"]
    return _run(route, route.command(options, [f"{source}/"], here), meter=None, names=())


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
    words = ["-t", "--files-from=-", "--from0", "--chmod=D755,F644", "--info=progress2"]
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
    meter = Meter(route.tell, size_bytes, len(sources))
    words = ["-t", "--chmod=F600", "--info=progress2", *options]
    command = route.command(words, [str(source) for source in sources], here)
    return _run(route, command, meter=meter, names=())


def _run(route: Route, command: list[str], *, meter: Meter | None, names: Sequence[str]) -> Heard:
    heard = Heard()
    with tempfile.TemporaryFile() as stdin:
        stdin.write(b"".join(name.encode() + b"\0" for name in names))
        stdin.seek(0)
        with LocalProgram(command, stdin=stdin) as program:
            # rsync and ssh give a silent device up by themselves; this is for a silent rsync.
            patient = replace(route.leash, silent_seconds=2 * route.silent_seconds + 60)
            for line in program.lines(patient):
                if meter is None or not meter.hear(line):
                    _note(heard, line)
            code = program.code(patient)
    _judge(heard, code, program.said)
    return heard


def _judge(heard: Heard, code: int, said: str) -> None:
    """Files that could not be copied are for the caller to weigh; all else ends the pull."""
    if code == 0:
        return
    failure = rsync_failure(code, said)
    if not isinstance(failure, TransferIncomplete | SourceVanished):
        raise failure
    heard.problem = str(failure)


def _note(heard: Heard, line: str) -> None:
    if (item := _ITEM.fullmatch(line)) and item[1][1] == "f":
        heard.items.append(_item(item))
    elif skipped := _SKIPPED.fullmatch(line):
        heard.skipped.append(unescaped(skipped[1]))
    elif told := _STATISTIC.fullmatch(line):
        heard.statistics[told[1]] = int(told[2].replace(",", ""))
        if told[1] == "Number of files":
            heard.file_count = _regular(told[3] or "")


def _item(found: re.Match[str]) -> Item:
    return Item(
        path=unescaped(found[4]),
        size_bytes=int(found[2]),
        modified=found[3],
        is_new=found[1].endswith("+++++++++"),
    )


def _regular(kinds: str) -> int:
    found = re.search(r"reg: ([0-9,]+)", kinds)
    return int(found[1].replace(",", "")) if found else 0


def unescaped(name: str) -> str:
    r"""The name itself: rsync writes what cannot be printed as \#ooo."""
    raw = _ESCAPED.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), name.encode())
    return raw.decode(errors="surrogateescape")


def _rsh_word(word: str) -> str:
    """rsync splits --rsh at spaces, but for those between quotes; a quote is doubled."""
    return "'" + word.replace("'", "''") + "'"
