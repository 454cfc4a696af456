"""Under the right name lies another database: of another device, experiment or start."""

import shutil
from collections.abc import Callable

from lab.faults.copies import Damage, Struck, editing, hold_back
from lab.faults.mishap import Mishap
from lab.faults.options import HOUR, FaultError
from lab.tracking import Tracking

_DAY = 24 * HOUR


def change_field(field: str, value: Callable[[Struck], str]) -> Damage:
    """By its own words it is another's."""

    def damage(copy: Struck) -> None:
        with editing(copy.path) as connection:
            changed = "UPDATE METADATA SET value = ? WHERE field = ?"
            connection.execute(changed, (value(copy), field))

    return damage


def put_other_device(copy: Struck) -> None:
    """A whole, finished database of another device under this one's name."""
    others = [each for each in copy.world.devices if each is not copy.device]
    _replace(copy, [run for each in others for run in each.runs])


def put_other_experiment(copy: Struck) -> None:
    """A whole, finished one of the same device."""
    _replace(copy, copy.device.runs[:-1])


def _replace(copy: Struck, runs: list[Tracking]) -> None:
    held = (copy.world.tree.results / run.path for run in runs if run.stopped_at is not None)
    source = next((path for path in held if path.exists()), None)
    if source is None:
        raise FaultError(f"{copy.device.name}: the node holds no other finished run")
    shutil.copy2(source, copy.path)


def _another_start(copy: Struck) -> str:
    return repr(copy.run.started_at - _DAY)


IDENTITY_FAULTS = {
    "other-device-copy": Mishap(
        "another device's database under the newest run's name", thing=hold_back(put_other_device)
    ),
    "other-experiment-copy": Mishap(
        "an older run of the device under the newest one's name",
        thing=hold_back(put_other_experiment),
    ),
    "other-id-copy": Mishap(
        "the newest copy says that it is another device's",
        thing=hold_back(change_field("machine_id", lambda copy: "f" * 32)),
    ),
    "other-start-copy": Mishap(
        "the newest copy says that it began a day before",
        thing=hold_back(change_field("date_time", _another_start)),
    ),
    "other-filename-copy": Mishap(
        "the newest copy says that its file has another name",
        thing=hold_back(change_field("backup_filename", lambda copy: f"x{copy.run.filename}")),
    ),
}
