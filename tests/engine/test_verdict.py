"""Design 5, rule by rule: the boundary is the test."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backups.engine.facts import BackupFacts, BackupType, Problem
from backups.engine.verdict import Limits, Verdict, judge, worst

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LIMITS = Limits(
    max_age=timedelta(hours=2), grace=timedelta(hours=4), evidence_ttl=timedelta(minutes=20)
)
STALE_AFTER = LIMITS.max_age + LIMITS.grace
SAFE = BackupFacts(
    backup_type=BackupType.SQLITE,
    source_read_at=NOW,
    source_count=1,
    disk_read_at=NOW,
    copy_count=1,
    newest_copy_at=NOW - timedelta(days=400),
)


def problem(age=timedelta(0)):
    return (Problem("a.db", NOW - age, "why"),)


def verdict_of(facts):
    return judge(facts, limits=LIMITS, now=NOW).verdict


def test_an_idle_whole_backup_is_protected_at_any_age():
    assert verdict_of(SAFE) is Verdict.PROTECTED


def test_a_copy_that_failed_verification_is_corrupt_at_once():
    assert verdict_of(replace(SAFE, corrupt=problem())) is Verdict.CORRUPT


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(LIMITS.max_age - SECOND, Verdict.PROTECTED, id="before max age"),
        pytest.param(LIMITS.max_age, Verdict.LATE, id="at max age"),
        pytest.param(STALE_AFTER - SECOND, Verdict.LATE, id="before the grace ends"),
        pytest.param(STALE_AFTER, Verdict.MISSING, id="when the grace ends"),
    ],
)
def test_data_without_a_copy_gets_worse_with_age(age, expected):
    assert verdict_of(replace(SAFE, missing=problem(age))) is expected


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(LIMITS.max_age - SECOND, Verdict.PROTECTED, id="before max age"),
        pytest.param(LIMITS.max_age, Verdict.LATE, id="at max age"),
        pytest.param(STALE_AFTER - SECOND, Verdict.LATE, id="before the grace ends"),
        pytest.param(STALE_AFTER, Verdict.STALE, id="when the grace ends"),
    ],
)
def test_a_copy_that_ends_too_soon_gets_worse_with_age(age, expected):
    assert verdict_of(replace(SAFE, behind=problem(age))) is expected


@pytest.mark.parametrize("read", ["disk_read_at", "source_read_at"])
@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(LIMITS.evidence_ttl - SECOND, Verdict.PROTECTED, id="not before"),
        pytest.param(LIMITS.evidence_ttl, Verdict.UNKNOWN, id="not never"),
        pytest.param(-LIMITS.evidence_ttl, Verdict.UNKNOWN, id="from the future"),
    ],
)
def test_evidence_holds_until_its_time_to_live(read, age, expected):
    assert verdict_of(replace(SAFE, **{read: NOW - age})) is expected


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"disk_error": "no such folder"}, id="the disk cannot be read"),
        pytest.param({"disk_read_at": None}, id="the disk was never read"),
        pytest.param({"source_read_at": None, "source_count": None}, id="never asked"),
        pytest.param({"unproven": problem()}, id="nothing shows the copy to be whole"),
        pytest.param({"copy_count": 0}, id="nothing accounts for what the device has"),
    ],
)
def test_what_could_not_be_asked_is_unknown(facts):
    assert verdict_of(replace(SAFE, **facts)) is Verdict.UNKNOWN


def test_a_failed_asking_alone_leaves_the_last_reading_standing():
    assert verdict_of(replace(SAFE, source_error="timed out")) is Verdict.PROTECTED


def test_a_device_without_such_data_has_no_verdict():
    assert verdict_of(replace(SAFE, source_count=0, copy_count=0)) is Verdict.NONE


def test_nothing_known_at_all_is_unknown():
    assert verdict_of(BackupFacts(backup_type=BackupType.VIDEO)) is Verdict.UNKNOWN


def test_a_device_is_as_bad_as_its_worst_backup():
    assert worst([Verdict.PROTECTED, Verdict.STALE, Verdict.NONE]) is Verdict.STALE


def test_a_backup_that_never_was_worsens_nothing():
    assert worst([Verdict.NONE, Verdict.PROTECTED]) is Verdict.PROTECTED


def test_no_backups_at_all_are_none():
    assert worst([]) is Verdict.NONE


def test_the_order_of_severity_is_that_of_the_design():
    assert [v.value for v in Verdict] == [
        "corrupt", "missing", "unknown", "stale", "late", "protected", "none",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "since"),
    [
        ({"corrupt": problem(SECOND)}, NOW - SECOND),
        ({"missing": problem(timedelta(hours=9))}, NOW - timedelta(hours=3)),
        ({"behind": problem(timedelta(hours=9))}, NOW - timedelta(hours=3)),
        ({"behind": problem(timedelta(hours=3))}, NOW - timedelta(hours=1)),
        ({"disk_read_at": NOW - timedelta(hours=1)}, NOW - timedelta(minutes=40)),
    ],
)
def test_since_is_when_the_limit_was_crossed(facts, since):
    assert judge(replace(SAFE, **facts), limits=LIMITS, now=NOW).since == since


def test_a_verdict_names_the_run_its_reason_and_what_clears_it():
    judgement = judge(replace(SAFE, corrupt=problem()), limits=LIMITS, now=NOW)
    assert judgement.evidence[-1] == "a.db: why"
    assert (judgement.rule, judgement.clears) == (
        "a copy failed verification",
        "a copy that verifies",
    )


@pytest.mark.parametrize("kind", ["corrupt", "missing", "behind", "unproven"])
def test_every_verdict_names_the_age_of_its_evidence(kind):
    facts = replace(SAFE, **{kind: problem(timedelta(days=1))})
    evidence = judge(facts, limits=LIMITS, now=NOW).evidence
    assert evidence[:2] == (
        "the device's inventory read at 2026-11-22 12:00:00 UTC",
        "the disk read at 2026-11-22 12:00:00 UTC",
    )


def test_green_names_when_its_evidence_was_seen():
    evidence = judge(SAFE, limits=LIMITS, now=NOW).evidence
    assert "the disk read at 2026-11-22 12:00:00 UTC" in evidence
    assert "the device's inventory read at 2026-11-22 12:00:00 UTC" in evidence


moments = st.sampled_from([-21, -20, 0, 1, 19, 20, 21, 119, 120, 359, 360]).map(
    lambda minutes: NOW - timedelta(minutes=minutes)
)
times = st.none() | moments
problems = st.lists(st.builds(Problem, st.text(), moments, st.text()), max_size=1).map(tuple)
any_facts = st.builds(
    BackupFacts,
    backup_type=st.sampled_from(BackupType),
    source_read_at=times,
    source_error=st.sampled_from(["", "down"]),
    source_count=st.none() | st.integers(0, 3),
    disk_read_at=times,
    disk_error=st.sampled_from(["", "gone"]),
    copy_count=st.integers(0, 3),
    corrupt=problems,
    missing=problems,
    behind=problems,
    unproven=problems,
)


@given(any_facts, moments)
def test_no_green_without_fresh_and_whole_evidence(facts, now):
    if judge(facts, limits=LIMITS, now=now).verdict is not Verdict.PROTECTED:
        return
    assert (facts.corrupt, facts.unproven, facts.disk_error) == ((), (), "")
    assert now - facts.source_read_at < LIMITS.evidence_ttl
    assert now - facts.disk_read_at < LIMITS.evidence_ttl
    assert all(now - p.since < LIMITS.max_age for p in facts.missing + facts.behind)


@given(any_facts, moments)
def test_a_new_problem_never_improves_a_verdict(facts, now):
    order = list(Verdict)
    before = judge(facts, limits=LIMITS, now=now).verdict
    worse = replace(facts, corrupt=(*facts.corrupt, Problem("x", now, "y")))
    assert order.index(judge(worse, limits=LIMITS, now=now).verdict) <= order.index(before)
