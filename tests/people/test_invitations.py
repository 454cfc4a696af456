"""A colleague is three fields and a link that works once."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from people.invitations import role_of

pytestmark = pytest.mark.django_db
SUBMIT = {"_form_submitted": "on"}  # what the dialog of an action sends
FIELDS = {"username": "ada", "email": "ada@lab.example", "role": "operator"}
NEW = {"new_password1": "her own 8 words", "new_password2": "her own 8 words"}


def invite(client, **fields):
    return client.post(reverse("admin:auth_user_add"), FIELDS | fields)


def link_in(page):
    return re.search(r"http://testserver(/admin/set-password/[^<\s]+)", page.content.decode())[1]


def follow(link):
    """Open it as somebody who is not logged in. Gives the browser, and where it ended."""
    browser = Client()
    page = browser.get(link, follow=True)
    return browser, page


def test_three_fields_make_a_colleague_who_sets_a_password(admin_client):
    page = invite(admin_client)
    assert "no-store" in page.headers["Cache-Control"]
    ada = User.objects.get(username="ada")
    assert (role_of(ada), ada.is_staff, ada.is_superuser) == ("operator", True, False)
    assert not ada.has_usable_password()
    browser, form = follow(link_in(page))
    browser.post(form.redirect_chain[-1][0], NEW)
    browser.post("/admin/login/", {"username": "ada", "password": NEW["new_password1"]})
    assert browser.get("/admin/").status_code == 200


def test_a_link_works_once(admin_client):
    link = link_in(invite(admin_client))
    browser, form = follow(link)
    browser.post(form.redirect_chain[-1][0], NEW)
    assert "does not work any more" in follow(link)[1].content.decode()


def test_a_link_ends_after_three_days(admin_client, time_machine):
    link = link_in(invite(admin_client))
    time_machine.move_to(timezone.now() + timedelta(seconds=3 * 24 * 3600 + 60))
    assert "does not work any more" in follow(link)[1].content.decode()


@pytest.mark.parametrize(
    "link", ["/admin/set-password/MQ/x-y/", "/admin/set-password/-/set-password/"]
)
def test_a_link_of_nobodys_is_refused_in_words(client, link):
    page = client.get(link, follow=True)
    assert page.status_code == 200
    assert "does not work any more" in page.content.decode()


def test_the_address_that_people_know_is_in_the_link(admin_client, settings):
    settings.PUBLIC_URL = "https://backup.lab.example"
    text = invite(admin_client).content.decode()
    assert "https://backup.lab.example/admin/set-password/" in text


@pytest.mark.parametrize("missing", FIELDS)
def test_each_of_the_three_is_needed(admin_client, missing):
    assert invite(admin_client, **{missing: ""}).status_code == 200
    assert not User.objects.filter(email="ada@lab.example").exists()


def test_a_new_link_is_made_for_who_has_lost_the_password(admin_client, someone):
    ada = someone("viewer")
    url = reverse("admin:auth_user_make_link", args=[ada.pk])
    assert admin_client.get(url).status_code == 200  # it only asks
    admin_client.post(url, SUBMIT)
    page = admin_client.get(reverse("admin:auth_user_change", args=[ada.pk]))
    assert follow(link_in(page))[1].context["validlink"]


def test_another_role_takes_the_place_of_the_one_before(admin_client, someone):
    ada = someone("admin", email="a@b.example")
    url = reverse("admin:auth_user_change", args=[ada.pk])
    form = admin_client.get(url).context["adminform"].form
    data = {name: form[name].value() or "" for name in ("username", "email")}
    admin_client.post(url, data | {"role": "viewer", "is_active": "on", "is_staff": "on"})
    assert [group.name for group in ada.groups.all()] == ["viewer"]


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_others_than_admins_see_and_invite_nobody(as_role, role):
    client = as_role(role)
    assert invite(client).status_code == 403
    assert client.get(reverse("admin:auth_user_changelist")).status_code == 403


def test_an_admin_decides_nothing_about_a_superuser(as_role, admin_user):
    client = as_role("admin")
    page = reverse("admin:auth_user_change", args=[admin_user.pk])
    for url in (page, reverse("admin:auth_user_make_link", args=[admin_user.pk])):
        client.post(url, FIELDS | SUBMIT | {"is_active": "", "_save": "Save"})
    client.post(reverse("admin:auth_user_delete", args=[admin_user.pk]), {"post": "yes"})
    admin_user.refresh_from_db()
    assert admin_user.is_active
    assert "set-password" not in client.get(page).content.decode()


def test_an_admin_makes_no_superuser(as_role, someone):
    ada = someone("viewer", email="a@b.example")
    url = reverse("admin:auth_user_change", args=[ada.pk])
    as_role("admin").post(
        url, FIELDS | {"is_superuser": "on", "is_active": "on", "user_permissions": "1"}
    )
    ada.refresh_from_db()
    assert (ada.username, ada.is_superuser) == ("ada", False)
    assert not ada.user_permissions.exists()


def test_roles_are_shown_and_not_changed(admin_client):
    viewer = Group.objects.get(name="viewer")
    admin_client.post(reverse("admin:auth_group_change", args=[viewer.pk]), {"name": "x"})
    admin_client.post(reverse("admin:auth_group_delete", args=[viewer.pk]), {"post": "yes"})
    assert Group.objects.filter(name="viewer").exists()


def test_a_page_of_people_costs_the_same_for_more_of_them(
    admin_client, someone, django_assert_max_num_queries
):
    for number in range(5):
        someone("viewer", name=f"colleague {number}")
    for page in ("changelist", "change"):
        args = [] if page == "changelist" else [User.objects.last().pk]
        with django_assert_max_num_queries(30):
            admin_client.get(reverse(f"admin:auth_user_{page}", args=args))
