"""What lies beside a copy: write-ahead logs, journals, doubles, other names."""

import shutil

from tests.faults import databases, targets
from tests.faults.harm import empty, execute, halve
from tests.faults.kinds import BLIND, HARMLESS, kind


def _beside(copy, suffix):
    return copy.with_name(copy.name + suffix)


@kind("an empty -wal beside the copy", targets.saved, effect=HARMLESS)
def empty_wal(case, one, rng):
    _beside(case.here(one), "-wal").write_bytes(b"")


@kind("a garbage -wal beside the copy", targets.saved, effect=BLIND)
def garbage_wal(case, one, rng):
    _beside(case.here(one), "-wal").write_bytes(rng.randbytes(5000))


@kind("a journal beside the copy", targets.saved, effect=BLIND)
def journal(case, one, rng):
    _beside(case.here(one), "-journal").write_bytes(rng.randbytes(900))


@kind("rows were in a -wal that did not come", targets.stopped)
def wal_not_copied(case, one, rng):
    """The daemon took the file without its log: the copy ends early and has no stop row."""
    case.care.stop(one.writer)
    case.here(one).unlink()
    databases.grow(case.here(one), one, one.ends - 3 * databases.STEP)


def _double(case, one):
    other = case.results / one.device_id / "OLD_NAME" / one.stamp
    other.mkdir(parents=True, exist_ok=True)
    return shutil.copyfile(case.here(one), other / one.filename)


@kind("a worse double in another folder", targets.saved, effect=HARMLESS)
def worse_double(case, one, rng):
    execute(_double(case, one), "DELETE FROM ROI_1 WHERE id > 2")


@kind("an empty double in another folder", targets.saved, effect=HARMLESS)
def empty_double(case, one, rng):
    empty(_double(case, one))


@kind("the copy broken, a whole double in another folder", targets.saved, effect=BLIND)
def better_double(case, one, rng):
    _double(case, one)
    halve(case.here(one))


@kind("device renamed", targets.not_mariadb, effect=HARMLESS)
def renamed(case, target, rng):
    case.device.name = f"ETHOSCOPE_{500 + case.device.number}"
