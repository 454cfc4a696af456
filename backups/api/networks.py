"""Who may read the old routes, the integration page, /readyz and /metrics: one rule for all.

Whoever is in a network that was named, without a login; and whoever may see devices.
"""

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest

from devices.addresses import is_within

SEE_DEVICES = "devices.view_device"
PASSED_ON = "ethonode.passed_on"  # in META: by somebody of whom the settings know nothing


def may_read(request: HttpRequest) -> bool:
    """A poll from a named network costs no session and no user."""
    return comes_from_status_network(request) or request.user.has_perm(SEE_DEVICES)


def comes_from_status_network(request: HttpRequest) -> bool:
    """Whether who asks is in one of ETHONODE_STATUS_NETWORKS."""
    return comes_from(request, settings.STATUS_NETWORKS)


def comes_from(request: HttpRequest, networks: Sequence[str]) -> bool:
    """Whether who asks is in one of them.

    Behind a proxy that the settings do not name everybody seems to come from the proxy: so what
    was passed on by one never does.
    """
    address = request.META.get("REMOTE_ADDR", "")
    return PASSED_ON not in request.META and is_within(address, networks)
