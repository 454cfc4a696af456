"""Each rule of what is wrong with a file of a recording, and its boundary."""

from dataclasses import replace

import pytest

from backups.engine.facts import ProblemKind
from backups.engine.videos.damage import Damage, DamageKind
from backups.engine.videos.judge import FIRST_YEAR, Growth, is_old_part, judge_recording
from backups.engine.videos.ledger import (
    ABSENT,
    EQUAL,
    HELD,
    HERE,
    OPEN,
    SIZED,
    TOLD,
    Here,
    KnownFile,
)
from backups.engine.videos.troubles import film_seconds
from tests.engine.videos.chunks import NOW, chunk

ENDED = Growth(growing=False)
GROWING = Growth(growing=True, advanced_at=NOW - 300, grew_at=NOW)
AFTER_1970 = 1_767_434_400 * 10**9


def known(flags, **others):
    return KnownFile(**{"known": 100, "flags": flags, **others})


def here(size=1000, modified=AFTER_1970):
    return Here(b"E/ts", size, modified, 1)


def judge(items, files=(), growth=ENDED, damages=()):
    return judge_recording(
        {chunk(n): item for n, item in items.items()},
        {chunk(n): file for n, file in dict(files).items()},
        {chunk(n): damage for n, damage in dict(damages).items()},
        growth,
    )


def only(judged):
    """The one trouble, with its kind."""
    ((kind, trouble),) = judged.troubles.items()
    return kind, trouble


WHOLE = SIZED | TOLD | HELD | HERE


@pytest.mark.parametrize(
    ("flags", "told", "size", "proof"),
    [
        (WHOLE, 1000, 1000, "counted"),
        (WHOLE | EQUAL, 1000, 1000, "equal"),
        (WHOLE | ABSENT, 1000, 1000, "counted"),  # gone there, whole here: safe
        (SIZED | TOLD | HERE, 0, 0, "counted"),  # the device has no byte of it either
    ],
)
def test_a_file_of_the_size_told_is_whole(flags, told, size, proof):
    judged = judge({1: known(flags, told=told)}, {1: here(size)})
    assert judged.troubles == {}
    assert {name: n for name, n in judged.proofs.items() if n} == {proof: 1}


@pytest.mark.parametrize(
    ("flags", "kind", "since"),
    [
        (TOLD, ProblemKind.MISSING, 100),
        (0, ProblemKind.MISSING, 100),  # a number that lacks
        (HELD, ProblemKind.MISSING, 200),  # since the last look that saw it
        (TOLD | HELD, ProblemKind.MISSING, 200),
        (TOLD | ABSENT, ProblemKind.LOST, 100),
        (HELD | ABSENT, ProblemKind.LOST, 200),
    ],
)
def test_what_is_not_here_is_missing_or_lost(flags, kind, since):
    found, trouble = only(judge({1: known(flags, seen=200)}))
    assert (found, trouble.since) == (kind, since)


@pytest.mark.parametrize(
    ("flags", "told", "size", "kind"),
    [
        (TOLD | HERE, 0, 0, ProblemKind.MISSING),
        (WHOLE, 1000, 0, ProblemKind.MISSING),
        (WHOLE | ABSENT, 1000, 0, ProblemKind.LOST),
        (WHOLE, 1000, 999, ProblemKind.BEHIND),
        (OPEN | TOLD | HELD | HERE, 1000, 999, ProblemKind.BEHIND),
        (WHOLE | ABSENT, 1000, 999, ProblemKind.LOST),
        (WHOLE, 1000, 1001, ProblemKind.UNPROVEN),
        (OPEN | TOLD | HELD | HERE, 1000, 1000, ProblemKind.UNPROVEN),  # it may have grown since
        (TOLD | HELD | HERE, 0, 1000, ProblemKind.UNPROVEN),
        (TOLD | HELD | HERE | ABSENT, 0, 1000, ProblemKind.UNPROVEN),
    ],
)
def test_what_is_here_and_not_of_the_size_told_is_no_green(flags, told, size, kind):
    found, trouble = only(judge({1: known(flags, told=told)}, {1: here(size)}))
    assert (found, trouble.since) == (kind, 100)


@pytest.mark.parametrize("flags", [WHOLE | EQUAL, TOLD | HELD | HERE])
def test_a_damaged_file_is_corrupt_whatever_else_is_known(flags):
    damage = Damage(kind=DamageKind.ZEROS, reason="zeros", content=1, since=7)
    found, trouble = only(judge({1: known(flags, told=1000)}, {1: here()}, damages={1: damage}))
    assert (found, trouble.since) == (ProblemKind.CORRUPT, 7)


def test_what_is_only_named_is_unproven_since_it_was_last_seen_growing():
    growth = Growth(growing=False, grew_at=50)
    _, trouble = only(judge({1: known(TOLD | HELD | HERE)}, {1: here()}, growth))
    assert trouble.since == 50


@pytest.mark.parametrize(("modified", "is_part"), [(0, True), (AFTER_1970, False)])
def test_what_rsync_left_unfinished_is_unproven_even_while_it_grows(modified, is_part):
    items = {1: known(HELD | HERE), 2: known(HELD | HERE)}
    growing = replace(GROWING, told_at=50)
    judged = judge(items, {1: here(modified=modified), 2: here()}, growing)
    assert (ProblemKind.UNPROVEN in judged.troubles) is is_part


def test_a_time_of_1970_is_no_sign_where_the_size_told_is_there():
    judged = judge({1: known(WHOLE, told=1000)}, {1: here(modified=0)})
    assert judged.troubles == {}


def test_a_recording_that_grows_lags_since_its_newest_number_came():
    items = {1: known(WHOLE, told=1000), 2: known(HELD | HERE)}
    kind, trouble = only(judge(items, dict.fromkeys((1, 2), here()), GROWING))
    assert (kind, trouble.since) == (ProblemKind.LAGGING, GROWING.advanced_at)
    assert trouble.reason == "it goes on, and chunk 2 is the newest here"


@pytest.mark.parametrize(
    ("flags", "first_known", "told_at", "expected"),
    [
        pytest.param(HELD | HERE, 100, 0, (ProblemKind.UNPROVEN, 100), id="no listing ever"),
        pytest.param(HELD | HERE, 100, 99, (ProblemKind.LAGGING, 100), id="came after the last"),
        pytest.param(HELD | HERE, 100, 100, (ProblemKind.LAGGING, 100), id="in its very moment"),
        pytest.param(HELD | HERE, 100, 101, (ProblemKind.UNPROVEN, 100), id="passed over by it"),
        pytest.param(OPEN | HELD | HERE, 100, 150, (ProblemKind.LAGGING, 150), id="was open in it"),
    ],
)
def test_of_a_recording_that_grows_only_what_came_after_the_last_listing_may_be_untold(
    flags, first_known, told_at, expected
):
    items = {1: known(flags, known=first_known), 2: known(HELD | HERE)}
    growth = replace(GROWING, told_at=told_at)
    judged = judge(items, dict.fromkeys((1, 2), here()), growth)
    kind, since = expected
    assert judged.troubles[kind].since == since
    assert (ProblemKind.UNPROVEN in judged.troubles) is (kind is ProblemKind.UNPROVEN)


def test_the_end_of_a_recording_that_grows_may_lag_since_the_oldest_that_lacks():
    items = {1: known(TOLD | HELD | HERE), 2: known(TOLD, known=50), 3: known(TOLD, known=70)}
    kind, trouble = only(judge(items, {1: here()}, GROWING))
    assert (kind, trouble.since) == (ProblemKind.LAGGING, 50)


@pytest.mark.parametrize("number", [1, 2])
def test_a_hole_before_the_end_lags_never(number):
    items = {n: known(TOLD | HELD | HERE) for n in (1, 2, 3)} | {number: known(TOLD)}
    files = {n: here() for n in (1, 2, 3) if n != number}
    assert judge(items, files, GROWING).troubles[ProblemKind.MISSING].count == 1


@pytest.mark.parametrize(("number", "kind"), [(1, ProblemKind.BEHIND), (2, ProblemKind.LAGGING)])
def test_only_the_newest_here_may_be_incomplete(number, kind):
    items = {n: known(WHOLE, told=1000) for n in (1, 2)}
    files = {n: here(999 if n == number else 1000) for n in (1, 2)}
    assert judge(items, files, GROWING).troubles[kind].names.popitem()[1] == [chunk(number)]


@pytest.mark.parametrize(("growth", "since"), [(GROWING, GROWING.advanced_at), (ENDED, 100)])
def test_the_rest_of_the_newest_here_lacks_since_it_came_while_it_is_written(growth, since):
    """That there is such a file may be known for hours longer."""
    (trouble,) = judge({1: known(WHOLE, told=1000)}, {1: here(999)}, growth).troubles.values()
    assert trouble.since == since


def test_a_recording_of_which_nothing_is_here_is_missing_though_it_grows():
    kind, _ = only(judge({1: known(TOLD), 2: known(TOLD)}, growth=GROWING))
    assert kind is ProblemKind.MISSING


def test_what_was_here_and_is_gone_lags_never():
    items = {1: known(HELD | HERE), 2: known(HELD, seen=9)}
    assert ProblemKind.MISSING in judge(items, {1: here()}, GROWING).troubles


def test_chunks_are_named_by_their_numbers():
    items = {n: known(TOLD) for n in (1, *range(11, 81))}
    assert only(judge(items))[1].reason == "chunks 1, 11-80 (71) are not here"


@pytest.mark.parametrize(
    ("item", "size", "at_risk"),
    [
        (known(TOLD), None, None),
        (known(TOLD | SIZED, told=1000), None, 1000),
        (known(HELD, held=700), None, 700),
        (known(WHOLE, told=1000), 400, 600),
    ],
)
def test_what_is_at_risk_is_told_as_far_as_anyone_knows(item, size, at_risk):
    judged = judge({1: item}, {} if size is None else {1: here(size)})
    assert only(judged)[1].bytes == at_risk


@pytest.mark.parametrize(
    ("items", "here_now", "seconds"),
    [
        ({1: known(TOLD), 2: known(TOLD), 3: known(HELD | HERE)}, {3: here()}, 600),
        ({1: known(WHOLE, told=1000)}, {1: here(400)}, None),  # some of it is here
    ],
)
def test_film_at_risk_is_counted_in_whole_chunks(items, here_now, seconds):
    kind, trouble = next(iter(judge(items, here_now).troubles.items()))
    assert film_seconds(kind, trouble) == seconds


def test_the_newest_number_is_that_of_the_longest_series():
    items = {chunk(1, suffix="avi"): known(WHOLE, told=1000), chunk(5): known(WHOLE, told=1000)}
    judged = judge_recording(items, dict.fromkeys(items, here()), {}, ENDED)
    assert judged.newest_number == 5


@pytest.mark.parametrize(("nanoseconds", "is_part"), [(FIRST_YEAR - 1, True), (FIRST_YEAR, False)])
def test_the_year_of_a_part_left_behind_ends_at_its_end(nanoseconds, is_part):
    assert is_old_part(chunk(1), here(modified=nanoseconds)) is is_part
    assert not is_old_part(chunk(1, stamp="1970-01-03_10-00-00"), here(modified=nanoseconds))
