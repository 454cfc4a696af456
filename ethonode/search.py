"""What Ctrl+K finds beside the pages themselves: devices, experiments, people and dates."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from unfold.dataclasses import SearchResult

from backups.models import ResultCopy
from devices.dates import span_of
from devices.models import Device, Experiment

MOST = 8  # of each kind
SHORTEST = 2  # of one letter everything would be found


def found(request: HttpRequest, term: str) -> list[SearchResult]:
    """Only what the person may see. The term comes in lower case."""
    term = term.strip()
    if len(term) < SHORTEST:
        return []
    return [
        *_of_date(request, term),
        *_objects(request, term, Device, icon="memory", what="device"),
        *_experimenters(request, term),
        *_objects(request, term, Experiment, icon="science", what="experiment"),
        *_accounts(request, term),
    ]


def _of_date(request: HttpRequest, term: str) -> Iterator[SearchResult]:
    """A day as people type it, “last Tuesday” too. The lists understand the same words."""
    now = timezone.localtime()
    span = span_of(term, now=now)
    if span is None:
        return
    day = f"{span.start:%Y-%m-%d}"
    if request.user.has_perm("devices.view_experiment"):
        yield _experiments(term, f"Experiments of {day}", f"“{term}”: those that began then")
    if request.user.has_perm("backups.view_run"):
        url = f"{reverse('admin:backups_run_changelist')}?{urlencode({'q': term})}"
        yield SearchResult(f"Runs of {day}", f"“{term}”", url, "sync")
    if request.user.has_perm("devices.view_device") and span.end <= now:
        at = span.end.astimezone(UTC) - timedelta(seconds=1)
        url = f"{reverse('admin:index')}?{urlencode({'at': f'{at:%Y-%m-%dT%H:%M:%SZ}'})}"
        yield SearchResult(
            f"The fleet at the end of {day}", "as it was judged then", url, "history"
        )


def _experiments(term: str, title: str, description: str) -> SearchResult:
    page = reverse("admin:devices_experiment_changelist")
    return SearchResult(title, description, f"{page}?{urlencode({'q': term})}", "science")


def _objects(
    request: HttpRequest, term: str, model: type[Model], *, icon: str, what: str
) -> Iterator[SearchResult]:
    """By the fields that the model's own list is searched by."""
    shown = admin.site.get_model_admin(model)
    if not shown.has_view_permission(request):
        return
    rows, _ = shown.get_search_results(request, model._default_manager.all(), term)
    page = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    for row in rows[:MOST]:
        yield SearchResult(str(row), what, reverse(page, args=[row.pk]), icon)


def _experimenters(request: HttpRequest, term: str) -> Iterator[SearchResult]:
    """People whom experiments name."""
    if not request.user.has_perm("devices.view_experiment"):
        return
    named = ResultCopy.objects.filter(user__icontains=term).order_by("user")
    for name in named.values_list("user", flat=True).distinct()[:MOST]:
        yield _experiments(name, name, "person: their experiments")


def _accounts(request: HttpRequest, term: str) -> Iterator[SearchResult]:
    if not request.user.has_perm("auth.view_user"):
        return
    named = Q(username__icontains=term) | Q(first_name__icontains=term)
    users = User.objects.filter(named | Q(last_name__icontains=term) | Q(email__icontains=term))
    for user in users.order_by("username")[:MOST]:
        url = reverse("admin:auth_user_change", args=[user.pk])
        yield SearchResult(user.get_full_name() or user.username, "account", url, "person")
