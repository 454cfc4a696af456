"""Looks at one recording, one after another: what is remembered, since when, and what is lost."""

import errno
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backups.engine.facts import ProblemKind
from backups.engine.videos.ledger import Here, unpack_items
from backups.engine.videos.recording import Record, Sight, hear_listing, look_at
from backups.engine.videos.telling import Told
from tests.engine.videos.chunks import NAL, NOW, STARTED, chunk
from tests.engine.videos.conftest import DEVICE

HOUR = 3600
DAY = 24 * HOUR
K = ProblemKind


@dataclass
class History:
    """One recording over many looks."""

    record: Record = field(default_factory=Record)
    damages: dict = field(default_factory=dict)
    now: int = NOW
    heads: bytes = NAL
    modified: int = STARTED

    def sight(self, sizes, **others):
        here = {
            chunk(n): Here(b"E/ts", size, self.modified * 10**9, self.modified)
            for n, size in dict(sizes).items()
        }
        read = {"read": lambda names: dict.fromkeys(names, self.heads)}
        return Sight(now=self.now, device_id=DEVICE.encode(), here=here, **(read | others))

    def look(self, sizes=(), *, told=None, after=0, **others):
        """Give the kinds of trouble, each with its since."""
        self.now += after
        if told is not None:
            others["told"] = {chunk(n): Told() for n in told}
        looked = look_at(self.record, self.sight(sizes, damages=self.damages, **others))
        self.record = looked.record
        kept = {name: d for name, d in self.damages.items() if name not in looked.healed}
        self.damages = kept | looked.found
        return {kind: trouble.since for kind, trouble in looked.judged.troubles.items()}

    def pull(self, sizes, *, here=None, complete=True, by_content=False, **others):
        """A listing of the card with sizes."""
        told = {chunk(n): Told(size=size, by_content=by_content) for n, size in sizes.items()}
        sight = self.sight(sizes if here is None else here, told=told, **others)
        self.record = hear_listing(self.record, sight, complete=complete, at=self.now)

    def names(self):
        return unpack_items(self.record.memory)


@pytest.fixture
def history():
    return History()


def some(*numbers, size=1000):
    return dict.fromkeys(numbers, size)


def test_chunks_that_nobody_listed_are_unproven(history):
    assert history.look(some(1, 2)) == {K.UNPROVEN: NOW}


def test_a_pull_proves_what_is_here(history):
    history.pull(some(1, 2))
    assert history.look(some(1, 2)) == {}


def test_what_a_pull_proved_and_is_gone_is_missed_since_the_last_look(history):
    history.pull(some(1, 2))
    history.look(some(1, 2))
    assert history.look(some(2), after=HOUR) == {K.MISSING: NOW}
    assert history.look(some(2), after=HOUR) == {K.MISSING: NOW}


def test_what_was_here_is_never_forgotten_even_if_all_goes(history):
    history.look(some(1, 2))
    assert history.look(after=DAY) == {K.MISSING: NOW}


def test_what_a_complete_listing_no_longer_names_and_is_not_here_is_lost(history):
    history.pull(some(1, 2), here=some(1))
    history.pull(some(1))
    assert K.LOST in history.look(some(1))


def test_what_a_listing_with_gaps_does_not_name_is_still_missing(history):
    history.pull(some(1, 2), here=some(1))
    history.pull(some(1), complete=False)
    assert history.look(some(1)) == {K.MISSING: NOW}


def test_the_devices_own_list_tells_too_what_it_no_longer_has(history):
    assert history.look(some(1), told=[1, 2])[K.MISSING] == NOW
    assert K.LOST in history.look(some(1), told=[1])


def test_a_firmware_that_lists_no_more_forgets_nothing(history):
    before = history.look(some(1), told=[1, 2])
    assert history.look(some(1), told=None) == before


def test_what_is_gone_from_the_device_and_whole_here_is_safe(history):
    history.pull(some(1, 2))
    history.pull({}, here=some(1, 2))
    assert history.look(some(1, 2)) == {}


def test_what_is_gone_from_the_device_and_was_only_named_stays_unproven(history):
    history.look(some(1), told=[1])
    assert K.UNPROVEN in history.look(some(1), told=[])


@pytest.mark.parametrize("told", [None, [1, 3]])
def test_a_number_that_lacks_is_missing_though_nobody_names_it(history, told):
    assert history.look(some(1, 3), told=told)[K.MISSING] == NOW


def test_a_number_that_a_complete_listing_does_not_have_never_was(history):
    history.pull(some(1, 3))
    assert history.look(some(1, 3)) == {}


def test_a_number_in_the_name_of_what_is_no_video_seals_nothing(history):
    told = {chunk(1): Told(size=1000), b"notes_00009.txt": Told(size=1)}
    history.record = hear_listing(
        history.record, history.sight(some(1), told=told), complete=True, at=NOW
    )
    assert K.MISSING in history.look(some(1, 3))


def test_a_listing_seals_each_series_by_itself(history):
    """Of chunks in another size only the first was told."""
    other = {n: chunk(n).replace(b"1280x960", b"640x480") for n in (1, 2, 3)}
    names = [*map(chunk, range(1, 10)), other[1]]
    assert len(set(names)) == 10  # the name tells the size
    told = {name: Told(size=1000) for name in names}
    later = Here(b"E/ts", 1000, STARTED * 10**9, STARTED)
    here = dict.fromkeys(names, later)
    sight = replace(history.sight({}), here=here, told=told)
    record = hear_listing(Record(), sight, complete=True, at=NOW)
    looked = look_at(record, replace(sight, here=here | {other[3]: later}, told=None))
    assert K.MISSING in looked.judged.troubles


@pytest.mark.parametrize("number", [0, 1])
def test_a_recording_that_grows_lags_whatever_its_first_number_is(history, number):
    history.pull(some(number))
    assert K.LAGGING in history.look(some(number), growing=True)
    assert history.look(some(number), growing=True, after=DAY)[K.LAGGING] <= NOW


def test_a_number_that_lacks_beyond_the_listing_is_missing(history):
    history.pull(some(1, 3))
    assert K.MISSING in history.look(some(1, 3, 5))


def test_one_of_the_same_size_that_is_another_file_is_not_proven_by_its_size(history):
    history.pull(some(1))
    told = {chunk(1): Told(size=1000, is_other=True)}
    sight = history.sight(some(1), told=told)
    history.record = hear_listing(history.record, sight, complete=True, at=NOW)
    assert history.look(some(1)) == {K.UNPROVEN: NOW}


def test_a_number_without_sense_costs_no_memory(history):
    history.look(some(1, 999_999_999))
    assert len(history.names()) <= 100_002


def test_a_chunk_that_shrank_is_corrupt_until_a_listing_proves_it(history):
    history.pull(some(1))
    history.look(some(1))
    assert K.CORRUPT in history.look(some(1, size=10))
    history.modified += 5
    assert K.CORRUPT in history.look(some(1))  # its size again, and nobody knows which bytes
    history.pull(some(1))
    assert history.look(some(1)) == {}


def test_one_that_was_only_named_and_shrank_is_corrupt_even_when_it_grows_again(history):
    history.look(some(1))
    history.look(some(1, size=10))
    history.modified += 5
    assert K.CORRUPT in history.look(some(1))


def test_an_emptied_chunk_shrank(history):
    history.look(some(1))
    assert K.CORRUPT in history.look(some(1, size=0))


@pytest.mark.parametrize("head", [bytes(64), b"GARBAGE"])
def test_a_chunk_that_does_not_begin_as_video_is_corrupt_though_its_size_is_right(history, head):
    history.heads = head
    history.pull(some(1))
    assert K.CORRUPT in history.look(some(1))
    assert K.CORRUPT in history.look(some(1), after=HOUR)


BAD_HEADS = (bytes(64), b"x" * 64, OSError(errno.EIO, "Input/output error"))


@pytest.mark.parametrize("head", BAD_HEADS)
def test_what_is_bad_by_its_first_bytes_keeps_no_other_from_being_looked_into(history, head):
    asked = []

    def read(names):
        asked.append(names)
        return dict.fromkeys(names, head)

    history.pull(some(1, 2))
    for after in (0, HOUR, HOUR):
        assert set(history.look(some(1, 2), after=after, read=read)) == {K.CORRUPT}
    history.modified += 1  # somebody touched both
    for after in (0, HOUR, HOUR):
        assert set(history.look(some(1, 2), after=after, read=read)) == {K.CORRUPT}
    assert list(map(len, asked)) == [2, 0, 0, 2, 0, 0]
    (since,) = {damage.since for damage in history.damages.values()}
    assert since == NOW


@pytest.mark.parametrize("by_content", [True, False])
def test_what_could_not_be_read_is_not_mended_by_a_head_that_can(history, by_content):
    history.pull(some(1), by_content=by_content)
    history.heads = OSError(errno.EIO, "Input/output error")
    history.look(some(1))
    history.modified, history.heads = history.modified + 1, NAL
    history.pull(some(1))
    assert K.CORRUPT in history.look(some(1), after=HOUR)
    assert K.CORRUPT in history.look(some(1), after=HOUR)
    history.pull(some(1), by_content=True)
    assert history.look(some(1)) == {}


def test_a_touch_does_not_mend_zeros(history):
    history.heads = bytes(64)
    history.pull(some(1))
    history.look(some(1))
    history.modified += 5
    assert K.CORRUPT in history.look(some(1))


def test_a_chunk_that_the_device_has_no_better_is_whole(history):
    history.heads = b"GARBAGE"
    history.look(some(1))
    history.pull(some(1), by_content=True)
    assert history.look(some(1)) == {}


def test_an_old_chunk_that_is_rewritten_is_looked_into_again(history):
    history.pull(some(1))
    history.look(some(1))
    history.heads, history.modified = bytes(64), history.modified + 5
    assert K.CORRUPT in history.look(some(1))


def test_a_proof_by_content_ends_when_the_file_is_written(history):
    history.look(some(1))
    history.pull(some(1), by_content=True)
    assert look_at(history.record, history.sight(some(1))).judged.proofs["equal"] == 1
    history.modified += 5
    assert look_at(history.record, history.sight(some(1))).judged.proofs["named"] == 1


def test_a_file_that_was_written_anew_needs_another_listing_though_its_size_is_the_same(history):
    history.pull(some(1, 2))
    assert history.look(some(1, 2)) == {}
    history.modified += 5
    assert K.UNPROVEN in history.look(some(1, 2))
    assert K.UNPROVEN in history.look(some(1, 2), after=HOUR)
    history.pull(some(1, 2))
    assert history.look(some(1, 2)) == {}


def test_a_part_that_comes_to_the_size_that_was_told_is_whole(history):
    history.pull(some(1), here=some(1, size=10))
    history.look(some(1, size=10))
    history.modified += 5
    assert history.look(some(1)) == {}


def test_a_healthy_recording_of_days_never_lags_more_than_a_look(history):
    for number in range(1, 300):
        history.pull(some(*range(1, number + 1)), growing=True)
        troubles = history.look(some(*range(1, number + 1)), growing=True, after=300)
        assert set(troubles) == {K.LAGGING}
        assert troubles[K.LAGGING] == history.now


def test_a_chunk_told_while_it_grew_needs_another_telling_when_it_ended(history):
    history.pull(some(1, 2), growing=True)
    assert set(history.look(some(1, 2), growing=True)) == {K.LAGGING}
    ended = history.look(some(1, 2), after=300)
    assert ended == {K.UNPROVEN: NOW}
    history.pull(some(1, 2))
    assert history.look(some(1, 2)) == {}


def test_what_a_pull_told_before_anyone_saw_it_record_is_not_its_end(history):
    history.pull(some(1))
    history.look(some(1), growing=True)
    assert K.UNPROVEN in history.look(some(1))


def test_one_chunk_sent_again_and_again_is_no_news(history):
    history.look(some(1, 2), growing=True)
    for _ in range(5):
        history.modified += HOUR
        troubles = history.look(some(1, 2), growing=True, after=HOUR)
    assert troubles[K.LAGGING] == NOW


def test_numbers_that_rise_slower_than_time_lag_too(history):
    for number in range(1, 20):
        troubles = history.look(some(*range(1, number + 1)), growing=True, after=HOUR)
    assert history.now - troubles[K.LAGGING] > 16 * HOUR


def test_a_missing_chunk_is_missed_since_its_recording_was_told_without_it(history):
    history.look(some(1), told=[1])
    since = history.look(some(1), told=[1, 2], told_before=NOW, after=DAY)[K.MISSING]
    assert since == NOW


@pytest.mark.parametrize(
    ("clock_is_right", "since"), [(True, STARTED + 300 + 12 * HOUR), (False, NOW)]
)
def test_an_old_recording_is_as_old_as_its_name_says_if_that_can_be_believed(
    history, clock_is_right, since
):
    found = history.look(some(1), told=[1, 2], clock_is_right=clock_is_right)
    assert found[K.MISSING] == since


def test_a_start_that_has_not_come_moves_nothing(history):
    history.now = STARTED - DAY
    assert history.look(told=[1], clock_is_right=True) == {K.MISSING: STARTED - DAY}


def test_a_chunk_of_another_device_is_none_of_this_one(history):
    foreign = Here(b"E", 10, 10**18, 1)
    sight = replace(history.sight(some(1)), here={chunk(1, device="0" * 32): foreign})
    assert look_at(Record(), sight).known_count == 0


@pytest.mark.parametrize(
    ("tellings", "here", "kinds"),
    [
        ([80, 50], 50, {K.LOST}),
        ([80, 50, 50], 50, {K.LOST}),
        ([80, 50, 80], 50, {K.BEHIND}),  # it has it again
        ([80, 0], 0, {K.LOST}),
        ([80, 50], 80, set()),  # ours is all that there ever was
        ([50, 80], 80, set()),
        ([50, 80], 50, {K.BEHIND}),
    ],
)
def test_what_a_device_tells_less_of_than_it_did_is_lost_where_it_is_not_here(
    history, tellings, here, kinds
):
    history.look({1: here})
    for size in tellings:
        history.pull({1: size}, here={1: here})
        history.look({1: here})
    assert set(history.look({1: here}, after=HOUR)) == kinds


def test_a_smaller_telling_holds_where_both_sides_were_read(history):
    history.pull({1: 80}, here={1: 50})
    assert K.BEHIND in history.look({1: 50})
    history.pull({1: 50}, by_content=True)
    assert history.look({1: 50}) == {}


@dataclass
class Disk:
    """Sizes of the chunks here, and which of them hold zeros."""

    sizes: dict
    zeroed: set = field(default_factory=set)

    def lose(self, number):
        self.sizes.pop(number, None)
        self.zeroed.discard(number)

    def shrink(self, number):
        if number in self.sizes:
            self.sizes[number] = 400

    def zero(self, number):
        if number in self.sizes:
            self.sizes[number] = 1000
            self.zeroed.add(number)

    def arrive(self, number):
        self.sizes[number] = 1000
        self.zeroed.discard(number)

    def look(self, number):
        pass

    pull = look

    def heads(self, names):
        zeroed = {chunk(number) for number in self.zeroed}
        return {name: bytes(64) if name in zeroed else NAL for name in names}


steps = st.lists(
    st.tuples(
        st.sampled_from(["lose", "shrink", "zero", "pull", "look", "arrive"]),
        st.integers(1, 6),
    ),
    max_size=12,
)


@given(steps=steps)
@settings(max_examples=200, deadline=None)
def test_no_sequence_of_looks_ends_green_over_a_loss(steps):
    """The device has six chunks of 1000 bytes, and keeps them."""
    history, there = History(), some(*range(1, 7))
    here = Disk(dict(there))
    history.pull(there)
    for what, number in steps:
        history.modified += 10
        getattr(here, what)(number)
        if what == "pull":
            history.pull(there, here=here.sizes)
        troubles = history.look(here.sizes, after=60, read=here.heads)
        is_whole = here.sizes == there and not here.zeroed
        assert is_whole or troubles.keys() & {K.MISSING, K.CORRUPT, K.BEHIND, K.LOST}


@given(
    modified=st.lists(st.integers(2**30, 2**32 - 1), min_size=3, max_size=3),
    right=st.booleans(),
)
@settings(max_examples=50, deadline=None)
def test_no_time_of_a_file_changes_what_is_wrong(modified, right):
    plain, moved = History(), History()
    for at in modified:
        moved.modified = at
        one = plain.look(some(1, 3), told=[1, 2, 3, 4], after=60)
        other = moved.look(some(1, 3), told=[1, 2, 3, 4], after=60, clock_is_right=right)
        assert one.keys() == other.keys()


@given(named=st.sets(st.integers(1, 5)), held=st.sets(st.integers(1, 5)))
@settings(max_examples=100, deadline=None)
def test_a_listing_of_all_that_is_here_makes_nothing_worse(named, held):
    history = History()
    before = history.look(some(*held), told=named)
    history.pull(some(*(named | held)), here=some(*held))
    after = history.look(some(*held))
    assert set(after) <= set(before)
