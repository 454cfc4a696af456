"""The rows of a device's ledger: to the engine's plain records, and back."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime

from django.db import transaction

from backups.engine.facts import ProblemKind
from backups.engine.videos.damage import Damage, DamageKind, Damages
from backups.engine.videos.names import text_of
from backups.engine.videos.recording import Looked, Record
from backups.engine.videos.troubles import Trouble, Troubles, film_seconds
from backups.models import DamagedFile, RecordingLedger
from devices.models import Device

ROWS_AT_ONCE = 40  # with their memory, and written in one piece: others wait meanwhile
WHILE_COMPARED = ("memory", "digests")  # fetched only for those that are compared
UNJUDGED = b"unjudged"  # the mark of what changed without a look: no disk has this one
WRITTEN = [
    field.name
    for field in RecordingLedger._meta.concrete_fields
    if field.name not in {"id", "device", "recording", "digests", "first_known_at", "written_off"}
]


def ledger_of(device: Device) -> dict[str, RecordingLedger]:
    """Every row by its recording, without what it remembers of each file."""
    rows = RecordingLedger.objects.filter(device=device).defer(*WHILE_COMPARED)
    return {row.recording: row for row in rows}


def with_memory(
    device: Device, recordings: Collection[str], *, now: datetime
) -> Iterator[list[RecordingLedger]]:
    """These rows whole, some hundred at once; those that are not there yet are made in memory."""
    names = sorted(recordings, reverse=True)  # the newest first
    for start in range(0, len(names), ROWS_AT_ONCE):
        some = names[start : start + ROWS_AT_ONCE]
        rows = RecordingLedger.objects.filter(device=device, recording__in=some).defer("digests")
        there = {row.recording: row for row in rows}
        yield [there.get(name) or _new_row(device, name, now) for name in some]


def _new_row(device: Device, name: str, now: datetime) -> RecordingLedger:
    return RecordingLedger(device=device, recording=name, first_known_at=now, met_at=now)


def due_for_heads(rows: Iterable[RecordingLedger], *, most: int) -> set[str]:
    """Recordings with files that nobody looked into yet, the newest first: so many files."""
    found: set[str] = set()
    for row in sorted(rows, key=lambda row: row.recording, reverse=True):
        if row.unread_count and most > 0:
            found.add(row.recording)
            most -= row.unread_count
    return found


def save_rows(rows: Iterable[RecordingLedger]) -> set[str]:
    """Write them, but those that somebody wrote meanwhile: gives these."""
    all_rows = list(rows)
    new = [row for row in all_rows if row.pk is None]
    old = {row.pk: row for row in all_rows if row.pk is not None}
    with transaction.atomic():
        RecordingLedger.objects.bulk_create(new, ROWS_AT_ONCE, ignore_conflicts=True)
        locked = RecordingLedger.objects.select_for_update().filter(pk__in=old)
        versions = dict(locked.values_list("pk", "version"))
        ours = [row for pk, row in old.items() if versions.get(pk) == row.version]
        for row in ours:
            row.version += 1
        RecordingLedger.objects.bulk_update(ours, WRITTEN, ROWS_AT_ONCE)
    return {row.recording for row in old.values()} - {row.recording for row in ours}


def record_of(row: RecordingLedger) -> Record:
    return Record(
        memory=bytes(row.memory),
        told_at=seconds(row.told_at),
        looked_at=seconds(row.looked_at),
        first_known=seconds(row.first_known_at) if row.pk else 0,
        advanced_at=seconds(row.advanced_at),
        grew_at=seconds(row.grew_at),
        newest_number=row.newest_number,
        sealed=row.sealed,
    )


def remember(row: RecordingLedger, record: Record) -> None:
    """Write an engine's record into a row."""
    row.memory = record.memory
    row.first_known_at = from_seconds(record.first_known)
    row.told_at, row.looked_at = moment(record.told_at), moment(record.looked_at)
    row.advanced_at, row.grew_at = moment(record.advanced_at), moment(record.grew_at)
    row.newest_number, row.sealed = record.newest_number, record.sealed


def show(row: RecordingLedger, looked: Looked) -> None:
    """Write what was judged into a row, for facts and pages."""
    judged = looked.judged
    row.known_count, row.unread_count = looked.known_count, looked.unread_count
    row.named_count = judged.proofs["named"]
    row.counted_count = judged.proofs["counted"]
    row.equal_count = judged.proofs["equal"]
    row.problems = _problems(judged.troubles)
    row.kind, row.reason, row.since, row.at_risk_bytes = "", "", None, None
    if worst := _worst(judged.troubles):
        row.kind, found = worst
        row.reason, row.at_risk_bytes = found.reason, found.bytes
        row.since = from_seconds(found.since)


def _problems(troubles: Troubles) -> list[list[object]]:
    return [
        [
            kind.value,
            from_seconds(found.since).isoformat(),
            found.reason,
            found.bytes,
            film_seconds(kind, found),
        ]
        for kind, found in troubles.items()
    ]


def _worst(troubles: Troubles) -> tuple[ProblemKind, Trouble] | None:
    """The first in the order of the kinds."""
    return next(((kind, troubles[kind]) for kind in ProblemKind if kind in troubles), None)


def damages_of(device: Device, **which: str) -> dict[str, Damages]:
    """Every file whose content is bad, by recording; `recording`: only those of this one."""
    found: dict[str, Damages] = {}
    for row in DamagedFile.objects.filter(device=device, **which):
        found.setdefault(row.recording, {})[bytes(row.name)] = Damage(
            kind=DamageKind(row.kind),
            reason=row.reason,
            content=row.content,
            since=seconds(row.first_seen_at),
        )
    return found


def save_damages(
    device: Device, recording: str, found: Mapping[bytes, Damage], healed: Iterable[bytes]
) -> None:
    DamagedFile.objects.filter(device=device, recording=recording, name__in=list(healed)).delete()
    DamagedFile.objects.bulk_create(
        [
            DamagedFile(
                device=device,
                recording=recording,
                name=name,
                path=text_of(name),
                kind=damage.kind.value,
                reason=damage.reason[:300],
                first_seen_at=from_seconds(damage.since),
                content=damage.content,
            )
            for name, damage in found.items()
        ],
        ROWS_AT_ONCE,
        update_conflicts=True,
        unique_fields=["device", "recording", "name"],
        update_fields=["kind", "reason", "first_seen_at", "content"],
    )


def seconds(at: datetime | None) -> int:
    return int(at.timestamp()) if at else 0


def from_seconds(at: int) -> datetime:
    return datetime.fromtimestamp(at, tz=UTC)


def moment(at: int) -> datetime | None:
    return from_seconds(at) if at else None
