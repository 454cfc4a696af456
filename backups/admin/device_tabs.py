"""What each tab of a device's page shows, and nothing of the others: it is asked for alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings as installed
from django.core.paginator import Page, Paginator
from django.http import HttpRequest

from backups.admin.copies import unlisted_copies
from backups.admin.file_rows import files_tab
from backups.admin.trends import trends
from backups.dashboard import DeviceStatus
from backups.engine.card.outlook import concerns
from backups.engine.errors import BackupError
from backups.engine.facts import BackupFacts, BackupType
from backups.engine.pull.errors import KeyRefused
from backups.engine.verdict import Verdict
from backups.models import CardListing, CardReading, RecordingLedger, RunKind, WipeCertificate
from backups.services.card_readings import backlog_of, card_before
from backups.services.runs import Offer, plan_of
from backups.services.runs.connection import SSH
from backups.services.runs.offers import attempts_of, doors_of
from backups.services.second_copies import where_copies_are
from backups.services.ssh_keys import line_to_type
from backups.services.wipes import certificate_of, last_answer, still_holds
from devices.models import Device
from devices.services.by_people import changes_by_people

ROWS = 15
RUNS = 25
CHANGES_SHOWN = 5
CERTIFICATES_SHOWN = 5
SPANS = ("1", "7", "30", "365")  # days of a timeline

Shown = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a tab is asked for, with what the head of the page knows already."""

    request: HttpRequest
    device: Device
    status: DeviceStatus
    offers: Mapping[RunKind, Offer]
    reading: CardReading | None
    now: datetime

    def page(self, parameter: str, rows: Any, size: int = ROWS) -> Page:
        return Paginator(rows, size).get_page(self.request.GET.get(parameter))


def backups(asked: Asked) -> Shown:
    places = where_copies_are(asked.device)
    return {**judged(asked.status), "plan": plan_of(asked.device), "places": places}


def judged(status: DeviceStatus) -> Shown:
    """Its backups, the types apart that it never had; and what is wrong, item by item."""
    never = Verdict.NONE
    return {
        "backups": {k: b for k, b in status.backups.items() if b.judgement.verdict is not never},
        "never_had": {k: b for k, b in status.backups.items() if b.judgement.verdict is never},
        "wrong_backups": _wrong(status),
    }


def _wrong(status: DeviceStatus) -> list[tuple[BackupType, BackupFacts]]:
    return [
        (backup_type, backup.facts)
        for backup_type, backup in status.backups.items()
        if backup.facts.has_problems
    ]


def experiments(asked: Asked) -> Shown:
    rows = asked.device.experiments.select_related("state__copy")
    unlisted = unlisted_copies().filter(device=asked.device)
    return {"experiments": asked.page("experiments", rows), "unlisted": unlisted.count()}


def recordings(asked: Asked) -> Shown:
    ledgers = RecordingLedger.objects.filter(device=asked.device)
    return {"recordings": asked.page("recordings", ledgers.defer("memory", "digests"))}


def files(asked: Asked) -> Shown:
    return files_tab(asked.request, asked.device)


def runs(asked: Asked) -> Shown:
    rows = asked.device.runs.defer("log", "numbers")
    return {"runs": asked.page("runs", rows, RUNS), "claims": asked.device.claims.all()}


def timeline(asked: Asked) -> Shown:
    days = asked.request.GET.get("days", "7")
    return {"trends": trends(asked.device), "spans": SPANS, "days": days if days in SPANS else "7"}


def card(asked: Asked) -> Shown:
    device = asked.device
    listing = CardListing.objects.filter(device=device).defer("packed").first()
    changes = device.card_changes.all()[:CHANGES_SHOWN]
    return (
        {"listing": listing, "card_changes": changes} | _health(asked) | _wipe(asked) | _door(asked)
    )


def settings(asked: Asked) -> Shown:
    return {"changes_by_people": changes_by_people(asked.device)}


def _health(asked: Asked) -> Shown:
    """How its card fares, as of its newest listing."""
    reading = asked.reading
    look = reading.look if reading else None
    backlog = backlog_of(asked.device, asked.status.risk, now=asked.now) if look else None
    return {
        "reading": reading,
        "card_look": look,
        "card_before": card_before(reading) if reading else None,
        "card_concerns": concerns(look, now=asked.now, backlog=backlog),
        "backlog": backlog,
    }


def _wipe(asked: Asked) -> Shown:
    """The last answer to “May I wipe it?”, and whether it still holds."""
    answer = last_answer(asked.device)
    certificate = certificate_of(answer) if answer else None
    made = WipeCertificate.objects.filter(device=asked.device).order_by("-made_at")
    return {
        "wipe": answer,
        "certificate": certificate,
        "holds": still_holds(certificate, now=asked.now),
        "certificates": made[:CERTIFICATES_SHOWN],
        "wipe_offer": asked.offers[RunKind.WIPE],
    }


def _door(asked: Asked) -> Shown:
    """What its doors said when they were last tried; where one is shut, what a person types."""
    ended = {kind: offer.last for kind, offer in asked.offers.items() if offer.last}
    test = ended.get(RunKind.CONNECT)
    by_ssh = attempts_of(ended).get(SSH)
    shown = {
        "test": test,
        "doors": doors_of(test) if test else (),
        "by_ssh": by_ssh,
        "connect_offer": asked.offers[RunKind.CONNECT],
        "list_offer": asked.offers[RunKind.LIST_CARD],
        "ssh_user": installed.SSH_USER,
    }
    other = by_ssh is not None and by_ssh.failure != KeyRefused.__name__
    if other or not asked.device.address:
        return shown
    try:
        return shown | {"line_to_type": line_to_type(asked.device)}
    except BackupError as error:
        return shown | {"line_error": str(error)}
