"""Read what the two backup daemons say of themselves. All of it is claims, none of it proof.

Their `status` of a device is that device's state at first sight, not the job's, and their sizes
and file counts are those of the whole tree: neither is read here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from devices.client import BadAnswer, decoded
from devices.ids import is_device_id
from devices.records.fields import Fields
from devices.texts import one_line

LONGEST_STATE = 32
LONGEST_NAME = 64
LONGEST_FILE = 300
LONGEST_MESSAGE = 500
MOST_DEVICES = 5000
MOST_PROBLEMS = 50
MOST_JOBS = 2**31 - 1
CLOCK_AHEAD = timedelta(days=1)  # a node whose clock is further ahead is not believed

_ABOUT_A_JOB = frozenset({"progress", "processing", "started", "ended"})

Unread = Mapping[str, msgspec.Raw]


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


class _Work(msgspec.Struct):
    """What it works on, as some daemons tell beside the devices, or instead of them."""

    device_name: str | None = None
    current_device: str | None = None
    current_file: str | None = None
    processing_devices: "list[_Work] | None" = None


class _Unusable(Exception):
    """Nothing of it can be read."""


def parse(answer: bytes | msgspec.Raw, *, daemon: str, now: datetime) -> DaemonReport:
    """Read the body of a daemon's /status, in each form that one was ever seen to give it.

    A block that cannot be read is named among the problems and skipped. Raises DaemonRefused
    for an error report, DaemonPayloadError where nothing at all could be read.
    """
    problems: list[str] = []
    try:
        parts = decoded(answer, type=dict[str, msgspec.Raw])
        if "error" in parts:
            raise DaemonRefused(_words_of(parts["error"]))
        claims = _claims(_device_blocks(parts), now=now, problems=problems)
        current_device, current_file = _current(decoded(answer, type=_Work), claims)
    except (BadAnswer, _Unusable) as error:
        raise DaemonPayloadError(f"not the state of a daemon: {error}") from error
    return DaemonReport(
        daemon=daemon,
        claims=claims,
        current_device=current_device,
        current_file=current_file,
        problems=tuple(problems[:MOST_PROBLEMS]),
    )


def _device_blocks(parts: Unread) -> Unread:
    """Blocks by device: below `devices` (8093), else the answer itself (8090)."""
    if "devices" in parts:
        return decoded(parts["devices"], type=dict[str, msgspec.Raw])
    if parts.keys() & {"processing_devices", "current_device", "current_file"}:
        return {}
    return parts


def _claims(blocks: Unread, *, now: datetime, problems: list[str]) -> tuple[DeviceClaim, ...]:
    if len(blocks) > MOST_DEVICES:
        raise _Unusable(f"{len(blocks)} devices, more than any lab has")
    claims = []
    for device_id, block in blocks.items():
        try:
            claims.append(_claim(device_id, block, now=now, problems=problems))
        except (BadAnswer, _Unusable) as error:
            problems.append(f"{one_line(device_id, limit=LONGEST_NAME)}: {error}")
    if blocks and not claims:
        raise _Unusable(f"no device in it can be read ({problems[0]})")
    return tuple(claims)


def _claim(device_id: str, raw: msgspec.Raw, *, now: datetime, problems: list[str]) -> DeviceClaim:
    if not is_device_id(device_id):
        raise _Unusable("not a machine id")
    complaints: list[str] = []
    block = Fields(decoded(raw, type=dict[str, Any]), complaints)
    if not block.values.keys() & _ABOUT_A_JOB:
        raise _Unusable("says nothing of a job")
    claim = _claim_of(device_id, block, latest=(now + CLOCK_AHEAD).timestamp())
    problems += [f"{device_id}: {text}" for text in complaints]
    return claim


def _claim_of(device_id: str, block: Fields, *, latest: float) -> DeviceClaim:
    progress = block.below("progress")
    processing = block.flag("processing")
    ended = block.number("ended", least=-1, most=latest)
    state = progress.line("status", longest=LONGEST_STATE)
    crashed = ended == -1  # how both mark a crash or a time-out; 0 is a job that still runs
    return DeviceClaim(
        device_id=device_id,
        name=block.line("name", longest=LONGEST_NAME),
        state=state,
        message=progress.line("message", longest=LONGEST_MESSAGE),
        current_file=progress.line("current_file", longest=LONGEST_FILE)
        or progress.line("backup_filename", longest=LONGEST_FILE),
        processing=processing,
        started_at=block.moment("started", latest=latest),
        ended_at=_ended_at(ended, progress, latest=latest) if ended else None,
        failed=crashed or (state == "error" and not processing),
        job_count=block.count("count", most=MOST_JOBS) or 0,
    )


def _ended_at(ended: float, progress: Fields, *, latest: float) -> datetime | None:
    completed_at = progress.moment("completion_time", latest=latest)
    if completed_at or ended < 0:
        return completed_at
    return datetime.fromtimestamp(ended, UTC)


def _current(work: _Work, claims: tuple[DeviceClaim, ...]) -> tuple[str, str]:
    """Which device and file it works on: as told outright, else the first that is in work."""
    if work.processing_devices is not None:
        work = work.processing_devices[0] if work.processing_devices else _Work()
    device, file = work.device_name or work.current_device, work.current_file
    if device or file:
        return one_line(device or "", limit=LONGEST_NAME), one_line(file or "", limit=LONGEST_FILE)
    for claim in claims:
        if claim.processing:
            return claim.name or claim.device_id, claim.current_file
    return "", ""


def _words_of(raw: msgspec.Raw) -> str:
    """The last line of an error: the node's software sends whole tracebacks."""
    words = decoded(raw, type=Any)
    lines = words.strip().splitlines() if isinstance(words, str) else []
    return one_line(lines[-1] if lines else "an error without words", limit=LONGEST_MESSAGE)
