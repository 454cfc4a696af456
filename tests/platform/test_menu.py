import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.core.cache import cache

from backups.models import ResultCopy
from devices.models import Experiment
from ethonode.menu import ADVANCED, MENU

SCHEDULES = {"ClockedSchedule", "CrontabSchedule", "IntervalSchedule", "SolarSchedule"}
PAGES = [page for entry in (*MENU, *ADVANCED) for page in entry.pages]


@pytest.fixture(autouse=True)
def _no_memory():
    cache.clear()  # the palette remembers


@pytest.fixture
def colleague(client, db):
    """Somebody who may see devices, and nothing else."""
    user = User.objects.create_user("colleague", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_device"))
    client.force_login(user)
    return client


def links_of(client, url):
    return set(re.findall(r'href="([^"]+)"', client.get(url).content.decode()))


def test_every_list_is_in_the_menu():
    listed = {page.view for page in PAGES}
    missing = [
        model.__name__
        for model in admin.site._registry
        if model.__name__ not in SCHEDULES
        and f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" not in listed
    ]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.view)
def test_every_page_of_the_menu_answers_and_shows_where_it_is(admin_client, page):
    answer = admin_client.get(page.url, follow=True)
    assert answer.status_code == 200
    if page.url.startswith("/admin/"):
        assert answer.context["place"].page == page


def test_a_person_is_shown_only_the_entries_that_lead_somewhere(colleague):
    links = links_of(colleague, "/admin/")
    assert {"/admin/devices/device/", "/admin/incidents/incident/timeline/"} <= links
    assert not {"/admin/auth/user/", "/admin/devices/experiment/", "/admin/backups/run/"} & links


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("/admin/", ["Fleet"]),
        ("/admin/devices/device/", ["Fleet", "Devices"]),
        ("/admin/devices/device/{pk}/change/", ["Fleet", "Devices", "ETHOSCOPE_019"]),
        ("/admin/devices/experiment/", ["Experiments"]),
        ("/admin/backups/run/", ["Runs"]),
        ("/admin/backups/policy/add/", ["Backups", "Policies", "Add policy"]),
        ("/admin/incidents/incident/timeline/", ["Problems", "Timeline of the fleet"]),
    ],
)
def test_the_way_to_a_page_is_told_and_no_word_of_it_twice(admin_client, device, url, words):
    page = admin_client.get(url.format(pk=device.pk)).content.decode()
    way = page[page.index('aria-label="Where you are"') : page.index("</h1>")]
    assert [word.strip() for word in re.findall(r">([^<>]+)</?(?:a|h1)?", way + "</h1>")
            if word.strip()] == words  # fmt: skip


@pytest.fixture
def experiment(device, now):
    ResultCopy.objects.create(
        device=device, path="a.db", filename="a.db", size_bytes=1, modified_at=now,
        first_seen_at=now, state="usable", inspected_at=now, user="Maria",
    )  # fmt: skip
    return Experiment.objects.create(
        device=device, writer="sqlite", filename="2026-11-20_10-00-00_0192.db",
        first_seen_at=now, listed_at=now,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("term", "leads_to"),
    [
        ("scope_019", "/admin/devices/device/{device}/change/"),
        ("10-00-00", "/admin/devices/experiment/{experiment}/change/"),
        ("mari", "/admin/devices/experiment/?q=Maria"),
        ("admin", "/admin/auth/user/{account}/change/"),
        ("2026-11-20", "/admin/devices/experiment/?q=2026-11-20"),
        ("2026-01-20", "/admin/?at=2026-01-20T23%3A59%3A59Z"),
        ("last tuesday", "/admin/devices/experiment/?q=last+tuesday"),
        ("yesterday", "/admin/backups/run/?q=yesterday"),
    ],
)
def test_the_palette_finds(admin_client, admin_user, device, experiment, term, leads_to):
    links = links_of(admin_client, f"/admin/search/?s={term}&extended=1")
    assert leads_to.format(
        device=device.pk, experiment=experiment.pk, account=admin_user.pk
    ) in links  # fmt: skip


@pytest.mark.parametrize("term", ["10-00-00", "maria", "colleague", "2026-13-40", "x"])
def test_the_palette_finds_nothing_that_a_person_may_not_see(colleague, experiment, term):
    assert not links_of(colleague, f"/admin/search/?s={term}&extended=1")
