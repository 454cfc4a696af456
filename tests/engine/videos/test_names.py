"""Names as text, and the numbers in them."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backups.engine.videos.folder import joined_names, names_of, pack, unpack
from backups.engine.videos.look import _seconds, _times
from backups.engine.videos.names import MISSING_NUMBERS_KEPT, missing_numbers, text_of

FILE_NAMES = st.binary(min_size=1, max_size=12).filter(lambda name: not {0, 47} & set(name))


def packed(names, suffix=b""):
    count = len(names)
    return pack(
        sorted(names), _sizes(count), _times([0] * count), _seconds([0] * count), suffix=suffix
    )


def _sizes(count):
    return _times([0] * count)


@given(st.sets(FILE_NAMES), st.sampled_from([b"", b".h264"]), FILE_NAMES)
def test_names_are_the_same_after_packing(names, suffix, prefix):
    whole = sorted(prefix + name + suffix for name in names)
    assert names_of(unpack(packed(whole, suffix))) == whole


@pytest.mark.parametrize(
    "names", [[b"a.h.h264", b"a.h264", b"a.hz.h264"], [b".h264"], [b"a.h264", b"a.h264.h264"]]
)
def test_a_name_that_looks_like_its_neighbours_suffix_is_kept(names):
    assert names_of(unpack(packed(names, b".h264"))) == sorted(names)


@given(st.sets(FILE_NAMES, min_size=2))
def test_two_names_never_read_the_same(names):
    assert len({text_of(name) for name in names}) == len(names)


@given(st.sets(FILE_NAMES, min_size=2))
def test_two_long_names_never_read_the_same(names):
    texts = {text_of(b"x" * 300 + name) for name in names}
    assert len(texts) == len(names)
    assert {len(text) for text in texts} == {255}


@given(st.binary(max_size=12))
def test_every_text_can_be_stored_and_printed(name):
    text_of(name).encode()
    assert not set(text_of(name)) & {"\0", "\n", "\x1b", "\x7f"}


@pytest.mark.parametrize(
    ("names", "missing", "count"),
    [
        pytest.param([b"a_00001", b"a_00002"], (), 0, id="none"),
        pytest.param([b"a_00002"], (1,), 1, id="the first"),
        pytest.param([b"a_1", b"a_3", b"b_2"], (2, 1), 2, id="two series"),
        pytest.param([b"a_00001", b"a_1", b"a_3"], (2,), 1, id="twice the same"),
        pytest.param([b"a_00000", b"a_00001"], (), 0, id="from zero"),
        pytest.param([b"a", b"b_", b"1", b"a_x"], (), 0, id="no numbers"),
        pytest.param([b"a_9999999999999999"], (), 0, id="absurd"),
        pytest.param([b"a_00003", b"other", b"\xff"], (1, 2), 2, id="among others"),
        pytest.param([], (), 0, id="nothing"),
    ],
)
def test_missing_numbers(names, missing, count):
    columns = unpack(packed([name + b".h264" for name in names], b".h264"))
    assert missing_numbers(columns.prefix, columns.tails) == (missing, count)


def test_a_number_far_off_costs_no_memory():
    columns = unpack(
        packed([b"a_999999999.h264", b"b_999999999.h264", b"c_999999999.h264"], b".h264")
    )
    first, count = missing_numbers(columns.prefix, columns.tails)
    assert len(first) == MISSING_NUMBERS_KEPT
    assert count == 2**31 - 1


def test_no_names_are_no_text():
    assert joined_names(unpack(packed([]))) == b""


@pytest.mark.parametrize("time", [2**63, -(2**63) - 1, 10**30, -(10**30)])
def test_a_time_no_array_can_hold_is_the_nearest_it_can(time):
    assert abs(_times([time])[0]) >= 2**63 - 1
    assert _seconds([time])[0] in {0, 2**32 - 1}


def test_text_of_a_name_is_what_the_system_calls_it():
    name = "ETHOSCOPE_019 été.h264"
    assert text_of(os.fsencode(name)) == name
