"""Checks of who is told: the channels, and the watcher outside."""

from collections.abc import Callable

import urllib3
from django.conf import settings

from backups.engine.grammar import counted
from installation.answers import One, SetupAnswer, off, ok, unknown, wrong
from installation.situation import Situation, StoredFacts

PATIENCE = 10.0
CLOCK_OFF = 120.0  # seconds; less is what its answer may have waited
START = "systemctl restart ethonode    # or make run; on several machines ethonode-{}"


def heartbeat(_: Situation) -> SetupAnswer:
    """Asked as each watch begins: it says that we begin, and never that all is well."""
    if not settings.HEARTBEAT_URL:
        return off(
            "Nobody outside notices when ethonode itself falls silent.",
            "ETHONODE_HEARTBEAT_URL=https://hc-ping.com/…    # in /etc/ethonode.env",
        )
    try:
        with urllib3.request(
            "POST",
            f"{settings.HEARTBEAT_URL}/start",
            timeout=urllib3.Timeout(total=PATIENCE),
            retries=False,
            redirect=False,
            preload_content=False,
        ) as answer:
            status = answer.status
    except urllib3.exceptions.HTTPError as error:
        return wrong(f"The watcher outside does not answer: {type(error).__name__}")
    if not 200 <= status < 300:
        return wrong(f"The watcher outside does not know this address: HTTP {status}")
    return ok("The watcher outside takes our beats.")


def channels(known: StoredFacts) -> SetupAnswer:
    """By what came of the messages: nothing is sent to find out."""
    enabled = known.channels
    if not enabled:
        return off("No channel is set: nobody is told of a problem.")
    failing = [one for one in enabled if one.failing_since]
    if failing:
        ones = [One(name=one.name, words=one.last_answer) for one in failing]
        return wrong(f"{counted(len(failing), 'channel')} of {len(enabled)} fail.", ones=ones)
    if untried := [one.name for one in enabled if not one.last_sent_at]:
        return unknown(f"Nothing was sent yet by {', '.join(untried)}: press “Send a test” there.")
    return ok(f"{counted(len(enabled), 'channel')}, each took its last message.")


def part(name: str) -> Callable[[StoredFacts], SetupAnswer]:
    """Of ethonode's own work, as the banner of every page says it."""

    def check(known: StoredFacts) -> SetupAnswer:
        found = known.parts[name]
        if not found.reason:
            return ok("It works.")
        if found.at is None:
            return unknown(f"It has not begun: {found.reason}.", START.format(name))
        return wrong(f"It has stopped. {found.reason}.", START.format(name))

    return check


def storages(known: StoredFacts) -> SetupAnswer:
    """By what their workers told, and when."""
    if not known.storages:
        return ok("All copies lie on this host.")
    silent = [(one, why) for one, why in known.storages if why]
    if silent:
        line = f"systemctl status ethonode-worker@{silent[0][0].name}    # on its host"
        ones = [One(name=one.name, words=why) for one, why in silent]
        return wrong(
            f"{counted(len(silent), 'storage')} of {len(known.storages)} silent.", line, ones=ones
        )
    off_by = [one for one, _ in known.storages if abs(one.clock_off_seconds or 0) >= CLOCK_OFF]
    if off_by:
        ones = [One(name=one.name, words=f"{one.clock_off_seconds:+.0f} s") for one in off_by]
        return wrong("The clock of a storage is another than ours.", "timedatectl", ones=ones)
    return ok(f"{counted(len(known.storages), 'storage')}, each heard of lately.")


worker, beat = part("worker"), part("beat")
