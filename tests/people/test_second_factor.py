"""Whoever sets up a second factor is let in by no door without it."""

import base64
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from people.invitations import link_for
from tests.people.conftest import PASSWORD

pytestmark = pytest.mark.django_db
SUBMIT = {"_form_submitted": "on"}  # what the dialog of an action sends
PAGE = "/admin/second-factor/"


def code_of(device, *, step=0):
    return f"{totp(device.bin_key) if not step else totp(device.bin_key, t0=-30 * step):06}"


@pytest.fixture
def ada(someone):
    return someone("viewer", name="ada")


@pytest.fixture
def browser(ada):
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def recovery_codes(browser):
    """Of ada, who set it up by the page."""
    browser.get(PAGE)
    device = TOTPDevice.objects.get()
    page = browser.post(PAGE, {"code": code_of(device)}).content.decode()
    return re.findall(r"<li><code>(\w+)</code>", page)


def log_in(code="", **others):
    client = Client()
    data = {"username": "ada", "password": PASSWORD, "code": code, **others}
    client.post("/admin/login/", data)
    return "_auth_user_id" in client.session


def test_the_page_shows_what_the_telephone_scans(browser):
    page = browser.get(PAGE)
    device = TOTPDevice.objects.get()
    assert "<svg" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    key = re.search(r'copy-me">([A-Z2-7 ]+)<', page.content.decode())[1].replace(" ", "")
    assert base64.b32decode(key + "=" * (-len(key) % 8)) == device.bin_key
    assert not device.confirmed
    assert log_in()  # it asks for nothing until the first code was right


def test_a_wrong_first_code_takes_nothing_into_use(browser):
    browser.get(PAGE)
    wrong = f"{(int(code_of(TOTPDevice.objects.get())) + 1) % 10**6:06}"
    assert "wrong" in browser.post(PAGE, {"code": wrong}).content.decode()
    assert not TOTPDevice.objects.get().confirmed


def test_without_a_code_nobody_comes_in(recovery_codes):
    assert len(recovery_codes) == 8
    assert not log_in()


def test_a_code_of_the_telephone_opens_once(recovery_codes, time_machine):
    code = code_of(TOTPDevice.objects.get(), step=1)
    time_machine.move_to(timezone.now() + timedelta(seconds=30))
    assert log_in(code)
    assert not log_in(code)


def test_a_recovery_code_opens_once(recovery_codes, time_machine):
    assert log_in(recovery_codes[0])
    time_machine.move_to(timezone.now() + timedelta(seconds=10))
    assert not log_in(recovery_codes[0])


def test_a_right_code_does_not_make_up_for_a_wrong_password(recovery_codes):
    assert not log_in(recovery_codes[0], password="wrong")
    assert log_in(recovery_codes[0])


def test_the_password_alone_gives_a_program_no_token(recovery_codes, client, someone):
    def ask(name):
        basic = base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()
        return client.post("/api/v1/auth/login/", headers={"Authorization": f"Basic {basic}"})

    someone("operator")
    assert ask("ada").status_code == 401
    assert ask("operator").status_code == 200


def test_a_link_to_set_a_password_logs_nobody_in(recovery_codes, ada):
    client = Client()
    form = client.get(link_for(ada, here=""), follow=True)
    new = {"new_password1": "other 8 words", "new_password2": "other 8 words"}
    client.post(form.redirect_chain[-1][0], new)
    assert "_auth_user_id" not in client.session
    assert not log_in(password="other 8 words")


def test_it_is_forgotten_by_a_code_and_not_without(recovery_codes, browser, time_machine):
    browser.post(PAGE + "forget/", {"code": "nonsense"})
    assert not log_in()
    time_machine.move_to(timezone.now() + timedelta(seconds=10))
    browser.post(PAGE + "forget/", {"code": recovery_codes[1]})
    assert log_in()


def test_an_admin_helps_who_lost_the_telephone(recovery_codes, admin_client, ada):
    url = reverse("admin:auth_user_forget_second_factor", args=[ada.pk])
    admin_client.post(url, SUBMIT)
    assert log_in()
    assert User.objects.get(pk=ada.pk).check_password(PASSWORD)


def test_nobody_looks_at_it_without_a_login(client):
    assert client.get(PAGE).status_code == 302
    assert client.post(PAGE + "forget/", {"code": "1"}).status_code == 302
    assert not TOTPDevice.objects.exists()
