"""What a device has, held against what the disk holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backups.engine.compare import WRITER_LAG, Comparison, Copy, CopyState, ListedRun, compare_runs

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUN = ListedRun(filename="a.db", known_since=NOW - HOUR, changed_at=NOW, growing=False)
WHOLE = Copy(
    filename="a.db",
    state=CopyState.USABLE,
    problem="",
    first_seen_at=NOW,
    data_at=NOW - 2 * HOUR,
    finished=True,
)
CUT = replace(WHOLE, finished=False)


def kinds(run, copy):
    compared = compare_runs([run] if run else [], {copy.filename: copy} if copy else {})
    return {
        kind for kind in ("missing", "behind", "unproven", "corrupt") if getattr(compared, kind)
    }


@pytest.mark.parametrize(
    ("run", "copy", "expected"),
    [
        pytest.param(RUN, WHOLE, set(), id="a copy with its stop row is whole"),
        pytest.param(RUN, None, {"missing"}, id="no copy"),
        pytest.param(RUN, replace(WHOLE, state=CopyState.EMPTY), {"missing"}, id="no tables"),
        pytest.param(RUN, replace(WHOLE, state=CopyState.CORRUPT), {"corrupt"}, id="malformed"),
        pytest.param(RUN, replace(WHOLE, state=CopyState.BUSY), {"unproven"}, id="being written"),
        pytest.param(RUN, replace(CUT, data_at=None), {"unproven"}, id="no time in it"),
        pytest.param(RUN, CUT, {"behind"}, id="ends before the run did"),
        pytest.param(
            RUN, replace(CUT, data_at=NOW - WRITER_LAG), set(), id="ends within the writer's lag"
        ),
        pytest.param(
            RUN,
            replace(CUT, data_at=NOW - WRITER_LAG - timedelta(seconds=1)),
            {"behind"},
            id="ends just outside the writer's lag",
        ),
        pytest.param(
            replace(RUN, changed_at=None), CUT, {"unproven"}, id="nobody saw when the run ended"
        ),
        pytest.param(RUN, replace(CUT, data_at=NOW + HOUR), {"unproven"}, id="from the future"),
        pytest.param(
            replace(RUN, growing=True), replace(CUT, data_at=NOW), {"behind"}, id="still growing"
        ),
        pytest.param(
            replace(RUN, growing=True), WHOLE, {"behind"}, id="growing again after its stop row"
        ),
        pytest.param(RUN, replace(CUT, proven_at=NOW), set(), id="held against the device itself"),
        pytest.param(
            RUN,
            replace(CUT, proven_at=NOW - timedelta(seconds=1)),
            {"behind"},
            id="changed since it was held against the device: no lag is granted",
        ),
        pytest.param(
            replace(RUN, changed_at=None),
            replace(CUT, proven_at=NOW),
            set(),
            id="nobody saw it change since it was held against the device",
        ),
        pytest.param(
            replace(RUN, growing=True),
            replace(WHOLE, proven_at=NOW),
            {"behind"},
            id="growing on after it was held against the device",
        ),
        pytest.param(
            RUN,
            replace(WHOLE, proven_at=NOW, doubt="ROI_1: 3 rows differ"),
            {"unproven"},
            id="found to differ from the device",
        ),
        pytest.param(
            RUN,
            replace(WHOLE, state=CopyState.CORRUPT, proven_at=NOW),
            {"corrupt"},
            id="a proof is no excuse for damage",
        ),
        pytest.param(None, WHOLE, set(), id="a whole copy of a run no longer listed"),
        pytest.param(None, CUT, set(), id="a cut copy is all there is"),
        pytest.param(
            None, replace(WHOLE, state=CopyState.CORRUPT), {"corrupt"}, id="a malformed left-over"
        ),
    ],
)
def test_a_run_and_its_copy(run, copy, expected):
    assert kinds(run, copy) == expected


def test_a_missing_copy_counts_from_when_the_run_was_known():
    (missing,) = compare_runs([RUN], {}).missing
    assert missing.since == RUN.known_since


def test_a_short_copy_counts_from_its_last_row():
    (behind,) = compare_runs([RUN], {"a.db": CUT}).behind
    assert behind.since == CUT.data_at


def test_a_proven_copy_counts_from_its_proof():
    growing, proven_at = replace(RUN, growing=True), NOW - HOUR
    (behind,) = compare_runs([growing], {"a.db": replace(CUT, proven_at=proven_at)}).behind
    assert behind.since == proven_at


def test_a_cut_copy_of_a_run_no_longer_listed_is_a_finding():
    (finding,) = compare_runs([], {"a.db": CUT}).findings
    assert finding == "a.db: has no stop row, and the device no longer lists the run"


def test_problems_come_oldest_first():
    later = replace(RUN, filename="b.db", known_since=NOW)
    assert [p.name for p in compare_runs([later, RUN], {}).missing] == ["a.db", "b.db"]


def test_nothing_and_nothing_differ_in_nothing():
    assert compare_runs([], {}) == Comparison()
