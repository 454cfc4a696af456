"""What a file's first bytes say, and what reading it to its end says."""

import errno
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from backups.engine.videos.damage import (
    ChunkReading,
    Damage,
    DamageKind,
    begins_well,
    find_damage,
    noted,
    read_heads,
)
from backups.engine.videos.digests import (
    KnownDigest,
    cured,
    damage_read,
    pack_digests,
    unpack_digests,
)
from backups.engine.videos.ledger import BEGINS, EQUAL, Here, KnownFile
from tests.engine.videos.children import as_nobody
from tests.engine.videos.chunks import NAL, NOW, chunk

NAME = chunk(1)
BEFORE = KnownDigest(10, "aa", 1)


@pytest.mark.parametrize(
    ("name", "head", "is_well"),
    [
        (b"a.h264", NAL, True),
        (b"a.h264", b"\0\0\1\x67", True),
        (b"a.h264", bytes(64), False),
        (b"a.h264", b"x" + NAL, False),
        (b"a.avi", b"RIFF....AVI ", True),
        (b"a.avi", NAL, False),
        (b"a.mp4", b"\0\0\0\x20ftypisom", True),
        (b"a.mp4", NAL, False),
        (b"notes.txt", b"anything", True),
    ],
)
def test_a_video_begins_as_its_suffix_says(name, head, is_well):
    assert begins_well(name, head) is is_well


def test_only_the_first_bytes_of_real_files_are_read(tmp_path):
    (tmp_path / "a").write_bytes(NAL * 1000)
    (tmp_path / "link").symlink_to("a")
    os.mkfifo(tmp_path / "pipe")
    heads = read_heads(tmp_path, [b"a", b"link", b"pipe", b"none"])
    assert heads == {b"a": (NAL * 13)[:64], b"pipe": b""}


def test_a_disk_that_cannot_read_a_file_says_so():
    ((name, error),) = read_heads(Path("/proc/self"), [b"mem", b"none"]).items()
    assert (name, error.errno) == (b"mem", errno.EIO)


def test_a_file_that_may_not_be_read_is_named_and_not_left_out():
    path = Path(tempfile.mkdtemp(dir="/tmp")) / "a"  # where nobody may go: not in our own
    try:
        path.parent.chmod(0o755)
        path.write_bytes(NAL)
        path.chmod(0)
        ((name, error),) = as_nobody(lambda: read_heads(path.parent, [b"a"])).items()
    finally:
        shutil.rmtree(path.parent)
    assert (name, error.errno) == (b"a", errno.EACCES)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        *((number, DamageKind.CLOSED) for number in (errno.EACCES, errno.EPERM, errno.ESTALE)),
        *((number, DamageKind.UNREADABLE) for number in (errno.EIO, errno.EUCLEAN, errno.EBADMSG)),
    ],
)
def test_to_be_kept_from_a_file_says_nothing_of_what_is_in_it(number, kind):
    item, head = KnownFile(held=10, flags=EQUAL), OSError(number, os.strerror(number))
    here = {NAME: Here(b"", 10, 0, 0)}
    found = find_damage({NAME: item}, here, {NAME: head}, {})
    assert found[NAME].kind is kind
    assert item.has(EQUAL) is (kind is DamageKind.CLOSED)


def test_that_a_file_is_closed_hides_no_damage_and_damage_shows_when_it_is_opened():
    closed, bad = (
        Damage(kind=kind, reason="why", content=1, since=NOW)
        for kind in (DamageKind.CLOSED, DamageKind.ZEROS)
    )
    later = replace(closed, content=2)
    assert noted({NAME: later}, {NAME: bad}) == {}
    assert noted({NAME: bad}, {NAME: closed}) == {NAME: bad}
    assert noted({NAME: later}, {NAME: closed}) == {NAME: later}
    assert noted({NAME: closed}, {NAME: closed}) == {}


@pytest.mark.parametrize(
    ("reading", "before", "flags", "kind"),
    [
        (ChunkReading(size_bytes=10, digest="aa"), BEFORE, 0, None),
        (ChunkReading(size_bytes=10, digest="bb"), None, 0, None),
        (ChunkReading(size_bytes=10, digest="bb"), BEFORE, 0, DamageKind.CHANGED),
        (ChunkReading(size_bytes=9, digest="bb"), BEFORE, 0, DamageKind.SHRANK),
        (ChunkReading(size_bytes=0, digest="bb"), BEFORE, EQUAL, DamageKind.SHRANK),
        (ChunkReading(size_bytes=11, digest="bb"), BEFORE, 0, None),  # it has grown
        (ChunkReading(size_bytes=0, problem="EIO"), None, 0, DamageKind.UNREADABLE),
    ],
)
def test_a_digest_is_held_against_the_first(reading, before, flags, kind):
    found = damage_read(reading, before, KnownFile(flags=flags), now=NOW)
    assert (found.kind if found else None) == kind


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        pytest.param(1, DamageKind.CHANGED, id="nobody wrote it: the disk rots"),
        pytest.param(2, None, id="written since, and held against the device"),
    ],
)
def test_what_was_equal_to_the_devices_is_believed_as_long_as_it_is_that_content(seen, kind):
    before = KnownDigest(10, "aa", 1, content=1)
    item = KnownFile(held=10, flags=EQUAL, seen=seen)
    found = damage_read(ChunkReading(size_bytes=10, digest="bb"), before, item, now=NOW)
    assert (found.kind if found else None) == kind


def test_a_file_that_holds_less_than_it_ever_did_shrank_also_where_it_was_never_read():
    item = KnownFile(held=11)
    found = damage_read(ChunkReading(size_bytes=10, digest="aa"), None, item, now=NOW)
    assert found.kind is DamageKind.SHRANK


@pytest.mark.parametrize(
    ("kind", "digest", "size", "content", "flags", "is_cured"),
    [
        (DamageKind.CHANGED, "aa", 10, 1, 0, True),
        (DamageKind.CHANGED, "bb", 10, 2, BEGINS, False),
        (DamageKind.UNREADABLE, "bb", 10, 1, 0, True),
        *(
            (kind, digest, 10, content, flags, (content, flags) == (2, BEGINS))
            for kind in (DamageKind.ZEROS, DamageKind.NO_START)
            for digest in ("aa", "bb")  # the same as before is the same bad one
            for content in (1, 2)
            for flags in (0, BEGINS)
        ),
        (DamageKind.SHRANK, "bb", 9, 2, 0, False),
        (DamageKind.SHRANK, "aa", 10, 1, 0, False),
        (DamageKind.SHRANK, "bb", 10, 2, 0, True),
    ],
)
def test_only_a_reading_that_passes_is_a_cure(kind, digest, size, content, flags, is_cured):
    damages = {NAME: Damage(kind=kind, reason="", content=1)}
    readings = {NAME: ChunkReading(size_bytes=size, digest=digest)}
    items = {NAME: KnownFile(held=10, seen=content, flags=flags)}
    assert cured(readings, {NAME: BEFORE}, items, damages) == ({NAME} if is_cured else set())


def test_digests_come_back_as_they_were():
    assert unpack_digests(pack_digests({"a": BEFORE})) == {"a": BEFORE}
    assert unpack_digests(pack_digests({})) == {}
