"""The words of the old status: what each of them is a proof of."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backups.api.legacy import OldStatus, Overall, overall_status
from backups.engine.facts import BackupFacts, BackupType, Problem
from backups.engine.verdict import Verdict
from backups.models import Backup, BackupSnapshot
from devices.models import Device

DAYS = timedelta(days=1)


@pytest.fixture
def told(bare_device, client):
    """Store facts of one type, and give what the status says of it."""

    def told(kind=BackupType.SQLITE, **facts):
        now = timezone.now()
        whole = {
            "source_read_at": now,
            "source_count": 1,
            "disk_read_at": now,
            "copy_count": 1,
            "size_bytes": 2048,
            "newest_copy_at": now - 3 * DAYS,
        }
        backup = Backup.objects.create(device=bare_device, backup_type=kind)
        backup.latest = BackupSnapshot.of_facts(
            BackupFacts(backup_type=kind, **(whole | facts)), backup=backup, taken_at=now
        )
        backup.latest.save()
        backup.save()
        return client.get("/backup/status").json()["devices"][bare_device.device_id]

    return told


def problem(days):
    return (Problem("2026-01-02_03-04-05.db", timezone.now() - days * DAYS, "why"),)


def test_a_whole_copy_is_success(told):
    assert told()["backup_types"]["sqlite"]["status"] == "success"


@pytest.mark.parametrize("what", ["corrupt", "missing", "behind"])
def test_what_is_lost_or_damaged_is_an_error(told, what):
    answer = told(**{what: problem(days=2)})
    assert answer["backup_types"]["sqlite"]["status"] == "error"
    assert answer["overall_status"] == "error"


def test_what_nothing_proves_is_unknown(told):
    assert told(unproven=problem(days=2))["backup_types"]["sqlite"]["status"] == "unknown"


def test_old_evidence_is_unknown_and_never_success(told):
    long_ago = timezone.now() - DAYS
    answer = told(source_read_at=long_ago, disk_read_at=long_ago)
    assert answer["backup_types"]["sqlite"]["status"] == "unknown"
    assert answer["backup_types"]["sqlite"]["available"] is True


def test_an_unreadable_disk_is_unknown_and_never_nothing_there(told):
    answer = told(disk_error="Input/output error")
    assert answer["backup_types"]["sqlite"]["status"] == "unknown"
    assert answer["backup_types"]["sqlite"]["size"] == 2048


def test_a_type_that_the_device_never_had_is_not_available(told):
    answer = told(BackupType.MYSQL, source_count=0, copy_count=0, size_bytes=0, newest_copy_at=None)
    assert answer["backup_types"]["mysql"]["status"] == "not_available"
    assert answer["backup_types"]["mysql"]["available"] is False


def test_an_offline_device_of_which_nothing_is_held_is_offline(client, bare_device):
    Device.objects.update(reported_status="offline")
    answer = client.get("/backup/status").json()["devices"][bare_device.device_id]
    assert {block["status"] for block in answer["backup_types"].values()} == {"offline"}


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], Overall.NO_BACKUPS),
        ([Verdict.NONE, Verdict.NONE, Verdict.NONE], Overall.NO_BACKUPS),
        ([Verdict.NONE, Verdict.PROTECTED, Verdict.PROTECTED], Overall.SUCCESS),
        ([Verdict.PROTECTED, Verdict.LATE], Overall.PARTIAL),
        ([Verdict.PROTECTED, Verdict.UNKNOWN], Overall.PARTIAL),
        ([Verdict.LATE], Overall.PARTIAL),
        ([Verdict.UNKNOWN, Verdict.NONE], Overall.UNKNOWN),
        ([Verdict.PROTECTED, Verdict.STALE], Overall.ERROR),
        ([Verdict.PROTECTED, Verdict.MISSING], Overall.ERROR),
        ([Verdict.UNKNOWN, Verdict.CORRUPT], Overall.ERROR),
    ],
)
def test_the_overall_status_of_a_device(verdicts, expected):
    assert overall_status(verdicts) is expected


def test_success_of_a_device_needs_every_type_that_it_has_to_be_protected():
    for verdict in set(Verdict) - {Verdict.PROTECTED, Verdict.NONE}:
        assert overall_status([Verdict.PROTECTED, verdict]) is not Overall.SUCCESS


def test_the_old_words_are_the_old_ones():
    assert {*OldStatus} == {"success", "not_available", "offline", "unknown", "error"}
    assert {*Overall} == {"success", "partial", "error", "no_backups", "unknown"}
