"""One small device, without a world around it."""

import pytest

from tests.faults.case import Case, files_of
from tests.faults.targets import Chunk
from tests.faults.truth import (
    CHUNK,
    DAY,
    FIRMWARES,
    HOUR,
    Clock,
    Device,
    Experiment,
    Recording,
    VideoFile,
)


@pytest.fixture
def case(tmp_path):
    """A device with two recordings of three chunks and an experiment; all is here, and over."""
    clock = Clock()
    firmware = FIRMWARES[0]
    device = Device(
        number=1, device_id="d" * 32, name="E", address="", firmware=firmware, clock=clock
    )
    case = Case(device=device, seed="s", root=tmp_path, born_name="E")
    for begins in (0.0, 10 * CHUNK):
        files = [
            VideoFile(
                tail=f"{number}.h264", clock=clock, recorded=begins, seed=number,
                begins=begins + number * CHUNK, ends=begins + (number + 1) * CHUNK,
            )
            for number in range(3)
        ]  # fmt: skip
        device.recordings.append(
            Recording(
                device_id=device.device_id, folder="E", clock=clock, files=files,
                begins=begins, ends=begins + 3 * CHUNK,
            )
        )  # fmt: skip
    device.experiments.append(
        Experiment(
            device_id=device.device_id, folder="E", writer="sqlite", clock=clock, seed=1,
            stints=[(0.0, 2 * HOUR)],
        )
    )  # fmt: skip
    case.advance(DAY)
    case.copy()
    case.told = set(device.recordings)
    return case


def chunk(case, number, recording=0):
    one = case.device.recordings[recording]
    file, path = list(files_of(case, one))[number]
    return Chunk(one, file, path)
