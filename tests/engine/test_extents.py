"""How far tables go: what lacks, what shrank, what is at risk, and since when a thing is known."""

from datetime import UTC, datetime, timedelta

import pytest

from backups.engine.extents import (
    best_of,
    known_since,
    lacking,
    reaches,
    row_total,
    shrunk_tables,
)
from backups.engine.facts import (
    BackupFacts,
    BackupType,
    Problem,
    ProblemKind,
    Risk,
    risk_of,
    total_risk,
)
from devices.records import Rows, packed, unpacked

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("copy", "source", "short"),
    [
        pytest.param(Rows(5, None), Rows(5, None), 0, id="the same highest id"),
        pytest.param(Rows(5, None), Rows(6, None), 1, id="one id further"),
        pytest.param(Rows(6, None), Rows(5, None), 0, id="further than was told"),
        pytest.param(Rows(5, 5), Rows(None, 5), 0, id="the same count"),
        pytest.param(Rows(5, 4), Rows(None, 5), 1, id="counted, and one short"),
        pytest.param(Rows(5, None), Rows(None, 5), 0, id="not counted here: the id stands for it"),
        pytest.param(Rows(4, None), Rows(None, 5), 1, id="and is one short"),
        pytest.param(Rows(None, 5), Rows(5, None), 0, id="no id here: the count stands for it"),
        pytest.param(Rows(None, 4), Rows(5, None), 1, id="and it is one short"),
        pytest.param(Rows(5, 3), Rows(5, 5), 2, id="holes below the same highest id"),
        pytest.param(Rows(3, 3), Rows(9, 5), 6, id="the greater of two lacks"),
        pytest.param(Rows(None, None), Rows(1, None), 1, id="nobody counted ours"),
        pytest.param(Rows(None, None), Rows(None, 2), 2, id="nor told an id"),
        pytest.param(None, Rows(3, None), 3, id="no such table"),
        pytest.param(None, Rows(0, None), 0, id="no such table, and no row in it there"),
        pytest.param(None, Rows(None, 1), 1, id="no such table without ids"),
        pytest.param(Rows(1, 1), Rows(None, None), 0, id="nothing was told"),
    ],
)
def test_what_a_table_lacks(copy, source, short):
    found = {"T": copy} if copy else {}
    assert lacking(found, {"T": source}) == ({"T": short} if short else {})
    assert reaches(found, {"T": source}) is (short == 0)


def test_rows_are_added_up_by_whichever_is_told():
    assert row_total({"A": Rows(5, 3), "B": Rows(None, 4), "C": Rows(2, None)}) == 11
    assert row_total({"A": Rows(None, None)}) == 0


@pytest.mark.parametrize(
    ("one", "other", "best"),
    [
        (Rows(5, 3), Rows(4, 4), Rows(5, 4)),
        (Rows(None, 3), Rows(4, None), Rows(4, 3)),
        (Rows(None, None), Rows(None, None), Rows(None, None)),
        (Rows(0, 0), Rows(None, None), Rows(0, 0)),
    ],
)
def test_the_most_that_either_had_is_kept(one, other, best):
    assert best_of({"T": one}, {"T": other}) == best_of({"T": other}, {"T": one}) == {"T": best}


def test_the_most_is_kept_of_tables_that_only_one_has():
    assert best_of({"A": Rows(1, 2)}, {"B": Rows(3, 4)}) == {"A": Rows(1, 2), "B": Rows(3, 4)}


@pytest.mark.parametrize(
    ("before", "now", "shrunk"),
    [
        ({"B": Rows(5, None), "A": Rows(5, None)}, {"A": Rows(4, 4), "B": Rows(4, 4)}, ["A", "B"]),
        ({"A": Rows(5, None)}, {"A": Rows(5, 1)}, []),
        ({"A": Rows(5, None)}, {}, ["A"]),
        ({"A": Rows(1, None)}, {"A": Rows(None, 9)}, ["A"]),
        ({"A": Rows(0, None)}, {}, []),
        ({"A": Rows(None, 9)}, {}, []),
        ({"METADATA": Rows(9, 9), "VAR_MAP": Rows(9, 9)}, {}, []),
        ({"ROI_MAP": Rows(None, 9)}, {"ROI_MAP": Rows(None, 8)}, ["ROI_MAP"]),
        ({"ROI_MAP": Rows(None, 9)}, {"ROI_MAP": Rows(None, 9)}, []),
        ({"ROI_MAP": Rows(None, 9)}, {}, ["ROI_MAP"]),
    ],
)
def test_tables_that_end_sooner_have_shrunk(before, now, shrunk):
    assert shrunk_tables(before, now) == shrunk


def test_an_extent_is_kept_as_json_in_the_order_of_names():
    extent = {"B": Rows(1, None), "A": Rows(None, 2)}
    assert list(packed(extent).items()) == [("A", [None, 2]), ("B", [1, None])]
    assert unpacked(packed(extent)) == extent


@pytest.mark.parametrize(
    ("named", "clock_off", "since"),
    [
        pytest.param(NOW - HOUR, None, NOW - HOUR, id="a start in its name"),
        pytest.param(NOW - HOUR, 0.0, NOW - HOUR, id="by a clock that was right"),
        pytest.param(NOW - HOUR, 300.0, NOW - HOUR, id="within five minutes"),
        pytest.param(NOW - HOUR, -300.0, NOW - HOUR, id="either way"),
        pytest.param(NOW - HOUR, 300.5, NOW, id="by a clock that was ahead"),
        pytest.param(NOW - HOUR, -300.5, NOW, id="or behind"),
        pytest.param(NOW + HOUR, None, NOW, id="never later than first seen"),
        pytest.param(datetime(2009, 12, 31, tzinfo=UTC), None, NOW, id="before all ethoscopes"),
        pytest.param(datetime(2010, 1, 1, tzinfo=UTC), None, datetime(2010, 1, 1, tzinfo=UTC),
                     id="as old as the first"),
        pytest.param(None, None, NOW, id="no start in its name"),
    ],
)  # fmt: skip
def test_a_thing_is_known_since_it_was_first_seen_or_since_a_start_that_can_be_believed(
    named, clock_off, since
):
    assert known_since(NOW, named_start=named, clock_off=clock_off) == since


def test_what_is_at_risk_is_added_up_as_far_as_somebody_told():
    problems = [
        Problem("a", NOW, "", rows=3),
        Problem("b", NOW - HOUR, "", bytes=4),
        Problem("c", NOW + HOUR, "", rows=1, bytes=2),
        Problem("d", NOW, ""),
    ]
    risk = risk_of({ProblemKind.MISSING: problems[:3], ProblemKind.BEHIND: problems[3:]})
    assert risk == Risk(items=4, untold=1, rows=4, bytes=6, timeless=4, since=NOW - HOUR)
    assert (risk.told, risk.told_seconds, risk.is_at_least) == ((4, 6), None, True)
    assert risk_of({}) == Risk(items=0, untold=0, rows=0, bytes=0, since=None)


def test_what_is_lost_is_on_no_card():
    assert risk_of({ProblemKind.LOST: [Problem("a", NOW, "", rows=3)]}) == Risk()


def test_a_total_keeps_what_is_not_known():
    one = risk_of({ProblemKind.BEHIND: [Problem("a", NOW, "", 3, 4, 5.0, True)]})
    total = total_risk([one, Risk(blind=1), risk_of({ProblemKind.BEHIND: [Problem("b", NOW, "")]})])
    assert (total.items, total.untold, total.timeless, total.listed, total.blind) == (2, 1, 1, 1, 1)
    assert (total.told, total.told_seconds, total.is_at_least) == ((3, 4), 5.0, True)
    assert Risk(blind=1).told is Risk(blind=1).told_seconds is None
    assert (Risk().told, Risk().told_seconds) == ((0, 0), 0.0)


@pytest.mark.parametrize("kind", ProblemKind)
def test_problems_are_found_by_their_kind(kind):
    problem = (Problem("a", NOW, ""),)
    facts = BackupFacts(backup_type=BackupType.SQLITE, **{kind.value: problem})
    assert (facts.of_kind(kind), facts.has_problems) == (problem, True)
    assert all(facts.of_kind(other) == () for other in ProblemKind if other is not kind)
    assert not BackupFacts(backup_type=BackupType.SQLITE).has_problems
