"""Who asks, and by what: the connection itself says so, or a proxy that the settings name.

After this middleware `REMOTE_ADDR` and `is_secure` are true for everything behind it: networks that
may read, the counter of failed logins, throttles, the log. What any header says of that is gone.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from backups.api.networks import PASSED_ON
from devices.addresses import is_within, plain_address

# By which proxies say that they are one. Only two of them are ever believed, of named ones.
SAID_BY_PROXIES = tuple(
    f"HTTP_{name.upper().replace('-', '_')}"
    for name in (
        "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port",
        "X-Forwarded-Server", "X-Forwarded", "X-Forwarded-Protocol", "X-Forwarded-Ssl",
        "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "Client-IP", "Forwarded-For",
        "Forwarded", "Via", "True-Client-IP", "CF-Connecting-IP", "Front-End-Https",
    )
)  # fmt: skip
SCHEMES = {"http", "https"}


class TrustedProxies:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        told = {name: meta.pop(name) for name in SAID_BY_PROXIES if name in meta}
        if is_within(meta.get("REMOTE_ADDR", ""), settings.TRUSTED_PROXIES):
            _believe(request, told)
        elif told:
            meta[PASSED_ON] = True  # by somebody whom nobody named
        return self.get_response(request)


def _believe(request: HttpRequest, told: dict[str, str]) -> None:
    """Of the addresses each hop added one: the last that is no proxy of ours is who asks."""
    hops = told.get("HTTP_X_FORWARDED_FOR", "").split(",")
    for hop in reversed([hop.strip() for hop in hops if hop.strip()]):
        if plain_address(hop) is None:
            request.META[PASSED_ON] = True  # no address that can be in a network
            break
        request.META["REMOTE_ADDR"] = hop
        if not is_within(hop, settings.TRUSTED_PROXIES):
            break
    scheme = told.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
    if scheme in SCHEMES:
        request.META["wsgi.url_scheme"] = scheme  # the WSGI environment itself
