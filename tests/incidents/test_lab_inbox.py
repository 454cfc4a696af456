"""In a browser: a fault of the lab moves the bell, its message arrives, and so does its end."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from ethonode.env import LabPlaces
from ethonode.run.lab_plan import prepare_lab
from incidents import services
from incidents.models import Channel, Incident
from lab.sink import sink
from tests.backups.cycles import at_work
from tests.browsers import browser_page, log_in
from tests.served import served, session_of_boss
from tests.servers import free_port

PATIENCE = 60_000  # milliseconds
LIST = "/admin/incidents/incident/"


@pytest.fixture
def inbox():
    with sink(port=0, mail_port=free_port()) as running:
        yield running


@pytest.fixture
def told(installation, inbox, settings, tmp_path):
    """The lab's installation, whose messages go to the lab's inbox."""
    settings.ALERT_NETWORKS = ["127.0.0.0/8"]
    places = LabPlaces(
        root="/lab",
        node_port=1,
        mysql_port=2,
        rsync_port=3,
        device_port=4,
        sink_port=inbox.port,
        mail_port=inbox.mail_port,
    )
    prepare_lab(places, key_file=tmp_path / "key.pub")
    lab = installation.lab

    def cycle():
        lab.tick(300)
        installation.cycle()
        now = installation.now()
        at_work(now)  # which keeps what the node and the services answered
        services.watch(now=now)
        for channel in services.channels_due(now=now):
            services.send_due(channel, clock=lambda: now)

    return SimpleNamespace(lab=lab, inbox=inbox, cycle=cycle)


@pytest.fixture
def session_key(told):
    told.cycle()
    return session_of_boss()


@pytest.fixture
def address(session_key):
    with served() as address:
        yield address


def in_browser(address, session_key, do):
    """A browser, gone before Django works on: its event loop is not for the ORM."""
    with browser_page(patience=PATIENCE, viewport={"width": 1440, "height": 900}) as page:
        log_in(page, address, session_key)
        return do(page)


def bell(address):
    def read(page):
        page.goto(address + LIST)
        return int(page.locator(".bell-number").inner_text())

    return read


def open_problems():
    return Incident.objects.filter(state="open").count()


def acknowledge(address, pk):
    def act(page):
        page.goto(f"{address}{LIST}{pk}/change/")
        page.locator('[hx-get$="/acknowledge/"]').first.click()
        page.locator("#id_note").fill("I am on my way to the server room")
        page.locator("#dialog").get_by_role("button", name="Acknowledge").click()
        expect(page.get_by_text("I am on my way to the server room").first).to_be_visible()

    return act


def titles(inbox, by):
    """Of the node, also where many messages were summed up in one."""
    lines = [
        line.removeprefix("- ")
        for one in inbox.arrived
        if one.by == by
        for line in (one.title, *one.body.splitlines())
    ]
    return [line for line in lines if line.endswith("The node does not answer")]


@pytest.mark.timeout(300)
@pytest.mark.by_turns
def test_a_fault_is_told_acknowledged_mended_and_its_end_told(told, address, session_key):
    assert in_browser(address, session_key, bell(address)) == open_problems()
    told.lab.kill("node")
    told.cycle()
    told.cycle()
    assert Incident.objects.filter(kind="node", state="open").exists()
    assert in_browser(address, session_key, bell(address)) == open_problems()
    (told_of,) = titles(told.inbox, "web")
    assert told_of == "[critical] The node does not answer"
    assert titles(told.inbox, "mail") == [told_of]

    def inbox_page(page):
        page.goto(f"http://127.0.0.1:{told.inbox.port}/")
        expect(page.get_by_text(told_of).first).to_be_visible()

    in_browser(address, session_key, inbox_page)
    incident = Incident.objects.get(kind="node", state="open")
    in_browser(address, session_key, acknowledge(address, incident.pk))
    told.lab.revive("node")
    told.cycle()
    assert titles(told.inbox, "web") == [told_of, "Over: The node does not answer"]
    assert titles(told.inbox, "mail") == [told_of, "Over: The node does not answer"]
    assert not Incident.objects.filter(kind="node", state="open").exists()
    assert in_browser(address, session_key, bell(address)) == open_problems()
    assert not Channel.objects.exclude(failing_since=None).exists()
