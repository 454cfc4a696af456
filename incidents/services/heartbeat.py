"""Who watches the watcher: a beat to an address outside, by Healthchecks' protocol.

A beat that cannot be sent is nobody's error: whoever waits for it notices that it lacks.
"""

import logging
from datetime import datetime

import urllib3
from django.conf import settings

from backups.watch_state import own_parts

logger = logging.getLogger(__name__)
PATIENCE = 10.0  # seconds for the whole answer
PARTS = 20  # of the reason, at most


def beat_begins() -> None:
    _ping("/start")


def beat_ends(*, now: datetime) -> None:
    """Good where all that ethonode has to do itself was done lately; else bad, and why."""
    failing = own_parts(now=now).failing
    if failing:
        _ping("/fail", "\n".join(f"{part.name}: {part.reason}" for part in failing[:PARTS]))
    else:
        _ping("")


class failing_beat:
    """What nobody foresaw is a bad beat, and goes on to whoever logs it."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: object, _: object) -> None:
        if kind is not None:
            _ping("/fail", f"the watch broke off: {kind.__name__}")


def _ping(end: str, text: str = "") -> None:
    if not settings.HEARTBEAT_URL:
        return
    try:
        urllib3.request(
            "POST",
            settings.HEARTBEAT_URL + end,
            body=text.encode(),
            headers={"User-Agent": "ethonode", "Content-Type": "text/plain"},
            timeout=urllib3.Timeout(total=PATIENCE),
            retries=False,
            redirect=False,
            preload_content=False,
        ).close()
    except urllib3.exceptions.HTTPError as error:
        logger.warning("the heartbeat was not sent: %s", type(error).__name__)
