"""Files that are not as large, or do not hold, what they should: on our disk, in place."""

from functools import partial

from tests.faults import harm, targets
from tests.faults.kinds import kind

CHUNKS = {
    "emptied": (harm.empty, ""),
    "halved": (harm.halve, "size"),
    "short of a byte": (harm.cut_a_byte, "size"),
    "all zeros": (harm.zero, "blocks"),
    "zeros from its middle on": (harm.zero_end, "content"),
    "flipped": (harm.flip, "content"),
}
PLACES = {"first": targets.first_chunks, "last": targets.last_chunks, "some": targets.chunks}
DATABASES = {
    "emptied": (harm.empty, ""),
    "halved": (harm.halve, ""),
    "all zeros": (harm.zero, ""),
    "zeros from its middle on": (harm.zero_end, "verify"),
    "broken in its pages": (harm.break_pages, "verify"),
    "broken in its head": (partial(harm.flip, at=0, count=64), ""),
}


def _chunk(harming, case, chunk, rng):
    harming(chunk.path)


def _all(harming, case, recording, rng):
    for path in case.here(recording).glob("*.h264"):
        harming(path)


def _database(harming, case, one, rng):
    harming(case.here(one))


def _register(name, find, act, harming, hidden):
    done = partial(act, harming)
    done.__module__ = __name__
    kind(name, find, hidden=hidden)(done)


for words, (harming, hidden) in CHUNKS.items():
    for place, find in PLACES.items():
        _register(f"{place} chunk {words}", find, _chunk, harming, hidden)
    _register(f"every chunk {words}", targets.recordings, _all, harming, hidden)
for words, (harming, hidden) in DATABASES.items():
    _register(f"copy of a database {words}", targets.saved, _database, harming, hidden)


@kind("copy is a database without tables", targets.saved)
def without_tables(case, one, rng):
    case.here(one).unlink()
    harm.execute(case.here(one), "PRAGMA user_version = 1")
