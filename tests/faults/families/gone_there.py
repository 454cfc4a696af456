"""What a device had, and has no longer: safe where our disk holds it whole, else lost."""

import shutil

from tests.faults import targets
from tests.faults.harm import execute, rois
from tests.faults.kinds import HARMLESS, kind


def _purge(case, one):
    one.gone = True
    case.on_card(one).unlink()


def _shorten(case, one):
    case.care.stop(one.writer)
    for name in rois(case.here(one)):
        execute(case.here(one), f"DELETE FROM {name} WHERE id > 3")


@kind("database purged on the card, whole here", targets.saved, effect=HARMLESS)
def purged(case, one, rng):
    _purge(case, one)


@kind("database purged on the card, short here", targets.saved)
def purged_and_short(case, one, rng):
    _shorten(case, one)
    _purge(case, one)


@kind("database purged on the card, not here", targets.saved)
def purged_and_lost(case, one, rng):
    case.care.stop(one.writer)
    case.here(one).unlink()
    _purge(case, one)


@kind("database no longer listed, whole here", targets.saved, effect=HARMLESS)
def unlisted(case, one, rng):
    one.listed = False


@kind("database no longer listed, short here", targets.saved)
def unlisted_and_short(case, one, rng):
    _shorten(case, one)
    one.listed = False


@kind("database no longer listed, not here", targets.saved)
def unlisted_and_lost(case, one, rng):
    case.care.stop(one.writer)
    case.here(one).unlink()
    one.listed = False


@kind("live database dropped on the card, the rest never came", targets.live)
def dropped(case, one, rng):
    case.care.stop(one.writer)
    case.advance(case.at)
    begin, _ = one.stints[-1]
    one.stints[-1] = (begin, case.at)
    _purge(case, one)
    one.listed = False


@kind("recording purged on the card, whole here", targets.recordings, effect=HARMLESS)
def recording(case, one, rng):
    shutil.rmtree(case.on_card(one))


@kind("recording purged on the card, a chunk lost here", targets.recordings)
def recording_and_chunk(case, one, rng):
    shutil.rmtree(case.on_card(one))
    sorted(case.here(one).glob("*.h264"))[0].unlink()


@kind("recording purged on the card, not here", targets.recordings)
def recording_and_all(case, one, rng):
    shutil.rmtree(case.on_card(one))
    shutil.rmtree(case.here(one))
