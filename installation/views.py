"""The Setup page: what each check last answered, and what to type. It asks nobody outside."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from backups.engine.grammar import agreeing, counted
from backups.watch_state import may_ask
from devices.models import Device
from installation import leaving, services, tasks
from installation.answers import Standing, worst
from installation.checks.node import SET
from installation.services import AnsweredCheck

SEE, ASK = "installation.view_storedanswer", "installation.ask_storedanswer"
LEAVE = "installation.leave_lab_storedanswer"
SHAPES = {
    Standing.WRONG: ("missing", "cancel"),
    Standing.UNKNOWN: ("unknown", "help"),
    Standing.OFF: ("none", "remove"),
    Standing.OK: ("protected", "check_circle"),
}


@never_cache
@require_safe
@permission_required(SEE, raise_exception=True)
def setup_page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    context = {
        **admin.site.each_context(request),
        "title": "Setup",
        "may_ask": request.user.has_perm(ASK),
        "may_leave": request.user.has_perm(LEAVE) and settings.SIMULATED_LAB,
        "leaving": settings.SIMULATED_LAB and leaving.is_marked(),
        "lab_devices": Device.objects.count() if settings.SIMULATED_LAB else 0,
        "data_root": settings.VAR_DIR / "lab",
        "begins": settings.SIMULATED_LAB or not may_ask(),
        "node_line": SET.format("NODE_URL", "http://node:80"),
    }
    return render(request, "installation/setup.html", context | _answers(now))


@never_cache
@require_safe
@permission_required(SEE, raise_exception=True)
def answers_part(request: HttpRequest) -> HttpResponse:
    """The answers alone: a page that stays open asks for them again and again."""
    return render(request, "installation/answers.html", _answers(timezone.now()))


@require_POST
@permission_required(ASK, raise_exception=True)
def check_now(request: HttpRequest) -> HttpResponse:
    try:
        tasks.check_setup.delay()
    except OperationalError:
        services.note_queue_down(now=timezone.now())
        messages.error(request, "Not asked: the queue (Redis) cannot be reached.")
    else:
        messages.success(request, "All checks are asked. Their answers come in here.")
    return redirect("admin:setup")


@require_POST
@permission_required(LEAVE, raise_exception=True)
def leave_lab(request: HttpRequest) -> HttpResponse:
    try:
        leaving.mark()
    except leaving.NoLab as error:
        messages.error(request, f"Nothing was done: {error}.")
    else:
        messages.success(request, "It is emptied at the next start. Until then nothing is gone.")
    return redirect("admin:setup")


@require_POST
@permission_required(LEAVE, raise_exception=True)
def keep_lab(request: HttpRequest) -> HttpResponse:
    leaving.unmark()
    messages.success(request, "The simulated lab stays.")
    return redirect("admin:setup")


def _answers(now: datetime) -> dict[str, Any]:
    answered = services.known_answers(now=now)
    parts: dict[str, list[tuple[AnsweredCheck, str, str]]] = {}
    for one in answered:
        parts.setdefault(one.check.part, []).append((one, *SHAPES[one.answer.standing]))
    worst_first = sorted(parts.items(), key=lambda part: _rank(one for one, *_ in part[1]))
    return {"parts": worst_first, "now": now, "sentence": _sentence(answered)}


def _rank(some: Iterable[AnsweredCheck]) -> int:
    """What is not configured is no worse than what is fine."""
    bad = (Standing.WRONG, Standing.UNKNOWN)
    found = worst(one.answer.standing for one in some)
    return bad.index(found) if found in bad else len(bad)


def _sentence(answered: list[AnsweredCheck]) -> str:
    counts = {s: sum(one.answer.standing is s for one in answered) for s in Standing}
    said = []
    if wrong := counts[Standing.WRONG]:
        said.append(agreeing(f"{counted(wrong, 'thing')} are wrong", wrong))
    if unknown := counts[Standing.UNKNOWN]:
        said.append(f"{unknown} cannot be told")
    if not said:
        return f"All {counts[Standing.OK]} checks of what is configured are fine."
    fine = counts[Standing.OK]
    return f"{', '.join(said)}; {agreeing(f'{fine} are fine', fine)}."
