"""A token of a program may what its scope says, and ends when it should."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from people.authentication import Token
from people.models import ApiToken, TokenScope
from people.tokens import make_token
from tests.people.conftest import PASSWORD

pytestmark = pytest.mark.django_db
LISTS = ["devices", "snapshots", "services", "experiments", "recordings", "runs", "incidents"]


def tomorrow():
    return timezone.now().date() + timedelta(days=1)


def headers(key):
    return {"Authorization": f"Token {key}"}


@pytest.fixture
def key_of(admin_user):
    def make(scope, owner=admin_user):
        return make_token(owner, name="wall", scope=scope, ends=tomorrow())[1]

    return make


def test_it_is_made_by_three_fields_and_shown_once(admin_client, client):
    data = {"name": "wall", "scope": "read", "ends": tomorrow().isoformat()}
    page = admin_client.post(reverse("admin:people_apitoken_add"), data)
    key = re.search(r'<code class="copy-me">(\w{60,})</code>', page.content.decode())[1]
    assert "no-store" in page.headers["Cache-Control"]
    assert client.get("/api/v1/devices/", headers=headers(key)).status_code == 200
    shown = admin_client.get(reverse("admin:people_apitoken_changelist")).content.decode()
    one = ApiToken.objects.get()
    detail = admin_client.get(reverse("admin:people_apitoken_change", args=[one.pk]))
    for text in (shown, detail.content.decode()):
        assert "wall" in text
        assert key not in text
        assert one.token.token_key not in text
        assert one.token.digest not in text


def test_the_raw_key_is_nowhere_in_the_database(admin_client):
    data = {"name": "wall", "scope": "read", "ends": tomorrow().isoformat()}
    page = admin_client.post(reverse("admin:people_apitoken_add"), data).content.decode()
    key = re.search(r'<code class="copy-me">(\w{60,})</code>', page)[1]
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608  of our own database
            assert key not in repr(cursor.fetchall())


@pytest.mark.parametrize("scope", sorted(Token.scopes))
@pytest.mark.parametrize("name", LISTS)
def test_every_scope_reads(client, key_of, scope, name):
    answer = client.get(f"/api/v1/{name}/", headers=headers(key_of(scope)))
    assert answer.status_code == 200


@pytest.mark.parametrize("action", ["refresh", "mirror", "pull-results"])
def test_a_token_to_read_starts_nothing(client, key_of, device, queue, action):
    url = f"/api/v1/devices/{device.device_id}/{action}/"
    assert client.post(url, headers=headers(key_of(TokenScope.READ))).status_code in {403, 404}
    assert not device.runs.exists()


def test_a_token_to_operate_starts_a_backup(client, key_of, device, queue):
    url = f"/api/v1/devices/{device.device_id}/mirror/"
    assert client.post(url, headers=headers(key_of(TokenScope.OPERATE))).status_code == 202


def test_a_token_may_never_more_than_its_owner(client, key_of, someone, device):
    url = f"/api/v1/devices/{device.device_id}/mirror/"
    key = key_of(TokenScope.ADMIN, someone("viewer"))
    assert client.get("/api/v1/devices/", headers=headers(key)).status_code == 200
    assert client.post(url, headers=headers(key)).status_code == 403


def test_one_that_a_login_made_is_in_the_list(admin_user):
    token, _ = AuthToken.objects.create(admin_user)
    assert ApiToken.objects.get(token=token).name == "By name and password"


def test_it_ends_on_its_day(client, key_of, time_machine):
    key = key_of(TokenScope.READ)
    time_machine.move_to(timezone.now() + timedelta(days=1))
    assert client.get("/api/v1/devices/", headers=headers(key)).status_code == 200
    time_machine.move_to(timezone.now() + timedelta(days=1))
    assert client.get("/api/v1/devices/", headers=headers(key)).status_code == 401


def by_person(user, browser):
    browser.force_login(user)
    data = {
        "old_password": PASSWORD,
        "new_password1": "other 8 words",
        "new_password2": "other 8 words",
    }
    browser.post("/admin/password_change/", data)


def by_program(user, browser):
    user.set_password("other 8 words")
    user.save()


@pytest.mark.parametrize("change", [by_person, by_program])
def test_it_ends_with_a_change_of_the_password(client, key_of, someone, change):
    owner, other = someone("viewer"), someone("admin")
    mine, others = key_of(TokenScope.READ, owner), key_of(TokenScope.READ, other)
    change(owner, client)
    client.logout()
    assert User.objects.get(pk=owner.pk).check_password("other 8 words")
    assert client.get("/api/v1/devices/", headers=headers(mine)).status_code == 401
    assert client.get("/api/v1/devices/", headers=headers(others)).status_code == 200


def test_it_ends_with_manage_changepassword(client, key_of, someone, monkeypatch):
    owner = someone("viewer")
    key = key_of(TokenScope.READ, owner)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "other 8 words")
    call_command("changepassword", owner.username)
    assert client.get("/api/v1/devices/", headers=headers(key)).status_code == 401


def test_a_login_is_no_change_of_the_password(client, key_of, someone, settings):
    owner = someone("viewer")
    key = key_of(TokenScope.READ, owner)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    words = {"username": owner.username, "password": PASSWORD}
    client.post("/admin/login/", words)  # stores it by the new hasher
    client.logout()
    assert User.objects.get(pk=owner.pk).password.startswith("pbkdf2_sha1")
    assert client.get("/api/v1/devices/", headers=headers(key)).status_code == 200


def test_a_person_sees_and_deletes_only_his_own(as_role, key_of, admin_user):
    key_of(TokenScope.ADMIN)
    client, foreign = as_role("operator"), ApiToken.objects.get()
    key_of(TokenScope.READ, User.objects.get(username="operator"))
    shown = client.get(reverse("admin:people_apitoken_changelist")).context["cl"].result_list
    assert [one.token.user.username for one in shown] == ["operator"]
    client.post(reverse("admin:people_apitoken_delete", args=[foreign.pk]), {"post": "yes"})
    assert ApiToken.objects.filter(pk=foreign.pk).exists()


@pytest.mark.parametrize("way", ["page", "action"])
def test_a_deleted_one_is_of_no_use(admin_client, client, key_of, way):
    key, one = key_of(TokenScope.READ), ApiToken.objects.get()
    if way == "page":
        admin_client.post(reverse("admin:people_apitoken_delete", args=[one.pk]), {"post": "yes"})
    else:
        data = {"action": "delete_selected", "_selected_action": [one.pk], "post": "yes"}
        admin_client.post(reverse("admin:people_apitoken_changelist"), data)
    assert not AuthToken.objects.exists()
    assert client.get("/api/v1/devices/", headers=headers(key)).status_code == 401
