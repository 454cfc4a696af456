"""Checks of each node, its two daemons and its clock."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import urllib3
from django.conf import settings

from backups.badges import availability
from backups.engine.grammar import counted
from devices.client import AskFailed
from devices.freshness import AVAILABLE
from devices.nodes import Node
from devices.services.asking import ask_node
from installation.answers import SetupAnswer, off, ok, unknown, wrong
from installation.situation import Situation

PATIENCE = 10.0
OFF_BY = 30.0  # seconds; what a header tells is cut to whole ones
SET = "ETHONODE_{}={}    # in /etc/ethonode.env, or before make run; then start again"
Ask = Callable[[Situation], SetupAnswer]
UNITS = {"mysql": "ethoscope_backup_mysql", "rsync": "ethoscope_backup_unified"}


def answer(one: Node) -> Ask:
    def check(_: Situation) -> SetupAnswer:
        if not one.url:
            return _without_a_node()
        line = f"curl -m 10 {one.url}/devices"
        try:
            records, problems = ask_node(one.url)
        except AskFailed as error:
            return wrong(f"It does not answer: {error}", line)
        if not records:
            return wrong("It answers, and knows no device.", line)
        left = f" Of what it told {len(problems)} could not be read." if problems else ""
        return ok(f"It answers, and knows {counted(len(records), 'device')}.{left}")

    return check


def _without_a_node() -> SetupAnswer:
    if settings.DEVICE_ADDRESSES:
        asked = counted(len(settings.DEVICE_ADDRESSES), "device")
        return off(f"No node is set; {asked} are asked directly.")
    return wrong("No node is set: nothing is watched.", SET.format("NODE_URL", "http://node:80"))


def daemon(one: Node, name: str) -> Ask:
    url = one.daemons[name]

    def check(known: Situation) -> SetupAnswer:
        if not url:
            return off("No address is set for it: this lab has none.")
        status = known.daemons.get((one.name, name))
        if status is None or availability(status, known.now) != AVAILABLE:
            error = status.error if status else "not asked"
            line = f"systemctl status {UNITS[name]}; curl -m 5 {url}/status"
            return wrong(f"It does not answer: {error}", line)
        claims = counted(known.claims.get((one.name, name), 0), "device")
        work = f", and works on {len(status.processing)}" if status.processing else ""
        return ok(f"It answers, and claims to look after {claims}{work}. Claims prove nothing.")

    return check


def clock(one: Node) -> Ask:
    return lambda _: _clock(one.url)


def _clock(url: str) -> SetupAnswer:
    if not url:
        return off("No node is set.")
    try:
        with urllib3.request(
            "GET",
            url,
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
