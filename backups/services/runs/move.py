"""To move a device's copies to another storage, and to delete what was left there, as runs."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.conf import settings
from django.db import transaction
from simple_history.utils import update_change_reason

from backups.engine.copies.below import folder_below
from backups.engine.copies.digests import stamp_of
from backups.engine.copies.folders import ResultsUnreadable, find_copies
from backups.engine.places import (
    FileThere,
    ProvenPlace,
    Root,
    bring,
    listed,
    prove,
    refuse_changed,
)
from backups.engine.pull.rsync import Route
from backups.models import ResultCopy
from backups.services.carried import carried_marks, known_and_not_among
from backups.services.leases import LeaseHeld, hold
from backups.services.runs.jobs import Outcome, RunFailed, RunStopped, Work
from backups.services.runs.reports import MoveReport
from backups.services.runs.ways import errors_of_places, way_from
from backups.services.snapshots import LEASE, lease_of_look
from devices.models import Device, Storage


def move_device(work: Work) -> Outcome:
    """By the worker of the storage that they go to. Until all is proven the old one is in use."""
    if work.device.storage and work.device.storage.name == settings.STORAGE:
        return Outcome(summary="it is in use here already", report=MoveReport())
    target = _target(work.device)
    if work.device.storage is None:
        return _take_over(work, target)
    route, roots = way_from(work, work.device.storage, by=target)
    with errors_of_places():
        files = bring(route, roots, work.device.device_id)
        proven = prove(route, files)
        refuse_changed(route, files, work.device.device_id)
    with _nobody_looks(work):
        _switch(work, target, proven)
    report = MoveReport(file_count=len(proven), size_bytes=sum(one.ours.size for one in proven))
    return Outcome(
        summary=f"{len(proven)} files came and are equal: in use on {target}", report=report
    )


def _target(device: Device) -> Storage:
    target = device.goes_to
    if target is None or target.name != settings.STORAGE:
        raise RunFailed("it is to be moved to another storage than this", retry=False)
    if device.left:
        raise RunFailed(
            f"what the last move left on {device.left} is to be deleted first", retry=False
        )
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


def _switch(work: Work, target: Storage, proven: list[ProvenPlace]) -> None:
    """Once, and only from where it was: whoever is later changes nothing."""
    if lacking := list(known_and_not_among(work.device, {one.place for one in proven})):
        raise RunFailed(
            f"{len(lacking)} copies that are known were not found there: {lacking[0]}."
            " Is its disk mounted?"
        )
    marks = carried_marks(work.device, proven, now=work.clock())
    with transaction.atomic():
        known = Device.objects.select_for_update(of=("self",)).get(pk=work.device.pk)
        if known.storage_id != work.device.storage_id or known.goes_to_id != target.pk:
            raise RunFailed("meanwhile it was to be moved elsewhere", retry=False)
        for row in marks:
            row.save()
        known.left, known.storage, known.goes_to = known.storage, target, None
        known.save(update_fields=["left", "storage", "goes_to"])
        update_change_reason(known, f"all was proven to be on {target}")


def _take_over(work: Work, target: Storage) -> Outcome:
    """From the host of ethonode itself nothing is copied: the same files have to be seen here."""
    device = work.device
    try:
        seen = find_copies(settings.RESULTS_DIR, device.device_id)
    except ResultsUnreadable as error:
        raise RunFailed(str(error)) from error
    here = {file.path: file.fingerprint for file in seen}
    rows = ResultCopy.objects.filter(device=device).values_list("path", "fingerprint")
    unlike = [path for path, fingerprint in rows if here.get(path) != fingerprint]
    lacking = [
        folder
        for folder in device.recordings.values_list("folder", flat=True)
        if not (settings.VIDEOS_DIR / device.device_id / folder).is_dir()
    ]
    if wrong := [*unlike, *lacking]:
        raise RunFailed(
            f"{len(wrong)} of its copies do not lie here as they are known: {wrong[0]}. From the"
            " host of ethonode copies are not brought: this storage has to see the same folders",
            retry=False,
        )
    with transaction.atomic():
        known = Device.objects.select_for_update(of=("self",)).get(pk=device.pk)
        known.storage, known.goes_to = target, None
        known.save(update_fields=["storage", "goes_to"])
        update_change_reason(known, f"the same files are seen on {target}")
    return Outcome(summary=f"the same files are in use on {target}", report=MoveReport())


def clear_left(work: Work) -> Outcome:
    """By the worker of the storage that was left: each file, once it is equal to the one in use."""
    device = work.device
    if device.left is None or device.left.name != settings.STORAGE or device.storage is None:
        raise RunFailed("nothing of it was left here", retry=False)
    route, roots = way_from(work, device.storage, by=device.left)
    with errors_of_places():
        there = {file.place: file for file in listed(route, roots, device.device_id)}
        here = list(_places_here(roots, device))
        if there and not any(_tops(roots, device)):
            raise RunFailed("no folder of this device is found here: is the disk mounted?")
        if lacking := [place for place in here if place not in there]:
            name = os.fsdecode(lacking[0])
            raise RunFailed(f"{len(lacking)} files lie here alone, such as {name}", retry=False)
        proven = _prove_only(route, [there[place] for place in here])
    for one in proven:
        _delete(roots, one)
    Device.objects.filter(pk=device.pk, left=device.left).update(left=None)
    _delete_empty(roots, device)  # last: while its folders are here, it is known to be done
    report = MoveReport(file_count=len(proven), size_bytes=sum(one.ours.size for one in proven))
    return Outcome(
        summary=f"{len(proven)} files were proven again there, and deleted here", report=report
    )


def _prove_only(route: Route, files: list[FileThere]) -> list[ProvenPlace]:
    """What is here is never written over by what is there."""
    if other := [file for file in files if not file.item.is_same]:
        raise RunFailed(
            f"{len(other)} files there are not as here: {other[0].item.path}", retry=False
        )
    return prove(route, files, mend=False)


def _tops(roots: list[Root], device: Device) -> Iterator[tuple[Root, Path]]:
    """Its own folders that are here."""
    for root in roots:
        if (top := root.here / device.device_id).is_dir():
            yield root, top


def _places_here(roots: list[Root], device: Device) -> Iterator[bytes]:
    """Every file, but hidden ones. Raises OSError for a folder that cannot be looked into."""
    for root, top in _tops(roots, device):
        for folder, folders, names in os.walk(os.fsencode(top), onerror=_raised):
            folders[:] = [name for name in folders if not name.startswith(b".")]
            below = os.path.relpath(folder, os.fsencode(root.here))
            for name in names:
                if not name.startswith(b"."):
                    yield root.name + b"/" + below + b"/" + name


def _raised(error: OSError) -> None:
    raise error


def _delete(roots: list[Root], one: ProvenPlace) -> None:
    """Only exactly the file that was read."""
    name, _, path = one.place.partition(b"/")
    root = next(root for root in roots if root.name == name)
    folder, _, last = path.rpartition(b"/")
    with folder_below(root.here, folder) as parent:
        if stamp_of(os.stat(last, dir_fd=parent, follow_symlinks=False)) != one.ours:
            raise RunFailed(f"{os.fsdecode(one.place)} was written since it was read")
        os.unlink(last, dir_fd=parent)


def _delete_empty(roots: list[Root], device: Device) -> None:
    """What still holds something stays: hidden files are none of ours."""
    for _, top in _tops(roots, device):
        for name, _, _ in os.walk(top, topdown=False):
            folder = Path(name)
            if next(folder.iterdir(), None) is None:
                folder.rmdir()
