"""The score itself: what excuses a green over a loss, and what does not."""

from pathlib import Path

import pytest

from tests.faults import oracle
from tests.faults.front import Shown
from tests.faults.kinds import UNLISTED
from tests.faults.score import REASONS, SILENT, UNTOLD, Score
from tests.faults.strikes import Strike, all_kinds

from .conftest import chunk

GREEN = Shown(verdict="protected", rule="", evidence=())
FLIPPED, HALVED = "some chunk flipped", "every chunk halved"  # hidden, unless somebody reads
DELETED, ALL_DELETED = "chunk deleted", "every recording deleted"
BESIDE = "a file beside the chunks that nobody copies"


@pytest.fixture
def judged(case):
    """Let faults strike, one after another, and give what a green look is then."""

    def judged(*strikes, shown=GREEN, **others):
        done = []
        for name, target in strikes:
            kind = all_kinds()[name]
            kind.act(case, target, case.rng())
            done.append(Strike(kind=kind, target=target, look=1, verified=False, seen=False))
        assert oracle.losses(case, "video")
        score = Score()
        score.judge(case, 2, "video", shown, done, **others)
        return [finding.what for finding in score.findings], dict(score.not_yet)

    return judged


def test_what_nothing_read_could_show_is_not_yet_readable(case, judged):
    assert judged((FLIPPED, chunk(case, 1))) == ([], {"content": 1})


def test_a_hidden_fault_excuses_no_other_chunk_that_is_gone(case, judged):
    gone = chunk(case, 2)
    assert judged((FLIPPED, chunk(case, 1)), (DELETED, gone))[0] == ["false green"]


@pytest.mark.parametrize("hidden", [FLIPPED, "some chunk halved", "some chunk all zeros"])
def test_a_chunk_that_is_not_here_is_excused_by_nothing_in_it(case, judged, hidden):
    one = chunk(case, 1)
    assert judged((hidden, one), (DELETED, one))[0] == ["false green"]


def test_a_fault_in_every_file_excuses_none_that_is_gone(case, judged):
    first, second = case.device.recordings
    assert judged((HALVED, second), (ALL_DELETED, first))[0] == ["false green"]


def test_a_fault_in_one_file_excuses_no_other_file(case, judged):
    other = chunk(case, 2)
    other.path.write_bytes(b"by nobody's fault")
    assert judged((FLIPPED, chunk(case, 1)))[0] == ["false green"]


def test_a_file_that_no_listing_names_is_excused_and_no_chunk_beside_it(case, judged):
    one = case.device.recordings[0]
    assert judged((BESIDE, one)) == ([], {UNLISTED: 1})
    chunk(case, 1).path.unlink()
    score = Score()
    strike = Strike(kind=all_kinds()[BESIDE], target=one, look=1, verified=False, seen=False)
    score.judge(case, 2, "video", GREEN, [strike])
    assert score.count("false green") == 1


def test_a_loss_that_no_fault_struck_is_a_false_green(case, judged):
    chunk(case, 0).path.unlink()
    assert judged()[0] == ["false green"]


def test_what_nobody_told_of_can_be_on_no_page(case, judged):
    case.told.clear()
    chunk(case, 0).path.unlink()
    assert judged() == ([], {UNTOLD: 1})


@pytest.mark.parametrize(
    ("verdict", "is_silent", "is_unknown", "excused"),
    [
        ("none", True, True, True),
        ("none", False, True, False),
        ("none", True, False, False),
        ("protected", True, True, False),
    ],
)
def test_none_stands_while_a_device_is_silent_and_unknown_and_never_else(
    case, judged, verdict, is_silent, is_unknown, excused
):
    """However many lines of evidence it has."""
    chunk(case, 0).path.unlink()
    for evidence in ((), ("read", "read", "saved until", "proof")):
        shown = Shown(verdict=verdict, rule="", evidence=evidence, is_silent=is_silent)
        found = judged(shown=shown, is_unknown=is_unknown)
        assert found == (([], {SILENT: 1}) if excused else (["false green"], {}))


def test_every_reason_is_told_in_the_table():
    assert {kind.hidden for kind in all_kinds().values()} - {""} <= REASONS
    table = Path("docs/faults.md").read_text()
    assert [why for why in sorted(REASONS) if why not in table] == []
