"""Whoever lives watches where nobody else does: so a dead beat, worker or Redis is told of.

Beat does it itself, in a process of its own; a worker queues the watch that no beat queues.
"""

import logging
import subprocess
import sys
import time
from threading import Thread
from typing import Any

from celery import bootsteps
from celery.signals import beat_init
from django.db import DatabaseError, connection
from django.utils import timezone

from ethonode.env import BASE_DIR
from incidents.engine.pace import WATCH, WATCH_IS_LATE

logger = logging.getLogger(__name__)
EVERY = 60.0  # seconds
LONGEST = 600.0
COMMAND = (sys.executable, "manage.py", "watch")


class QueuesWatches(bootsteps.StartStopStep):
    """By the worker's own clock. What it queues does nothing where somebody watched lately."""

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        worker.timer.call_repeatedly(EVERY, self.queue, (worker.app,))

    def queue(self, app: Any) -> None:
        app.send_task("incidents.tasks.stand_by", expires=EVERY, retry=False)


@beat_init.connect
def begin(**_: Any) -> None:
    """A thread: a Redis that does not answer holds up the beat."""
    Thread(target=_watch_for_ever, name="standby", daemon=True).start()


def _watch_for_ever() -> None:
    while True:
        time.sleep(EVERY)
        try:
            if _is_watch_late():
                subprocess.run(COMMAND, cwd=BASE_DIR, check=False, timeout=LONGEST)
        except (DatabaseError, OSError, subprocess.TimeoutExpired) as error:
            logger.warning("no watch in the place of a worker: %s", error)
        finally:
            connection.close()


def _is_watch_late() -> bool:
    from backups.services.leases import was_held  # noqa: PLC0415  Django is not ready before

    now = timezone.now()
    return not was_held(WATCH, since=now - WATCH_IS_LATE, now=now)
