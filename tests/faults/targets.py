"""What faults can strike: each gives its targets in one device-case, as it is now."""

from dataclasses import dataclass
from pathlib import Path

from tests.faults.case import Case, Item, files_of
from tests.faults.truth import CHUNK, Experiment, OtherFile, Recording, VideoFile


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk that is whole here."""

    recording: Recording
    file: VideoFile
    path: Path

    @property
    def ends(self) -> float:
        return self.file.ends


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the card, of any sort, and the copy of it that is here and equal."""

    item: Item
    there: Path
    here: Path


def kept(case: Case) -> list[Kept]:
    """Of each sort: a chunk, an experiment's database, another file."""
    pairs = [
        (one, case.on_card(one), case.here(one))
        for one in case.experiments("sqlite")
        if one.ended(case.at)
    ]
    for one in case.recordings():
        files = files_of(case, one) if one.ends <= case.at else ()
        pairs += [(one, case.on_card(one) / file.name, path) for file, path in files]
    pairs += [
        (o, case.other_on_card(o), place) for o in case.others() for place in case.others_here(o)
    ]
    return [Kept(*pair) for pair in pairs if _are_equal(*pair[1:])]


def _are_equal(there: Path, here: Path) -> bool:
    both = all(path.is_file() and not path.is_symlink() for path in (there, here))
    return both and there.read_bytes() == here.read_bytes()


def others_on_card(case: Case) -> list[OtherFile]:
    return [one for one in case.others() if case.other_on_card(one).is_file()]


def others_kept(case: Case) -> list[Kept]:
    return [one for one in kept(case) if isinstance(one.item, OtherFile)]


def own_databases(case: Case) -> list[Experiment]:
    """On the card, and at rest."""
    ended = (one for one in case.experiments("sqlite") if one.ended(case.at))
    return [one for one in ended if case.on_card(one).is_file()]


def servers(case: Case) -> list[Experiment]:
    """What a MariaDB holds of an experiment that is over."""
    newest = max(case.experiments("mysql"), key=lambda one: one.begins, default=None)
    return [newest] if newest and newest.ended(case.at) and not newest.gone else []


def listed(case: Case) -> list[Case]:
    """Devices whose cards we look at, and go on doing so."""
    return [case] if case.care.lists and not case.switches.refuses_ssh else []


def idle(case: Case) -> list[Case]:
    """Cards that nothing will be written to any more."""
    items = (*case.device.experiments, *case.device.recordings)
    return listed(case) if all(one.ends <= case.at for one in items) else []


def devices(case: Case) -> list[Case]:
    return [case]


def saved(case: Case) -> list[Experiment]:
    """Databases that ended, and have a copy here."""
    ended = (one for one in case.experiments() if one.ended(case.at) and one.rows(case.at) > 4)
    return [one for one in ended if case.here(one).is_file()]


def saved_sqlite(case: Case) -> list[Experiment]:
    return [one for one in saved(case) if one.writer == "sqlite"]


def saved_twice(case: Case) -> list[Experiment]:
    return found if len(found := saved(case)) > 1 else []


def stopped(case: Case) -> list[Experiment]:
    return [one for one in saved(case) if one.graceful]


def live(case: Case) -> list[Experiment]:
    """Databases that grow, and will for the next looks."""
    return [o for o in case.experiments() if o.is_tracking(case.at) and o.ends > case.at + 6 * 3600]


def live_sqlite(case: Case) -> list[Experiment]:
    return [one for one in live(case) if one.writer == "sqlite"]


def live_mysql(case: Case) -> list[Experiment]:
    return [one for one in live(case) if one.writer == "mysql"]


def tracked(case: Case) -> list[Case]:
    return [case] if case.experiments() else []


def recordings(case: Case) -> list[Recording]:
    """Those of which more than two chunks are here, and that ended."""
    ended = (one for one in case.recordings() if one.ends <= case.at - CHUNK)
    return [one for one in ended if sum(p.exists() for _, p in files_of(case, one)) > 2]


def live_recordings(case: Case) -> list[Recording]:
    return [r for r in case.recordings() if r.is_recording(case.at) and r.ends > case.at + 6 * 3600]


def chunks(case: Case) -> list[Chunk]:
    """Whole ones of any recording, first and last ones too."""
    return [
        Chunk(recording, file, path)
        for recording in recordings(case)
        for file, path in files_of(case, recording)
        if path.is_file()
    ]


def first_chunks(case: Case) -> list[Chunk]:
    return [c for c in chunks(case) if c.file is c.recording.files[0]]


def last_chunks(case: Case) -> list[Chunk]:
    return [c for c in chunks(case) if c.file is c.recording.files[-1]]


def listers(case: Case) -> list[Case]:
    """Devices whose firmware lists its videos, and that have some."""
    return [case] if case.device.firmware.videos and case.recordings() else []


def counters(case: Case) -> list[Case]:
    """Devices that tell rows of each table."""
    return [case] if case.device.firmware.live_counts and case.experiments() else []


def not_mariadb(case: Case) -> list[Case]:
    """The server that all share finds a database by the device's name."""
    return [] if any(one.writer == "mysql" for one in case.device.experiments) else [case]
