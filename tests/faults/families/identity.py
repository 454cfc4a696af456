"""A file under the right name that is another's."""

import shutil
from dataclasses import replace

from tests.faults import databases, targets
from tests.faults.harm import execute, rewrite
from tests.faults.kinds import kind


def _set(field, value):
    return f"UPDATE METADATA SET value = '{value}' WHERE field = '{field}'"


@kind("copy is another experiment of the device", targets.saved_twice)
def other_experiment(case, one, rng):
    other = next(other for other in targets.saved(case) if other is not one)
    shutil.copyfile(case.here(other), case.here(one))


@kind("copy is another device's", targets.saved)
def other_device(case, one, rng):
    theirs = replace(one, device_id=f"{rng.getrandbits(128):032x}", seed=one.seed + 1)
    case.here(one).unlink()
    databases.grow(case.here(one), theirs, case.at)


@kind("copy says another machine id", targets.saved)
def other_machine(case, one, rng):
    execute(case.here(one), _set("machine_id", f"{rng.getrandbits(128):032x}"))


@kind("copy says another start", targets.saved)
def other_start(case, one, rng):
    execute(case.here(one), _set("date_time", repr(one.begins - 86400 * rng.randint(2, 90))))


@kind("copy says another file name", targets.saved)
def other_name(case, one, rng):
    execute(case.here(one), _set("backup_filename", f"2025-01-02_03-04-05_{one.device_id}.db"))


@kind("copy is of an earlier start with as many rows", targets.saved)
def earlier_start(case, one, rng):
    shift = 86400.0 * rng.randint(1, 20)
    stints = [(begin - shift, end - shift) for begin, end in one.stints]
    case.here(one).unlink()
    databases.grow(case.here(one), replace(one, stints=stints, seed=one.seed + 7), case.at)


@kind("chunk is another of the same size", targets.chunks, hidden="content")
def other_chunk(case, chunk, rng):
    content = chunk.file.content(chunk.file.ends)
    rewrite(chunk.path, content[:5] + bytes(byte ^ 0x55 for byte in content[5:]))


@kind("chunk is another, and smaller", targets.chunks, hidden="size")
def smaller_chunk(case, chunk, rng):
    rewrite(chunk.path, chunk.file.content(chunk.file.ends)[:40] * 2)
