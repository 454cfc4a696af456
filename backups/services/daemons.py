"""Ask the backup daemons of each node how they are, and store what they claim, or why nothing."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

import msgspec
import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from backups.engine.claims import DaemonError, DaemonReport, DeviceClaim, parse
from backups.models import Claim, DaemonStatus
from devices.client import RSYNC_STATUS_BYTES, AskFailed, get_json
from devices.models import Device
from devices.nodes import Node

log = structlog.get_logger(__name__)

_CLAIM_FIELDS = [
    "claimed_at", "state", "message", "processing", "started_at", "ended_at", "failed", "job_count",
]  # fmt: skip
_STATUS_FIELDS = ["checked_at", "error", "current_device", "current_file", "processing"]
_ANSWER_FIELDS = ["answered_at", "answer_seconds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What came of asking one daemon: its report, or why there is none."""

    node: str
    daemon: str
    report: DaemonReport | None = None
    error: str = ""
    seconds: float | None = None


def check_daemons(*, now: datetime) -> list[DaemonStatus]:
    """Ask each daemon once, at the same time, and store the answers.

    A daemon that gave none keeps its last claims and the time of its last good answer.
    """
    nodes: Sequence[Node] = settings.NODES
    places = [(node.name, *place) for node in nodes for place in node.daemons.items()]
    with ThreadPoolExecutor(max_workers=len(places)) as pool:  # no ORM in there
        answers = list(pool.map(lambda place: _ask(*place, now=now), places))
    for answer in answers:
        if answer.report and answer.report.problems:
            why = answer.report.problems
            log.warning("claims skipped", node=answer.node, daemon=answer.daemon, why=why)
    with transaction.atomic():
        _forget_others([node.name for node in nodes])
        _store(answers, now=now)
    return list(DaemonStatus.objects.all())


def _forget_others(nodes: Sequence[str]) -> None:
    """What daemons of nodes that are set no more once said is no fact of now."""
    gone, _ = DaemonStatus.objects.exclude(node__in=nodes).delete()
    if gone:
        Claim.objects.exclude(node__in=nodes).delete()


def _ask(node: str, daemon: str, url: str, *, now: datetime) -> _Answer:
    if not url:
        return _Answer(node=node, daemon=daemon, error="no address is set for it")
    started = time.monotonic()
    try:
        body = get_json(
            f"{url}/status",
            type=msgspec.Raw,
            timeout=settings.SERVICE_TIMEOUT,
            max_bytes=RSYNC_STATUS_BYTES,
        )
        report = parse(body, daemon=daemon, now=now)
    except (AskFailed, DaemonError) as error:
        return _Answer(node=node, daemon=daemon, error=str(error)[:500])
    seconds = time.monotonic() - started
    return _Answer(node=node, daemon=daemon, report=report, seconds=seconds)


def _store(answers: Iterable[_Answer], *, now: datetime) -> None:
    reports = [(answer.node, answer.report) for answer in answers if answer.report]
    for answered in (True, False):
        statuses = [_status(a, now=now) for a in answers if (a.report is not None) is answered]
        DaemonStatus.objects.bulk_create(
            statuses,
            update_conflicts=True,
            unique_fields=["node", "daemon"],
            update_fields=_STATUS_FIELDS + (_ANSWER_FIELDS if answered else []),
        )
    if reports:
        _store_claims(reports, now=now)


def _status(answer: _Answer, *, now: datetime) -> DaemonStatus:
    report = answer.report
    return DaemonStatus(
        node=answer.node,
        daemon=answer.daemon,
        checked_at=now,
        answered_at=now if report else None,
        error=answer.error,
        answer_seconds=answer.seconds,
        current_device=report.current_device if report else "",
        current_file=report.current_file if report else "",
        processing=[c.device_id for c in report.claims if c.processing] if report else [],
    )


def _store_claims(reports: Sequence[tuple[str, DaemonReport]], *, now: datetime) -> None:
    """Store what was claimed of known devices; a device no longer spoken of is not in work."""
    pks = dict(Device.objects.values_list("device_id", "pk"))
    claims = [
        _claim(claim, node=node, daemon=report.daemon, device_pk=pks[claim.device_id], now=now)
        for node, report in reports
        for claim in report.claims
        if claim.device_id in pks
    ]
    Claim.objects.bulk_create(
        claims,
        update_conflicts=True,
        unique_fields=["device", "node", "daemon"],
        update_fields=_CLAIM_FIELDS,
    )
    asked = reduce(or_, (Q(node=node, daemon=report.daemon) for node, report in reports))
    silent = Claim.objects.filter(asked, processing=True).exclude(claimed_at=now)
    silent.update(processing=False)


def _claim(claim: DeviceClaim, *, node: str, daemon: str, device_pk: int, now: datetime) -> Claim:
    return Claim(
        device_id=device_pk,
        node=node,
        daemon=daemon,
        claimed_at=now,
        state=claim.state,
        message=claim.message,
        processing=claim.processing,
        started_at=claim.started_at,
        ended_at=claim.ended_at,
        failed=claim.failed,
        job_count=claim.job_count,
    )
