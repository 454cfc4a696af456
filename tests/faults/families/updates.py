"""Software that changes under way: what was known before is still true."""

import shutil

from tests.faults import targets
from tests.faults.kinds import BLIND, HARMLESS, kind
from tests.faults.truth import FIRMWARES


@kind("firmware updated: it lists no videos any more", targets.listers, effect=BLIND)
def updated(case, target, rng):
    case.device.firmware = FIRMWARES[0]


@kind("a chunk lost, and firmware updated: it lists no videos any more", targets.listers)
def updated_over_a_loss(case, target, rng):
    chunks = targets.chunks(case)
    case.care.stop("video")
    case.device.firmware = FIRMWARES[0]
    if chunks:
        rng.choice(chunks).path.unlink()


@kind("firmware updated: it tells rows of each table", targets.tracked, effect=HARMLESS)
def tells_more(case, target, rng):
    if not case.device.firmware.videos:
        case.device.firmware = FIRMWARES[1]


@kind("firmware put back: it tells no rows any more", targets.counters, effect=BLIND)
def tells_less(case, target, rng):
    case.device.firmware = FIRMWARES[2]


@kind("a copy short, and firmware put back: it tells no rows any more", targets.live)
def tells_less_over_a_loss(case, one, rng):
    case.care.stop(one.writer)
    case.device.firmware = FIRMWARES[2]


@kind("the only recording lost, and the next arrives", targets.recordings)
def lost_and_next(case, recording, rng):
    shutil.rmtree(case.here(recording))
    shutil.rmtree(case.on_card(recording))


@kind("a database short, and the device starts the next", targets.live)
def next_start(case, one, rng):
    """It stops at once; what was on its way never comes."""
    case.care.stop(one.writer)
    begin, _ = one.stints[-1]
    one.stints[-1] = (begin, case.at)
