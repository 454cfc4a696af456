"""Read what the two backup daemons say of themselves. All of it is claims, none of it proof.

Their `status` of a device is that device's state at first sight, not the job's, and their sizes
and file counts are those of the whole tree: neither is read here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

import msgspec

from backups.engine.texts import one_line
from devices.ids import is_device_id

LONGEST_STATE = 32
LONGEST_NAME = 64
LONGEST_FILE = 300
LONGEST_MESSAGE = 500
MOST_DEVICES = 5000
MOST_PROBLEMS = 50
MOST_JOBS = 2**31 - 1
CLOCK_AHEAD = timedelta(days=1)  # a node whose clock is further ahead is not believed

_ABOUT_A_JOB = frozenset({"progress", "processing", "started", "ended"})

Fields = Mapping[str, msgspec.Raw]
T = TypeVar("T")


class DaemonError(Exception):
    """The daemon answered, but not with its state."""


class DaemonRefused(DaemonError):
    """It answered with an error of its own."""


class DaemonPayloadError(DaemonError):
    """Its answer has none of the known forms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClaim:
    """What a daemon claims of one device's newest job. A time of None was not told."""

    device_id: str
    name: str
    state: str  # its progress.status
    message: str
    current_file: str
    processing: bool
    started_at: datetime | None
    ended_at: datetime | None
    failed: bool
    job_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonReport:
    """One whole answer. `problems` says what of it could not be used."""

    daemon: str
    claims: tuple[DeviceClaim, ...]
    current_device: str
    current_file: str
    problems: tuple[str, ...]


class _Unusable(Exception):
    """A value that cannot be what its name says."""


def parse(answer: bytes | msgspec.Raw, *, daemon: str, now: datetime) -> DaemonReport:
    """Read the body of a daemon's /status, in each form that one was ever seen to give it.

    A block that cannot be read is named among the problems and skipped. Raises DaemonRefused
    for an error report, DaemonPayloadError where nothing at all could be read.
    """
    problems: list[str] = []
    try:
        fields = _object(answer)
        if "error" in fields:
            raise DaemonRefused(_words_of(fields["error"]))
        claims = _claims(_device_blocks(fields), now=now, problems=problems)
        current_device, current_file = _current(fields, claims)
    except _Unusable as error:
        raise DaemonPayloadError(f"not the state of a daemon: {error}") from error
    return DaemonReport(
        daemon=daemon,
        claims=claims,
        current_device=current_device,
        current_file=current_file,
        problems=tuple(problems[:MOST_PROBLEMS]),
    )


def _device_blocks(fields: Fields) -> Fields:
    """Blocks by device: below `devices` (8093), else the answer itself (8090)."""
    if "devices" in fields:
        return _object(fields["devices"])
    if fields.keys() & {"processing_devices", "current_device", "current_file"}:
        return {}
    return fields


def _claims(blocks: Fields, *, now: datetime, problems: list[str]) -> tuple[DeviceClaim, ...]:
    if len(blocks) > MOST_DEVICES:
        raise _Unusable(f"{len(blocks)} devices, more than any lab has")
    claims = []
    for device_id, block in blocks.items():
        try:
            claims.append(_claim(device_id, block, now=now, problems=problems))
        except _Unusable as error:
            problems.append(f"{one_line(device_id, limit=LONGEST_NAME)}: {error}")
    if blocks and not claims:
        raise _Unusable(f"no device in it can be read ({problems[0]})")
    return tuple(claims)


def _claim(device_id: str, raw: msgspec.Raw, *, now: datetime, problems: list[str]) -> DeviceClaim:
    if not is_device_id(device_id):
        raise _Unusable("not a machine id")
    block = _Block(_object(raw), device_id, problems)
    if not block.fields.keys() & _ABOUT_A_JOB:
        raise _Unusable("says nothing of a job")
    progress = _Block(block.take("progress", _object, {}), device_id, problems)
    processing = block.take("processing", _yes_or_no, False)  # noqa: FBT003  # a default value
    ended = block.take("ended", _number, 0.0)
    state = progress.take("status", _text(LONGEST_STATE), "")
    crashed = ended == -1  # how both mark a crash or a time-out; 0 is a job that still runs
    return DeviceClaim(
        device_id=device_id,
        name=block.take("name", _text(LONGEST_NAME), ""),
        state=state,
        message=progress.take("message", _text(LONGEST_MESSAGE), ""),
        current_file=progress.take("current_file", _text(LONGEST_FILE), "")
        or progress.take("backup_filename", _text(LONGEST_FILE), ""),
        processing=processing,
        started_at=block.take("started", _time(now), None),
        ended_at=_ended_at(block, progress, now=now) if ended else None,
        failed=crashed or (state == "error" and not processing),
        job_count=block.take("count", _job_count, 0),
    )


def _ended_at(block: "_Block", progress: "_Block", *, now: datetime) -> datetime | None:
    completed_at = progress.take("completion_time", _time(now), None)
    if completed_at or block.take("ended", _number, 0.0) == -1:
        return completed_at
    return block.take("ended", _time(now), None)


def _current(fields: Fields, claims: tuple[DeviceClaim, ...]) -> tuple[str, str]:
    """Which device and file it works on: as told outright, else the first that is in work."""
    told = fields
    if "processing_devices" in fields:
        listed = _decoded(fields["processing_devices"], list[msgspec.Raw])
        told = _object(listed[0]) if listed else {}
    device = _told(told, "device_name") or _told(told, "current_device")
    file = _told(told, "current_file")
    if device or file:
        return device[:LONGEST_NAME], file
    for claim in claims:
        if claim.processing:
            return claim.name or claim.device_id, claim.current_file
    return "", ""


def _told(fields: Fields, name: str) -> str:
    raw = fields.get(name)
    return "" if raw is None or bytes(raw) == b"null" else _text(LONGEST_FILE)(raw)


@dataclass(frozen=True, slots=True)
class _Block:
    """The fields of one device. What is unusable is noted, and the default taken for it."""

    fields: Fields
    device_id: str
    problems: list[str]

    def take(self, name: str, read: Callable[[msgspec.Raw], T], default: T) -> T:
        raw = self.fields.get(name)
        if raw is None or bytes(raw) == b"null":
            return default
        try:
            return read(raw)
        except _Unusable as error:
            self.problems.append(f"{self.device_id}: {name}: {error}")
            return default


def _object(raw: bytes | msgspec.Raw) -> Fields:
    return cast("Fields", _decoded(raw, dict[str, msgspec.Raw]))


def _decoded(raw: bytes | msgspec.Raw, kind: Any) -> Any:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _Unusable(str(error)) from error


def _text(limit: int) -> Callable[[msgspec.Raw], str]:
    return lambda raw: one_line(_decoded(raw, str), limit=limit)


def _words_of(raw: msgspec.Raw) -> str:
    """The last line of an error: the node's software sends whole tracebacks."""
    try:
        lines = _decoded(raw, str).strip().splitlines()
    except _Unusable:
        lines = []
    return one_line(lines[-1] if lines else "an error without words", limit=LONGEST_MESSAGE)


def _yes_or_no(raw: msgspec.Raw) -> bool:
    return bool(_decoded(raw, bool))


def _number(raw: msgspec.Raw) -> float:
    return float(_decoded(raw, float))


def _job_count(raw: msgspec.Raw) -> int:
    count = int(_decoded(raw, int))
    if not 0 <= count <= MOST_JOBS:
        raise _Unusable(f"{count} jobs")
    return count


def _time(now: datetime) -> Callable[[msgspec.Raw], datetime | None]:
    """Read epoch seconds; 0 is "not yet"."""

    def read(raw: msgspec.Raw) -> datetime | None:
        seconds = _number(raw)
        if seconds == 0:
            return None
        if not 0 < seconds <= (now + CLOCK_AHEAD).timestamp():
            raise _Unusable(f"{seconds:g} is no time in the past")
        return datetime.fromtimestamp(seconds, UTC)

    return read
