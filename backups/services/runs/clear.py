"""To delete what a move has left, once it is proven again to lie where it is in use: as a run."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from backups.engine.copies.below import folder_below
from backups.engine.copies.digests import stamp_of
from backups.engine.places import FileThere, ProvenPlace, listed, prove
from backups.engine.pull.rsync import Route
from backups.services.card_places import data_folders, folder_of
from backups.services.runs.jobs import Outcome, RunFailed, Work
from backups.services.runs.reports import MoveReport
from backups.services.runs.ways import errors_of_places, refuse_the_same, way_from
from backups.services.storages import is_here
from devices.models import Device


def clear_left(work: Work) -> Outcome:
    """By the worker of the place that was left: each file, once it is equal to the one in use."""
    device = work.device
    if not device.still_kept_on or not is_here(device.left) or device.storage is None:
        raise RunFailed("nothing of it was left here", retry=False)
    left_here = Device.objects.filter(
        pk=device.pk, left=device.left, left_on_main=device.left_on_main
    )
    route, roots = way_from(work, device.storage, by=device.left)
    with errors_of_places():
        there = {file.place: file for file in listed(route, roots, device.device_id)}
        here = list(_places_here(device))
        _refuse_unmounted(device, there)
        if lacking := [place for place in here if place not in there]:
            name = os.fsdecode(lacking[0])
            raise RunFailed(f"{len(lacking)} files lie here alone, such as {name}", retry=False)
        proven = _prove_only(route, [there[place] for place in here])
        refuse_the_same(proven)
        if not left_here.exists():
            raise RunFailed("meanwhile somebody said that they stay here", retry=False)
        for one in proven:
            _delete(one)
    left_here.update(left=None, left_on_main=False)
    _delete_empty(device)  # last: while its folders are here, it is known to be done
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


def _refuse_unmounted(device: Device, there: Collection[bytes]) -> None:
    """The folder of a disk that is not mounted holds nothing, and raises no error."""
    if there and not any(_tops(device)):
        raise RunFailed("no folder of this device is found here: is the disk mounted?")
    held = {place.partition(b"/")[0] for place in there}
    for name, root in data_folders().items():
        if name in held and root.is_dir() and not any(_seen(root)):
            raise RunFailed(
                f"{root} holds nothing: is its disk mounted? If it is, and all of the device's was"
                f" deleted there, make the folder {device.device_id} in it"
            )


def _seen(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if not path.name.startswith("."))


def _tops(device: Device) -> Iterator[tuple[bytes, Path]]:
    """Its own folders that are here, each with what places in it begin with."""
    for name, root in data_folders().items():
        if (top := root / device.device_id).is_dir():
            yield name, top


def _places_here(device: Device) -> Iterator[bytes]:
    """Every file, but hidden ones. Raises OSError for a folder that cannot be looked into."""
    for root, top in _tops(device):
        above = os.fsencode(top.parent)
        for folder, folders, names in os.walk(os.fsencode(top), onerror=_raised):
            folders[:] = [name for name in folders if not name.startswith(b".")]
            below = os.path.relpath(folder, above)
            for name in names:
                if not name.startswith(b"."):
                    yield root + b"/" + below + b"/" + name


def _raised(error: OSError) -> None:
    raise error


def _delete(one: ProvenPlace) -> None:
    """Only exactly the file that was read."""
    root, path = folder_of(one.place)
    folder, _, last = path.rpartition(b"/")
    with folder_below(root, folder) as parent:
        if stamp_of(os.stat(last, dir_fd=parent, follow_symlinks=False)) != one.ours:
            raise RunFailed(f"{os.fsdecode(one.place)} was written since it was read")
        os.unlink(last, dir_fd=parent)


def _delete_empty(device: Device) -> None:
    """What still holds something stays: hidden files are none of ours."""
    for _, top in _tops(device):
        for name, _, _ in os.walk(top, topdown=False):
            folder = Path(name)
            if next(folder.iterdir(), None) is None:
                folder.rmdir()
