"""Bad news that something tries to cover: a touch, an added row, a verification between."""

import sqlite3
from contextlib import suppress

from tests.faults import targets
from tests.faults.case import touch
from tests.faults.harm import break_pages, execute, flip, halve
from tests.faults.kinds import LOSS, kind


def _verify_next(case):
    case.care.verifies = frozenset(range(100))
    case.care.stop()


def _before_each_look(case, path, act):
    """For as long as the file is there: another fault may have taken it away, or broken it."""

    def again():
        if path.is_file():
            with suppress(OSError, sqlite3.Error):
                act()

    case.switches.before_look.append(again)


def _touch_each_time(case, path):
    _before_each_look(case, path, lambda: touch(path, case.at))


@kind("database broken, verified, touched each time", targets.saved, hidden="verify")
def touched(case, one, rng):
    _verify_next(case)
    break_pages(case.here(one))
    _touch_each_time(case, case.here(one))


@kind("database broken, verified, written to each time", targets.saved, hidden="verify")
def written(case, one, rng):
    _verify_next(case)
    copy = case.here(one)
    break_pages(copy)
    add = "INSERT INTO METADATA VALUES ('seen', '1')"
    _before_each_look(case, copy, lambda: execute(copy, add))


@kind("database short and touched", targets.saved, effect=LOSS)
def short(case, one, rng):
    execute(case.here(one), "DELETE FROM ROI_2 WHERE id > 2")
    _touch_each_time(case, case.here(one))


@kind("chunk flipped, verified, touched each time", targets.chunks, hidden="content")
def chunk_touched(case, chunk, rng):
    _verify_next(case)
    flip(chunk.path)
    _touch_each_time(case, chunk.path)


@kind("chunk halved and touched each time", targets.chunks, hidden="size")
def chunk_halved(case, chunk, rng):
    halve(chunk.path)
    _touch_each_time(case, chunk.path)
