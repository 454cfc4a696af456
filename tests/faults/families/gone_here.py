"""What was on our disk, and is not any more."""

import shutil

from tests.faults import targets
from tests.faults.kinds import kind


@kind("chunk deleted", targets.chunks)
def chunk(case, chunk, rng):
    case.care.stop()
    chunk.path.unlink()


@kind("first chunk deleted", targets.first_chunks)
def first(case, chunk, rng):
    case.care.stop()
    chunk.path.unlink()


@kind("last chunk deleted", targets.last_chunks)
def last(case, chunk, rng):
    case.care.stop()
    chunk.path.unlink()


@kind("chunk renamed", targets.chunks)
def renamed(case, chunk, rng):
    case.care.stop()
    chunk.path.rename(chunk.path.with_suffix(".bak"))


@kind("recording deleted", targets.recordings)
def recording(case, one, rng):
    case.care.stop()
    shutil.rmtree(case.here(one))


@kind("recording deleted, and brought back by nobody while another comes", targets.recordings)
def older(case, one, rng):
    case.care.stop("video")
    shutil.rmtree(case.here(one))


@kind("every recording deleted", targets.recordings)
def recordings(case, one, rng):
    case.care.stop()
    shutil.rmtree(case.videos / case.device.device_id)


@kind("copy of a database deleted", targets.saved)
def database(case, one, rng):
    case.care.stop()
    case.here(one).unlink()


@kind("copy of a database renamed", targets.saved)
def database_renamed(case, one, rng):
    case.care.stop()
    case.here(one).rename(case.here(one).with_suffix(".db.old"))


@kind("every copy deleted", targets.saved)
def databases(case, one, rng):
    case.care.stop()
    shutil.rmtree(case.results / case.device.device_id)


@kind("a folder in place of the copy", targets.saved)
def folder(case, one, rng):
    case.care.stop()
    case.here(one).unlink()
    case.here(one).mkdir()


@kind("a link in place of the copy", targets.saved)
def link(case, one, rng):
    case.care.stop()
    case.here(one).unlink()
    case.here(one).symlink_to("/nowhere.db")
