"""Design 5, rule by rule: the boundary is the test."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backups.engine.ahead import CLOCK_SLACK
from backups.engine.facts import BackupFacts, BackupType, Problem, ProblemKind
from backups.engine.verdict import (
    CURES,
    SEVERITY,
    Limits,
    Step,
    Verdict,
    judge,
    worst,
)

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


@pytest.mark.parametrize(
    ("within", "since", "expected"),
    [
        pytest.param(None, timedelta(days=900), Verdict.PROTECTED, id="counts are enough"),
        pytest.param(timedelta(days=7), None, Verdict.PROTECTED, id="all are equal"),
        pytest.param(timedelta(days=7), timedelta(days=7) - SECOND, Verdict.PROTECTED, id="before"),
        pytest.param(timedelta(days=7), timedelta(days=7), Verdict.UNKNOWN, id="at the limit"),
        pytest.param(timedelta(days=7), -timedelta(days=1), Verdict.UNKNOWN, id="has not come"),
    ],
)
def test_a_policy_may_ask_for_more_than_counts(within, since, expected):
    facts = replace(SAFE, counted_since=NOW - since if since is not None else None)
    limits = replace(LIMITS, equal_within=within)
    assert judge(facts, limits=limits, now=NOW).verdict is expected


def test_a_copy_that_failed_verification_is_corrupt_at_once():
    assert verdict_of(replace(SAFE, corrupt=problem())) is Verdict.CORRUPT


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(LIMITS.max_age - SECOND, Verdict.WAITING, id="before max age"),
        pytest.param(LIMITS.max_age, Verdict.LATE, id="at max age"),
        pytest.param(STALE_AFTER - SECOND, Verdict.LATE, id="before the grace ends"),
        pytest.param(STALE_AFTER, Verdict.MISSING, id="when the grace ends"),
    ],
)
def test_data_without_a_copy_gets_worse_with_age(age, expected):
    assert verdict_of(replace(SAFE, missing=problem(age))) is expected


@pytest.mark.parametrize(
    ("kind", "young"), [("behind", Verdict.WAITING), ("lagging", Verdict.PROTECTED)]
)
@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(LIMITS.max_age - SECOND, None, id="before max age"),
        pytest.param(LIMITS.max_age, Verdict.LATE, id="at max age"),
        pytest.param(STALE_AFTER - SECOND, Verdict.LATE, id="before the grace ends"),
        pytest.param(STALE_AFTER, Verdict.STALE, id="when the grace ends"),
    ],
)
def test_a_lag_gets_worse_with_age_and_only_what_grows_may_lag_at_all(kind, young, age, expected):
    assert verdict_of(replace(SAFE, **{kind: problem(age)})) is (expected or young)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(LIMITS.max_age - SECOND, Verdict.WAITING, id="it may be proven yet"),
        pytest.param(LIMITS.max_age, Verdict.UNKNOWN, id="at max age"),
        pytest.param(timedelta(days=900), Verdict.UNKNOWN, id="at any age"),
    ],
)
def test_a_copy_that_nothing_proves_is_never_green(age, expected):
    assert verdict_of(replace(SAFE, unproven=problem(age))) is expected


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=900)])
def test_what_is_lost_is_missing_at_once_and_nothing_brings_it_back(age):
    judgement = judge(replace(SAFE, lost=problem(age)), limits=LIMITS, now=NOW)
    assert judgement.verdict is Verdict.MISSING
    assert "lost" in judgement.rule
    assert "nothing brings it back" in judgement.clears


def test_what_waits_says_by_when():
    judgement = judge(replace(SAFE, missing=problem(timedelta(hours=1))), limits=LIMITS, now=NOW)
    assert judgement.verdict is Verdict.WAITING
    assert "due by 2026-11-22 13:00:00 UTC" in judgement.clears


@pytest.mark.parametrize("kind", ["missing", "behind", "lagging", "unproven"])
def test_a_time_that_has_not_come_is_never_fresh(kind):
    ahead = problem(-CLOCK_SLACK - SECOND)
    assert verdict_of(replace(SAFE, **{kind: ahead})) not in {Verdict.PROTECTED, Verdict.WAITING}


@pytest.mark.parametrize("read", ["disk_read_at", "source_read_at"])
@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(LIMITS.evidence_ttl - SECOND, Verdict.PROTECTED, id="not before"),
        pytest.param(LIMITS.evidence_ttl, Verdict.UNKNOWN, id="not never"),
        pytest.param(-CLOCK_SLACK, Verdict.PROTECTED, id="two clocks of one second"),
        pytest.param(-CLOCK_SLACK - SECOND, Verdict.UNKNOWN, id="from the future"),
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
        pytest.param({"unproven": problem(LIMITS.max_age)}, id="nothing shows it to be whole"),
        pytest.param({"source_count": None}, id="nobody tells whether there is any"),
        pytest.param({"copy_count": 0}, id="nothing accounts for what the device has"),
    ],
)
def test_what_could_not_be_asked_is_unknown(facts):
    assert verdict_of(replace(SAFE, **facts)) is Verdict.UNKNOWN


def test_a_failed_asking_alone_leaves_the_last_reading_standing():
    assert verdict_of(replace(SAFE, source_error="timed out")) is Verdict.PROTECTED


def test_a_device_without_such_data_has_no_verdict():
    assert verdict_of(replace(SAFE, source_count=0, copy_count=0)) is Verdict.NONE


@pytest.mark.parametrize(
    "silence",
    [
        {"disk_error": "not mounted"},
        {"source_error": "timed out", "source_read_at": NOW - timedelta(days=9)},
        {"disk_read_at": NOW - timedelta(days=9)},
    ],
)
def test_what_never_was_is_not_made_worse_by_silence(silence):
    assert verdict_of(replace(SAFE, source_count=0, copy_count=0, **silence)) is Verdict.NONE


@pytest.mark.parametrize(
    "seen", [{"source_count": None}, {"source_read_at": None}, {"disk_read_at": None}]
)
def test_nothing_is_none_without_evidence_of_absence(seen):
    facts = {"source_count": 0, "copy_count": 0} | seen
    assert verdict_of(replace(SAFE, **facts)) is Verdict.UNKNOWN


def test_what_was_written_off_is_counted_where_all_else_is_safe():
    rule = judge(replace(SAFE, written_off_count=2), limits=LIMITS, now=NOW).rule
    assert "2 written off" in rule


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
        "corrupt", "missing", "unknown", "stale", "late", "waiting", "protected", "none",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "since"),
    [
        ({"corrupt": problem(SECOND)}, NOW - SECOND),
        ({"missing": problem(timedelta(hours=9))}, NOW - timedelta(hours=3)),
        ({"behind": problem(timedelta(hours=9))}, NOW - timedelta(hours=3)),
        ({"behind": problem(timedelta(hours=3))}, NOW - timedelta(hours=1)),
        ({"lost": problem(timedelta(hours=3))}, NOW - timedelta(hours=3)),
        ({"unproven": problem(timedelta(hours=3))}, NOW - timedelta(hours=1)),
        ({"disk_read_at": NOW - timedelta(hours=1)}, NOW - timedelta(minutes=40)),
    ],
)
def test_since_is_when_the_limit_was_crossed(facts, since):
    assert judge(replace(SAFE, **facts), limits=LIMITS, now=NOW).since == since


def test_a_verdict_names_the_run_its_reason_and_what_clears_it():
    judgement = judge(replace(SAFE, corrupt=problem()), limits=LIMITS, now=NOW)
    assert judgement.evidence[-1] == "a.db: why"
    assert (judgement.rule, judgement.clears) == (
        "a copy is damaged, or shrank",
        CURES,
    )


@pytest.mark.parametrize("kind", [kind.value for kind in ProblemKind])
def test_every_verdict_names_the_age_of_its_evidence(kind):
    facts = replace(SAFE, **{kind: problem(timedelta(days=1))})
    evidence = judge(facts, limits=LIMITS, now=NOW).evidence
    assert evidence[:2] == (
        "the device's inventory was read at 2026-11-22 12:00:00 UTC",
        "the disk was read at 2026-11-22 12:00:00 UTC",
    )


def test_green_names_when_its_evidence_was_seen():
    evidence = judge(SAFE, limits=LIMITS, now=NOW).evidence
    assert "the disk was read at 2026-11-22 12:00:00 UTC" in evidence
    assert "the device's inventory was read at 2026-11-22 12:00:00 UTC" in evidence


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
    lost=problems,
    lagging=problems,
)


@given(any_facts, moments)
def test_no_green_without_fresh_and_whole_evidence(facts, now):
    if judge(facts, limits=LIMITS, now=now).verdict is not Verdict.PROTECTED:
        return
    green = {ProblemKind.LAGGING}
    assert not any(facts.of_kind(kind) for kind in ProblemKind if kind not in green)
    assert facts.disk_error == ""
    assert now - facts.source_read_at < LIMITS.evidence_ttl
    assert now - facts.disk_read_at < LIMITS.evidence_ttl
    assert all(now - p.since < LIMITS.max_age for p in facts.lagging)


@given(any_facts, moments, st.sampled_from(ProblemKind), moments)
def test_a_new_problem_never_improves_a_verdict(facts, now, kind, since):
    order = [v for v in Verdict if v is not Verdict.NONE]
    before = judge(facts, limits=LIMITS, now=now).verdict
    new = (*facts.of_kind(kind), Problem("x", since, "y"))
    worse = replace(facts, **{kind.value: new})
    after = judge(worse, limits=LIMITS, now=now).verdict
    assert after is not Verdict.NONE
    if before in order:
        assert order.index(after) <= order.index(before)


@given(any_facts, moments, st.sampled_from(["source_read_at", "disk_read_at"]))
def test_older_evidence_never_improves_a_verdict(facts, now, read):
    before = judge(facts, limits=LIMITS, now=now).verdict
    read_at = getattr(facts, read)
    older = replace(facts, **{read: read_at and min(read_at, now) - timedelta(hours=1)})
    after = judge(older, limits=LIMITS, now=now).verdict
    if read_at is None or read_at <= now:
        assert SEVERITY[after] <= SEVERITY[before]


@given(any_facts, moments)
def test_a_verdict_that_was_cut_for_showing_is_the_same(facts, now):
    """A snapshot keeps the oldest problems of each kind: those decide."""
    younger = Problem("young", now, "y")
    more = replace(
        facts,
        **{k.value: (*some, younger) for k in ProblemKind if (some := facts.of_kind(k))},
    )
    first = judge(facts, limits=LIMITS, now=now).verdict
    assert judge(more, limits=LIMITS, now=now).verdict is first


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        ({}, Step.NOTHING),
        ({"corrupt": problem()}, Step.BRING),
        ({"lost": problem()}, Step.PERSON),
        ({"missing": problem(STALE_AFTER)}, Step.BRING),
        ({"behind": problem(STALE_AFTER)}, Step.BRING),
        ({"behind": problem(LIMITS.max_age)}, Step.BRING),
        ({"behind": problem()}, Step.BRING),
        ({"lagging": problem()}, Step.NOTHING),
        ({"disk_error": "Input/output error"}, Step.PERSON),
        ({"disk_read_at": NOW - LIMITS.evidence_ttl}, Step.LOOK),
        ({"source_read_at": None}, Step.LOOK),
        ({"unproven": problem(LIMITS.max_age)}, Step.LIST),
        ({"source_count": None}, Step.LIST),
        ({"copy_count": 0}, Step.BRING),
        ({"source_count": 0, "copy_count": 0}, Step.NOTHING),
        ({"counted_since": NOW - timedelta(days=9)}, Step.PROVE),
    ],
)
def test_every_judgement_says_what_comes_next(facts, step):
    limits = replace(LIMITS, equal_within=timedelta(days=7))
    assert judge(replace(SAFE, **facts), limits=limits, now=NOW).step is step
