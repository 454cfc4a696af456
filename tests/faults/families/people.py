"""What people do."""

from devices.models import Experiment, Lifecycle
from tests.faults import front, targets
from tests.faults.kinds import HARMLESS, kind


@kind("a person parks the device", targets.devices, effect=HARMLESS)
def parked(case, target, rng):
    device = front.device_of(case)
    device.lifecycle = Lifecycle.PARKED
    device.save(update_fields=["lifecycle"])


def _write_off(case, one):
    if Experiment.objects.filter(filename=one.filename).update(written_off=True):
        case.written_off.add(one)  # of what nobody told of, nothing can be pressed


@kind("a person writes a whole experiment off", targets.saved, effect=HARMLESS)
def written_off(case, one, rng):
    _write_off(case, one)


@kind("a live experiment is written off, and nothing more comes", targets.live, effect=HARMLESS)
def live_written_off(case, one, rng):
    _write_off(case, one)
    case.care.stop(one.writer)
