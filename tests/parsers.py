"""Every parser of what comes from outside: what it is given, who reads it, and its own error.

Inputs are noise, real answers that were cut, doubled and damaged, and JSON of the right words; the
fuzzer of `tests.fuzz_parsers` begins with such and finds its own from there.
"""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import compress

import msgspec
from django.core.signing import Signer
from hypothesis import strategies as st

from backups.api.keyset import BadPlace, Order, place_at
from backups.engine.byte_sizes import human_size
from backups.engine.card import BadListing, unpacked
from backups.engine.card.device.common import Output
from backups.engine.card.device.databases import tell_database
from backups.engine.card.digest_answers import DigestsAnswer
from backups.engine.card.errors import BadDigests
from backups.engine.card.health import CardHealth
from backups.engine.card.lines import VERSION, EndLine, ErrorLine, FileLine, FolderLine, Head
from backups.engine.card.reading import read_listing
from backups.engine.claims import DaemonError, parse
from backups.engine.copies.inspection import inspect
from backups.engine.film.strip import fps_of
from backups.engine.preview import NotShown, preview
from backups.engine.preview.guard import Guard
from backups.engine.preview.words import words_of
from backups.engine.progress import Progress
from backups.engine.pull.errors import RemoteFailed
from backups.engine.pull.failures import rsync_failure, ssh_failure
from backups.engine.pull.heard import Heard
from backups.engine.pull.on_device import stamp_in
from backups.engine.pull.progress import Meter
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
def damaged(draw: st.DrawFn, wholes: list[bytes]) -> bytes:
    """A real one, cut somewhere and with something else in the place."""
    whole = draw(st.sampled_from(wholes))
    begin = draw(st.integers(0, len(whole)))
    length = draw(st.integers(0, 40))
    return whole[:begin] + draw(st.binary(max_size=12)) + whole[begin + length :]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is drawn; how a fuzzer's bytes are read as such, and such is written as bytes.

    `whole`: one that is as it has to be.
    """

    drawn: st.SearchStrategy[Any]
    read: Callable[[bytes], Any] = bytes
    write: Callable[[Any], bytes] = bytes
    whole: bytes = b""


@cache
def a_database() -> bytes:
    """A small one, as a device has it."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(
            "PRAGMA page_size = 512;"
            "CREATE TABLE METADATA (field TEXT, value TEXT);"
            "CREATE TABLE ROI_1 (id INTEGER PRIMARY KEY, t INTEGER, xy_dist_log10x1000 INTEGER);"
            "CREATE TABLE IMG_SNAPSHOTS (id INTEGER PRIMARY KEY, t INTEGER, img BLOB);"
            "INSERT INTO METADATA VALUES ('machine_name', 'ETHOSCOPE_019'),"
            " ('date_time', '1767434400'), ('experimental_info', '{''user'': ''a''}');"
            "INSERT INTO ROI_1 (t, xy_dist_log10x1000) VALUES (1, -800), (2, -900), (3, NULL);"
            "INSERT INTO IMG_SNAPSHOTS (t, img) VALUES (1, x'ffd8ffe0');"
        )
        return database.serialize()


def _text(raw: bytes) -> str:
    """Any byte can come out of a name: each stays what it is."""
    return raw.decode("utf-8", "surrogateescape")


def _written(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _lines(raw: bytes) -> list[str]:
    return raw.decode("utf-8", "replace").split("\n")


def _joined(lines: list[str]) -> bytes:
    return "\n".join(lines).encode()


BYTES = Inputs(
    st.one_of(
        st.binary(max_size=200),
        damaged(REAL_ONES),
        VALUES.map(lambda value: json.dumps(value).encode()),
    )
)
PACKED = Inputs(BYTES.drawn | BYTES.drawn.map(compress))
TEXTS = Inputs(
    st.one_of(
        st.text(max_size=60),
        st.text("0123456789-_:TZ+. @x", max_size=40),
        st.sampled_from(WORDS),
        st.from_regex(r"\d{4}-\d\d-\d\d[_T ]\d\d[-:]\d\d[-:]\d\d(_[0-9a-f]{4,32})?(\.db|Z)?"),
    ),
    _text,
    _written,
)
IN_A_QUERY = Inputs(TEXTS.drawn, lambda raw: raw.decode("utf-8", "replace"), _written)  # as Django
NAMES = Inputs(
    st.one_of(
        st.binary(max_size=60),
        st.from_regex(rb"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_[0-9a-f]{2,8}__\d+x\d+@\d+_\d{1,30}\.h264"),
    )
)


def lines_as(said: bytes) -> Inputs:
    """Such as these, and noise."""
    return Inputs(
        (st.just(said) | damaged([said]) | BYTES.drawn).map(_lines), _lines, _joined, said
    )


def texts_as(said: bytes) -> Inputs:
    return Inputs((st.just(said) | damaged([said])).map(_text) | TEXTS.drawn, _text, _written, said)


RSYNC = b"""\
>f+++++++++|1234|2026/01/03-10:00:00|2026-01-03/a\\#012b.h264
.f..t......|99|2026/01/03-10:00:00|a.db
skipping non-regular file "link"
      1,234  50%    1.20MB/s    0:00:10 (xfr#1, to-chk=1/3)
Number of files: 3 (reg: 2, dir: 1)
Total bytes sent: 1,234
Literal data: 99 bytes"""
RSYNC_ERRORS = b"""\
rsync: [sender] read errors mapping "/a": Input/output error (5)
rsync: link_stat "/a" failed: No such file or directory (2)
rsync error: some files could not be transferred (code 23) at main.c(1865) [generator=3.2.7]"""
SSH_ERRORS = b"""\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
The fingerprint for the ED25519 key sent by the remote host is
SHA256:abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ.
Host key verification failed.
ssh: connect to host 10.0.0.9 port 22: No route to host"""
DIGESTS = b"""\
{"k":"digests","version":%d,"python":"3.5","clock":1,"boot":"b","algorithm":"sha256"}
{"k":"at","bytes":5}
{"k":"digest","path":"a","size":1,"modified":2,"changed":3,"inode":4,"digest":"%s"}
{"k":"over","lines":3}""" % (VERSION, b"0" * 64)
LISTING = b"\n".join(
    msgspec.json.encode(line)
    for line in (
        Head(
            version=VERSION,
            python="3.5",
            clock=1,
            boot="b",
            uptime=1,
            size=9,
            free=5,
            read_only=False,
        ),
        CardHealth(),
        FolderLine(path="a", files=[FileLine("b", 1, 2, 3, 8)]),
        ErrorLine(path="c", reason="Permission denied"),
        EndLine(lines=4, folders=1, files=1, bytes=1, errors=1),
    )
)
STAMP = b"seen|regular file|4096|1767434400.123456789|1767434400.5|77"
OPTIONS = b"""{'user': 'a', 'sensor': OrderedDict([('class', <class 'a.b.C'>), ('kwargs', {})])}"""


@dataclass(frozen=True, slots=True)
class Parser:
    """`refusals`: its own errors; any other is a fault of ours."""

    inputs: Inputs
    ask: Callable[[Any], object]
    refusals: tuple[type[Exception], ...] = ()
    has_rows: bool = False  # whether it looks into the database


def _ignored(_: Progress | int) -> None: ...


def _rsync(lines: list[str]) -> None:
    heard, meter = Heard(), Meter(_ignored, 1, 1)
    for line in lines:
        if not meter.hear(line):
            heard.hear(line)
    for item in heard.items:
        item.has_time(0)


def _digests(lines: list[str]) -> None:
    answer = DigestsAnswer(["a"], boot=None, read_before=0, progress=_ignored)
    list(answer.read(lines))


def _words(text: str) -> None:
    """Whatever a field of METADATA holds."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE METADATA (field, value)")
        for field in ("experimental_info", "hardware_info", "date_time"):
            value = text.encode("utf-8", "surrogateescape")
            database.execute("INSERT INTO METADATA VALUES (?, CAST(? AS TEXT))", (field, value))
        words_of(Guard(database, deadline=time.monotonic() + 60))


def _shown(content: bytes) -> None:
    with _kept(content) as path:
        preview(path)


def _inspected(content: bytes) -> None:
    with _kept(content) as path:
        inspect(path, latest=NOW)
        inspect(path, latest=NOW, deeply=True)


class _Told(Output):
    """What a device would send."""

    def say(self, kind: str, told: dict) -> None:
        json.dumps(told | {"k": kind})

    def check(self) -> None:
        pass


def _told_by_its_device(content: bytes) -> None:
    with _kept(content) as path:
        tell_database(os.fsencode(path.parent), b"a.db", None, _Told())


@contextmanager
def _kept(content: bytes) -> Iterator[Path]:
    with TemporaryDirectory(dir="/dev/shm") as folder:
        path = Path(folder) / "a.db"
        path.write_bytes(content)
        yield path


def _card(body: bytes) -> object:
    return parse_card(decoded(body, type=dict))


def _cache(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        file = CacheFile(directory=Path(folder), device_id="device", secret=b"x" * 32)
        file.path.write_bytes(content)
        file.load()


def _cursor(text: str) -> None:
    place_at(text, Order.of("-started_at"), Experiment, of_list="/x/")


def _signed_cursor(value: object) -> None:
    """Ours by its signature, and odd by what it says."""
    _cursor(Signer(salt="page of /x/").sign_object(["-started_at", str(value)[:80], 1]))


DATABASES = Inputs(st.deferred(lambda: st.just(a_database()) | damaged([a_database()])))

PARSERS = {
    "answer of the node": Parser(BYTES, parse_devices, (AskFailed,)),
    "answer of a daemon, mysql": Parser(
        BYTES, lambda body: parse(body, daemon="mysql", now=NOW), (DaemonError,)
    ),
    "answer of a daemon, rsync": Parser(
        BYTES, lambda body: parse(body, daemon="rsync", now=NOW), (DaemonError,)
    ),
    "loose JSON": Parser(BYTES, mended),
    "card of a device": Parser(BYTES, _card, (AskFailed,)),
    "listing of a card": Parser(lines_as(LISTING), read_listing, (BadListing,)),
    "digests of a card": Parser(lines_as(DIGESTS), _digests, (BadDigests,)),
    "listing that was kept": Parser(PACKED, unpacked, (BadListing,)),
    "lines of rsync": Parser(lines_as(RSYNC), _rsync),
    "last words of rsync": Parser(
        texts_as(RSYNC_ERRORS), lambda said: (rsync_failure(12, said), rsync_failure(23, said))
    ),
    "last words of ssh": Parser(texts_as(SSH_ERRORS), lambda said: ssh_failure(255, said)),
    "look at a file on a device": Parser(texts_as(STAMP), stamp_in, (RemoteFailed,)),
    "METADATA": Parser(texts_as(OPTIONS), _words, (NotShown,)),
    "database to show": Parser(DATABASES, _shown, (NotShown,)),
    "database on a card": Parser(DATABASES, _told_by_its_device),
    "database to inspect": Parser(DATABASES, _inspected),
    "certificate": Parser(BYTES, read_body, (msgspec.DecodeError,)),
    "cache of videos": Parser(BYTES, _cache),
    "name of a chunk": Parser(NAMES, lambda name: (numbered(name), stamp_of(name), text_of(name))),
    "name as text": Parser(
        TEXTS, lambda text: (bytes_of(text), by_recording([text])), (UnicodeError,)
    ),
    "start in a file name": Parser(TEXTS, started_at),
    "frames a second in a name": Parser(TEXTS, fps_of),
    "date as people type it": Parser(IN_A_QUERY, lambda text: split_date(text, now=NOW)),
    "moment in a query": Parser(IN_A_QUERY, lambda text: moment_of(text, now=NOW), (BadMoment,)),
    "cursor of a list": Parser(IN_A_QUERY, _cursor, (BadPlace,)),
    "cursor with our signature": Parser(TEXTS, _signed_cursor, (BadPlace,)),
    "cursor of videos": Parser(
        IN_A_QUERY,
        lambda text: video_page(None, after=text or None, limit=1),
        (BadCursor,),
        has_rows=True,
    ),
    "address": Parser(TEXTS, lambda text: (plain_address(text), is_within(text, ["10.0.0.0/8"]))),
    "request": Parser(
        Inputs(st.binary(max_size=300)), lambda data: is_whole(bytearray(data)), (Refused,)
    ),
    "text to show": Parser(TEXTS, lambda text: (seen(text), one_line(text, limit=20))),
    "error of another program": Parser(TEXTS, readable),
    "cell of a table": Parser(TEXTS, harmless),
    "answer to clean": Parser(BYTES, lambda body: cleaned(body, is_json=True)),
    "size in bytes": Parser(
        Inputs(
            st.integers(0, 2**63),
            lambda raw: int.from_bytes(raw[:9], "big") >> 1,
            lambda size: (size << 1).to_bytes(9, "big"),
        ),
        human_size,
    ),
}
