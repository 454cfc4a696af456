"""The integration page in a real browser, against a real server and the simulated lab."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import timezone
from django_celery_results.models import TaskResult
from playwright.sync_api import expect

from backups.models import DaemonStatus
from devices.models import NodeStatus
from tests.backups.cycles import at_work
from tests.browsers import browser_page, log_in
from tests.served import served, session_of_boss
from tests.servers import private_redis

STATIC_PAGE = Path(__file__).with_name("test_backup_integration.html")
PATIENCE = 60_000  # milliseconds
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
CHECKS_WITH_A_LOGIN = 8
CHECKS = 21


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory):
    with private_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def session_key(installation, redis_server, settings):
    settings.REDIS_URL = redis_server.url
    at_work(timezone.now())
    installation.cycle()
    return session_of_boss()


@pytest.fixture
def address(session_key):
    with served() as address:
        yield address


@pytest.fixture
def page(address):
    """A browser, gone before the server is."""
    with browser_page(patience=PATIENCE) as page:
        yield page


@pytest.fixture
def logged_in(page, address, session_key):
    log_in(page, address, session_key)


def outcomes(page):
    """check -> (outcome, what was seen), once all are done."""
    expect(page.locator("#summary")).to_contain_text("passed")
    rows = [row.locator("td").all_inner_texts() for row in page.locator("#checks tr").all()]
    return {name: (word, seen) for name, word, seen, _ in rows}


def failed(found):
    return {name: seen for name, (word, seen) in found.items() if word == "FAIL"}


@pytest.mark.usefixtures("logged_in")
def test_every_check_passes_on_a_running_installation(page, address):
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(f"{address}/integration/")
    found = outcomes(page)
    assert not failed(found)
    assert len(found) == CHECKS
    assert {word for word, _ in found.values()} == {"pass"}
    assert "6 devices" in found["Numbers are numbers and flags are flags"][1]
    assert not errors


def test_without_a_login_the_old_routes_pass_and_the_new_api_asks_for_one(page, address):
    page.goto(f"{address}/integration/")
    found = outcomes(page)
    assert not failed(found)
    assert [word for word, _ in found.values()].count("needs a login") == CHECKS_WITH_A_LOGIN
    assert found["Nothing is green without a copy"][0] == "pass"


@pytest.mark.usefixtures("logged_in")
def test_a_green_without_a_copy_would_be_found(page, address):
    """A false green cannot be made here, so the answer is changed on its way to the browser."""

    def with_a_lie(route):
        answer = route.fetch()
        told = answer.json()
        block = next(iter(told["devices"].values()))["backup_types"]["mysql"]
        block.update(status="success", available=False)
        route.fulfill(response=answer, json=told)

    page.route("**/backup/status", with_a_lie)
    page.goto(f"{address}/integration/")
    found = failed(outcomes(page))
    assert "without a copy" in found["Nothing is green without a copy"]
    assert page.title().startswith("FAILED")


OUTSIDE, OWN = "Node, services, disks and devices answer", "ethonode itself is at work"
BREAKS = {
    "node": (lambda: NodeStatus.objects.update(error="refused"), OUTSIDE),
    "rsync service": (lambda: DaemonStatus.objects.update(error="refused"), OUTSIDE),
    "worker": (lambda: TaskResult.objects.update(date_done=LONG_AGO), OWN),
}


@pytest.fixture
def broken(request, session_key):
    """Before the browser starts, as the login is."""
    breaks, check = BREAKS[request.param]
    breaks()
    return request.param, check


@pytest.mark.parametrize("broken", BREAKS, indirect=True)
def test_what_is_not_at_work_or_does_not_answer_fails_here(broken, page, address):
    part, check = broken
    page.goto(f"{address}/integration/")
    assert f"{part}: " in failed(outcomes(page))[check]


def test_the_checks_can_be_run_again(page, address):
    page.goto(f"{address}/integration/")
    outcomes(page)
    page.get_by_role("button", name="Check again").click()
    expect(page.locator("#checks tr")).to_have_count(CHECKS)
    assert not failed(outcomes(page))


def test_the_static_page_opens_the_checks_of_the_address_it_is_given(page, address):
    page.goto(f"{STATIC_PAGE.as_uri()}?{address}")
    page.wait_for_url(f"{address}/integration/")
    assert not failed(outcomes(page))


def test_the_static_page_refuses_what_is_no_address(page):
    page.goto(f"{STATIC_PAGE.as_uri()}?javascript:alert(1)")
    expect(page.get_by_role("alert")).to_contain_text("no http:// or https:// address")


def test_every_width_shows_the_page_without_scrolling_sideways(page, address):
    page.goto(f"{address}/integration/")
    outcomes(page)
    for width in (360, 768, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_simulated_lab_says_so_on_this_page_too(client, quiet_site, settings):
    settings.SIMULATED_LAB = True
    assert "Simulated lab" in client.get("/integration/").content.decode()
    settings.SIMULATED_LAB = False
    assert "Simulated lab" not in client.get("/integration/").content.decode()


def test_a_stranger_is_sent_to_the_login(client, quiet_site):
    answer = client.get("/integration/", REMOTE_ADDR="10.0.0.1")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/?next=/integration/")


def test_staff_may_see_it_from_everywhere(admin_client, quiet_site):
    assert admin_client.get("/integration/", REMOTE_ADDR="10.0.0.1").status_code == 200


def test_nothing_can_be_sent_to_it(client, quiet_site):
    assert client.post("/integration/").status_code == 405
