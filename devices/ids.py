"""What a device id is, and the name of a storage: said here, and nowhere else.

A device is known by its machine id: 32 hex digits as a rule, but also `VIR` and 12 characters,
`NO_ID_AVAILABLE`, or any other that a system gave itself. It becomes a folder, a part of file
names and a word of commands: so it never begins with a `-`.
"""

import re
from typing import TypeGuard

DEVICE_ID = r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}"
STORAGE_NAME = r"^[a-z0-9][a-z0-9-]{0,39}\Z"  # a part of units, queues and addresses
_WHOLE = re.compile(DEVICE_ID)


def is_device_id(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and _WHOLE.fullmatch(text) is not None


def queue_of(storage: str) -> str:
    """Of Celery, from which the worker of this storage takes its work."""
    return f"storage.{storage}"
