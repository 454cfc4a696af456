"""Every parser of what comes from outside: whatever it is given it answers, or says by its own
error that it cannot. `make test-long` gives each of them 100,000 inputs.

Inputs are noise, real answers that were cut, doubled and damaged, and JSON of the right words.
"""

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import compress

import msgspec
import pytest
from django.core.signing import Signer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backups.api.keyset import BadPlace, Order, place_at
from backups.engine.byte_sizes import human_size
from backups.engine.card import BadListing, unpacked
from backups.engine.card.reading import read_listing
from backups.engine.claims import DaemonError, parse
from backups.engine.videos.cache import CacheFile
from backups.engine.videos.names import by_recording, bytes_of, numbered, stamp_of, text_of
from backups.engine.wipe.certificate import read_body
from backups.services.video_pages import BadCursor, video_page
from backups.time_machine import BadMoment, moment_of
from devices.addresses import is_within, plain_address
from devices.cells import harmless
from devices.client import AskFailed, decoded, readable
from devices.dates import split_date
from devices.loosejson import mended
from devices.models import Experiment
from devices.records import parse_card, parse_devices, started_at
from devices.texts import one_line, seen
from ethonode.clean_answers import cleaned
from ethonode.web_requests import Refused, is_whole
from tests.recorded import REAL

INPUTS = int(os.environ.get("ETHONODE_TEST_INPUTS", "40"))
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WORDS = [
    "name", "status", "progress", "started", "ended", "processing", "databases", "SQLite",
    "MariaDB", "path", "backup_filename", "table_counts", "ip", "last_seen", "version", "end", "n",
    "b", "s", "0192c3d4e5f60718293a4b5c6d7e8f90", "2026-01-03_10-00-00", "partitions",
    "SD_CARD_AGE",
]  # fmt: skip
ODD = st.sampled_from(
    [0, -1, 2**63, 2**200, 1e308, "", "\0", "\ud800", "\u0661", "1e400", [], {}, None]
)
VALUES = st.recursive(
    ODD | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=20,
)
REAL_ONES = [
    REAL.body(name) for part in ("node", "rsync", "mysql") for name in REAL.names(f"{part}/*")
]


@st.composite
def damaged(draw):
    """A real answer, cut somewhere and with something else in the place."""
    whole = draw(st.sampled_from(REAL_ONES))
    begin = draw(st.integers(0, len(whole)))
    length = draw(st.integers(0, 40))
    return whole[:begin] + draw(st.binary(max_size=12)) + whole[begin + length :]


BYTES = st.one_of(
    st.binary(max_size=200), damaged(), VALUES.map(lambda value: json.dumps(value).encode())
)
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text("0123456789-_:TZ+. @x", max_size=40),
    st.sampled_from(WORDS),
    st.from_regex(r"\d{4}-\d\d-\d\d[_T ]\d\d[-:]\d\d[-:]\d\d(_[0-9a-f]{4,32})?(\.db|Z)?"),
)
NAMES = st.one_of(
    st.binary(max_size=60),
    st.from_regex(rb"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_[0-9a-f]{2,8}__\d+x\d+@\d+_\d{1,30}\.h264"),
)


def _card(body):
    told = decoded(body, type=dict)
    return parse_card(told)


def _cache(content):
    with TemporaryDirectory() as folder:
        file = CacheFile(directory=Path(folder), device_id="device", secret=b"x" * 32)
        file.path.write_bytes(content)
        return file.load()


def _cursor(text):
    place_at(text, Order.of("-started_at"), Experiment, of_list="/x/")


def _signed_cursor(value):
    """Ours by its signature, and odd by what it says."""
    _cursor(Signer(salt="page of /x/").sign_object(["-started_at", str(value)[:80], 1]))


PARSERS = {
    "answer of the node": (BYTES, parse_devices, AskFailed),
    "answer of a daemon, mysql": (BYTES, lambda b: parse(b, daemon="mysql", now=NOW), DaemonError),
    "answer of a daemon, rsync": (BYTES, lambda b: parse(b, daemon="rsync", now=NOW), DaemonError),
    "loose JSON": (BYTES, mended, ()),
    "card of a device": (BYTES, _card, AskFailed),
    "listing of a card": (
        st.lists(BYTES.map(lambda line: line.decode("utf-8", "replace")), max_size=5),
        read_listing,
        BadListing,
    ),
    "listing that was kept": (BYTES | BYTES.map(compress), unpacked, BadListing),
    "certificate": (BYTES, read_body, msgspec.DecodeError),
    "cache of videos": (BYTES, _cache, ()),
    "name of a chunk": (NAMES, lambda name: (numbered(name), stamp_of(name), text_of(name)), ()),
    "name as text": (TEXTS, lambda text: (bytes_of(text), by_recording([text])), UnicodeError),
    "start in a file name": (TEXTS, started_at, ()),
    "date as people type it": (TEXTS, lambda text: split_date(text, now=NOW), ()),
    "moment in a query": (TEXTS, lambda text: moment_of(text, now=NOW), BadMoment),
    "cursor of a list": (TEXTS, _cursor, BadPlace),
    "cursor with our signature": (VALUES, _signed_cursor, BadPlace),
    "address": (TEXTS, lambda text: (plain_address(text), is_within(text, ["10.0.0.0/8"])), ()),
    "request": (st.binary(max_size=300), lambda data: is_whole(bytearray(data)), Refused),
    "text to show": (st.text(), lambda text: (seen(text), one_line(text, limit=20)), ()),
    "error of another program": (st.text(), readable, ()),
    "cell of a table": (st.text(), harmless, ()),
    "answer to clean": (BYTES, lambda body: cleaned(body, is_json=True), ()),
    "size in bytes": (st.integers(0, 2**63), human_size, ()),
}
WITH_ROWS = {
    "cursor of videos": (
        TEXTS, lambda text: video_page(None, after=text or None, limit=1), BadCursor,
    ),
}  # fmt: skip


def tried(inputs, read, refusal):
    @settings(
        max_examples=INPUTS,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def try_one(value):
        with suppress(*refusal if isinstance(refusal, tuple) else (refusal,)):
            read(value)

    try_one()


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_answers_or_says_that_it_cannot(name):
    tried(*PARSERS[name])


@pytest.mark.timeout(7200)
@pytest.mark.django_db
@pytest.mark.parametrize("name", WITH_ROWS)
def test_so_does_one_that_looks_into_the_database(name):
    tried(*WITH_ROWS[name])
