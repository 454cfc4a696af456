"""What METADATA says, in words: who, where, when, on which machine, and how it ended."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from backups.engine.copies.about import About, about
from backups.engine.copies.reprs import LONGEST, NotALiteral, data_of
from backups.engine.preview.guard import Guard
from backups.engine.preview.tables import columns_of
from devices.texts import one_line

LONGEST_WORDS = 200
MOST_HARDWARE = 20
_HARDWARE = (
    f"SELECT substr(value, 1, {LONGEST + 1}) FROM METADATA"  # noqa: S608
    " WHERE field = 'hardware_info' LIMIT 1"
)
_TOLD_PLAIN = (str, int, float)
Words = tuple[tuple[str, str], ...]


def words_of(guard: Guard) -> Words:
    """Pairs to be read; what it does not say is left out. Raises NotShown."""
    if "METADATA" not in guard.ordinary:
        return ()
    if not {"field", "value"} <= set(columns_of(guard, "METADATA")[0]):
        return ()
    with guard.errors(seconds=1):
        told = about(guard.connection)
    hardware = guard.ask(_HARDWARE)
    pairs = [*_of(told), *_machine(str(hardware[0][0]) if hardware else "")]
    return tuple((label, one_line(text, limit=LONGEST_WORDS)) for label, text in pairs if text)


def _of(told: About) -> Iterator[tuple[str, str]]:
    yield "Who", told.user
    yield "Where", told.location
    yield "Code", told.code
    yield "Began", _moment(told.begun)
    yield (
        "Ended",
        _moment(told.stopped)
        or ("it does not say: it runs, was cut off, or this copy is of before its end"),
    )
    yield "Device", told.machine_name
    yield "Software", told.version
    yield "Frame", told.frame
    yield "Sensor", told.sensor
    yield "Number of the run", told.run_id
    for name, chosen in told.options.items():
        yield name.replace("_", " ").capitalize(), chosen
    for name, why in told.unread.items():
        yield name.replace("_", " ").capitalize(), f"not read: {why}"


def _moment(seconds: str) -> str:
    if not seconds:
        return ""
    try:
        at = datetime.fromtimestamp(float(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return f"“{seconds}”, which is no time"
    return f"{at:%Y-%m-%d %H:%M:%S} UTC, by the device's clock"


def _machine(text: str) -> Iterator[tuple[str, str]]:
    """Of `hardware_info` what is one plain value; lists of partitions and the like are left out."""
    try:
        told = data_of(text) if text else {}
    except NotALiteral as error:
        yield "Hardware", f"not read: {error}"
        return
    plain = _plain(told) if isinstance(told, dict) else [("", one_line(text, limit=LONGEST_WORDS))]
    said = "; ".join(f"{name} {value}".strip() for name, value in plain)
    yield "Hardware", said


def _plain(told: dict[Any, Any]) -> list[tuple[str, str]]:
    flat = [(str(key), value) for key, value in told.items() if isinstance(value, _TOLD_PLAIN)]
    return [(name.replace("_", " "), _rounded(value)) for name, value in flat[:MOST_HARDWARE]]


def _rounded(value: str | float) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)
