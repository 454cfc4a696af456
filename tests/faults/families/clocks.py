"""The device's clock, and times of files. By themselves they change nothing."""

from functools import partial

from tests.faults import targets
from tests.faults.case import touch
from tests.faults.kinds import HARMLESS, LOSS, kind
from tests.faults.truth import DAY, HOUR, MINUTE

JUMPS = {
    "a year ahead": 365 * DAY,
    "a year behind": -365 * DAY,
    "a month behind": -30 * DAY,
    "a day ahead": DAY,
    "five hours behind": -5 * HOUR,
    "a quarter of an hour behind": -15 * MINUTE,
    "in 1970": None,
}


def _jump(ahead, stops, case, target, rng):
    case.device.clock.set(case.at, -case.at + 3600 if ahead is None else ahead)
    if stops:
        case.care.stop()


for words, ahead in JUMPS.items():
    for stops in (False, True):
        name = f"clock is {words}{', and nothing more is copied' if stops else ''}"
        act = partial(_jump, ahead, stops)
        act.__module__ = __name__
        kind(name, targets.devices, effect=LOSS if stops else HARMLESS)(act)


def _touched(shift, case, target, rng):
    case.proven.clear()
    case.pulled.clear()  # who touches a file ends what a pull has proven of it
    for path in [*case.results.rglob("*.db"), *case.videos.rglob("*.h264")]:
        if case.device.device_id in path.parts:
            touch(path, case.at + shift if shift else 0)


for words, shift in {"now": 1.0, "ahead by a year": 365 * DAY, "1970": None}.items():
    act = partial(_touched, shift)
    act.__module__ = __name__
    kind(f"times of all files here are {words}", targets.devices, effect=HARMLESS)(act)
