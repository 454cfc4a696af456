"""Rows and tables that the copy lacks, while the file looks whole."""

from functools import partial

from tests.faults import targets
from tests.faults.harm import execute, rois
from tests.faults.kinds import kind

WHERES = {
    "all rows": "1",
    "its last row": "id = (SELECT max(id) FROM {})",
    "the last half": "id > 2 + (SELECT max(id) FROM {}) / 2",
    "the first half": "id < (SELECT max(id) FROM {}) / 2",
    "one row in the middle": "id = (SELECT max(id) FROM {}) / 2",
}


def _less(where, every, case, one, rng):
    names = rois(case.here(one))
    for name in names if every else [rng.choice(names)]:
        execute(case.here(one), f"DELETE FROM {name} WHERE {where.format(name)}")


for words, where in WHERES.items():
    for every in (False, True):
        name = f"{'every ROI' if every else 'one ROI'} lacks {words}"
        act = partial(_less, where, every)
        act.__module__ = __name__
        kind(name, targets.saved)(act)


@kind("one ROI's table is not there", targets.saved)
def roi_dropped(case, one, rng):
    execute(case.here(one), f"DROP TABLE {rng.choice(rois(case.here(one)))}")


@kind("no ROI's table is there", targets.saved)
def rois_dropped(case, one, rng):
    execute(case.here(one), *(f"DROP TABLE {name}" for name in rois(case.here(one))))


def _without(table, verb, case, one, rng):
    execute(case.here(one), f"{verb} {table}")


for table in ("METADATA", "VAR_MAP", "ROI_MAP", "START_EVENTS", "IMG_SNAPSHOTS"):
    for verb, words in (("DROP TABLE", "not there"), ("DELETE FROM", "empty")):
        act = partial(_without, table, verb)
        act.__module__ = __name__
        kind(f"{table} is {words}", targets.saved)(act)


@kind("a live copy has one ROI that is hours short", targets.live)
def live_roi_short(case, one, rng):
    copy = case.here(one)
    case.care.stop(one.writer)
    if copy.exists():
        roi = rng.choice(rois(copy))
        execute(copy, f"DELETE FROM {roi} WHERE id > (SELECT max(id) FROM {roi}) / 3")
