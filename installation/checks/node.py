"""Checks of the node, its two daemons and its clock."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import urllib3
from django.conf import settings

from backups.badges import availability
from backups.engine.grammar import counted
from backups.models.daemons import DaemonName
from devices.client import AskFailed
from devices.freshness import AVAILABLE
from devices.services.asking import ask_node
from installation.answers import SetupAnswer, off, ok, unknown, wrong
from installation.situation import Situation

PATIENCE = 10.0
OFF_BY = 30.0  # seconds; what a header tells is cut to whole ones
SET = "ETHONODE_{}={}    # in /etc/ethonode.env, or before make run; then start again"
UNITS = {"mysql": "ethoscope_backup_mysql", "rsync": "ethoscope_backup_unified"}


def node(_: Situation) -> SetupAnswer:
    if not settings.NODE_URL:
        return _without_a_node()
    try:
        records, problems = ask_node(settings.NODE_URL)
    except AskFailed as error:
        return wrong(f"It does not answer: {error}", f"curl -m 10 {settings.NODE_URL}/devices")
    if not records:
        return wrong("It answers, and knows no device.", f"curl -m 10 {settings.NODE_URL}/devices")
    left = f" Of what it told {len(problems)} could not be read." if problems else ""
    return ok(f"It answers, and knows {counted(len(records), 'device')}.{left}")


def _without_a_node() -> SetupAnswer:
    if settings.DEVICE_ADDRESSES:
        asked = counted(len(settings.DEVICE_ADDRESSES), "device")
        return off(f"No node is set; {asked} are asked directly.")
    return wrong("No node is set: nothing is watched.", SET.format("NODE_URL", "http://node:80"))


def daemon(name: str) -> Callable[[Situation], SetupAnswer]:
    def check(known: Situation) -> SetupAnswer:
        if not settings.SERVICE_URLS[name]:
            return off("No address is set for it: this lab has none.")
        status = known.daemons.get(name)
        if status is None or availability(status, known.now) != AVAILABLE:
            error = status.error if status else "not asked"
            line = f"systemctl status {UNITS[name]}; curl -m 5 {settings.SERVICE_URLS[name]}/status"
            return wrong(f"It does not answer: {error}", line)
        claims = counted(known.claims.get(name, 0), "device")
        work = f", and works on {len(status.processing)}" if status.processing else ""
        return ok(f"It answers, and claims to look after {claims}{work}. Claims prove nothing.")

    return check


mysql_daemon, rsync_daemon = daemon(DaemonName.MYSQL), daemon(DaemonName.RSYNC)


def node_clock(_: Situation) -> SetupAnswer:
    if not settings.NODE_URL:
        return off("No node is set.")
    try:
        with urllib3.request(
            "GET",
            settings.NODE_URL,
            timeout=urllib3.Timeout(total=PATIENCE),
            retries=False,
            redirect=False,
            preload_content=False,
        ) as answer:
            told = parsedate_to_datetime(answer.headers.get("Date", ""))
    except urllib3.exceptions.HTTPError as error:
        return unknown(f"The node does not answer: {type(error).__name__}")
    except ValueError:
        return unknown("The node does not tell its time.")
    ahead = told.timestamp() - time.time()
    if abs(ahead) > OFF_BY:
        side = "ahead of" if ahead > 0 else "behind"
        return wrong(f"The node is {abs(ahead):.0f} s {side} us.", "timedatectl    # on both")
    return ok("Ours and the node's agree.")
