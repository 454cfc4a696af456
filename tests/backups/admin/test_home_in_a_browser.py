"""The first page, the wall and Ctrl+K as people live with them, in a real browser."""

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from benchmarks.fleet_rows import make_fleet
from tests.browsers import browser_page, log_in
from tests.served import served, session_of_boss

PATIENCE = 30_000  # milliseconds


@pytest.fixture
def address(db, now):
    make_fleet(60, now=now)
    cache.clear()
    with served() as address:
        yield address


@pytest.fixture
def open_page(address):
    """Open a page as a superuser."""
    session = session_of_boss()

    def open_page(path, page):
        log_in(page, address, session)
        page.goto(address + path)

    return open_page


def test_the_first_page_renews_itself_and_keeps_focus_and_place(open_page):
    with browser_page(patience=PATIENCE) as page:
        page.clock.install()
        open_page("/admin/", page)
        page.locator(".tile").nth(40).focus()
        before = page.evaluate("[document.activeElement.id, scrollY]")
        with page.expect_response("**/device/fleet/"):
            page.clock.run_for(16_000)
        expect(page.locator(".fleet-sentence")).to_be_visible()
        assert page.evaluate("[document.activeElement.id, scrollY]") == before
        assert before[0].startswith("tile-")


def test_the_first_page_says_when_it_is_no_longer_renewed(open_page):
    with browser_page(patience=PATIENCE) as page:
        page.clock.install()
        open_page("/admin/", page)
        page.route("**/device/fleet/**", lambda route: route.abort())
        page.clock.run_for(16_000)
        expect(page.locator(".connection-lost")).to_be_visible()


def test_the_wall_says_loudly_that_it_is_old_and_recovers(open_page):
    with browser_page(patience=PATIENCE) as page:
        page.clock.install()
        open_page("/wall/", page)
        page.route("**/wall/part/", lambda route: route.abort())
        page.clock.run_for(70_000)
        expect(page.locator("#stale")).to_contain_text("No answer from ethonode: this picture is")
        page.unroute("**/wall/part/")
        with page.expect_response("**/wall/part/"):
            page.clock.run_for(16_000)
        expect(page.locator("#stale")).to_be_hidden()


def test_ctrl_k_finds_a_device_by_the_keyboard_alone(open_page):
    with browser_page(patience=PATIENCE) as page:
        open_page("/admin/", page)
        page.keyboard.press("Control+k")
        expect(page.locator("#search-input-command")).to_be_focused()
        page.keyboard.type("scope_042")
        expect(page.locator("#command-results-list")).to_contain_text("ETHOSCOPE_042")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/devices/device/*/change/")
        expect(page.locator("h1")).to_have_text("ETHOSCOPE_042")


def test_times_are_those_of_the_browsers_zone(open_page):
    with browser_page(patience=PATIENCE, timezone_id="Asia/Tokyo") as page:
        open_page("/admin/backups/backupsnapshot/", page)
        page.reload()
        expect(page.locator("time").first).to_contain_text("JST")
