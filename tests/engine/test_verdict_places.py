"""Rules of where copies lie and of how they are proven: each with its sentence and boundaries."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backups.engine.ahead import CLOCK_SLACK
from backups.engine.facts import BackupFacts, BackupType
from backups.engine.verdict import Step, Verdict, is_blind, judge
from tests.engine.test_verdict import LIMITS, NOW, SAFE, SECOND, problem

TWO = replace(LIMITS, proved_copies=2)
WITHIN = timedelta(days=7)
NEVER_ANY = replace(SAFE, source_count=0, copy_count=0)


def judged(facts, limits=LIMITS):
    return judge(facts, limits=limits, now=NOW)


def told(judgement):
    return (
        judgement.verdict, judgement.rule, judgement.clears, judgement.since, judgement.step,
    )  # fmt: skip


def with_one_copy_for(age, count=3):
    return replace(SAFE, second_count=count, second_since=NOW - age)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(replace(SAFE, second_count=0), id="each has its second"),
        pytest.param(replace(SAFE, second_count=3), id="since when is not told"),
        pytest.param(with_one_copy_for(TWO.max_age - SECOND), id="it may come yet"),
        pytest.param(with_one_copy_for(-CLOCK_SLACK), id="two clocks"),
        pytest.param(with_one_copy_for(timedelta(days=9), count=0), id="none lacks it any more"),
        pytest.param(
            replace(SAFE, copy_count=0, lagging=problem()), id="nothing is here that could have one"
        ),
    ],
)
def test_where_two_copies_are_asked_for_and_none_is_late_it_is_green(facts):
    assert judged(facts, TWO).verdict is Verdict.PROTECTED


@pytest.mark.parametrize("age", [TWO.max_age, timedelta(days=9), -CLOCK_SLACK - SECOND])
@pytest.mark.parametrize(("count", "files"), [(1, "1 file"), (3, "3 files")])
def test_what_has_one_copy_for_as_long_as_data_may_be_unsaved_is_unknown(age, count, files):
    facts = with_one_copy_for(age, count)
    assert told(judged(facts, TWO)) == (
        Verdict.UNKNOWN,
        f"its policy asks for two proved copies: {files} had one for 2 h or more",
        "a run of second copies",
        facts.second_since + TWO.max_age,
        Step.SECOND,
    )
    assert judged(facts).verdict is Verdict.PROTECTED  # nobody asked for two


def test_of_second_copies_that_nobody_tells_of_none_is_believed():
    assert told(judged(SAFE, TWO)) == (
        Verdict.UNKNOWN,
        "its policy asks for two proved copies, and nobody tells of a second one",
        "a storage that keeps second copies of its place, and a look",
        None,
        Step.PERSON,
    )


def test_a_storage_that_is_silent_is_named_since_when_it_is():
    since = NOW - timedelta(hours=3)
    facts = replace(SAFE, unheard="the storage “nas1” is silent", unheard_since=since)
    assert told(judged(facts)) == (
        Verdict.UNKNOWN,
        "the storage “nas1” is silent",
        "its worker and its host, running and reached",
        since,
        Step.PERSON,
    )


@pytest.mark.parametrize(
    ("age", "is_enough"),
    [
        (WITHIN - SECOND, True),
        (WITHIN, False),
        (-CLOCK_SLACK, True),
        (-CLOCK_SLACK - SECOND, False),
    ],
)
def test_what_is_only_counted_is_enough_until_its_policy_asks_for_more(age, is_enough):
    facts = replace(SAFE, counted_since=NOW - age)
    found = told(judged(facts, replace(LIMITS, equal_within=WITHIN)))
    asked = (
        Verdict.UNKNOWN,
        "its policy asks for copies that are held against the device within 7 days",
        "a proof of content, a pull or a mirror",
        facts.counted_since + WITHIN,
        Step.PROVE,
    )
    assert (found[0] is Verdict.PROTECTED) if is_enough else found == asked


@pytest.mark.parametrize(
    ("written_off", "rule"),
    [
        (0, "nothing of this type was ever seen, on the device or on the disk"),
        (2, "a person wrote off all that there was"),
    ],
)
def test_of_what_never_was_it_is_said_so(written_off, rule):
    facts = replace(NEVER_ANY, written_off_count=written_off)
    assert told(judged(facts)) == (Verdict.NONE, rule, "", None, Step.NOTHING)


@pytest.mark.parametrize(
    ("facts", "whose"),
    [
        (replace(SAFE, disk_read_at=None), "the disk"),
        (replace(SAFE, source_read_at=None), "the device's inventory"),
    ],
)
def test_what_was_never_read_is_said_so(facts, whose):
    assert told(judged(facts))[:4] == (
        Verdict.UNKNOWN, f"{whose} was never read", f"a new reading of {whose}", None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(SAFE, False, id="all was read just now"),
        pytest.param(replace(SAFE, missing=problem()), False, id="what lacks is known"),
        pytest.param(replace(SAFE, unheard="silent"), True, id="its storage is silent"),
        pytest.param(replace(SAFE, disk_error="away"), True, id="its disk is away"),
        pytest.param(
            replace(SAFE, disk_read_at=NOW - LIMITS.evidence_ttl), True, id="read too long ago"
        ),
        pytest.param(replace(SAFE, source_count=None), True, id="nobody tells"),
        pytest.param(NEVER_ANY, False, id="never was"),
        pytest.param(
            replace(NEVER_ANY, source_read_at=NOW - timedelta(days=9)),
            False,
            id="never was, silent",
        ),
        pytest.param(BackupFacts(backup_type=BackupType.SQLITE), True, id="nothing is known"),
    ],
)
def test_more_may_be_unsaved_where_something_was_not_read(facts, expected):
    assert is_blind(facts, limits=LIMITS, now=NOW) is expected
