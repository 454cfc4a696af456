"""The one way in which a request starts work: it is queued, or the answer says that it was not."""

from typing import Any

from celery.canvas import Signature
from kombu.exceptions import OperationalError

from backups.api.errors import QueueDown


def queued(work: Signature[Any]) -> str:
    """Queue it and give its task's id. Raises QueueDown."""
    try:
        return str(work.delay().id)
    except OperationalError as error:
        raise QueueDown from error
