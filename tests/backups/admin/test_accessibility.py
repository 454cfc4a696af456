"""Every page of the admin can be used by everybody: axe finds nothing serious, in light and dark,
on a desk and a phone; nothing is asked of another host, and the console has no error."""

import pytest
from django.urls import reverse

from backups.admin.device_page import TABS
from devices.models import Device
from ethonode.menu import ADVANCED, MENU
from ethonode.urls import admin
from tests.accessibility import WIDTHS, unfit
from tests.backups.admin.test_every_page import one_of_each  # noqa: F401 - a fixture
from tests.browsers import browser_page, log_in
from tests.served import served, session_of_boss

PATIENCE = 30_000
FORMS = {"BackupPlan", "Channel", "DeviceGroup", "Group", "Policy", "Silence", "Subscription"}
FORMS |= {"ApiToken", "PeriodicTask", "User"}
OF_OTHERS = {"ClockedSchedule", "CrontabSchedule", "IntervalSchedule", "SolarSchedule"}


def addresses():
    """Each page of the menu; of each list the page of one; forms to add one; tabs of a device."""
    for entry in (*MENU, *ADVANCED):
        for page in entry.pages:
            if page.url.startswith("/admin/"):
                yield page.url
    yield from of_models()
    device = reverse("admin:devices_device_change", args=[Device.objects.get().pk])
    yield from (f"{device}?tab={tab}" for tab in TABS)
    yield "/admin/no-such-page/"
    yield "/admin/login/"
    yield "/wall/"


def of_models():
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        one = model._default_manager.first()
        if one is not None and model.__name__ not in OF_OTHERS:
            yield reverse(f"{name}_change", args=[one.pk])
        if model.__name__ in FORMS:
            yield reverse(f"{name}_add")


@pytest.mark.timeout(900)
def test_axe_finds_nothing_serious_on_any_page(one_of_each, draw):  # noqa: F811
    session = session_of_boss()
    pages = set(addresses())
    pages = sorted(draw(pages, len(pages) // 2))
    with served() as address, browser_page(patience=PATIENCE) as page:
        log_in(page, address, session)
        found = {url: unfit(page, address + url, draw(WIDTHS, 1)) for url in pages}
    assert {url: said for url, said in found.items() if said} == {}
