"""Bad news that something tries to cover: a touch, an added row, a verification between."""

from tests.faults import targets
from tests.faults.case import touch
from tests.faults.harm import break_pages, execute, flip, halve
from tests.faults.kinds import LOSS, kind


def _verify_next(case):
    case.care.verifies = frozenset(range(100))
    case.care.daemons.clear()
    case.care.pulls_results = case.care.pulls_videos = case.care.mirrors = frozenset()


@kind("database broken, verified, touched each time", targets.saved, hidden="verify")
def touched(case, one, rng):
    _verify_next(case)
    break_pages(case.here(one))
    case.switches.before_look.append(lambda: touch(case.here(one), case.at))


@kind("database broken, verified, written to each time", targets.saved, hidden="verify")
def written(case, one, rng):
    _verify_next(case)
    break_pages(case.here(one))

    def add():
        execute(case.here(one), "INSERT INTO METADATA VALUES ('seen', '1')")

    case.switches.before_look.append(add)


@kind("database short and touched", targets.saved, effect=LOSS)
def short(case, one, rng):
    execute(case.here(one), "DELETE FROM ROI_2 WHERE id > 2")
    case.switches.before_look.append(lambda: touch(case.here(one), case.at))


@kind("chunk flipped, verified, touched each time", targets.chunks, hidden="content")
def chunk_touched(case, chunk, rng):
    _verify_next(case)
    flip(chunk.path)
    case.switches.before_look.append(lambda: _touch_again(case, chunk.path))


@kind("chunk halved and touched each time", targets.chunks, hidden="size")
def chunk_halved(case, chunk, rng):
    halve(chunk.path)
    case.switches.before_look.append(lambda: _touch_again(case, chunk.path))


def _touch_again(case, path):
    if path.exists():  # another fault may have taken it away
        touch(path, case.at)
