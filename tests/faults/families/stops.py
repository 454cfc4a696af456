"""Stop rows: lost, early, late, and runs that go on after them."""

from tests.faults import databases, targets
from tests.faults.harm import execute
from tests.faults.kinds import HARMLESS, kind
from tests.faults.truth import HOUR

NO_STOP = "DELETE FROM METADATA WHERE field = 'stop_date_time'"


@kind("copy lost its stop row", targets.stopped)
def lost(case, one, rng):
    execute(case.here(one), NO_STOP)


@kind("copy has a stop row over a third of the rows", targets.stopped)
def early(case, one, rng):
    third = one.begins + (one.ends - one.begins) / 3
    case.here(one).unlink()
    databases.grow(case.here(one), one, third)
    row = ("stop_date_time", str(int(one.clock.at(one.ends))))
    execute(case.here(one), f"INSERT INTO METADATA VALUES {row}")


@kind("copy of a live run has a stop row, and nothing more comes", targets.live_sqlite)
def on_a_live_one(case, one, rng):
    case.care.stop(one.writer)
    if case.here(one).exists():
        row = ("stop_date_time", str(int(one.clock.at(case.at))))
        execute(case.here(one), f"INSERT INTO METADATA VALUES {row}")


@kind("appended to after its stop, and nothing more comes", targets.stopped)
def appended(case, one, rng):
    if case.device.status(case.at) == "stopped":
        case.care.stop(one.writer)
        one.stints.append((case.at, case.at + 8 * HOUR))


@kind("appended to after its stop, and copied", targets.stopped, effect=HARMLESS)
def appended_and_copied(case, one, rng):
    if case.device.status(case.at) == "stopped":
        one.stints.append((case.at, case.at + 3 * HOUR))


@kind("crashed: no stop row, and the rest never comes", targets.live)
def crashed(case, one, rng):
    case.care.stop(one.writer)
    begin, _ = one.stints[-1]
    one.stints[-1] = (begin, case.at + 2 * HOUR)
    one.graceful = False


@kind("crashed: no stop row, and all is copied", targets.live, effect=HARMLESS)
def crashed_and_copied(case, one, rng):
    begin, _ = one.stints[-1]
    one.stints[-1] = (begin, case.at + 1 * HOUR)
    one.graceful = False
