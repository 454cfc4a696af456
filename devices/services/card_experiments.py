"""Experiments as a card shows them: what ssh read of the files themselves, and no device told."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from django.db import transaction

from devices.models import Device, Experiment, Telling, Writer
from devices.records import Extent, packed, started_at
from devices.services.experiments import AHEAD, CARD, NO_FILE, note_rows

IDLE = frozenset({"stopped", "recording", "streaming"})
JSON_HOLDS = timedelta(minutes=15)
SAVED = (
    "path", "changed_at", "listed_at", "gone_at", "gone_reason", "told_rows", "told_size_bytes",
    "rows_told_at", "rows_told_by",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDatabase:
    """An experiment's file. `rows` None: it could not be read.

    `at_rest`: every row is told, nothing lies beside the file, and it was not written lately.
    """

    filename: str
    path: str  # on the device
    size_bytes: int
    rows: Extent | None
    at_rest: bool
    stopped: bool  # it has a stop row


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A whole listing. `found`: one of a name. `names`: of all databases that lie there, also of
    those nothing is known.

    `whole`: folders of the device in which nothing else can be: no link hides any of it.
    """

    device: Device
    root: PurePosixPath
    whole: Collection[PurePosixPath]
    found: Iterable[FoundDatabase]
    names: Collection[str]
    clock_off_seconds: float
    at: datetime  # on our clock: before anything was read


def save_found(card: Card) -> int:
    """Write down what was found, and what is there no more. Gives how many are new to us."""
    with transaction.atomic():
        known = {one.filename: one for one in card.device.experiments.select_for_update()}
        some = list(card.found)
        new = [found for found in some if found.filename not in known]
        for found in some:
            one = known.get(found.filename) or _new(card, found)
            if one.writer == Writer.SQLITE:
                _note(card, one, found)
        for one in known.values():
            if one.filename not in card.names and _was_there(card, one):
                one.gone_at, one.gone_reason = one.gone_at or card.at, one.gone_reason or NO_FILE
                one.save(update_fields=["gone_at", "gone_reason"])
    return len(new)


def _new(card: Card, found: FoundDatabase) -> Experiment:
    begun = started_at(found.filename)
    return Experiment.objects.create(
        device=card.device,
        writer=Writer.SQLITE,
        filename=found.filename,
        path=found.path,
        started_at=begun if begun and begun <= card.at + AHEAD else None,
        first_seen_at=card.at,
        listed_at=card.at,
        clock_off_seconds=card.clock_off_seconds,
    )


def _note(card: Card, one: Experiment, found: FoundDatabase) -> None:
    one.listed_at = max(one.listed_at, card.at)
    one.path = found.path  # of the file whose rows are told
    one.gone_at, one.gone_reason = None, ""
    if found.rows is not None:
        before = note_rows(one, found.rows, found.size_bytes, told_by=CARD, now=card.at)
        if before:
            before.save()
        if _is_final(card.device, one, found, at=card.at):
            _note_final(one, found, at=card.at)
    one.save(update_fields=SAVED)


def _is_final(device: Device, one: Experiment, found: FoundDatabase, *, at: datetime) -> bool:
    """Whether nothing is added any more: by the file itself, and by what the device says."""
    if one.growing or not found.at_rest:
        return False
    read_at = device.inventory_read_at
    lately = read_at is not None and abs(read_at - at) <= JSON_HOLDS
    idle = lately and not device.inventory_error and device.reported_status in IDLE
    return found.stopped or idle


def _note_final(one: Experiment, found: FoundDatabase, *, at: datetime) -> None:
    """One is enough; a new one only where it was seen growing since, or another is told now."""
    rows = packed(found.rows or {})
    mine = one.tellings.filter(final=True, told_by=CARD)
    same = mine.filter(told_at__gte=one.changed_at) if one.changed_at else mine
    told = {"rows": rows, "size_bytes": found.size_bytes}
    if any(told == {"rows": t.rows, "size_bytes": t.size_bytes} for t in same):
        return
    Telling.objects.create(experiment=one, told_at=at, told_by=CARD, final=True, **told)


def _was_there(card: Card, one: Experiment) -> bool:
    """Where all is listed, and before it was. Of one that lay nobody knows where: all the card."""
    if one.writer != Writer.SQLITE or one.growing or one.first_seen_at >= card.at:
        return False
    if not one.path:
        return card.root in card.whole
    return any(PurePosixPath(one.path).is_relative_to(folder) for folder in card.whole)
