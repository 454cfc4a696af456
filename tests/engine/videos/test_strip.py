"""A recording as a strip: every file has a place, and nothing looks better than it is."""

import pytest

from backups.engine.videos.damage import Damage, DamageKind
from backups.engine.videos.judge import judge_recording
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
from backups.engine.videos.strip import MOST_CELLS, ChunkState, strip_of
from tests.engine.videos.chunks import chunk
from tests.engine.videos.test_judge import AFTER_1970, ENDED, GROWING, WHOLE, known

ZEROS = Damage(kind=DamageKind.ZEROS, reason="it begins with zeros", content=1)


def strip(items, growth=ENDED, damages=()):
    return strip_of(
        {chunk(n): item for n, item in items.items()},
        {chunk(n): damage for n, damage in dict(damages).items()},
        growth,
    )


def full(flags=WHOLE):
    return known(flags, told=1000, held=1000)


KINDS = {
    "equal": (full(WHOLE | EQUAL), ENDED, {}),
    "counted": (full(), ENDED, {}),
    "unproven": (known(HELD | HERE | TOLD, held=1000), ENDED, {}),
    "in part": (known(WHOLE, told=1000, held=400), ENDED, {}),
    "empty": (known(TOLD | HERE, told=0), ENDED, {}),
    "missing": (known(TOLD, told=1000), ENDED, {}),
    "gap": (known(0), ENDED, {}),
    "lost": (known(TOLD | ABSENT), ENDED, {}),
    "damaged": (full(WHOLE | EQUAL), ENDED, {1: ZEROS}),
    "growing": (known(HELD | HERE, held=1000), GROWING, {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_state_is_told_from_the_others(kind):
    item, growth, damages = KINDS[kind]
    found = strip({1: item}, growth, damages)
    assert [(cell.state, cell.says) for cell in found.cells] == [(kind, f"chunk 1: {kind}")]
    assert found.counts == {state: int(state == kind) for state in ChunkState}


def test_every_state_has_a_test():
    assert set(KINDS) == set(ChunkState)


SIZES = [(1000, 1000), (1000, 400), (1000, 2000), (0, 0), (0, 9)]


@pytest.mark.parametrize(("told", "held"), SIZES)
@pytest.mark.parametrize("growth", [ENDED, GROWING])
def test_what_the_strip_calls_proven_the_judge_does(told, held, growth):
    for flags in range(128):
        item = KnownFile(told=told, held=held, known=100, flags=flags)
        files = {chunk(1): Here(b"", held, AFTER_1970, 1)} if flags & HERE else {}
        judged = judge_recording({chunk(1): item}, files, {}, growth)
        counts = strip({1: item}, growth).counts
        assert counts["equal"] <= judged.proofs["equal"], flags
        assert counts["counted"] <= judged.proofs["counted"], flags
        fine = counts["equal"] + counts["counted"] + counts["growing"]
        assert bool(fine) is not any(kind != "lagging" for kind in judged.troubles), flags


def test_neighbours_of_one_state_are_one_cell():
    found = strip({n: full() if n != 7 else known(0) for n in range(1, 21)})
    assert [(cell.state, cell.width) for cell in found.cells] == [
        ("counted", 6), ("gap", 1), ("counted", 13)
    ]  # fmt: skip
    assert found.cells[0].says == "chunks 1-6 (6): counted"
    assert (found.width, found.files_a_place) == (20, 1)


@pytest.mark.parametrize("count", [1, 599, 600, 601, 1200, 1201, 9999, 30_000])
def test_there_are_no_more_places_than_fit(count):
    items = {n: full() if n % 2 else full(WHOLE | EQUAL) for n in range(1, count + 1)}
    found = strip(items)
    assert found.width <= MOST_CELLS
    assert found.width * found.files_a_place >= count
    assert sum(found.counts.values()) == count


@pytest.mark.parametrize("bad", [1, 2, 600, 5000, 9999, 10_000])
@pytest.mark.parametrize("kind", ["damaged", "gap", "missing", "lost", "in part", "unproven"])
def test_one_bad_one_among_ten_thousand_is_seen(bad, kind):
    item, _, damages = KINDS[kind]
    items = {n: full(WHOLE | EQUAL) for n in range(1, 10_001)} | {bad: item}
    found = strip(items, damages={bad: ZEROS} if damages else {})
    (cell,) = [cell for cell in found.cells if cell.state != "equal"]
    assert (cell.state, cell.width) == (kind, 1)
    assert f"1 {kind}" in cell.says
    assert found.spans[ChunkState(kind)] == f"chunk {bad}"


def test_numbers_are_in_order_and_what_has_none_comes_last():
    items = {chunk(n): full() for n in (10, 9, 100)} | {b"index.html": known(0)}
    found = strip_of(items, {}, ENDED)
    assert [cell.state for cell in found.cells] == ["counted", "gap"]
    assert "index.html" in found.cells[-1].says


def test_a_recording_of_which_nothing_is_known_has_no_places():
    assert strip({}).cells == ()


def test_what_is_open_is_not_whole():
    found = strip({1: known(OPEN | TOLD | HELD | HERE, told=1000, held=1000)})
    assert found.counts["unproven"] == 1


def test_of_the_size_told_where_more_was_held_is_not_proven():
    found = strip({1: known(SIZED | TOLD | HELD | HERE, told=1000, held=2000)})
    assert found.counts["unproven"] == 1
