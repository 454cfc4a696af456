"""What keeps people from using a page, as axe and the browser see it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request

AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """rules => axe.run(document, {
  resultTypes: ["violations"], runOnly: {type: rules.length ? "rule" : "tag",
    values: rules.length ? rules : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}})"""
DRAWN = """() => !document.querySelector("html[x-cloak]")
  && performance.getEntriesByType("navigation")[0].loadEventEnd > 0"""
SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
DARK = "on => document.documentElement.classList.toggle('dark', on)"
COLOURS = ["color-contrast"]  # all that a theme changes
SERIOUS = {"serious", "critical"}
WIDTHS = (1440, 390)  # of a desk and of a phone
PLACES_SHOWN = 3


def unfit(page: Page, address: str, widths: Sequence[int] = WIDTHS) -> list[str]:
    """Serious findings of axe, in light and dark, on a desk and a phone; requests to other hosts;
    errors of the console. Empty: none. Any test with a browser may ask this of its own page."""
    found: list[str] = []
    with _watched(page, address, found):
        page.goto(address)
        page.wait_for_function(DRAWN)
        page.evaluate(_axe())  # no script tag: our own policy may forbid it
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate(SETTLED)
            found += [f"{width} px: {one}" for one in _violations(page, [])]
            page.evaluate(DARK, True)
            found += [f"{width} px, dark: {one}" for one in _violations(page, COLOURS)]
            page.evaluate(DARK, False)
    return found


def _axe() -> str:
    if not AXE.exists():
        pytest.fail("axe-core is not here: .ci/install-test-servers brings it")
    return f"{AXE.read_text()};0"


def _violations(page: Page, rules: list[str]) -> Iterator[str]:
    for found in page.evaluate(RUN, rules)["violations"]:
        if found["impact"] in SERIOUS:
            places = [" ".join(map(str, node["target"])) for node in found["nodes"]]
            yield f"{found['id']} ({len(places)}): {'; '.join(places[:PLACES_SHOWN])}"


@contextmanager
def _watched(page: Page, address: str, found: list[str]) -> Iterator[None]:
    host = urlsplit(address).netloc

    def heard(said: ConsoleMessage) -> None:
        if said.type == "error" and said.location["url"] != address:  # itself it may be a 404
            found.append(f"console: {said.text}")

    def asked(request: Request) -> None:
        to = urlsplit(request.url)
        if to.scheme in {"http", "https", "ws"} and to.netloc != host:
            found.append(f"asks another host: {request.url}")

    page.on("console", heard)
    page.on("request", asked)
    yield
    page.remove_listener("console", heard)
    page.remove_listener("request", asked)
