"""`make screenshots`: pictures of the pages, from the simulated lab, so that they stay true.

Those of the guide go to docs/pictures. With `--every FOLDER` each page is taken in light and dark,
at a desk's width and at a phone's, for somebody who wants to look at them all."""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page
from rich.console import Console
from rich.progress import track

from ethonode.env import BASE_DIR
from tests.platform.browser import logged_in
from tests.platform.stack import asked, running, wait_until

GUIDE = BASE_DIR / "docs" / "pictures"
DESK, PHONE, HEIGHT = 1440, 390, 900
Scheme = Literal["light", "dark"]
ENOUGH = 9  # the devices of the lab that let us in
BACKED_UP = """SELECT count(DISTINCT device_id) FROM backups_run
    WHERE state = 'succeeded' AND kind IN ('mirror', 'pull_results', 'pull_videos')"""
DEVICE = "/admin/devices/device/{device}/change/"
PAGES = {
    "home": "/admin/",
    "devices": "/admin/devices/device/",
    "device": DEVICE,
    "device-experiments": DEVICE + "?tab=experiments",
    "device-recordings": DEVICE + "?tab=recordings",
    "device-runs": DEVICE + "?tab=runs",
    "device-timeline": DEVICE + "?tab=timeline",
    "device-card": DEVICE + "?tab=card",
    "device-settings": DEVICE + "?tab=settings",
    "wipes": "/admin/backups/wipequestion/",
    "certificates": "/admin/backups/wipecertificate/",
    "experiments": "/admin/devices/experiment/",
    "experiment": "/admin/devices/experiment/{experiment}/change/",
    "copies": "/admin/backups/resultcopy/",
    "recordings": "/admin/backups/recording/",
    "problems": "/admin/incidents/incident/",
    "problem": "/admin/incidents/incident/{incident}/change/",
    "timeline": "/admin/incidents/incident/timeline/",
    "channels": "/admin/incidents/channel/",
    "channel-new": "/admin/incidents/channel/add/",
    "digests": "/admin/incidents/subscription/",
    "runs": "/admin/backups/run/",
    "runs-night": "/admin/backups/run/night/?run_from=today",
    "run": "/admin/backups/run/{run}/change/",
    "plans": "/admin/backups/backupplan/",
    "policies": "/admin/backups/policy/",
    "setup": "/admin/setup/",
    "people": "/admin/auth/user/",
    "tokens": "/admin/people/apitoken/",
    "wall": "/wall/",
}
LOST = {"lost": "/admin/there-is-no-such-page/"}
OF_THE_GUIDE = (
    "home", "device", "device-card", "device-timeline", "experiments", "recordings", "channels",
    "runs", "runs-night", "plans", "setup", "people", "wall",
)  # fmt: skip
KEYS = {
    "device": "SELECT min(device_id) FROM backups_run WHERE kind = 'pull_videos'",
    "experiment": "SELECT max(id) FROM devices_experiment",
    "incident": "SELECT max(id) FROM incidents_incident",
    "run": "SELECT max(id) FROM backups_run WHERE kind = 'pull_videos' AND state = 'succeeded'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    page: str
    file: str
    scheme: Scheme = "light"
    width: int = DESK
    whole: bool = False  # down to the end of the page


def of_the_guide() -> Iterator[Picture]:
    for page in OF_THE_GUIDE:
        yield Picture(page=page, file=f"{page}.png")


def every() -> Iterator[Picture]:
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for page, scheme, width in product((*PAGES, *LOST), schemes, (DESK, PHONE)):
        file = f"{page}-{scheme}-{width}.png"
        yield Picture(page=page, file=file, scheme=scheme, width=width, whole=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=Path, metavar="FOLDER", help="each page, in every way")
    folder: Path | None = parser.parse_args().every
    with (
        tempfile.TemporaryDirectory() as var,
        running(Path(var), ETHONODE_SIMULATED_LAB="yes") as stack,
        logged_in(stack) as page,
    ):
        with Console().status("The lab's backups are being made"):
            wait_until(lambda: asked(stack, BACKED_UP)[0][0] >= ENOUGH)
            wait_until(lambda: asked(stack, KEYS["incident"])[0][0])
        keys = {name: asked(stack, sql)[0][0] for name, sql in KEYS.items()}
        for picture in track(list(every() if folder else of_the_guide())):
            address = (PAGES | LOST)[picture.page].format(**keys)
            take(page, picture, address, folder or GUIDE)


def take(page: Page, picture: Picture, address: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": picture.width, "height": HEIGHT})
    page.emulate_media(color_scheme=picture.scheme, reduced_motion="reduce")
    page.goto("about:blank")  # a page may renew itself while we leave it
    answer = page.goto(address)
    if answer is None or answer.status != (404 if picture.page in LOST else 200):
        raise SystemExit(f"{address}: {answer and answer.status}")
    page.wait_for_load_state("networkidle")  # parts that are fetched on their own
    page.screenshot(path=folder / picture.file, full_page=picture.whole)


if __name__ == "__main__":
    main()
