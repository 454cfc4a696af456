"""What goes on in `make run` with the simulated lab."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from playwright.sync_api import expect

from tests.platform.browser import WipePage, logged_in
from tests.platform.stack import asked, environment, wait_until

pytestmark = pytest.mark.timeout(600)


def status(stack):
    return json.loads(stack.get("/backup/status") or "{}")


def looked_at(stack):
    """The devices of which a copy is known."""
    devices = status(stack).get("devices", {})
    return [
        device
        for device in devices.values()
        if any(kind["available"] for kind in device["backup_types"].values())
    ]


def snapshot_count(stack):
    return asked(stack, "SELECT count(*) FROM backups_backupsnapshot")[0][0]


def kinds_done(stack):
    rows = asked(stack, "SELECT DISTINCT kind FROM backups_run WHERE state = 'succeeded'")
    return {kind for (kind,) in rows}


def backed_up(stack, *, status):
    """A device of which backups are made here, and which does this: its key, and its id."""
    sql = """SELECT device.id, device.device_id FROM devices_device AS device
        JOIN backups_run AS run ON run.device_id = device.id
        WHERE kind = 'pull_videos' AND state = 'succeeded' AND reported_status = ? ORDER BY 1"""
    return next(iter(asked(stack, sql, status)), None)


def test_every_device_is_watched_and_both_services_answer(stack):
    wait_until(lambda: len(looked_at(stack)) > 20)
    found = status(stack)
    assert len(found["devices"]) == 24
    assert [service["available"] for service in found["services"].values()] == [True, True]


@pytest.mark.by_turns
def test_backups_are_made_of_the_devices_that_let_us_in(stack):
    kinds = {"mirror", "pull_results", "pull_videos", "pull_files", "verify", "list_card", "prove"}
    wait_until(lambda: kinds_done(stack) >= kinds)


def test_work_goes_on_after_redis_was_gone(stack):
    wait_until(lambda: looked_at(stack))
    os.kill(stack.pid_of("redis"), signal.SIGKILL)
    before = snapshot_count(stack)
    queue = [sys.executable, "manage.py", "refresh", "--queue"]
    env = environment(stack.var)
    wait_until(lambda: subprocess.run(queue, env=env, capture_output=True).returncode == 0)
    wait_until(lambda: snapshot_count(stack) > before)


def test_with_the_lab_killed_the_status_answers_from_stored_facts(stack):
    wait_until(lambda: looked_at(stack))
    held = len(looked_at(stack))
    os.kill(stack.pid_of("lab"), signal.SIGSTOP)
    try:
        assert len(looked_at(stack)) >= held
    finally:
        os.kill(stack.pid_of("lab"), signal.SIGCONT)


def may_be_wiped(pages):
    """Whether the page leads to a yes, by no more than its own buttons."""
    yes = "be wiped? Yes: everything on it is equal here"
    return yes in pages.answer or any(yes in pages.mend() for _ in range(5))


@pytest.mark.by_turns
def test_a_card_may_be_wiped_only_once_everything_on_it_is_here(stack):
    """In a browser: asked by its button, mended by the buttons of what stands against it."""
    wait_until(lambda: backed_up(stack, status="stopped"))
    key, device_id = backed_up(stack, status="stopped")
    with logged_in(stack) as page:
        pages = WipePage(page)
        pages.ask(key)
        assert may_be_wiped(pages), pages.reasons()
        page.locator(".device-verdict").get_by_role("link", name="Certificate").click()
        expect(page.get_by_text("allowed_signers").first).to_be_visible()

        asked(stack, "UPDATE backups_backupplan SET pull_files_here = 0")  # only who presses pulls
        notes = put_on_card(stack, device_id, "notes.txt")
        assert "be wiped? No." in pages.ask(key)
        lacking = [reason for reason in pages.reasons() if reason[0] == notes]
        assert {mended_by for _, _, mended_by in lacking} == {"Pull other files"}
        assert may_be_wiped(pages), pages.reasons()


def put_on_card(stack, device_id, name):
    """Gives its path on the card."""
    place = f"results/{device_id}/{name}"
    path = stack.var / "lab" / "cards" / device_id[:3] / place
    path.write_text("what only this card has")
    written_at = time.time() - 3600
    os.utime(path, (written_at, written_at))
    return place


def test_a_device_that_tracks_is_not_to_be_wiped(stack):
    wait_until(lambda: backed_up(stack, status="running"))
    key, _ = backed_up(stack, status="running")
    with logged_in(stack) as page:
        pages = WipePage(page)
        assert "be wiped? No." in pages.ask(key)
        assert ["the device", "it is running: stop it first", "a person"] in pages.reasons()
