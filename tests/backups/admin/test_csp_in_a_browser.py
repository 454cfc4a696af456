"""The pages in a browser, under our own policy: nothing that they need is stopped by it."""

import pytest

from tests.backups.admin.test_every_page import one_of_each  # noqa: F401 - a fixture
from tests.browsers import browser_page, log_in
from tests.served import served, session_of_boss

PATIENCE = 60_000
ADMIN = ["", "devices/device/", "devices/experiment/", "backups/run/", "backups/backupplan/add/"]
ADMIN += ["incidents/incident/timeline/", "incidents/channel/add/", "auth/user/"]
OTHERS = ["/api/v1/docs/", "/wall/", "/integration/", "/nothing/"]
PLANT = "document.head.append(Object.assign(document.createElement('script'), {text: '1'}))"


@pytest.mark.usefixtures("one_of_each")
def test_no_page_needs_what_is_forbidden(device):
    session, said = session_of_boss(), []
    pages = [*(f"/admin/{path}" for path in ADMIN), f"/admin/devices/device/{device.pk}/change/"]
    with served() as address, browser_page(patience=PATIENCE, base_url=address) as page:
        page.on("console", lambda message: said.append(message.text))
        page.goto("/admin/login/")
        log_in(page, address, session)
        for path in [*pages, *OTHERS]:
            page.goto(path)
        assert [text for text in said if "Content Security" in text] == []
        page.evaluate(PLANT)
        assert [text for text in said if "Content Security" in text] != []  # it would be seen
