"""To move a device's copies to another storage, as a run."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from django.conf import settings
from django.db import transaction
from simple_history.utils import update_change_reason

from backups.engine.places import ProvenPlace, bring, prove, refuse_changed
from backups.engine.progress import Phase
from backups.services.carried import CarriedRow, carried_marks, known_and_not_among
from backups.services.leases import LeaseHeld, hold
from backups.services.runs.jobs import Outcome, RunFailed, RunProgress, RunStopped, Work
from backups.services.runs.reports import MoveReport
from backups.services.runs.take_over import refuse_other_files
from backups.services.runs.ways import SameFolders, errors_of_places, refuse_the_same, way_from
from backups.services.snapshots import LEASE, lease_of_look
from devices.models import Device, Storage


def move_device(work: Work) -> Outcome:
    """By the worker of the storage that they go to. Until all is proven the old one is in use."""
    if work.device.storage and work.device.storage.name == settings.STORAGE:
        return Outcome(summary="it is in use here already", report=MoveReport())
    target = _target(work.device)
    try:
        return _copy(work, target)
    except SameFolders:
        if work.device.storage:
            raise
        return _take_over(work, target)


def _copy(work: Work, target: Storage) -> Outcome:
    route, roots = way_from(work, work.device.storage, by=target)
    with errors_of_places():
        files = bring(route, roots, work.device.device_id)
        proven = prove(route, files)
        refuse_the_same(proven)
        refuse_changed(route, files, work.device.device_id)
    with _nobody_looks(work):
        _refuse_lacking(work.device, proven)
        marks = carried_marks(work.device, proven, now=work.clock())
        _switch(work.device, target, marks, why=f"all was proven to be on {target}")
    report = MoveReport(file_count=len(proven), size_bytes=sum(one.ours.size for one in proven))
    return Outcome(
        summary=f"{len(proven)} files came and are equal: in use on {target}", report=report
    )


def _take_over(work: Work, target: Storage) -> Outcome:
    """What the host of ethonode holds is seen here as well: nothing is copied, nor left."""

    def tell(files: int) -> None:
        work.watch.progress(RunProgress(phase=Phase.COMPARING))
        if work.watch.cancelled():
            raise RunStopped

    with _nobody_looks(work), errors_of_places():
        refuse_other_files(work.device, now=work.clock(), tell=tell)
        why = f"the same files are seen on {target}"
        _switch(work.device, target, [], why=why, leaves=False)
    return Outcome(summary=f"the same files are in use on {target}", report=MoveReport())


def _target(device: Device) -> Storage:
    target = device.goes_to
    if target is None or target.name != settings.STORAGE:
        raise RunFailed("it is to be moved to another storage than this", retry=False)
    if place := device.still_kept_on:
        raise RunFailed(f"what the last move left on {place} is to be deleted first", retry=False)
    return target


@contextmanager
def _nobody_looks(work: Work) -> Iterator[None]:
    """A look that began at the old place would write down marks of the old files after it."""
    with ExitStack() as held:
        while not _taken(held, work):
            if work.watch.cancelled():
                raise RunStopped
            time.sleep(0.5)
        yield


def _taken(held: ExitStack, work: Work) -> bool:
    lease = hold(lease_of_look(work.device), duration=LEASE, now=work.clock())
    try:
        held.enter_context(lease)
    except LeaseHeld:
        return False
    return True


def _refuse_lacking(device: Device, proven: Sequence[ProvenPlace]) -> None:
    if lacking := list(known_and_not_among(device, {one.place for one in proven})):
        raise RunFailed(
            f"{len(lacking)} copies that are known were not found there: {lacking[0]}."
            " Is its disk mounted?"
        )


def _switch(
    device: Device, target: Storage, marks: Sequence[CarriedRow], *, why: str, leaves: bool = True
) -> None:
    """Once, and only from where it was: whoever is later changes nothing."""
    with transaction.atomic():
        known = Device.objects.select_for_update(of=("self",)).get(pk=device.pk)
        if known.storage_id != device.storage_id or known.goes_to_id != target.pk:
            raise RunFailed("meanwhile it was to be moved elsewhere", retry=False)
        for row in marks:
            row.save()
        if leaves:
            known.left, known.left_on_main = known.storage, known.storage is None
        known.storage, known.goes_to = target, None
        known.save(update_fields=["left", "left_on_main", "storage", "goes_to"])
        update_change_reason(known, why)
