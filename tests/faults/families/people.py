"""What people do."""

from devices.models import Experiment, Lifecycle
from tests.faults import front, targets
from tests.faults.kinds import HARMLESS, kind


@kind("a person parks the device", targets.devices, effect=HARMLESS)
def parked(case, target, rng):
    device = front.device_of(case)
    device.lifecycle = Lifecycle.PARKED
    device.save(update_fields=["lifecycle"])


@kind("a person writes a whole experiment off", targets.saved, effect=HARMLESS)
def written_off(case, one, rng):
    case.written_off.add(one)
    Experiment.objects.filter(filename=one.filename).update(written_off=True)


@kind("a person writes a live experiment off, and nothing more comes", targets.live)
def live_written_off(case, one, rng):
    case.care.daemons.discard(one.writer)
    case.care.pulls_results = case.care.mirrors = frozenset()
