"""The pull of results as a run: every SQLite database of a device that may have changed."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath

from django.conf import settings

from backups.engine.copies.errors import CopyUnusable, FewerRows, LocalFailed, LocalFull
from backups.engine.copies.identity import fingerprint
from backups.engine.errors import NotReady
from backups.engine.items import CopyState
from backups.engine.pull import (
    DatabaseOptions,
    Phase,
    Progress,
    PulledDatabase,
    SshTarget,
    knock,
    pull_database,
)
from backups.engine.pull.errors import BadName, KeepsChanging, RemoteFailed, RemoteMissing
from backups.engine.pull.processes import Leash
from backups.models import ResultCopy
from backups.services.foreign import note_foreign_write
from backups.services.proofs import store_proof
from backups.services.refused_copies import CURE, note_refused, note_taken
from backups.services.results import latest_moment
from backups.services.runs.disks import refuse_lost_results
from backups.services.runs.jobs import Outcome, RunProgress, RunWaits, Work
from backups.services.runs.place import UnsafePlace, folder_for, path_of_copy
from backups.services.runs.reach import own_errors, ssh_target
from backups.services.runs.reports import DatabaseReport, ResultsReport
from devices.freshness import is_fresh
from devices.models import Device, Experiment, Writer

LOOK_AGAIN = timedelta(days=1)  # at a database that nobody saw change

# What is wrong with one database keeps nobody from pulling the next.
OF_ONE = (BadName, CopyUnusable, FewerRows, KeepsChanging, LocalFailed, RemoteFailed, UnsafePlace)
NOT_THERE = "the device lists it, and has no such file any more"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullSource:
    """One database on the device, and its place below the results folder."""

    experiment: Experiment
    remote: PurePosixPath
    place: Path
    copy: ResultCopy | None

    @property
    def is_damaged(self) -> bool:
        """As whoever looked into the copy found it."""
        copy = self.copy
        return copy is not None and (bool(copy.damage) or copy.state == CopyState.CORRUPT)

    @property
    def gives_way(self) -> bool:
        """A person lets the device's take its place, though that holds less."""
        return self.copy is not None and self.copy.gives_way_at is not None

    @property
    def proven(self) -> ResultCopy | None:
        """The copy, if the proof that is stored of it is of the file that lies here now, and
        nobody found it damaged since."""
        if self.copy is None or self.copy.whole_as_of is None or self.is_damaged:
            return None
        if self.copy.state != CopyState.USABLE:
            return None
        with suppress(OSError):
            is_the_same = fingerprint(settings.RESULTS_DIR / self.place)
            return self.copy if is_the_same == self.copy.proven_fingerprint else None
        return None


@dataclass(slots=True, kw_only=True)
class OnePull:
    """What came of one database."""

    filename: str
    done: PulledDatabase | None = None
    waits: str = ""
    remark: str = ""
    problem: str = ""

    @property
    def report(self) -> DatabaseReport:
        note = self.problem or self.waits or self.remark
        if self.done is None:
            return DatabaseReport(filename=self.filename, note=note)
        return DatabaseReport(
            filename=self.filename,
            note=note,
            method=str(self.done.method),
            changed=self.done.changed,
            size_bytes=self.done.size_bytes,
            wire_bytes=self.done.wire_bytes,
            kept=tuple(path.name for path in self.done.kept),
            remarks=self.done.remarks,
        )


def pull_results(work: Work) -> Outcome:
    """Those that grow come first. What nobody saw change is looked at once a day."""
    refuse_lost_results()
    with own_errors():
        sources, refused = _sources_of(work.device)
        waiting = [source for source in sources if not _is_settled(source, work)]
        target, meter = ssh_target(work), _AllDatabases(work, waiting)
        if not waiting:  # a run that spoke to nobody has shown nothing
            knock(target, leash=Leash(cancelled=work.watch.cancelled))
        pulled = [
            _pull(work, target, source, meter.of(number)) for number, source in enumerate(waiting)
        ]
    return _outcome([*pulled, *refused], settled=len(sources) - len(waiting))


def _sources_of(device: Device) -> tuple[list[PullSource], list[OnePull]]:
    """And those whose names cannot lead to a place here."""
    runs = device.experiments.filter(writer=Writer.SQLITE, written_off=False)
    copies = {copy.path: copy for copy in device.copies.all()}
    sources, refused = [], []
    for run in runs.order_by("-growing", "-started_at", "pk"):
        try:
            sources.append(_source(device, run, copies))
        except UnsafePlace as error:
            refused.append(OnePull(filename=run.filename, problem=str(error)))
    return sources, refused


def _source(device: Device, run: Experiment, copies: dict[str, ResultCopy]) -> PullSource:
    """Its folder is named as it was when the run began, but always below this device's own."""
    parts = PurePosixPath(run.path).parts
    name = parts[-3] if len(parts) > 3 else device.name
    place = path_of_copy(device.device_id, name, run.filename)
    remote = run.path or settings.DEVICE_DATA_ROOT / "results" / place
    return PullSource(
        experiment=run,
        remote=PurePosixPath(remote),
        place=place,
        copy=copies.get(str(place)),
    )


def _is_settled(source: PullSource, work: Work) -> bool:
    if source.gives_way:
        return False
    copy, run = source.proven, source.experiment
    whole_as_of = copy.whole_as_of if copy else None
    if whole_as_of is None or run.growing:
        return False
    changed_since = run.changed_at is not None and run.changed_at >= whole_as_of
    return not changed_since and is_fresh(whole_as_of, within=LOOK_AGAIN, now=work.now)


def _pull(
    work: Work, target: SshTarget, source: PullSource, tell: Callable[[Progress], None]
) -> OnePull:
    pulled = OnePull(filename=source.experiment.filename)
    proven_at = work.clock()
    try:
        pulled.done = _pull_one(work, target, source, tell)
    except NotReady as error:
        pulled.waits = str(error)
    except RemoteMissing:
        pulled.remark = NOT_THERE
    except LocalFull:
        raise  # for the next one there is no more room
    except OF_ONE as error:
        pulled.problem = _problem(work, source, error)
    else:
        store_proof(
            work.device,
            source.place,
            proven_at=proven_at,
            now=work.clock(),
            fingerprint=pulled.done.fingerprint,
            whole=pulled.done.changed,
            source_mark=pulled.done.mark,
        )
        note_taken(work.device, source.place)
    return pulled


def _problem(work: Work, source: PullSource, error: Exception) -> str:
    if not isinstance(error, FewerRows):
        return str(error)
    note_refused(work.device, source.place, str(error))
    return f"{error}; {CURE}"


def _pull_one(
    work: Work, target: SshTarget, source: PullSource, tell: Callable[[Progress], None]
) -> PulledDatabase:
    known = source.proven
    options = DatabaseOptions(
        known_mark=known.source_mark if known else "",
        known_fingerprint=known.proven_fingerprint if known else "",
        is_doubted=source.is_damaged,
        gives_way=source.gives_way,
        bandwidth_kib=settings.BANDWIDTH_KIB,
    )
    note_foreign_write(work.device, source.place, now=work.clock())
    with folder_for(source.place, results_dir=settings.RESULTS_DIR) as destination:
        return pull_database(
            target,
            remote_path=source.remote,
            destination=destination,
            now=work.clock(),
            latest=latest_moment(work.device, now=work.clock()),
            progress=tell,
            cancelled=work.watch.cancelled,
            options=options,
        )


class _AllDatabases:
    """How far the run is over all its databases; a size that is not known yet counts as none."""

    def __init__(self, work: Work, sources: Sequence[PullSource]) -> None:
        self._work = work
        self._sources = sources
        self._sizes = [source.copy.size_bytes if source.copy else 0 for source in sources]

    def of(self, number: int) -> Callable[[Progress], None]:
        def tell(progress: Progress) -> None:
            self._sizes[number] = progress.bytes_expected or self._sizes[number]
            arrived = progress.phase is Phase.VERIFYING
            here = self._sizes[number] if arrived else progress.bytes_done
            self._work.watch.progress(
                RunProgress(
                    phase=f"{progress.phase} {self._sources[number].experiment.filename}",
                    bytes_done=sum(self._sizes[:number]) + here,
                    bytes_total=sum(self._sizes) or None,
                    files_done=number,
                    files_total=len(self._sources),
                )
            )

        return tell


def _outcome(pulled: Sequence[OnePull], *, settled: int) -> Outcome:
    done = [one.done for one in pulled if one.done]
    waits = [one.waits for one in pulled if one.waits]
    problems = [f"{one.filename}: {one.problem}" for one in pulled if one.problem]
    if waits and not done and not problems:
        raise RunWaits(waits[0])
    return Outcome(
        summary=_summary(done, settled=settled, of=settled + len(pulled)),
        report=ResultsReport(databases=tuple(one.report for one in pulled), settled=settled),
        problem="; ".join(problems),
    )


def _summary(done: Iterable[PulledDatabase], *, settled: int, of: int) -> str:
    copied = [one for one in done if one.changed]
    wire = sum(one.wire_bytes for one in copied)
    return (
        f"{len(copied)} of {of} databases copied ({wire:,} bytes over the wire),"
        f" {settled} known to be whole"
    )
