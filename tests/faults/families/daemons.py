"""Daemons that stop, copy badly, or claim what is not so."""

from functools import partial

from tests.faults import databases, targets
from tests.faults.kinds import HARMLESS, kind


def _stop(types, case, target, rng):
    case.care.stop(*types)


STOPS = {
    "SQLite": ({"sqlite"}, targets.live_sqlite),
    "MySQL": ({"mysql"}, targets.live_mysql),
    "videos": ({"video"}, targets.live_recordings),
    "anything": ({"mysql", "sqlite", "video"}, targets.devices),
}
for words, (types, find) in STOPS.items():
    act = partial(_stop, types)
    act.__module__ = __name__
    kind(f"nobody copies {words} any more", find)(act)


@kind("daemon sends half of each chunk", targets.live_recordings)
def halves(case, recording, rng):
    case.care.stop_own_runs()
    case.switches.copy_ends = lambda content: content[: len(content) // 2]


@kind("daemon sends zeros", targets.live_recordings)
def zeros(case, recording, rng):
    case.care.stop_own_runs()
    case.switches.copy_ends = lambda content: bytes(len(content))


@kind("daemon sends empty chunks", targets.live_recordings)
def empties(case, recording, rng):
    case.care.stop_own_runs()
    case.switches.copy_ends = lambda content: b""


@kind("daemon claims “completed” over nothing", targets.tracked)
def claims(case, target, rng):
    case.care.stop()
    case.switches.claim = "completed"


@kind("daemon claims an error over all that is well", targets.devices, effect=HARMLESS)
def claims_error(case, target, rng):
    case.switches.claim = "error"


@kind("daemon writes an older state over the copy", targets.saved_sqlite)
def older_state(case, one, rng):
    case.care.stop("sqlite")
    case.here(one).unlink()
    databases.grow(case.here(one), one, one.begins + 0.8 * (one.ends - one.begins))


@kind("mirror daemon stops between two tables", targets.live_mysql)
def between_tables(case, one, rng):
    case.care.stop("mysql")
    if case.here(one).exists():
        whole = one.rois
        one.rois = 1
        databases.grow(case.here(one), one, case.at + 3600, key=databases.BY_MIRROR)
        one.rois = whole
