"""What an experiment's METADATA says of it for people: whose, where, how. It decides nothing."""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from backups.engine.copies.reprs import LONGEST, NotALiteral, data_of
from devices.texts import one_line

LONGEST_TEXT = 100
MOST_OPTIONS = 20
FIELDS = (
    "machine_name", "version", "frame_width", "frame_height", "date_time", "stop_date_time",
    "experimental_info", "selected_options",
)  # fmt: skip
# As bytes: what is no UTF-8 is no fault of the database's.
_QUERY = (
    f"SELECT field, substr(CAST(value AS BLOB), 1, {LONGEST + 1}) FROM METADATA"  # noqa: S608
    f" WHERE value IS NOT NULL AND field IN ({', '.join('?' * len(FIELDS))}) LIMIT 200"
)


class About(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Texts of at most so many signs; "" where it does not say so. `unread`: what could not be."""

    user: str = ""
    location: str = ""
    code: str = ""
    sensor: str = ""
    machine_name: str = ""
    version: str = ""
    frame: str = ""
    run_id: str = ""
    begun: str = ""  # seconds of the device's clock, as they stand there
    stopped: str = ""
    options: dict[str, str] = {}
    unread: dict[str, str] = {}


def about(connection: sqlite3.Connection) -> About:
    """The last value of each field that is not empty: an old mirror adds, and replaces none."""
    rows = connection.execute(_QUERY, FIELDS)
    told = {str(name): value.decode(errors="replace") for name, value in rows if value}
    unread: dict[str, str] = {}
    options = _data(told, "selected_options", unread)
    info = _kwargs(options.get("experimental_info")) | _data(told, "experimental_info", unread)
    size = (told.get("frame_width", ""), told.get("frame_height", ""))
    return About(
        user=_short(info.get("user") or info.get("name")),
        location=_short(info.get("location")),
        code=_short(info.get("code")),
        sensor=_short(info.get("sensor")),
        machine_name=_short(told.get("machine_name")),
        version=_short(told.get("version")),
        frame=_short("x".join(size)) if all(size) else "",
        run_id=_short(info.get("run_id")),
        begun=_short(told.get("date_time")),
        stopped=_short(told.get("stop_date_time")),
        options=dict(_options(options)),
        unread=unread,
    )


def _data(told: Mapping[str, str], field: str, unread: dict[str, str]) -> dict[str, Any]:
    text = told.get(field, "")
    try:
        value = data_of(text) if text else {}
    except NotALiteral as error:
        unread[field] = _short(error)
        return {}
    if not isinstance(value, dict):
        unread[field] = "it is no dict"
        return {}
    return {str(key): what for key, what in value.items()}


def _options(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Which class was chosen for each part of the tracking, and with what."""
    for name, chosen in list(options.items())[:MOST_OPTIONS]:
        if name == "experimental_info" or not isinstance(chosen, dict):
            continue
        with_what = ", ".join(f"{key} {value}" for key, value in _kwargs(chosen).items())
        called = str(chosen.get("class") or "").rpartition(".")[2]
        if called:
            yield _short(name), _short(f"{called} ({with_what})" if with_what else called)


def _kwargs(chosen: Any) -> dict[str, Any]:
    found = chosen.get("kwargs") if isinstance(chosen, dict) else None
    return found if isinstance(found, dict) else {}


def _short(value: object) -> str:
    return "" if value is None else one_line(str(value), limit=LONGEST_TEXT)
