"""What a person does in a browser, in a stack that runs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect

from tests.browsers import browser_page
from tests.platform.stack import PATIENCE, Running

MILLISECONDS = 1000 * PATIENCE


@contextmanager
def logged_in(stack: Running) -> Iterator[Page]:
    with browser_page(patience=MILLISECONDS, base_url=f"http://127.0.0.1:{stack.port}") as page:
        _log_in(page, stack)
        yield page


def _log_in(page: Page, stack: Running) -> None:
    (password,) = re.findall(r"password (\S+)", stack.output.read_text())
    page.goto("/admin/login/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")


class WipePage:
    """“May I wipe it?” of one device: its button, and the answer, on a page that renews itself."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def ask(self, device: int) -> str:
        """By the button on the device's page. Gives the answer, once it is there."""
        self.page.goto(f"/admin/devices/device/{device}/change/?tab=card")
        self.page.get_by_role("button", name=re.compile("May I wipe it|Ask again")).click()
        self.page.get_by_role("link", name="The answer").click()
        return self.answer

    def mend(self) -> str:
        """Press what mends the first reason that has a button, and ask again."""
        self._press(self.page.locator("tr .mend-button"))
        self._press(self.page.locator(".device-verdict .mend-button"))
        return self.answer

    def _press(self, buttons: Locator) -> None:
        """And wait until nothing is under way any more."""
        with self.page.expect_navigation():
            buttons.first.click()
        expect(self.page.locator(".open-run")).to_have_count(0)

    @property
    def answer(self) -> str:
        return self.page.locator(".device-verdict strong").inner_text()

    def reasons(self) -> list[list[str]]:
        """Each with its item, what lacks, and what mends it."""
        rows = self.page.locator("tr:has(.reason)").all()
        return [[text.strip() for text in row.locator("td").all_inner_texts()] for row in rows]
