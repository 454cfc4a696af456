"""Who asks, and by what, behind a web server that is named, one that is not, and none."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from backups.api.networks import comes_from_status_network
from ethonode.proxies import SAID_BY_PROXIES, TrustedProxies

PROXY = "192.0.2.10"
HEADERS = [name.removeprefix("HTTP_").replace("_", "-").title() for name in SAID_BY_PROXIES]


@pytest.fixture
def seen(settings):
    """How a request looks to all that is behind the first middleware."""
    settings.TRUSTED_PROXIES = [f"{PROXY}/32", "198.51.100.0/24", "::1/128"]
    settings.STATUS_NETWORKS = ["127.0.0.0/8", "10.0.0.0/8"]

    def see(address, **headers):
        found = []
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = RequestFactory().get("/", REMOTE_ADDR=address, headers=names)
        TrustedProxies(lambda one: found.append(one) or HttpResponse())(request)
        return found[0]

    return see


@pytest.mark.parametrize(
    ("told", "who"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("10.9.9.9, 10.1.2.3", "10.1.2.3"),  # the first was said by who asks
        ("10.1.2.3, 198.51.100.7", "10.1.2.3"),  # through two of ours
        ("2001:db8::1", "2001:db8::1"),
        ("", PROXY),
    ],
)
def test_of_a_named_proxy_the_word_is_taken(seen, told, who):
    assert seen(PROXY, X_Forwarded_For=told).META["REMOTE_ADDR"] == who


@pytest.mark.parametrize(
    "told", ["unknown", "10.0.0.1:80", "10.0.0.1, nonsense", "::ffff:", "\u0661"]
)
def test_what_is_no_address_is_in_no_network(seen, told):
    assert not comes_from_status_network(
        seen(PROXY, X_Forwarded_For=told.encode().decode("latin1"))
    )


@pytest.mark.parametrize(("told", "secure"), [("https", True), ("http", False), ("x", False)])
def test_so_is_its_word_on_https(seen, told, secure):
    assert seen(PROXY, X_Forwarded_Proto=told).is_secure() is secure
    assert not seen("127.0.0.1", X_Forwarded_Proto=told).is_secure()


@pytest.mark.parametrize("header", HEADERS)
def test_what_an_unnamed_proxy_passes_on_is_in_no_network(seen, header):
    request = seen("127.0.0.1", **{header: "10.1.2.3"})
    assert request.META["REMOTE_ADDR"] == "127.0.0.1"
    assert not comes_from_status_network(request)


@pytest.mark.parametrize("header", HEADERS)
def test_nothing_behind_sees_what_was_said(seen, header):
    assert header not in seen(PROXY, **{header: "10.1.2.3"}).headers


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "10.1.2.3"])
def test_who_comes_directly_is_known_by_the_connection(seen, address):
    assert comes_from_status_network(seen(address))


@pytest.mark.parametrize("address", ["", "localhost", "unix:", "11.0.0.1", "::2", "0x7f000001"])
def test_others_are_not(seen, address):
    assert not comes_from_status_network(seen(address))


def test_the_log_tells_the_address_of_the_connection(client, db, settings, caplog):
    client.get("/healthz", headers={"X-Forwarded-For": "10.1.2.3", "X-Real-IP": "10.1.2.3"})
    assert "10.1.2.3" not in caplog.text
