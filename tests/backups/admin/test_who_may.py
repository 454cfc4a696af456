"""Every route, page, action and file: who may. What is not named here is for a permission only.

A route that is added is tried as soon as it is there, by everybody who could come.
"""

import re
from urllib.parse import urljoin

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLResolver, get_resolver

from tests.backups.admin.test_every_page import one_of_each  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]
OUTSIDE = {"REMOTE_ADDR": "192.0.2.7"}
SUBMIT = {"_form_submitted": "on"}
ANYBODY = {
    ".well-known/security.txt",
    "",
    "admin/bell/",  # empty for a stranger
    "admin/watch/",  # so is this
    "admin/login/",
    "admin/logout/",
    "admin/set-password/<uidb64>/<token>/",  # for whoever was sent its token
    "api/v1/auth/login/",
    "healthz",
}
NAMED_NETWORKS = {"readyz", "metrics", "backup/status", "device/<device_id>/backup", "integration/"}
NAMED_NETWORKS |= {"wall/", "wall/part/"}
WHOEVER_IS_LOGGED_IN = {
    "admin/",
    "admin/autocomplete/",
    "admin/jsi18n/",
    "admin/password_change/",
    "admin/password_change/done/",
    "admin/r/<path:content_type_id>/<path:object_id>/",
    "admin/search/",
    "admin/second-factor/",
    "admin/second-factor/forget/",
    "api/v1/auth/logout/",
    "api/v1/docs/",
    "api/v1/schema/",
}
NO_PAGE = {r"api/v1/^[\s\S]*/$", "admin/(?P<url>.*)$"}  # whatever else is asked for is not there
ROLES = ("viewer", "operator", "admin")
REFUSED = {401, 403, 404, 405}
LED_ON = {301, 302, 303}


def routes(resolver=None, before=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, path)
        else:
            yield path


ROUTES = sorted(set(routes()) - NO_PAGE)
OPEN = ANYBODY | NAMED_NETWORKS | WHOEVER_IS_LOGGED_IN
# The address of one thing only leads on to its page, which is tried itself.
CLOSED = [p for p in ROUTES if p not in OPEN and not re.fullmatch(r"admin/\w+/\w+/<[^>]+>/", p)]


@pytest.fixture(autouse=True)
def decided_before_it_is_rendered(unrendered):
    """Who may is, and rendering takes ten times as long."""


@pytest.fixture
def address(request, device):
    """Of one thing that is there, where the route names one."""
    request.getfixturevalue("one_of_each")

    def address(path):
        model = re.match(r"admin/(\w+)/(\w+)/", path)
        key = _first_key(*model.groups()) if model else 1
        for part, value in {
            r"<path:object_id>|<id>|<int:\w+>": str(key),
            r"\(\?P<device_id>[^)]*\)|<device_id>": device.device_id,
            r"\(\?P<service>[^)]*\)": "mysql",
            r"\(\?P<kind>[^)|]*[^)]*\)|<kind>": "verify",
            r"\(\?P<pk>[^)]*\)": "1",
            r"\(\?P<app_label>[^)|]*[^)]*\)": "devices",
            r"<str:file_id>": "r1",
            r"<name>|\(\?P<name>[^)]*\)": "certificate.json",
            r"\(\?P<number>[^)]*\)": "1",
            r"\(\?P<id>[^)]*\)": "recording-1",
            r"<path:\w+>": "1",
        }.items():
            path = re.sub(part, value, path)
        return "/" + path.replace("^", "").replace("$", "")

    return address


def _first_key(app_label, model):
    from django.apps import apps  # noqa: PLC0415

    try:
        found = apps.get_model(app_label, model)._default_manager.first()
    except LookupError:
        return 1
    return found.pk if found else 1


def may(client, where, *, act=True):
    """Whether a look or an act is let in; where it ends does not matter here."""
    yield not _refuses(client, client.get(where, **OUTSIDE))
    if act:
        yield not _refuses(client, client.post(where, SUBMIT, **OUTSIDE))


def _refuses(client, answer):
    """Also by leading to the login, or back to the first page."""
    for _ in range(5):
        if answer.status_code not in LED_ON:
            return answer.status_code in REFUSED
        way = urljoin(answer.request["PATH_INFO"], answer.headers["Location"])
        if way == "/admin/" or way.startswith("/admin/login/"):
            return True
        answer = client.get(way, **OUTSIDE)
    raise AssertionError(f"{way} leads round and round")


def test_what_is_named_is_there():
    assert set(ROUTES) >= ANYBODY | NAMED_NETWORKS | WHOEVER_IS_LOGGED_IN
    assert len(CLOSED) > 150


@pytest.mark.parametrize("person", ["a stranger", "staff without a permission"])
def test_what_is_not_named_is_for_a_permission(address, django_user_model, person):
    client = Client(raise_request_exception=False)
    if person != "a stranger":
        client.force_login(django_user_model.objects.create_user("bob", is_staff=True))
    act = person != "a stranger"  # who is asked for a login either way
    let_in = [path for path in CLOSED if any(may(client, address(path), act=act))]
    assert let_in == []


def test_who_is_not_staff_enters_no_page(address, django_user_model):
    client = Client(raise_request_exception=False)
    client.force_login(django_user_model.objects.create_user("eve"))
    pages = [path for path in CLOSED if path.startswith("admin/")]
    assert [path for path in pages if any(may(client, address(path), act=False))] == []


def test_strangers_outside_enter_only_what_is_for_anybody(address, client):
    closed = NAMED_NETWORKS | WHOEVER_IS_LOGGED_IN
    assert [path for path in sorted(closed) if any(may(client, address(path)))] == []
    assert all(any(may(client, f"/{path}")) for path in ("healthz", "admin/login/"))


@pytest.mark.by_turns
def test_a_role_may_what_the_one_before_it_may(address, django_user_model):
    groups = [Group.objects.get(name=name) for name in ROLES]
    before: set[str] = set()
    for group in groups:
        user = django_user_model.objects.create_user(f"a {group.name}", is_staff=True)
        user.groups.add(group)
        client = Client(raise_request_exception=False)
        client.force_login(user)
        looks = {path for path in ROUTES if any(may(client, address(path), act=False))}
        assert before <= looks
        before = looks


def test_a_viewer_acts_nowhere(address, django_user_model, queue):
    user = django_user_model.objects.create_user("viewer", is_staff=True)
    user.groups.add(Group.objects.get(name="viewer"))
    client = Client(raise_request_exception=False)
    client.force_login(user)
    acts = [
        path for path in CLOSED if client.post(address(path), SUBMIT, **OUTSIDE).status_code == 202
    ]
    assert acts == []
    assert queue() == []
