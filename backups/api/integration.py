"""GET /integration/: a page whose script asks this installation, and says what holds."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from backups.api.networks import comes_from_status_network


@require_safe
@never_cache
def integration_page(request: HttpRequest) -> HttpResponseBase:
    """For staff, and for whoever may read the old routes without a login."""
    if comes_from_status_network(request) or request.user.is_staff:
        return render(request, "backups/integration.html")
    return redirect_to_login(request.path)
