"""GET /wall/: the fleet for a screen on a wall. Read-only, without a login from named networks."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from backups.api.networks import comes_from
from backups.dashboard import fleet
from backups.fleet_words import fleet_in_words
from backups.services.card_readings import worst_concerns
from backups.watch_state import own_parts

ROWS_SHOWN = 12


@require_safe
@never_cache
def wall(request: HttpRequest) -> HttpResponseBase:
    """The page. Its script asks for its part again and again, and says loudly when none comes."""
    if not _may_see(request):
        return redirect_to_login(request.path)
    return render(request, "backups/wall.html", _shown(timezone.now()))


@require_safe
@never_cache
def wall_part(request: HttpRequest) -> HttpResponse:
    if not _may_see(request):
        return HttpResponse(status=403)
    return render(request, "backups/wall_part.html", _shown(timezone.now()))


def _may_see(request: HttpRequest) -> bool:
    """ETHONODE_WALL_NETWORKS is empty until somebody names one: then a login is needed."""
    if comes_from(request, settings.WALL_NETWORKS):
        return True
    return request.user.is_active and request.user.has_perm("devices.view_device")


def _shown(now: datetime) -> dict[str, Any]:
    known = fleet(now=now)
    ailing = worst_concerns((status.device for status in known.active), now=now)
    words = fleet_in_words(known, ailing, most=ROWS_SHOWN, now=now)
    return {**words, "own": own_parts(now=now)}
