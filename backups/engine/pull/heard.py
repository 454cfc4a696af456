"""What rsync says of files: a line each, and its numbers at the end."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from sys import intern

_TIME = "%Y/%m/%d-%H:%M:%S"
FORMAT = "--out-format=%i|%l|%M|%n"
_ESCAPED = re.compile(rb"\\#([0-7]{3})")
_ITEM = re.compile(
    r"[<>ch.*]f([ .+a-zA-Z?]{9})\|([0-9]{1,19})\|([0-9/:-]{1,32}|\(time-out-of-range\))\|(.*)",
    re.DOTALL,
)
_STATISTIC = re.compile(r"([A-Z][A-Za-z ]{1,40}): ([0-9][0-9,]{0,19})(?: bytes)?(?: \((.*)\))?")
_SKIPPED = re.compile(r'skipping non-regular file "(.*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file that the device has: what it is called there, how large, how old, and in what it
    differs from the one here, as rsync writes it."""

    path: str
    size_bytes: int
    modified: str  # UTC, as rsync writes it
    differs: str

    @property
    def is_new(self) -> bool:
        return self.differs == "+++++++++"

    @property
    def is_same(self) -> bool:
        return not self.differs.strip(" .")

    @property
    def is_other_in_time_only(self) -> bool:
        return self.differs.strip(" .") == "t"

    @property
    def differs_in_content(self) -> bool:
        """Where contents were compared."""
        return "c" in self.differs

    @property
    def version(self) -> int:
        """The same file at two looks, if nobody has written it between them. Eight bytes of each,
        for there may be a hundred thousand."""
        return hash((self.path, self.size_bytes, self.modified))

    def has_time(self, nanoseconds: int) -> bool:
        """Whether a file here has its time: to the second, or as a disk keeps it that counts in
        two seconds (FAT, exFAT). No file here has one that no calendar has."""
        try:
            told = datetime.strptime(self.modified, _TIME).replace(tzinfo=UTC).timestamp()
        except ValueError:
            return False
        seconds, rest = divmod(nanoseconds, 1_000_000_000)
        is_coarse = seconds % 2 == 0 and rest == 0
        return seconds == told or (is_coarse and abs(seconds - told) < 2)


@dataclass(slots=True, kw_only=True)
class Heard:
    """All that one rsync said."""

    items: list[Item] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)  # links and devices
    statistics: dict[str, int] = field(default_factory=dict)
    file_count: int = 0
    problem: str = ""

    def hear(self, line: str) -> None:
        """One line; what is none of rsync's own is left alone."""
        if item := _ITEM.fullmatch(line):
            self.items.append(_item(item))
        elif skipped := _SKIPPED.fullmatch(line):
            self.skipped.append(unescaped(skipped[1]))
        elif told := _STATISTIC.fullmatch(line):
            self.statistics[told[1]] = int(told[2].replace(",", ""))
            if told[1] == "Number of files":
                self.file_count = _regular(told[3] or "")

    @property
    def wire_bytes(self) -> int:
        sent = self.statistics.get("Total bytes sent", 0)
        return sent + self.statistics.get("Total bytes received", 0)

    @property
    def literal_bytes(self) -> int:
        return self.statistics.get("Literal data", 0)


def _item(found: re.Match[str]) -> Item:
    return Item(
        path=unescaped(found[4]),
        size_bytes=int(found[2]),
        modified=found[3],
        differs=intern(found[1]),
    )


def _regular(kinds: str) -> int:
    found = re.search(r"reg: ([0-9][0-9,]{0,19})", kinds)
    return int(found[1].replace(",", "")) if found else 0


def unescaped(name: str) -> str:
    r"""The name itself: rsync writes what cannot be printed as \#ooo."""
    raw = _ESCAPED.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), name.encode())
    return raw.decode(errors="surrogateescape")
