"""What devices and the node answer: shapes of the field. None of it changes what is saved."""

from functools import partial

from tests.faults import targets
from tests.faults.kinds import BLIND, HARMLESS, kind


def _bend(what, change, case, target, rng):
    getattr(case.switches, f"bend_{what}").append(change)


def _register(name, what, change, find=targets.devices, effect=BLIND):
    act = partial(_bend, what, change)
    act.__module__ = __name__
    kind(name, find, effect=effect)(act)


def _info(change):
    def bend(entry, at):
        info = entry.get("database_info")
        return entry | {"database_info": info | change(info)} if info else entry

    return bend


for words, told in {
    "nothing": {},
    "an error": {"error": "Traceback"},
    "only metadata": {"metadata": {"total_files": 0}},
    "null": {"video_files": None},
    "a list": {"video_files": ["a.h264"]},
    "no files": {"video_files": {}, "metadata": {}},
}.items():
    _register(f"list of videos is {words}", "listing", lambda *_, told=told: told, targets.listers)


def _status(code, case, target, rng):
    case.switches.listing_status = code


for code in (404, 500):
    act = partial(_status, code)
    act.__module__ = __name__
    kind(f"list of videos is HTTP {code}", targets.listers, effect=BLIND)(act)

for words, change in {
    "{}": lambda told, at: {},
    "null": lambda told, at: None,
    "without SQLite": lambda told, at: {k: v for k, v in told.items() if k != "SQLite"},
    "without MariaDB": lambda told, at: {k: v for k, v in told.items() if k != "MariaDB"},
    "two empty lists": lambda told, at: {"SQLite": {}, "MariaDB": {}},
    "a text": lambda told, at: "no",
}.items():
    _register(f"inventory is {words}", "inventory", change)

for words, change in {
    "status null": {"status": None},
    "status busy": {"status": "busy"},
    "status unreached": {"status": "unreached", "consecutive_errors": 3},
    "status offline": {"status": "offline"},
    "errors counted": {"consecutive_errors": 2},
    "another id": {"id": "0" * 32},
}.items():
    _register(f"entry: {words}", "entry", lambda e, at, change=change: e | change)

for words, change in {
    "no table_counts": lambda info: {"table_counts": {}},
    "table_counts null": lambda info: {"table_counts": None},
    "table_counts as text": lambda info: {"table_counts": "many"},
    "counts below zero": lambda info: {
        "table_counts": dict.fromkeys(info.get("table_counts") or {}, -1)
    },
    "status error": lambda info: {"db_status": "error", "table_counts": {}},
    "size null": lambda info: {"db_size_bytes": None},
}.items():
    _register(f"database_info: {words}", "entry", _info(change), targets.counters)

_register(
    "fields nobody knows",
    "entry",
    lambda e, at: e | {"new_field": {"a": [1, 2]}, "ping": "?"},
    effect=HARMLESS,
)


@kind("node repeats an old answer", targets.devices, effect=BLIND)
def repeats(case, target, rng):
    kept = {}

    def bend(entry, at):
        return kept.setdefault("entry", entry)

    case.switches.bend_entry.append(bend)
