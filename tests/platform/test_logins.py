"""One counter of failed logins for every door that takes a password."""

import base64

import pytest
from axes.models import AccessAttempt
from django.utils import timezone

from incidents.services.login_symptoms import login_symptoms

pytestmark = pytest.mark.django_db
NAME, PASSWORD = "boss", "secret-enough"


@pytest.fixture(autouse=True)
def boss(django_user_model, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.AXES_FAILURE_LIMIT = 4
    return django_user_model.objects.create_superuser(NAME, password=PASSWORD)


def at_the_page(client, password, *, name=NAME, **extra):
    form = {"username": name, "password": password}
    return client.post("/admin/login/", form, **extra).status_code


def at_the_api(client, password, *, name=NAME, **extra):
    basic = base64.b64encode(f"{name}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    return client.post("/api/v1/auth/login/", headers=headers, **extra).status_code


DOORS = [at_the_page, at_the_api]
RIGHT = {at_the_page: 302, at_the_api: 200}


@pytest.mark.parametrize("first", DOORS)
@pytest.mark.parametrize("then", DOORS)
def test_what_is_tried_at_one_door_counts_at_all(client, settings, first, then):
    for number in range(settings.AXES_FAILURE_LIMIT):
        assert first(client, "wrong", name=f"name{number % 3}") in {200, 401, 429}
    assert then(client, PASSWORD) == 429
    assert then(client, PASSWORD, REMOTE_ADDR="10.0.0.2") == RIGHT[then]  # from elsewhere


@pytest.mark.parametrize("door", DOORS)
def test_no_header_makes_it_another_address(client, settings, door):
    for number in range(settings.AXES_FAILURE_LIMIT):
        door(client, "wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
    assert door(client, PASSWORD, HTTP_X_REAL_IP="10.0.0.99") == 429


def test_behind_a_named_proxy_each_has_its_own_count(client, settings):
    settings.TRUSTED_PROXIES = ["127.0.0.1/32"]
    for _ in range(settings.AXES_FAILURE_LIMIT):
        at_the_api(client, "wrong", HTTP_X_FORWARDED_FOR="10.0.0.7")
    assert at_the_api(client, PASSWORD, HTTP_X_FORWARDED_FOR="10.0.0.7") == 429
    assert at_the_api(client, PASSWORD, HTTP_X_FORWARDED_FOR="10.0.0.8") == 200


@pytest.mark.parametrize("door", DOORS)
def test_a_right_password_does_not_begin_the_count_anew(client, settings, door):
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        door(client, "wrong")
    assert door(client, PASSWORD) == RIGHT[door]
    door(client, "wrong")
    assert door(client, PASSWORD) == 429


def test_after_a_while_one_may_try_again(client, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        at_the_page(client, "wrong")
    AccessAttempt.objects.update(attempt_time=timezone.now() - settings.AXES_COOLOFF_TIME * 2)
    assert at_the_page(client, PASSWORD) == 302


def test_the_page_and_the_api_say_so(client, settings, caplog):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        at_the_page(client, "wrong-secret")
    page = client.post("/admin/login/", {"username": NAME, "password": PASSWORD})
    assert "Too many failed logins" in page.content.decode()
    assert page["Retry-After"] == "900"
    basic = base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode()
    told = client.post("/api/v1/auth/login/", headers={"Authorization": f"Basic {basic}"})
    assert (told.json()["code"], told["Retry-After"]) == ("throttled", "900")
    assert NAME in caplog.text
    assert "127.0.0.1" in caplog.text
    assert "wrong-secret" not in caplog.text


@pytest.mark.parametrize(
    ("others", "code"), [("2001:db8::2", 429), ("2001:db8:0:1::1", 302), ("::ffff:10.0.0.1", 302)]
)
def test_of_ipv6_a_network_is_one_address(client, settings, others, code):
    for number in range(settings.AXES_FAILURE_LIMIT):
        at_the_page(client, "wrong", REMOTE_ADDR=f"2001:db8::{number + 10:x}")
    assert at_the_page(client, PASSWORD, REMOTE_ADDR=others) == code


def test_a_problem_tells_of_it_until_they_may_try_again(client, settings):
    assert list(login_symptoms(now=timezone.now())) == []
    for _ in range(settings.AXES_FAILURE_LIMIT):
        at_the_api(client, "wrong", REMOTE_ADDR="10.0.0.7")
    (symptom,) = login_symptoms(now=timezone.now())
    assert "10.0.0.7 (4 times)" in symptom.sentence
    assert list(login_symptoms(now=timezone.now() + settings.AXES_COOLOFF_TIME)) == []


def test_no_password_is_kept(client):
    at_the_page(client, "wrong-secret")
    assert "wrong-secret" not in str(AccessAttempt.objects.values())
