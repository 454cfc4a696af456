"""A browser. Nothing here knows of Django: `make run` is looked at from outside."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright


@contextmanager
def browser_page(*, patience: float, **options: Any) -> Iterator[Page]:
    """A new page. Nothing of it waits for longer than so many milliseconds."""
    chromium = shutil.which("chromium") or pytest.fail("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(**options)
        page.set_default_timeout(patience)
        expect.set_options(timeout=patience)
        try:
            yield page
        finally:
            browser.close()


def log_in(page: Page, address: str, session: str) -> None:
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
