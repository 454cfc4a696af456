"""In a browser: what a person does who has no mouse."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from backups.engine.facts import Problem
from incidents.models import Incident
from tests.browsers import browser_page, log_in
from tests.served import served, session_of_boss

PATIENCE = 60_000  # milliseconds
MOST_TABS = 80
IS_MAIN = "document.activeElement.classList.contains('main-button')"
SAYS = "words => document.activeElement.innerText?.trim().endsWith(words)"
IS_NOTE = "document.activeElement.name === 'note'"


@pytest.fixture
def session_key(device, take, now, queue):
    """A device of which something is missing that can be brought."""
    device.address = "127.0.0.1:9"
    device.save()
    missing = Problem("2026-11-20", now - timedelta(days=1), "chunk 4 is not here")
    take(device, "video", missing=(missing,))
    return session_of_boss()


@pytest.fixture
def incident(device, now):
    return Incident.objects.create(
        key="backup 1", kind="corrupt", severity="critical", device=device, state="open",
        backup_type="sqlite", sentence="it is damaged", first_seen_at=now, opened_at=now,
    )  # fmt: skip


@pytest.fixture
def page(session_key):
    with served() as address, browser_page(patience=PATIENCE, base_url=address) as page:
        log_in(page, address, session_key)
        yield page


def tab_until(page, condition, *words):
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(condition, *words):
            return
    raise AssertionError(f"{MOST_TABS} times Tab do not lead to {words or condition}")


def test_the_main_button_is_pressed_by_the_keyboard_alone(page, device):
    page.goto(f"/admin/devices/device/{device.pk}/change/")
    tab_until(page, IS_MAIN)
    page.keyboard.press("Enter")
    expect(page.locator(".device-head .open-run")).to_contain_text("Pull of videos")
    expect(page.locator(".main-button")).to_have_count(0)


def test_a_problem_is_acknowledged_by_the_keyboard_alone(incident, page):
    page.goto(f"/admin/incidents/incident/{incident.pk}/change/")
    tab_until(page, SAYS, "Acknowledge")
    page.keyboard.press("Enter")
    expect(page.locator("[name=note]")).to_be_visible()
    tab_until(page, IS_NOTE)
    page.keyboard.type("a new card is on its way")
    tab_until(page, SAYS, "Acknowledge")
    page.keyboard.press("Enter")
    expect(page.get_by_text("by boss").first).to_be_visible()
    expect(page.get_by_text("a new card is on its way").first).to_be_visible()
