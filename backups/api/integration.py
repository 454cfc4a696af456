"""GET /integration/: a page whose script asks this installation, and says what holds."""

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from backups.api.networks import may_read


@require_safe
@never_cache
def integration_page(request: HttpRequest) -> HttpResponseBase:
    """For whoever may read the old routes: it asks them."""
    if may_read(request):
        return render(request, "backups/integration.html")
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.path)
