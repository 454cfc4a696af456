"""What a file's first bytes say, and what reading it to its end says."""

import os

import pytest

from backups.engine.videos.damage import (
    ChunkReading,
    Damage,
    DamageKind,
    begins_well,
    read_heads,
)
from backups.engine.videos.digests import (
    KnownDigest,
    cured,
    damage_read,
    pack_digests,
    unpack_digests,
)
from backups.engine.videos.ledger import EQUAL, KnownFile
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
    ("kind", "digest", "size", "content", "is_cured"),
    [
        (DamageKind.CHANGED, "aa", 10, 1, True),
        (DamageKind.CHANGED, "bb", 10, 2, False),
        (DamageKind.UNREADABLE, "bb", 10, 1, True),
        (DamageKind.ZEROS, "bb", 10, 1, False),  # the same bad content, read to its end
        (DamageKind.ZEROS, "bb", 10, 2, True),
        (DamageKind.SHRANK, "bb", 9, 2, False),
        (DamageKind.SHRANK, "bb", 10, 2, True),
    ],
)
def test_only_a_reading_that_passes_is_a_cure(kind, digest, size, content, is_cured):
    damages = {NAME: Damage(kind=kind, reason="", content=1)}
    readings = {NAME: ChunkReading(size_bytes=size, digest=digest)}
    items = {NAME: KnownFile(held=10, seen=content)}
    assert cured(readings, {NAME: BEFORE}, items, damages) == ({NAME} if is_cured else set())


def test_digests_come_back_as_they_were():
    assert unpack_digests(pack_digests({"a": BEFORE})) == {"a": BEFORE}
    assert unpack_digests(pack_digests({})) == {}
