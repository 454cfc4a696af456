"""The mirror as a run: which database, to which place, and what came of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from backups.engine.errors import NotReady
from backups.engine.mirror import (
    MariaDBSource,
    MirrorOptions,
    MirrorResult,
    Progress,
    Snapshot,
    database_of_device,
    list_databases,
    mirror,
)
from backups.engine.mirror.errors import SourceChanged
from backups.engine.mirror.outcome import INCOMPLETE
from backups.engine.mirror.source import literal
from backups.engine.mirror.survey import read_backup_filename
from backups.services.foreign import note_foreign_write
from backups.services.hosts import host_of
from backups.services.proofs import store_proof
from backups.services.runs.disks import refuse_lost_results
from backups.services.runs.jobs import (
    Outcome,
    RunFailed,
    RunProgress,
    RunWaits,
    Work,
)
from backups.services.runs.place import folder_for, path_of_copy
from backups.services.runs.reach import own_errors
from backups.services.runs.reports import MirrorReport
from devices.models import Device, Writer


def mirror_device(work: Work) -> Outcome:
    with own_errors():
        try:
            return _mirror(work)
        except NotReady as error:
            raise RunWaits(str(error)) from error


def _mirror(work: Work) -> Outcome:
    refuse_lost_results()
    source = its_database(server_of(work), work)
    with source.snapshot(work.watch.cancelled) as snapshot:
        told = read_backup_filename(snapshot, source.database)
    device = work.device
    copy = path_of_copy(device.device_id, device.name, told or _listed_filename(device))
    note_foreign_write(device, copy, now=work.now)
    with folder_for(copy, results_dir=settings.RESULTS_DIR) as destination:
        result = mirror(
            SameExperiment(source=source, filename=told),
            destination,
            progress=lambda progress: work.watch.progress(_how_far(progress)),
            now=work.now,
            cancelled=work.watch.cancelled,
            options=MirrorOptions(whole=_is_doubted(device, copy)),
        )
    outcome = _outcome(result, str(copy))
    store_proof(
        device,
        copy,
        fingerprint=result.fingerprint,
        whole=result.compared_whole,
        proven_at=work.now,
        now=work.clock(),
        by="a mirror made here",
        doubt=outcome.problem,
    )
    return outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SameExperiment:
    """The source for as long as it holds the experiment that the file is named after."""

    source: MariaDBSource
    filename: str  # as METADATA names it; empty: it does not

    @property
    def database(self) -> str:
        return self.source.database

    @property
    def address(self) -> str:
        return self.source.address

    @contextmanager
    def snapshot(self, cancelled: Callable[[], bool]) -> Iterator[Snapshot]:
        with self.source.snapshot(cancelled) as snapshot:
            if self.filename and self.filename not in _filenames(snapshot):
                raise SourceChanged("the device began another run meanwhile")
            yield snapshot


def _is_doubted(device: Device, copy: Path) -> bool:
    """Whether it was found damaged or different: then no former proof of it counts."""
    held = device.copies.filter(path=str(copy)).first()
    return held is not None and bool(held.damage or held.known_doubt)


def _filenames(snapshot: Snapshot) -> set[Any]:
    field = literal("backup_filename")
    rows = snapshot.rows(f"SELECT value FROM METADATA WHERE field = {field}")  # noqa: S608
    return {row[0] for row in rows}


def server_of(work: Work) -> MariaDBSource:
    """Raises NoAddress."""
    return MariaDBSource(
        host=work.server.host or host_of(work.device.address),
        port=work.server.port or settings.MYSQL_PORT,
        user=settings.MYSQL_USER,
        password=settings.MYSQL_PASSWORD,
    )


def its_database(server: MariaDBSource, work: Work) -> MariaDBSource:
    """The device's own on this server. Raises BackupError."""
    names = list_databases(server, work.watch.cancelled)
    return replace(server, database=database_of_device(names, device_name=work.device.name))


def _listed_filename(device: Device) -> str:
    newest = device.experiments.filter(writer=Writer.MYSQL).order_by("-started_at").first()
    if newest is None:
        raise RunFailed("neither the database nor the device says what its copy is called")
    return newest.filename


def _how_far(progress: Progress) -> RunProgress:
    return RunProgress(
        phase=f"{progress.phase} {progress.table}".strip(),
        rows_done=progress.rows,
        rows_total=progress.rows_expected or None,
    )


def _outcome(result: MirrorResult, path: str) -> Outcome:
    counted = asdict(result) | {"complete": result.complete, "kept": [k.name for k in result.kept]}
    report = msgspec.convert(counted, MirrorReport)
    rows = f"{result.rows_added} rows added, {result.rows_replaced} replaced"
    problem = "" if result.complete else f"the copy is not whole: {_why(result)}"
    return Outcome(summary=rows, report=report, path=path, problem=problem)


def _why(result: MirrorResult) -> str:
    short = [finding for finding in result.findings if finding.kind in INCOMPLETE]
    said = [f"{met.table}: {met.text}" if met.table else met.text for met in short]
    differ = [table.table for table in result.tables if not table.equal]
    return "; ".join([*said, *(f"{name} differs" for name in differ)])
