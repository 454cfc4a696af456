"""Faults of the answer: well-formed HTTP, wrong content."""

import json
from collections.abc import Callable
from typing import Any

from lab.answers import TRACEBACK, Answer, error_200, error_page

PayloadFault = Callable[[Answer, list[str]], Answer]  # the ids are those that it shall strike
YEARS_10 = 10 * 365 * 86_400
LONG_NAME = "ETHOSCOPE_" + "x" * 9_990
NESTING = 100_000
EVIL_IDS = (
    "../../etc/passwd",
    "..",
    "/etc/passwd",
    "a/b",
    "nul\0inside",
    "line\nbreak\x1b[31m",
    " ",
    "",
    "x" * 10_000,
    "<script>alert(1)</script>",
)
_NOW_IS_ABOUT = 1e9
_MARK = "deep nesting goes here"


def say_error(answer: Answer, ids: list[str]) -> Answer:
    return error_200(f"{TRACEBACK}KeyError: 'the lab was told to fail'\n")


def fail_500(answer: Answer, ids: list[str]) -> Answer:
    return error_page(500, "Internal Server Error", "/")


def half_write(answer: Answer, ids: list[str]) -> Answer:
    """As a file that was read while it was written: cut short, and sent as if whole."""
    text = answer.text()
    return Answer(raw=text[: max(1, len(text) // 2)])


def say_no_json(answer: Answer, ids: list[str]) -> Answer:
    return Answer(raw="<html><body>It works!</body></html>")


def mistype(answer: Answer, ids: list[str]) -> Answer:
    """Texts for numbers, numbers for texts, lists for objects."""
    return _changed(answer, ids, lambda entry: {k: _mistyped(v) for k, v in entry.items()})


def not_a_number(answer: Answer, ids: list[str]) -> Answer:
    """NaN and Infinity, bare, as Python writes and no standard knows."""
    return _changed(answer, ids, _without_numbers)


def nest(answer: Answer, ids: list[str]) -> Answer:
    """One more key, 100,000 lists deep."""
    marked = _changed(answer, ids[:1], lambda entry: entry | {"nested": _MARK})
    deep = "[" * NESTING + "]" * NESTING
    return Answer(raw=marked.text().replace(json.dumps(_MARK), deep))


def lengthen_names(answer: Answer, ids: list[str]) -> Answer:
    """Names of 10,000 characters, for one device."""
    return _changed(answer, ids[:1], _with_long_name)


def come_from_future(answer: Answer, ids: list[str]) -> Answer:
    """Every time ten years ahead."""
    return _changed(answer, ids, _ten_years_on)


def add_evil_ids(answer: Answer, ids: list[str]) -> Answer:
    """Devices whose ids, names and files are no names at all, beside the true ones."""
    entries = entries_of(answer.payload)
    if not entries:
        return answer
    pattern = max(entries.values(), key=len)
    added = {evil: _evil(pattern, evil) for evil in EVIL_IDS}
    return _with_entries(answer, entries | added)


def entries_of(payload: Any) -> dict[str, dict[str, Any]]:
    """The objects keyed by machine id in an answer about all devices; else nothing."""
    if not isinstance(payload, dict):
        return {}
    devices = payload.get("devices", payload)
    whole = isinstance(devices, dict) and all(_about_device(each) for each in devices.values())
    return devices if whole else {}


def _about_device(value: Any) -> bool:
    return isinstance(value, dict) and ("name" in value or "backup_types" in value)


def _changed(
    answer: Answer, ids: list[str], change: Callable[[dict[str, Any]], dict[str, Any]]
) -> Answer:
    """Change the entries of those devices; an answer about one thing is changed as a whole."""
    entries = entries_of(answer.payload)
    if not entries:
        return Answer(change(answer.payload)) if isinstance(answer.payload, dict) else answer
    changed = {
        device_id: change(entry) if device_id in ids else entry
        for device_id, entry in entries.items()
    }
    return _with_entries(answer, changed)


def _with_entries(answer: Answer, entries: dict[str, Any]) -> Answer:
    if "devices" in answer.payload:
        return Answer(answer.payload | {"devices": entries})
    return Answer(entries)


def _mistyped(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return "yes"
    if isinstance(value, int | float):
        return {"value": value}
    if isinstance(value, str):
        return len(value)
    return [value]


def _without_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_numbers(each) for each in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return float("nan") if isinstance(value, float) else float("inf")


def _ten_years_on(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ten_years_on(each) for key, each in value.items()}
    if isinstance(value, int | float) and value > _NOW_IS_ABOUT:
        return value + YEARS_10
    return value


def _with_long_name(entry: dict[str, Any]) -> dict[str, Any]:
    names = entry.keys() & {"name", "machine-name", "hostname"}
    return entry | dict.fromkeys(names, LONG_NAME)


def _evil(pattern: dict[str, Any], evil: str) -> dict[str, Any]:
    entry = pattern | {"name": evil}
    if "id" in pattern:
        entry["id"] = evil
    if "databases" in pattern:
        file = {"backup_filename": f"{evil}.db", "path": f"/{evil}.db", "date": 0, "filesize": 0}
        entry["databases"] = {"SQLite": {f"{evil}.db": file}, "MariaDB": {}}
    return entry
