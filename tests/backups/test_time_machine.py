"""The time machine against a judgement of the raw facts: whatever was seen, changed and asked."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backups.engine.facts import BackupFacts, BackupType, Problem
from backups.engine.verdict import Limits, judge
from backups.models import Backup, BackupSnapshot, Policy
from backups.models.policy import DEFAULT_LIMITS
from backups.time_machine import BadMoment, device_at, fleet_at, limits_at, moment_of
from devices.models import Device, DeviceGroup

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NOW = START + timedelta(days=1)
KIND = BackupType.SQLITE
MINUTE = timedelta(minutes=1)
minutes = st.integers(min_value=0, max_value=600)


def facts(at, *, behind_for=None):
    problem = Problem("a.db", at - timedelta(minutes=behind_for or 0), "lacks rows")
    return BackupFacts(
        backup_type=KIND,
        source_read_at=at,
        disk_read_at=at,
        source_count=1,
        copy_count=1,
        newest_copy_at=at,
        behind=(problem,) if behind_for is not None else (),
    )


def take(device, at, **others):
    backup, _ = Backup.objects.get_or_create(device=device, backup_type=KIND)
    made = BackupSnapshot.of_facts(facts(at, **others), backup=backup, taken_at=at)
    made.save()
    return made


def a_device(name="ETHOSCOPE_001"):
    return Device.objects.create(
        device_id=name, name=name, first_seen_at=START, told_at=START, told_by="node"
    )


def set_limits(policy, hours, at):
    policy.max_age = timedelta(hours=hours)
    policy._history_date = at
    policy.save()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(minutes, st.none() | st.integers(min_value=0, max_value=900), max_size=12),
    st.dictionaries(minutes, st.integers(min_value=1, max_value=9), max_size=4),
    st.lists(minutes, min_size=1, max_size=6),
)
def test_it_is_a_judgement_of_the_facts_and_limits_of_then(db, looks, changes, asked):
    with transaction.atomic():
        device, policy = a_device(), Policy.objects.get(group=None, backup_type=KIND)
        for minute, behind_for in looks.items():
            take(device, START + minute * MINUTE, behind_for=behind_for)
        for minute in sorted(changes):
            set_limits(policy, changes[minute], START + minute * MINUTE)
        for minute in asked:
            at = START + minute * MINUTE
            seen = [m for m in looks if m <= minute]
            changed = [m for m in changes if m <= minute]
            limits = DEFAULT_LIMITS[KIND]
            if changed:
                hours = timedelta(hours=changes[max(changed)])
                limits = Limits(max_age=hours, grace=limits.grace, evidence_ttl=limits.evidence_ttl)
            (status,) = fleet_at(at, now=NOW).devices
            if not seen:
                assert status.backups == {} or KIND not in status.backups
                continue
            last = max(seen)
            raw = facts(START + last * MINUTE, behind_for=looks[last])
            expected = judge(raw, limits=limits, now=at)
            told = status.backups[KIND].judgement
            assert (told.verdict, told.rule) == (expected.verdict, expected.rule)
            assert device_at(device, at, now=NOW).verdict == status.verdict
        transaction.set_rollback(True)


def test_group_and_lifecycle_are_those_of_then(db):
    one, two = a_device("one"), a_device("two")
    group = DeviceGroup.objects.create(name="incubator")
    for hours, lifecycle in ((2, "parked"), (4, "retired")):
        two.lifecycle, two.group = lifecycle, group
        two._history_date = START + timedelta(hours=hours)
        two.save()

    def known(hours):
        devices = fleet_at(START + timedelta(hours=hours), now=NOW).devices
        return {status.device.name: status.device.lifecycle for status in devices}

    assert known(1) == {"one": "active", "two": "active"}
    assert known(3) == {"one": "active", "two": "parked"}
    assert known(5) == {"one": "active"}
    assert fleet_at(START - timedelta(hours=1), now=NOW).devices == ()
    assert one.name == "one"


def test_it_costs_the_same_however_many_devices(db, django_assert_max_num_queries):
    for number in range(20):
        take(a_device(f"ETHOSCOPE_{number:03d}"), START)
    with django_assert_max_num_queries(6):
        assert len(fleet_at(START + MINUTE, now=NOW).devices) == 20


def test_that_a_policy_asked_for_content_is_of_then_too(db):
    policy = Policy.objects.get(group=None, backup_type=KIND)
    policy.equal_within = timedelta(days=3)
    policy._history_date = START
    policy.save()
    assert limits_at(START + MINUTE)[None, KIND].equal_within == timedelta(days=3)
    assert limits_at(START - MINUTE)[None, KIND] == DEFAULT_LIMITS[KIND]


def test_what_was_thinned_is_judged_by_its_own_moment(db):
    """Of a day ten days ago one snapshot an hour is left: that is no gap in looking."""
    device = a_device()
    for hour in (0, 1, 2, 9):
        take(device, START + timedelta(hours=hour, minutes=5))
    later = START + timedelta(days=10)

    def verdict(hours):
        at = START + timedelta(hours=hours)
        return device_at(device, at, now=later).backups[KIND].judgement.verdict

    assert verdict(1.9) == "protected"
    assert verdict(5) == "unknown"  # nobody looked for hours
    assert (
        verdict(1.9)
        != device_at(device, START + timedelta(hours=1.9), now=NOW).backups[KIND].judgement.verdict
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-11-20",
        "2026-11-20T12:00:00",
        "2027-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
    ],
)
def test_what_is_no_moment_of_the_past_is_refused(text):
    with pytest.raises(BadMoment):
        moment_of(text, now=NOW)


def test_a_plus_that_an_address_made_a_blank_of_is_understood():
    assert moment_of("2026-11-20T14:00:00 02:00", now=NOW) == START
