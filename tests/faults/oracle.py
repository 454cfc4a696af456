"""What would be lost if a card died now, and whether a healthy look could be proven.

It reads the files on our disk by itself, against what was truly recorded: no evidence of the
product's is used.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults import databases
from tests.faults.case import Case, Item, files_of, stamps
from tests.faults.truth import HOUR, Experiment, OtherFile, Recording, VideoFile

MAX_AGE = {"mysql": 2 * HOUR, "sqlite": 2 * HOUR, "video": 6 * HOUR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What the disk lacks of one item. `since`: when the oldest of it was recorded.

    `file`: which of a recording. `is_here`: a file is, and does not hold what it should.
    """

    item: str
    what: str
    since: float
    of: Item
    is_here: bool
    file: VideoFile | None = None

    @property
    def is_beside(self) -> bool:
        """Of a file that is no chunk."""
        is_other = isinstance(self.of, OtherFile)
        return is_other or (self.file is not None and not self.file.is_chunk)


def losses(case: Case, backup_type: str) -> list[Loss]:
    beside = [loss for other in _others(case, backup_type) for loss in _of_other(case, other)]
    if backup_type == "video":
        items = case.recordings()
        return beside + [loss for one in items for loss in _of_recording(case, one)]
    ours = [one for one in case.experiments(backup_type) if one not in case.written_off]
    return beside + [loss for one in ours for loss in _of_database(case, one)]


def old(case: Case, backup_type: str, lost: list[Loss]) -> list[Loss]:
    """Those of data that had to be saved by now."""
    until = case.at - MAX_AGE[backup_type]
    return [loss for loss in lost if loss.since <= until]


def _others(case: Case, backup_type: str) -> list[OtherFile]:
    """Films are judged with the videos; all else with what the device writes its results into."""
    writers = {one.writer for one in case.experiments()}
    results = "mysql" if writers == {"mysql"} else "sqlite"
    return [o for o in case.others() if backup_type == ("video" if o.is_video else results)]


def _of_other(case: Case, other: OtherFile) -> Iterator[Loss]:
    """A link is no copy: nobody knows how long what it leads to will be there. Where its card has
    rotted since, a pull keeps the copy of before beside the one that the card has now."""
    here = _files(case.others_here(other))
    if any(
        path.read_bytes() == other.content for path in (*here, *_files(case.others_kept(other)))
    ):
        return
    what = "its content is another" if here else "not here"
    name = other.path.decode("utf-8", "backslashreplace")
    yield Loss(item=name, what=what, since=other.since, of=other, is_here=bool(here))


def _files(paths: list[Path]) -> list[Path]:
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def _of_database(case: Case, one: Experiment) -> Iterator[Loss]:
    wanted = one.rows(case.at)
    copies = _copies(case, one)
    held = [_held(case, path, one) for path in copies]
    count, wrong = max(held, key=lambda found: (found[0], not found[1]), default=(0, "no copy"))
    if count < wanted:
        what = f"{count} of {wanted} rows of each ROI are here{f'; {wrong}' if wrong else ''}"
        since = one.row_at(count + 1)
    elif wrong:
        what, since = wrong, min(one.ends, case.at)
    else:
        return
    yield Loss(item=one.filename, what=what, since=since, of=one, is_here=bool(copies))


def _copies(case: Case, one: Experiment) -> list[Path]:
    found = sorted(case.results.glob(f"{one.device_id}/**/{one.filename}"))
    return [path for path in found if path.is_file()]


def _held(case: Case, path: Path, one: Experiment) -> tuple[int, str]:
    mark = (*stamps(path), one.rows(case.at), len(one.stops(case.at)))
    if case.sound.get(path) == mark:
        return one.rows(case.at), ""
    count, wrong = databases.held(path, one, case.at)
    if count == one.rows(case.at) and not wrong:
        case.sound[path] = mark
    return count, wrong


def _of_recording(case: Case, recording: Recording) -> Iterator[Loss]:
    for file, path in files_of(case, recording):
        if loss := _of_file(case, recording, file, path):
            yield loss


def _of_file(case: Case, recording: Recording, file: VideoFile, path: Path) -> Loss | None:
    try:
        mark = stamps(path)
        if case.sound.get(path) == mark and file.ends <= case.at:
            return None
        found = path.read_bytes()
    except OSError:
        found, mark = None, ()
    wanted = file.content(case.at)
    if found == wanted:
        if file.ends <= case.at:
            case.sound[path] = mark
        return None
    grows = case.at < file.ends and found is not None and wanted.startswith(found)
    return Loss(
        item=f"{recording.stamp}/{file.name}",
        what="not here" if found is None else f"{len(found)} bytes of {len(wanted)}",
        since=case.copied_at if grows else min(file.ends, case.at),
        of=recording,
        is_here=found is not None,
        file=file,
    )


def provable(case: Case, backup_type: str) -> bool:
    """Whether the product could have seen a proof of everything of this type."""
    if backup_type == "video":
        return _videos_provable(case)
    return all(_database_provable(case, one) for one in case.experiments(backup_type))


def _videos_provable(case: Case) -> bool:
    recordings = case.recordings()
    pulled_at = case.pulled.get("pull_videos", 0.0)
    if not recordings:
        return case.device.firmware.videos == "paths"  # the oldest answers {}, which is no list
    is_fresh = pulled_at >= case.at - MAX_AGE["video"]
    return all(r in case.proven or (is_fresh and r.is_recording(case.at)) for r in recordings)


def _database_provable(case: Case, one: Experiment) -> bool:
    if not one.listed:
        return False
    kind = "pull_results" if one.writer == "sqlite" else "mirror"
    if case.pulled.get(kind, 0.0) >= min(one.ends, case.at - MAX_AGE[one.writer]):
        return True
    told = case.device.firmware
    if one.ended(case.at) and told.final_counts:
        return True
    is_told = one.graceful or not one.ended(case.at)  # after a crash the device boots
    is_newest = case.device.newest(case.at) is one
    return told.live_counts and is_told and is_newest and case.device.status(case.at) != "recording"
