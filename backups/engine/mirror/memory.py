"""What the last run remembers of the copy that it left, in the lock file beside it.

It is a hint from a folder that others write into. Lost or nonsense, nothing is believed; and what
it says holds only for exactly the file that it names.
"""

from contextlib import suppress

import msgspec

from backups.engine.copies.place import Place

MOST_BYTES = 2**20


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """`tables` were held whole against the run that `source` and `started` tell, in exactly the
    file that has this `fingerprint`."""

    turn: int = 0
    fingerprint: str = ""
    source: str = ""
    started: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()


def remembered(place: Place) -> Memory:
    with suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError), place.lock.open("rb") as file:
        return msgspec.json.decode(file.read(MOST_BYTES), type=Memory)
    return Memory()


def remember(place: Place, memory: Memory) -> None:
    with suppress(OSError):
        place.lock.write_bytes(msgspec.json.encode(memory))
