"""What every kind of run has in common: what a job is given, and how it may end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import msgspec

from backups.engine.progress import Progress
from devices.models import Device


class RunFailed(Exception):
    """The job could not do its work. `retry`: it may do it later, without a person's help.

    `failure`: the name of the error that it met, where the engine has one.
    """

    def __init__(self, text: str, *, retry: bool = True, failure: str = "") -> None:
        super().__init__(text)
        self.retry = retry
        self.failure = failure


class RunWaits(Exception):
    """The device has nothing to save yet: no failure, but to be tried again."""


class RunStopped(Exception):
    """The job heard `cancelled` and stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """How far a job is. A count that its kind does not know stays None."""

    phase: str
    rows_done: int | None = None
    rows_total: int | None = None
    bytes_done: int | None = None
    bytes_total: int | None = None
    files_done: int | None = None
    files_total: int | None = None


def how_far(progress: Progress) -> RunProgress:
    """Of a transfer."""
    return RunProgress(
        phase=progress.phase,
        bytes_done=progress.bytes_done,
        bytes_total=progress.bytes_expected or None,
        files_done=progress.files_done,
        files_total=progress.files_expected or None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a page and a command show of a run. Rows are text, ready to be read."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def labelled_rows(self) -> list[list[tuple[str, str]]]:
        """Each cell with its column's name, for screens too narrow for a table."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of run counted and proved; stored as JSON in `Run.numbers`.

    Every field has a default, so that what an older version stored is read as well.
    """

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a job did to its end. `problem` says why that is no whole backup; "": it is.

    `retry`: another attempt soon may do better.
    """

    summary: str
    report: RunReport
    path: str = ""  # of the copy, below its data folder
    problem: str = ""
    retry: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherServer:
    """Where the device's server is, in place of what is known of the device."""

    host: str = ""
    port: int = 0


class Watcher(Protocol):
    """To be told often: it keeps the run alive, and says when to stop."""

    def progress(self, progress: RunProgress) -> None: ...

    def cancelled(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much a run by a plan may read, and until when."""

    most_bytes: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """`budget` None: a person asked for all of it."""

    device: Device
    watch: Watcher
    now: datetime
    clock: Callable[[], datetime]
    budget: Budget | None = None
    server: OtherServer = field(default_factory=OtherServer)
    asked_by: str = ""  # a person's name; "": nobody's


Job = Callable[[Work], Outcome]
