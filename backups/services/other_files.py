"""Files of cards that are neither experiments nor videos: remembered, and judged."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from msgspec.structs import replace as replace_fields

from backups.engine.card.listing import CardContents, CardFile, Mark
from backups.engine.card.others import other_files
from backups.engine.card.proofs import ProvenFile
from backups.engine.copies.errors import LocalChanged, LocalFailed, LocalMissing, LocalUnread
from backups.engine.facts import BackupFacts, BackupType, Problem, ProblemKind, risk_of, total_risk
from backups.engine.videos.names import text_of
from backups.models import OtherFile
from backups.services.card_places import (
    VIDEOS,
    best_place,
    by_proof,
    digest_at,
    places_of,
    stamps_of,
)
from backups.services.card_proofs import proofs_of, store_proofs
from backups.services.ledger_rows import seconds
from devices.models import Device, Writer

MOST = 5000  # rows of a device; a card with more is said to have them
ONLY_THERE = "only the card has it: a pull of other files brings it"
CHANGED = "its content is another than when it was proven, though nobody wrote it"
TOO_MANY = "more other files than are looked at one by one"
Found = tuple[ProblemKind, Problem]


def store_others(
    device: Device, listing: CardContents, *, own: Iterable[bytes], now: datetime
) -> None:
    """Remember what a whole listing shows of them, and what it shows no more."""
    own = frozenset(own)
    listed = other_files(listing, device_id=device.device_id, own=own)
    names = {text_of(path, longest=400): (path, file) for path, file in listed.items()}
    hidden = frozenset(listing.unlisted(b""))
    with transaction.atomic():
        names_of_own = [text_of(path, longest=400) for path in own]
        device.other_files.filter(name__in=names_of_own).delete()  # experiments are judged as such
        known = {row.name: row for row in device.other_files.select_for_update()}
        for name, row in known.items():
            if name in names or not _is_behind(bytes(row.path), hidden):
                _tell(row, names.get(name), now=now)
        new = sorted(names.keys() - known.keys())[: max(MOST - len(known), 0)]
        rows = [_new(device, name, *names[name], now=now) for name in new]
        OtherFile.objects.bulk_create(rows, 500)
        told = ["size_bytes", "mark", "gone_at", "equal"]
        OtherFile.objects.bulk_update(known.values(), told, 500)


def _is_behind(path: bytes, links: frozenset[bytes]) -> bool:
    """Whether a link or the like stands in its place, or above: what that hides is not absent."""
    parts = path.split(b"/")
    return any(b"/".join(parts[:end]) in links for end in range(1, len(parts) + 1))


def _tell(row: OtherFile, listed: tuple[bytes, CardFile] | None, *, now: datetime) -> None:
    if listed is None:
        row.gone_at = row.gone_at or now
        return
    _, file = listed
    row.equal = row.equal and tuple(row.mark) == file.mark
    row.size_bytes, row.mark, row.gone_at = file.size, list(file.mark), None


def _mark(row: OtherFile) -> Mark:
    size, modified, changed = row.mark
    return size, modified, changed


def _new(device: Device, name: str, path: bytes, file: CardFile, *, now: datetime) -> OtherFile:
    return OtherFile(
        device=device,
        name=name,
        path=path,
        size_bytes=file.size,
        mark=list(file.mark),
        first_seen_at=now,
    )


def look_at_others(device: Device, *, now: datetime) -> None:
    """Bring what is here of them up to date. Raises OSError where a folder cannot be read."""
    rows = list(device.other_files.all())
    wanted = {row.pk: list(places_of(device, bytes(row.path), {})) for row in rows}
    stamps = stamps_of(place for places in wanted.values() for place in places)
    proofs = proofs_of(device, beside=(bytes(row.path) for row in rows))
    changed = []
    for row in rows:
        before, proof = _seen(row), proofs.get(bytes(row.path))
        places = by_proof(wanted[row.pk], stamps, proof)
        place = best_place(places, stamps, size=row.size_bytes) or b""
        ours = stamps.get(place)
        row.place, row.held_bytes = place, ours.size if ours else None
        row.equal = proof is not None and proof.ours == ours and proof.holds(_mark(row))
        if _seen(row) != before:
            changed.append(row)
    OtherFile.objects.bulk_update(changed, ["place", "held_bytes", "equal"], 500)
    device.other_files.filter(held_bytes=F("size_bytes")).update(held_at=now)


def _seen(row: OtherFile) -> tuple[bytes, int | None, bool]:
    return bytes(row.place), row.held_bytes, row.equal


def is_written_since(row: OtherFile, proof: ProvenFile | None) -> bool:
    """Whether the card's file is not the one any more that was held against ours."""
    return proof is not None and proof.mark != _mark(row)


def reread_others(device: Device, *, stop: Callable[[], bool], now: datetime) -> list[str]:
    """Read what is here of them to its end, and hold it against what was proven. Gives what is
    damaged, in words. Raises Cancelled."""
    held = [row for row in device.other_files.all() if row.place]
    proofs = proofs_of(device, beside=(bytes(row.path) for row in held))
    rows = [row for row in held if bytes(row.path) in proofs]
    said = []
    for row in sorted(rows, key=lambda row: proofs[bytes(row.path)].read_at):
        if (wrong := _reread(row, proofs[bytes(row.path)], stop=stop, now=now)) is None:
            continue
        OtherFile.objects.filter(pk=row.pk).update(damage=wrong[:300])
        said += [f"{row.name}: {wrong}"] if wrong else []
    return said


def _reread(
    row: OtherFile, proof: ProvenFile, *, stop: Callable[[], bool], now: datetime
) -> str | None:
    """What is wrong with it; "": it is the content that was proven; None: nothing is known."""
    try:
        read = digest_at(bytes(row.place), stop=stop)
    except (LocalChanged, LocalMissing, LocalUnread):
        return None
    except LocalFailed as error:
        return f"it cannot be read: {error}"
    if proof.differs:
        return None
    if read.blake2b == proof.digest:
        again = replace_fields(proof, read_at=seconds(now), ours=read.stamp)
        store_proofs(row.device, {bytes(row.path): again})
        return ""
    return CHANGED if proof.ours == read.stamp else None


def note_equal(device: Device, paths: Iterable[bytes]) -> None:
    """These were read on both sides, and are the same: whatever was wrong with them is no more."""
    names = [text_of(path, longest=400) for path in paths]
    device.other_files.filter(name__in=names).exclude(damage="").update(damage="")


def with_others(device: Device, facts: Iterable[BackupFacts]) -> tuple[BackupFacts, ...]:
    """The facts of its backups, and with each those of the other files that are judged with it."""
    rows = list(device.other_files.all())
    results = _type_of_results(device) if rows else BackupType.SQLITE
    return tuple(_with(one, rows, results) for one in facts)


def _with(facts: BackupFacts, rows: list[OtherFile], results: BackupType) -> BackupFacts:
    mine = [row for row in rows if _type_of(row, results) is facts.backup_type]
    kept = [row for row in mine if not row.written_off]
    if not mine and len(rows) < MOST:
        return facts
    found = [problem for row in kept if (problem := _problem(row))]
    if len(rows) >= MOST:
        at = max(row.first_seen_at for row in rows)
        found.append((ProblemKind.UNPROVEN, Problem("other files", at, TOO_MANY)))
    return replace(
        _with_problems(facts, found),
        source_count=None if facts.source_count is None else facts.source_count + len(kept),
        copy_count=facts.copy_count + sum(row.held_bytes is not None for row in kept),
        written_off_count=facts.written_off_count + len(mine) - len(kept),
    )


def _with_problems(facts: BackupFacts, found: list[Found]) -> BackupFacts:
    added = {kind: [problem for of, problem in found if of is kind] for kind in ProblemKind}
    kinds: dict[str, Any] = {
        kind.value: tuple(
            sorted([*facts.of_kind(kind), *some], key=lambda problem: (problem.since, problem.name))
        )
        for kind, some in added.items()
    }
    return replace(
        facts,
        counts={kind: len(some) for kind, some in kinds.items() if some},
        risk=total_risk([facts.risk, risk_of(added)]),
        **kinds,
    )


def _problem(row: OtherFile) -> Found | None:
    name, since, size = row.name, row.held_at or row.first_seen_at, row.size_bytes
    if row.damage:
        return ProblemKind.CORRUPT, Problem(name, since, row.damage, bytes=size, listed=True)
    if row.held_bytes == size:
        return None
    if row.held_bytes is None:
        kind = ProblemKind.LOST if row.gone_at else ProblemKind.MISSING
        reason = "the card has it no more, and it is not here" if row.gone_at else ONLY_THERE
        return kind, Problem(name, since, reason, bytes=size, listed=True)
    kind = ProblemKind.LOST if row.gone_at else ProblemKind.BEHIND
    reason = f"the copy here has {row.held_bytes:,} bytes, the card's {size:,}"
    return kind, Problem(
        name, since, reason, bytes=max(size - row.held_bytes, 0) or None, listed=True
    )


def _type_of(row: OtherFile, results: BackupType) -> BackupType:
    return BackupType.VIDEO if bytes(row.path).startswith(VIDEOS + b"/") else results


def _type_of_results(device: Device) -> BackupType:
    writers = set(device.experiments.values_list("writer", flat=True))
    return BackupType.MYSQL if writers == {Writer.MYSQL} else BackupType.SQLITE
