"""“May I wipe it?”: what is known here that the answer needs, and the last answers."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zlib import compress, decompress

import msgspec
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from backups.engine.facts import BackupFacts, BackupType, Problem, ProblemKind
from backups.engine.wipe import MayWipe, WipeAnswer, WipeFacts, WipeReason, WriteOff, may_wipe
from backups.engine.wipe.scope import CUT, ExperimentSpan, may_wipe_each
from backups.models import OtherFile, RecordingLedger, WipeCertificate, WipeQuestion
from backups.services.silent_storages import SilentStorages
from backups.services.snapshots import take_snapshot
from devices.freshness import is_fresh
from devices.models import Device, Experiment, Writer
from devices.records import started_at

GivenUp = Experiment | RecordingLedger | OtherFile
Known = tuple[BackupType, ProblemKind, Problem]
WRITTEN_OFF = "Written off"  # as pages log it
LOOKED = timedelta(hours=1)
UNIQUE = ("device", "experiment")
ANSWERED = (
    "asked_at", "answered_at", "asked_by", "answer", "item_count", "size_bytes", "reason_count",
    "reasons",
)  # fmt: skip


class NotLookedAt(Exception):
    """Our own disk could not be read."""


def known_problems(device: Device, *, now: datetime) -> tuple[Known, ...]:
    """All that is wrong by a look made now. Raises NotLookedAt, LeaseHeld."""
    found = [snapshot.facts for snapshot in take_snapshot(device, now=now)]
    if error := next((facts.disk_error for facts in found if facts.disk_error), ""):
        raise NotLookedAt(error)
    return tuple(known for facts in found for known in _problems(facts))


def _problems(facts: BackupFacts) -> Iterator[Known]:
    """A snapshot keeps the first of each kind, and how many there are."""
    for kind in ProblemKind:
        some = facts.of_kind(kind)
        yield from ((facts.backup_type, kind, problem) for problem in some)
        if more := facts.counts.get(kind, 0) - len(some):
            name = f"{more:,}{CUT}"
            yield facts.backup_type, kind, Problem(name, some[-1].since, f"are {kind}, too")


def write_offs(device: Device) -> tuple[WriteOff, ...]:
    """What people gave up of a device, and who did."""
    experiments = device.experiments.filter(written_off=True)
    ledgers = RecordingLedger.objects.filter(device=device, written_off=True).only("recording")
    others = device.other_files.filter(written_off=True)
    given_up: list[GivenUp] = [*experiments, *ledgers, *others]
    return tuple(WriteOff(name=str(one), by=_who_wrote_off(one)) for one in given_up)


def _who_wrote_off(one: GivenUp) -> str:
    kind = ContentType.objects.get_for_model(one)
    logged = LogEntry.objects.filter(content_type=kind, object_id=str(one.pk))
    entry = logged.filter(change_message__startswith=WRITTEN_OFF).select_related("user").first()
    return entry.user.get_username() if entry else ""


def store_answers(device: Device, facts: WipeFacts, *, asked_by: str, now: datetime) -> WipeAnswer:
    """Answer for the whole card and for each experiment; keep that in place of the last answer."""
    whole = may_wipe(facts)
    answers = {"": whole, **may_wipe_each(facts, _spans(device))}
    about = {"device": device, "asked_at": facts.asked_at, "answered_at": now, "asked_by": asked_by}
    rows = [_row(name, answer, facts, about) for name, answer in answers.items()]
    with transaction.atomic():
        WipeQuestion.objects.filter(device=device).exclude(experiment__in=answers).delete()
        WipeQuestion.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=UNIQUE, update_fields=ANSWERED
        )
    return whole


def _row(
    experiment: str, answer: WipeAnswer, facts: WipeFacts, about: Mapping[str, Any]
) -> WipeQuestion:
    counted = None if experiment else facts.items
    return WipeQuestion(
        experiment=experiment,
        answer=answer.answer,
        item_count=None if counted is None else len(counted),
        size_bytes=None if counted is None else sum(item.size for item in counted),
        reason_count=len(answer.reasons),
        reasons=compress(msgspec.json.encode(answer.reasons), 1),
        **about,
    )


def _spans(device: Device) -> Iterator[ExperimentSpan]:
    """From the start in its name to that of the next; one without a start may be of any time."""
    known = [(started_at(one.filename), one) for one in device.experiments.all()]
    starts = sorted(start for start, _ in known if start)
    for start, one in known:
        later = (other for other in starts if start and other > start)
        yield ExperimentSpan(
            filename=one.filename,
            begins_at=start,
            ends_at=next(later, None),
            in_mariadb=one.writer == Writer.MYSQL,
        )


def reasons_of(question: WipeQuestion) -> tuple[WipeReason, ...]:
    return msgspec.json.decode(decompress(bytes(question.reasons)), type=tuple[WipeReason, ...])


def last_answer(device: Device, *, experiment: str = "") -> WipeQuestion | None:
    return WipeQuestion.objects.filter(device=device, experiment=experiment).first()


def still_holds(made: WipeCertificate | None, *, now: datetime) -> bool:
    """Whether a yes is one as of now: of what nobody looked at lately, or can look at, that is not
    known."""
    if made is None or not made.stands or (made.device and SilentStorages(now).why(made.device)):
        return False
    return is_fresh(made.checked_at, within=LOOKED, now=now)


def certificate_of(question: WipeQuestion) -> WipeCertificate | None:
    """That of its yes; None: it has none."""
    if question.answer != MayWipe.YES or question.experiment:
        return None
    made = WipeCertificate.objects.filter(device=question.device, made_at__gte=question.asked_at)
    return made.first()
