import pytest
from django.test import Client, RequestFactory

from devices.models import Device
from ethonode import error_pages

HOME = 'href="/admin/"'


def test_where_there_is_no_page_a_person_is_told_so_inside_the_admin(admin_client):
    page = admin_client.get("/admin/no-such-page/")
    assert page.status_code == 404
    text = page.content.decode()
    assert "Nothing is here" in text
    assert "Experiments" in text  # the menu
    assert HOME in text


def test_whoever_is_not_logged_in_is_offered_the_way_in(client, db):
    page = client.get("/no-such-page/")
    assert page.status_code == 404
    assert 'href="/admin/login/?next=%2Fno-such-page%2F"' in page.content.decode()


def test_what_an_account_may_not_do_is_said(admin_client, device):
    page = admin_client.get("/admin/devices/device/add/")
    assert page.status_code == 403
    assert "Your account may not" in page.content.decode()


@pytest.mark.django_db
def test_a_form_of_another_login_says_that_nothing_was_done():
    page = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "boss"})
    assert page.status_code == 403
    assert "nothing was done" in page.content.decode()
    assert HOME in page.content.decode()


def test_an_error_of_ours_is_said_without_the_database_and_without_its_text(
    admin_client, monkeypatch
):
    def break_it(*args, **kwargs):
        raise RuntimeError("secret")

    monkeypatch.setattr(Device.objects, "all", break_it)
    admin_client.raise_request_exception = False
    page = admin_client.get("/admin/devices/device/")
    assert page.status_code == 500
    assert "ethonode could not do this" in page.content.decode()
    assert "secret" not in page.content.decode()


def test_it_asks_no_database():
    # Without the mark of a test that may: a query would fail.
    page = error_pages.broken(RequestFactory().get("/admin/"))
    assert HOME in page.content.decode()
