"""Our own clock, set wrong for a look or two."""

from functools import partial

from tests.faults import targets
from tests.faults.kinds import BLIND, LOSS, kind
from tests.faults.truth import DAY, HOUR

JUMPS = {"a day ahead": DAY, "a day behind": -DAY, "two hours behind": -2 * HOUR}


def _jump(ahead, stops, case, target, rng):
    case.switches.ours_ahead += [ahead, ahead]
    if stops:
        case.care.stop()


for words, ahead in JUMPS.items():
    for stops in (False, True):
        name = f"our clock is {words}{', and nothing more is copied' if stops else ''}"
        act = partial(_jump, ahead, stops)
        act.__module__ = __name__
        kind(name, targets.devices, effect=LOSS if stops else BLIND)(act)
