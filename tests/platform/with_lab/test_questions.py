"""What a lab's admin asks, answered in at most two clicks from the first page of `make run`."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.platform.browser import logged_in
from tests.platform.stack import asked, wait_until

pytestmark = pytest.mark.timeout(600)
LISTED = """SELECT device.name FROM devices_device AS device
    JOIN backups_run AS run ON run.device_id = device.id
    WHERE run.state = 'succeeded' AND run.kind = 'list_card' ORDER BY device.name"""
JUDGED = "SELECT count(DISTINCT device_id) FROM backups_backup"
SIZE_OR_NOTHING = re.compile(r"nothing|not known|iB|\d h|rows|item")


class Way:
    """From the first page to an answer: it counts what is pressed."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0
        page.goto("/admin/")

    def press(self, wanted: Locator) -> None:
        self.clicks += 1
        wanted.first.click()

    def menu(self, entry: str) -> None:
        self.press(self.page.get_by_role("link", name=re.compile(rf"\b{entry}$")))

    def sees(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.locator("body")).to_contain_text(text)
        assert self.clicks <= 2, "it takes too many clicks"


@pytest.fixture(scope="module")
def person(stack):
    wait_until(lambda: asked(stack, JUDGED)[0][0] >= 20 and asked(stack, LISTED))
    with logged_in(stack) as page:
        yield page


@pytest.fixture
def way(person):
    return Way(person)


@pytest.fixture
def device(stack):
    """One whose card was listed: its name as on the pages."""
    return asked(stack, LISTED)[0][0]


def first_device(way):
    return way.page.locator(".fleet-table a.device")


def test_what_is_in_danger_now_and_why(way):
    expect(first_device(way).first).to_be_visible()
    expect(way.page.locator(".fleet-table td.why").first).not_to_be_empty()


def test_what_do_i_lose(way):
    way.sees(re.compile(r"\d+ of \d+ devices (is|are) safe"))
    expect(way.page.locator(".fleet-table td.much").first).to_have_text(SIZE_OR_NOTHING)


def test_may_i_wipe_this_card(way, device):
    way.press(way.page.locator(".map a", has_text=device[-3:]))
    way.press(way.page.get_by_role("link", name="Card", exact=True))
    way.sees("May I wipe this card?")
    expect(
        way.page.get_by_role("button", name=re.compile("May I wipe it|Ask again"))
    ).to_be_visible()


def test_where_is_my_experiment_of_a_date(way, stack):
    sql = "SELECT substr(filename, 1, 10), filename FROM devices_experiment ORDER BY id LIMIT 1"
    ((date, filename),) = asked(stack, sql)
    way.menu("Experiments")
    way.page.fill("[name=q]", date)
    way.page.press("[name=q]", "Enter")
    way.sees(filename[:19])


def test_when_did_it_go_wrong_and_who_changed_it(way):
    way.press(first_device(way))
    way.press(way.page.get_by_role("link", name="Timeline", exact=True))
    expect(way.page.locator("svg.strip").first).to_be_visible()
    way.sees("When and why")


def test_who_is_told(way):
    way.menu("Problems")
    way.press(way.page.get_by_role("link", name="Channels", exact=True))
    way.sees("Channels")


def test_when_is_a_disk_or_a_card_full(way):
    way.sees(
        re.compile(r"Disk of .*(full about|not full in years|when it is full is not known)", re.S)
    )
    expect(way.page.locator(".fleet-table td[data-label=Card]").first).to_be_visible()


def test_what_ran_last_night(way):
    way.menu("Backups")
    way.press(way.page.get_by_role("link", name=re.compile("[Ll]ast night")))
    way.sees(re.compile("night"))


@pytest.mark.by_turns
def test_whether_a_new_device_is_included(way, device):
    way.press(way.page.locator(".map a", has_text=device[-3:]))
    way.press(way.page.get_by_role("link", name="Settings", exact=True))
    way.sees("Group")


def test_whether_the_setup_is_right(way):
    way.menu("Setup")
    way.sees("Redis")


def test_a_colleague_who_may_only_read(way):
    way.menu("People")
    way.press(way.page.locator("a[href*='/auth/user/add/']"))
    way.sees("viewer")


def test_a_list_is_exported(way):
    way.menu("Experiments")
    with way.page.expect_download() as download:
        way.press(way.page.get_by_role("link", name=re.compile(r"\bCSV$")))
    assert "ETHOSCOPE_" in download.value.path().read_text()
    assert way.clicks == 2


def test_the_wall(way):
    way.press(way.page.get_by_role("link", name="Wall", exact=True))
    way.sees(re.compile(r"\d+ of \d+ devices (is|are) safe"))
    expect(way.page.locator("#age")).to_contain_text("as of")
