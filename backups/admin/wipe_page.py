"""What the pages of “May I wipe it?” and of its certificates show."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest

from backups.engine.wipe import Remedy
from backups.engine.wipe.certificate import CertifiedItem, read_body
from backups.models import OPEN_STATES, RunKind, WipeCertificate, WipeQuestion
from backups.services.certificates import content_of
from backups.services.runs import KINDS
from backups.services.wipes import certificate_of, reasons_of, still_holds

ROWS = 50
SAYS = {
    "yes": "Yes: everything on it is equal here, and was read from our disk since.",
    "no": "No.",
    "unknown": "It cannot be told.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderProofs:
    """Of the things in one folder of a card: how many, how large, and how old their proofs are."""

    folder: str
    count: int
    size_bytes: int
    proven_at: datetime | None  # the oldest
    read_at: datetime | None


def question_context(
    request: HttpRequest, question: WipeQuestion, *, now: datetime
) -> dict[str, Any]:
    certificate = certificate_of(question)
    reasons = Paginator(reasons_of(question), ROWS).get_page(request.GET.get("reasons"))
    others = WipeQuestion.objects.filter(device=question.device).exclude(pk=question.pk)
    return {
        "now": now,
        "question": question,
        "says": SAYS[question.answer],
        "certificate": certificate,
        "holds": still_holds(certificate, now=now),
        "reasons": reasons,
        "buttons": {kind.value: declared.button for kind, declared in KINDS.items()}
        | {Remedy.ASK_AGAIN: "Ask again"},
        "ask_again": RunKind.WIPE,
        "may_ask": request.user.has_perm(KINDS[RunKind.WIPE].permission),
        "open_runs": question.device.runs.filter(state__in=OPEN_STATES),
        "others": others.defer("reasons"),
    }


def paper_context(one: WipeCertificate) -> dict[str, Any]:
    body = read_body(content_of(one))
    listed_at = datetime.fromisoformat(body.listed_again_at)
    folders = _folders(body.items)
    return {"certificate": one, "body": body, "folders": folders, "listed_again_at": listed_at}


def _folders(items: Iterable[CertifiedItem]) -> list[FolderProofs]:
    grouped: dict[str, list[CertifiedItem]] = defaultdict(list)
    for item in items:
        grouped[item.name.rpartition("/")[0] or item.name].append(item)
    return [
        FolderProofs(
            folder=folder,
            count=len(some),
            size_bytes=sum(item.size for item in some),
            proven_at=_oldest(item.proven_at for item in some),
            read_at=_oldest(item.read_at for item in some),
        )
        for folder, some in sorted(grouped.items())
    ]


def _oldest(times: Iterable[str]) -> datetime | None:
    return min(map(datetime.fromisoformat, filter(None, times)), default=None)
