"""A second copy of what is saved, at another place, read back there: as a run."""

import os
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from msgspec.structs import replace

from backups.engine.copies.below import stamps_in
from backups.engine.copies.digests import FileStamp
from backups.engine.places import FileThere, HeldPlaces, bring_what_may, hold, listed
from backups.engine.seconds import SecondFile, SecondFiles
from backups.services.carried import known_and_not_among
from backups.services.runs.jobs import Outcome, RunFailed, Work
from backups.services.runs.reports import SecondReport
from backups.services.runs.ways import errors_of_places, refuse_the_same, way_from
from backups.services.second_copies import second_files, store_seconds
from devices.models import Storage

READ_AGAIN_AFTER = timedelta(days=30)
SHOWN = 20


def copy_to_second(work: Work) -> Outcome:
    """By the worker of the second place. What lies there is never replaced by less, and never by
    what has become another content without being written."""
    storage = Storage.objects.filter(name=settings.STORAGE, is_second=True).first()
    if storage is None or storage.second_of_id != work.device.storage_id:
        raise RunFailed("this is no second place of its copies", retry=False)
    route, roots = way_from(work, work.device.storage, by=storage)
    known = second_files(work.device, storage)
    with errors_of_places():
        there = listed(route, roots, work.device.device_id)
        stamps = _stamps(there)
        wanted = [one for one in there if not _holds(work, one, stamps, known)]
        less = [one for one in wanted if _is_less(one, stamps)]
        more = [one for one in wanted if one not in less]
        came = bring_what_may(route, more, work.device.device_id)
        held = hold(route, came, mend=lambda one: not _was_proven(one, known))
        refuse_the_same(held.proven)
    proven = {
        one.place: SecondFile(one.digest, one.theirs, one.ours, int(work.now.timestamp()))
        for one in held.proven
    }
    differing = {
        one.place: replace(known[one.place], differs=True)
        for one in held.differing
        if one.place in known
    }
    store_seconds(work.device, storage, proven | differing)
    unfound = known_and_not_among(work.device, {one.place for one in there})
    return _outcome(there, proven, less, held, unfound)


def _holds(work: Work, one: FileThere, stamps: dict[bytes, FileStamp], known: SecondFiles) -> bool:
    """Proven lately, and written at neither place since, as far as size and times tell."""
    proof = known.get(one.place)
    if proof is None or not proof.is_proof or proof.second != stamps.get(one.place):
        return False
    if not _was_proven(one, known):
        return False
    age = work.now.timestamp() - proof.proven_at
    return 0 <= age < READ_AGAIN_AFTER.total_seconds()


def _was_proven(one: FileThere, known: SecondFiles) -> bool:
    """Once, and nobody has written it there since, as far as size and time tell."""
    proof = known.get(one.place)
    return (
        proof is not None
        and proof.first.size == one.item.size_bytes
        and one.item.has_time(proof.first.modified)
    )


def _is_less(one: FileThere, stamps: dict[bytes, FileStamp]) -> bool:
    ours = stamps.get(one.place)
    return ours is not None and one.item.size_bytes < ours.size


def _stamps(files: list[FileThere]) -> dict[bytes, FileStamp]:
    """Of what is at this place."""
    found: dict[bytes, FileStamp] = {}
    folders: dict[tuple[object, bytes], list[FileThere]] = {}
    for one in files:
        folders.setdefault((one.root, one.path.rpartition(b"/")[0]), []).append(one)
    for (_, folder), some in folders.items():
        names = [one.path.rpartition(b"/")[2] for one in some]
        root = some[0].root
        for name, stamp in stamps_in(root.here, folder, names):
            found[root.name + b"/" + (folder + b"/" if folder else b"") + name] = stamp
    return found


def _outcome(
    there: list[FileThere],
    proven: SecondFiles,
    less: list[FileThere],
    held: HeldPlaces,
    unfound: Iterable[str],
) -> Outcome:
    rows = [(os.fsdecode(one.place), "is smaller than the second copy") for one in less]
    other = "is another content than at the second place"
    rows += [(os.fsdecode(one.place), other) for one in held.differing]
    rows += [(os.fsdecode(place), why) for place, why in held.unread.items()]
    rows += [(name, "is known, and was not found there") for name in unfound]
    report = SecondReport(
        file_count=len(there), proven_count=len(proven),
        size_bytes=sum(one.second.size for one in proven.values()),
        wrong=tuple((name[:300], why[:200]) for name, why in rows[:SHOWN]),
    )  # fmt: skip
    return Outcome(
        summary=f"{len(proven)} of {len(there)} files were copied or read again, and are equal",
        report=report,
        problem=f"{len(rows)} files have no second copy: {rows[0][0]} {rows[0][1]}" if rows else "",
    )
