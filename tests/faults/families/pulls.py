"""Our own runs: refused, stopped, and what they leave out."""

from tests.faults import targets
from tests.faults.kinds import HARMLESS, UNLISTED, kind
from tests.faults.truth import VideoFile


def _only_ours(case):
    case.care.daemons.clear()
    case.care.pulls_results = case.care.pulls_videos = case.care.mirrors = frozenset(range(100))


@kind("recordings as .avi, and nobody copies them", targets.live_recordings)
def avi(case, recording, rng):
    case.care.stop("video")
    for file in recording.files:
        if file.begins > case.at:
            file.tail = file.tail.replace(".h264", ".avi")


@kind("recordings as .avi, and pulled", targets.live_recordings, effect=HARMLESS)
def avi_pulled(case, recording, rng):
    _only_ours(case)
    for file in recording.files:
        if file.begins > case.at:
            file.tail = file.tail.replace(".h264", ".avi")


@kind("a file beside the chunks that nobody copies", targets.recordings, hidden=UNLISTED)
def beside(case, recording, rng):
    case.care.stop("video")
    extra = VideoFile(
        tail=f"{recording.device_id}_notes.csv",
        clock=recording.clock,
        recorded=recording.begins,
        begins=case.at - 8 * 3600,
        ends=case.at - 7 * 3600,
        seed=4,
    )
    recording.files.append(extra)
    (case.on_card(recording) / extra.name).write_bytes(extra.content(case.at))


@kind("ssh refuses us, and no daemon copies", targets.devices)
def refused(case, target, rng):
    case.care.daemons.clear()
    case.switches.refuses_ssh = True
