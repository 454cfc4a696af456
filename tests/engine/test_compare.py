"""An experiment held against its copies: what proves it, what lacks, and since when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backups.engine.compare import compare_experiments, examine
from backups.engine.extents import Rows
from backups.engine.facts import ProblemKind
from backups.engine.items import Copy, CopyState, ListedExperiment, Proof, Tally, which_counts

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ROWS = {"METADATA": Rows(14, 14), "ROI_1": Rows(1000, 1000), "ROI_2": Rows(1000, 1000)}
ENDED = ListedExperiment(
    filename="a.db", known_since=NOW - 9 * HOUR, grew_at=NOW - HOUR, growing=False
)
GROWING = replace(ENDED, growing=True, grew_at=NOW)
NAMED = Copy(
    path="x/a.db",
    filename="a.db",
    state=CopyState.USABLE,
    problem="",
    first_seen_at=NOW - 8 * HOUR,
    size_bytes=4096,
    rows=ROWS,
)
WHOLE = replace(NAMED, stopped=True, read_at=NOW, advanced_at=ENDED.grew_at)
EQUAL = replace(NAMED, equal_at=NOW, equal_by="a pull")


def told(highest=1000, *, at=NOW, table="ROI_1", size=None, final=False):
    """The rows as a device tells them: ids of its ROIs, counts of its METADATA."""
    count = 1000 if final else None  # a server counts, a JSON names ids alone
    rows = {"METADATA": Rows(None, 14), "ROI_1": Rows(1000, count), "ROI_2": Rows(1000, count)}
    return Tally(at=at, rows=rows | {table: Rows(highest, count)}, size_bytes=size, final=final)


def kind_of(experiment, *copies):
    return examine(experiment, copies).kind


@pytest.mark.parametrize(
    ("experiment", "copy", "proof"),
    [
        pytest.param(ENDED, WHOLE, Proof.COUNTED, id="a stop row in a file read to its end"),
        pytest.param(
            replace(ENDED, tellings=(told(),)), WHOLE, Proof.COUNTED, id="and all that was told"
        ),
        pytest.param(ENDED, EQUAL, Proof.EQUAL, id="held against the device after its end"),
        pytest.param(
            ENDED,
            replace(EQUAL, equal_at=ENDED.grew_at),
            Proof.EQUAL,
            id="at the very look that last saw it grow",
        ),
        pytest.param(
            replace(ENDED, tellings=(told(final=True),)),
            NAMED,
            Proof.COUNTED,
            id="counted by the device's server after its end",
        ),
        pytest.param(
            replace(ENDED, tellings=(told(at=ENDED.grew_at, final=True),)),
            NAMED,
            Proof.COUNTED,
            id="counted at the look that saw it end",
        ),
        pytest.param(
            replace(ENDED, gone="purged"), WHOLE, Proof.COUNTED, id="whole here, gone there"
        ),
        pytest.param(
            replace(ENDED, tellings=(told(),)),
            replace(WHOLE, short_rois=3, rowless_rois=(7,)),
            Proof.COUNTED,
            id="the device told at its end what ROIs it has, whatever the times in them",
        ),
        pytest.param(
            replace(ENDED, grew_at=None), WHOLE, Proof.COUNTED, id="nobody saw it grow, or end"
        ),
        pytest.param(
            replace(ENDED, tellings=(Tally(at=NOW, rows={"METADATA": Rows(None, 13)}),)),
            replace(WHOLE, rows={"METADATA": Rows(13, 13)}),
            Proof.COUNTED,
            id="an aborted start without a row, on both sides",
        ),
    ],
)
def test_what_proves_a_copy_whole(experiment, copy, proof):
    item = examine(experiment, [copy])
    assert (item.kind, item.proof) == (None, proof)


@pytest.mark.parametrize(
    ("experiment", "copy", "kind"),
    [
        pytest.param(ENDED, NAMED, ProblemKind.UNPROVEN, id="no stop row and no count"),
        pytest.param(
            ENDED, replace(WHOLE, read_at=None), ProblemKind.UNPROVEN, id="never read to its end"
        ),
        pytest.param(
            replace(ENDED, is_one_file=False),
            WHOLE,
            ProblemKind.UNPROVEN,
            id="a stop row in what was made table by table",
        ),
        pytest.param(
            replace(ENDED, is_one_file=False, tellings=(told(),)),
            WHOLE,
            ProblemKind.UNPROVEN,
            id="and a count frozen before its end",
        ),
        pytest.param(
            ENDED, replace(WHOLE, short_rois=1), ProblemKind.UNPROVEN, id="rows end long before"
        ),
        pytest.param(
            ENDED, replace(WHOLE, rowless_rois=(7,)), ProblemKind.UNPROVEN, id="a ROI lacks"
        ),
        pytest.param(
            replace(ENDED, tellings=(told(at=ENDED.grew_at - MINUTE),)),
            replace(WHOLE, short_rois=1),
            ProblemKind.UNPROVEN,
            id="and what was told early says nothing of the end",
        ),
        pytest.param(ENDED, replace(WHOLE, holes=1), ProblemKind.UNPROVEN, id="a row number lacks"),
        pytest.param(
            replace(ENDED, tellings=(told(final=True, at=ENDED.grew_at - MINUTE),)),
            NAMED,
            ProblemKind.UNPROVEN,
            id="counted before it grew again",
        ),
        pytest.param(
            ENDED,
            replace(EQUAL, equal_at=ENDED.grew_at - MINUTE),
            ProblemKind.BEHIND,
            id="held against the device before it grew again",
        ),
        pytest.param(ENDED, replace(EQUAL, doubt="ROI_1 differs"), ProblemKind.BEHIND, id="doubt"),
        pytest.param(
            replace(ENDED, tellings=(told(1001),)), WHOLE, ProblemKind.BEHIND, id="one row short"
        ),
        pytest.param(
            replace(ENDED, tellings=(told(1, table="ROI_3"),)),
            WHOLE,
            ProblemKind.BEHIND,
            id="a table lacks that the device told of",
        ),
        pytest.param(
            replace(ENDED, tellings=(told(size=4097),)), WHOLE, ProblemKind.BEHIND, id="a byte"
        ),
        pytest.param(
            replace(ENDED, tellings=(told(1001),), gone="purged"),
            WHOLE,
            ProblemKind.LOST,
            id="short, and the device has it no more",
        ),
        pytest.param(replace(ENDED, gone="x"), NAMED, ProblemKind.UNPROVEN, id="nobody can tell"),
        pytest.param(
            ENDED, replace(WHOLE, foreign="of another"), ProblemKind.MISSING, id="of another"
        ),
        pytest.param(
            replace(ENDED, gone="purged"),
            replace(WHOLE, foreign="of another"),
            ProblemKind.LOST,
            id="of another, and gone",
        ),
        pytest.param(
            ENDED, replace(NAMED, state=CopyState.EMPTY), ProblemKind.MISSING, id="no tables"
        ),
        pytest.param(
            ENDED, replace(NAMED, state=CopyState.BUSY), ProblemKind.UNPROVEN, id="being written"
        ),
        pytest.param(
            ENDED, replace(NAMED, state=CopyState.CORRUPT), ProblemKind.CORRUPT, id="malformed"
        ),
        pytest.param(ENDED, replace(EQUAL, damage="shrank"), ProblemKind.CORRUPT, id="once bad"),
        pytest.param(GROWING, NAMED, ProblemKind.UNPROVEN, id="grows, and nobody tells"),
        pytest.param(replace(GROWING, tellings=(told(),)), WHOLE, ProblemKind.LAGGING, id="grows"),
        pytest.param(
            replace(GROWING, tellings=(told(1001),)), WHOLE, ProblemKind.LAGGING, id="behind"
        ),
        pytest.param(GROWING, EQUAL, ProblemKind.LAGGING, id="grows, proven a moment ago"),
    ],
)
def test_what_is_wrong_with_an_experiment(experiment, copy, kind):
    assert kind_of(experiment, copy) is kind


def test_without_a_copy_it_is_missing_and_lost_once_the_device_has_it_no_more():
    assert kind_of(ENDED) is ProblemKind.MISSING
    assert kind_of(replace(ENDED, gone="purged")) is ProblemKind.LOST


@pytest.mark.parametrize("copies", [(), (replace(NAMED, state=CopyState.EMPTY),)])
def test_missing_data_counts_from_when_it_was_first_known(copies):
    assert examine(replace(ENDED, held_at=NOW), copies).problem.since == ENDED.known_since


@pytest.mark.parametrize(
    ("tellings", "held_at", "since"),
    [
        pytest.param((), None, ENDED.known_since, id="never shown to hold anything"),
        pytest.param(
            (told(999, at=NOW - HOUR), told(1001)), None, NOW - HOUR, id="the last reached"
        ),
        pytest.param((told(1001),), NOW - 2 * HOUR, NOW - 2 * HOUR, id="reached at a look before"),
        pytest.param(
            (told(900, at=NOW - 3 * HOUR), told(1000, at=NOW - HOUR), told(1001)),
            NOW - 2 * HOUR,
            NOW - HOUR,
            id="the newest of all that was reached",
        ),
    ],
)
def test_what_lacks_counts_from_the_last_moment_at_which_all_was_here(tellings, held_at, since):
    experiment = replace(GROWING, tellings=tellings, held_at=held_at)
    assert examine(experiment, [NAMED]).problem.since == since


def test_the_rows_at_risk_are_those_that_were_told_and_are_not_here():
    problem = examine(replace(GROWING, tellings=(told(1234, size=5000),)), [NAMED]).problem
    assert (problem.rows, problem.bytes) == (234, 904)
    assert "ROI_1 234" in problem.reason


def test_of_several_copies_the_best_proven_sound_one_counts():
    bad = replace(NAMED, path="w", damage="flipped")
    short = replace(NAMED, path="y", rows={"ROI_1": Rows(5, 5)})
    assert which_counts([bad, short, NAMED, EQUAL]) is EQUAL
    assert which_counts([bad, short, NAMED], [told()]) is NAMED
    assert which_counts([bad, short]) is short
    assert which_counts([]) is None


def test_copies_that_no_experiment_is_known_for_are_said_and_bad_ones_are_corrupt():
    left = {
        "a.db": [WHOLE],
        "b.db": [replace(NAMED, filename="b.db")],
        "c.db": [replace(NAMED, filename="c.db", damage="flipped")],
        "d.db": [replace(NAMED, filename="d.db", state=CopyState.EMPTY, problem="0 bytes")],
        "e.db": [replace(NAMED, filename="e.db", foreign="it is of another")],
    }
    compared = compare_experiments([], left)
    assert [p.name for p in compared.problems(ProblemKind.CORRUPT)] == ["c.db"]
    assert [finding.partition(":")[0] for finding in compared.findings] == ["b.db", "d.db", "e.db"]


tallies = st.builds(
    lambda one, two, minutes: Tally(
        at=NOW - minutes * MINUTE, rows={"ROI_1": Rows(one, None), "ROI_2": Rows(two, None)}
    ),
    st.integers(0, 1200),
    st.integers(0, 1200),
    st.integers(0, (NOW - ENDED.known_since) // MINUTE),  # who tells of it, knows of it
)
histories = st.lists(tallies, max_size=4).map(
    lambda some: tuple(sorted(some, key=lambda tally: tally.at))
)
experiments = st.builds(
    lambda growing, tellings, gone: replace(
        GROWING if growing else ENDED, tellings=tellings, gone="" if growing else gone
    ),
    st.booleans(),
    histories,
    st.sampled_from(["", "purged"]),
)
BADNESS = [None, *reversed(ProblemKind)]


def badness(item):
    age = NOW - item.problem.since if item.problem else timedelta(0)
    return BADNESS.index(item.kind), age


@given(experiments, st.integers(0, 300))
def test_a_copy_with_more_rows_is_never_worse(experiment, more):
    larger = replace(WHOLE, rows=ROWS | {"ROI_1": Rows(1000 + more, 1000 + more)})
    assert badness(examine(experiment, [larger])) <= badness(examine(experiment, [WHOLE]))


@given(experiments, st.sampled_from([NAMED, WHOLE]), tallies)
def test_a_row_told_of_and_not_here_is_never_saved(experiment, copy, tally):
    before = examine(experiment, [copy])
    more = replace(experiment, tellings=(*experiment.tellings, replace(tally, at=NOW)))
    after = examine(replace(more, held_at=before.held_at), [copy])
    if any(copy.rows[name].highest < rows.highest for name, rows in tally.rows.items()):
        assert after.kind in {ProblemKind.LAGGING, ProblemKind.BEHIND, ProblemKind.LOST}
        assert after.problem.since == (before.held_at or experiment.known_since)


@given(experiments)
def test_whatever_is_lacking_no_proof_is_claimed(experiment):
    item = examine(experiment, [WHOLE])
    lacks = any(
        WHOLE.rows[name].highest < rows.highest
        for tally in experiment.tellings
        for name, rows in tally.rows.items()
    )
    assert not (lacks and item.kind is None)


def test_every_time_that_a_copy_is_judged_by_is_one_of_our_clock():
    times = {name for name in Copy.__slots__ if name.endswith("_at")}
    assert times == {"first_seen_at", "read_at", "advanced_at", "damaged_at", "equal_at"}


TOLD = replace(ENDED, tellings=(told(900, at=NOW - HOUR), told(1000, size=5000)))
EMPTY = replace(NAMED, state=CopyState.EMPTY, problem="no tables")


@pytest.mark.parametrize("gone", ["", "purged"])
@pytest.mark.parametrize(
    ("copy", "reason"),
    [(None, "the disk holds no copy"), (EMPTY, "no tables"),
     (replace(NAMED, foreign="of another"), "of another")],
)  # fmt: skip
def test_of_what_has_no_usable_copy_all_that_was_told_is_at_risk(copy, reason, gone):
    item = examine(replace(TOLD, gone=gone), [copy] if copy else [])
    kind, words = (ProblemKind.LOST, f"purged; {reason}") if gone else (ProblemKind.MISSING, reason)
    assert (item.filename, item.kind, item.proof) == ("a.db", kind, Proof.NONE)
    assert item.path == (copy.path if copy else "")
    problem = item.problem
    assert (problem.name, problem.since, problem.reason) == ("a.db", ENDED.known_since, words)
    assert (problem.rows, problem.bytes) == (14 + 1000 + 1000, 5000)


STARTED = replace(ENDED, began_at=NOW - 9 * HOUR)


@pytest.mark.parametrize(
    ("experiment", "copies", "hours"),
    [
        pytest.param(STARTED, [], 8, id="no copy: from its start until it was last seen growing"),
        pytest.param(ENDED, [], None, id="nobody knows its start"),
        pytest.param(replace(STARTED, grew_at=None), [], None, id="never seen growing"),
        pytest.param(
            replace(STARTED, held_at=NOW - 3 * HOUR, tellings=(told(1234),)),
            [NAMED],
            2,
            id="behind",
        ),
        pytest.param(
            replace(STARTED, growing=True, tellings=(told(1000, at=NOW - 4 * HOUR), told(1234))),
            [NAMED],
            3,
            id="lagging, since the last telling that it reached",
        ),
        pytest.param(STARTED, [NAMED], None, id="unproven: the copy may be whole"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_hours_at_risk_are_those_that_were_tracked_and_are_not_here(
    experiment, copies, hours, listed
):
    problem = examine(replace(experiment, listed=listed), copies).problem
    assert (problem.seconds, problem.listed) == (hours and hours * 3600.0, listed)


def test_of_what_nobody_told_nothing_is_said_to_be_at_risk():
    problem = examine(ENDED, []).problem
    assert (problem.rows, problem.bytes) == (None, None)


@pytest.mark.parametrize(
    ("copy", "reason", "since"),
    [
        (replace(NAMED, damage="flipped", damaged_at=NOW - HOUR), "flipped", NOW - HOUR),
        (replace(NAMED, state=CopyState.CORRUPT, problem="bad"), "bad", NAMED.first_seen_at),
        (replace(NAMED, state=CopyState.EMPTY, damage="shrank", damaged_at=NOW), "shrank", NOW),
    ],
)
def test_all_that_a_damaged_copy_held_is_at_risk_since_it_was_found(copy, reason, since):
    item = examine(ENDED, [copy])
    assert (item.filename, item.path, item.kind) == ("a.db", "x/a.db", ProblemKind.CORRUPT)
    problem = item.problem
    assert (problem.name, problem.reason, problem.since) == ("a.db", reason, since)
    assert (problem.rows, problem.bytes) == (2014, 4096)


def test_a_copy_of_which_no_row_is_known_says_no_number_of_rows():
    assert examine(ENDED, [replace(NAMED, damage="x", rows={})]).problem.rows is None


@pytest.mark.parametrize("held_at", [None, NOW - HOUR])
def test_a_copy_being_written_is_unproven_since_it_was_last_known_to_hold_all(held_at):
    busy = replace(NAMED, state=CopyState.BUSY, problem="locked")
    item = examine(replace(ENDED, held_at=held_at), [busy])
    assert (item.filename, item.path, item.held_at) == ("a.db", "x/a.db", held_at)
    assert (item.kind, item.problem.name) == (ProblemKind.UNPROVEN, "a.db")
    assert (item.problem.reason, item.problem.since) == ("locked", held_at or ENDED.known_since)


def test_a_named_copy_says_what_it_is_by():
    item = examine(ENDED, [NAMED])
    assert (item.filename, item.path, item.proof) == ("a.db", "x/a.db", Proof.NAMED)
    assert (item.proven_at, "by its own words" in item.how) == (NAMED.first_seen_at, True)


def test_of_two_copies_both_must_be_looked_at_before_one_is_unusable():
    worst_first = [
        replace(NAMED, state=CopyState.CORRUPT),
        replace(NAMED, state=CopyState.EMPTY),
        replace(NAMED, state=CopyState.BUSY),
        replace(NAMED, foreign="of another"),
        NAMED,
    ]
    for worse, better in pairwise(worst_first):
        assert which_counts([worse, better]) is which_counts([better, worse]) is better


def test_problems_come_oldest_first_and_then_by_name():
    names = [("b.db", 1), ("a.db", 1), ("c.db", 2)]
    experiments = [replace(ENDED, filename=n, known_since=NOW - age * HOUR) for n, age in names]
    compared = compare_experiments(experiments, {})
    assert [p.name for p in compared.problems(ProblemKind.MISSING)] == ["c.db", "a.db", "b.db"]
    assert compared.problems(ProblemKind.BEHIND) == ()
    assert [item.filename for item in compared.items] == ["b.db", "a.db", "c.db"]


def test_a_copy_of_a_listed_experiment_is_left_over_by_no_name():
    other = replace(NAMED, filename="b.db", damage="flipped")
    compared = compare_experiments([ENDED], {"a.db": [WHOLE], "b.db": [other]})
    assert [item.filename for item in compared.items] == ["a.db"]
    assert [item.filename for item in compared.left_over] == ["b.db"]
    assert compared.findings == ()


@pytest.mark.parametrize(
    ("copy", "proof"),
    [
        pytest.param(NAMED, Proof.NAMED, id="never read to its end"),
        pytest.param(replace(NAMED, read_at=NOW, holes=1), Proof.NAMED, id="with holes"),
        pytest.param(replace(NAMED, read_at=NOW), Proof.COUNTED, id="read to its end"),
    ],
)
def test_highest_ids_alone_prove_only_a_copy_that_was_read(copy, proof):
    by_ids = replace(told(), final=True)
    assert examine(replace(ENDED, tellings=(by_ids,)), [copy]).proof is proof


def test_a_stop_row_does_not_stand_for_what_was_written_after_it_had_come():
    before = replace(WHOLE, advanced_at=ENDED.grew_at - MINUTE)
    assert kind_of(ENDED, before) is ProblemKind.UNPROVEN
    assert kind_of(replace(ENDED, grew_at=None), before) is None


def test_rows_without_the_names_of_what_they_measure_are_not_counted():
    nameless = replace(WHOLE, rows=ROWS | {"VAR_MAP": Rows(0, 0)})
    assert kind_of(ENDED, nameless) is ProblemKind.UNPROVEN
    assert kind_of(ENDED, replace(WHOLE, rows=ROWS | {"VAR_MAP": Rows(2, 2)})) is None


@pytest.mark.parametrize("rows", [{}, ROWS | {"ROI_3": Rows(None, None)}])
@pytest.mark.parametrize("copy", [NAMED, replace(NAMED, read_at=NOW)])
def test_a_count_of_no_table_or_not_of_each_proves_nothing(rows, copy):
    counted = Tally(at=NOW, rows=rows, final=True)
    item = examine(replace(ENDED, tellings=(counted,)), [copy])
    assert (item.kind, item.proof) == (ProblemKind.UNPROVEN, Proof.NAMED)
