"""The old words, each with what it now stands for."""

from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pytest

from backups.api.legacy import OldStatus, Overall, overall_status, status_payload
from backups.dashboard import fleet
from backups.engine.facts import BackupType, Problem
from backups.engine.verdict import Verdict
from devices.models import Device

pytestmark = pytest.mark.django_db

ALL = [set(some) for size in range(4) for some in combinations(Verdict, size)]
BAD = {Verdict.CORRUPT, Verdict.MISSING, Verdict.STALE}
TTL = timedelta(minutes=5)


@pytest.fixture
def told(now):
    """The answer, or one device's part of it."""

    def told(device=None, *, at=now):
        payload = status_payload(fleet(now=at), videos_dir=Path("/data/videos"), now=at, ttl=TTL)
        return payload["devices"][device.device_id] if device else payload

    return told


def named(verdicts):
    """The same name in every process: the order of a set is not."""
    return "+".join(sorted(verdicts)) or "nothing"


@pytest.mark.parametrize("verdicts", [v for v in ALL if v & BAD], ids=named)
def test_anything_lost_or_too_old_makes_a_device_an_error(verdicts):
    assert overall_status(verdicts) is Overall.ERROR


@pytest.mark.parametrize("others", [set(), {Verdict.NONE}], ids=named)
def test_success_is_only_where_all_that_the_device_has_is_protected(others):
    assert overall_status({Verdict.PROTECTED} | others) is Overall.SUCCESS


@pytest.mark.parametrize(
    "verdicts",
    [
        v
        for v in ALL
        if not v & BAD
        and v & {Verdict.PROTECTED, Verdict.LATE}
        and v - {Verdict.NONE} != {Verdict.PROTECTED}
    ],
    ids=named,
)
def test_a_device_is_partial_where_some_is_saved_but_not_all(verdicts):
    assert overall_status(verdicts) is Overall.PARTIAL


@pytest.mark.parametrize("others", [set(), {Verdict.NONE}], ids=named)
def test_what_cannot_be_known_is_unknown(others):
    assert overall_status({Verdict.UNKNOWN} | others) is Overall.UNKNOWN


@pytest.mark.parametrize("verdicts", [set(), {Verdict.NONE}], ids=named)
def test_a_device_without_any_data_has_no_backups(verdicts):
    assert overall_status(verdicts) is Overall.NO_BACKUPS


def test_a_saved_backup_shows_its_own_numbers(device, take, told, now):
    take(device, "video", copy_count=12, size_bytes=7_340_032)
    assert told(device)["backup_types"]["video"] == {
        "available": True,
        "status": "success",
        "processing": False,
        "size": 7_340_032,
        "last_backup": int(now.timestamp()),
        "files": 12,
        "directory": f"/data/videos/{device.device_id}",
        "size_human": "7.0 MB",
    }


def test_a_mysql_backup_counts_records(device, take, told):
    take(device, "mysql", copy_count=3)
    block = told(device)["backup_types"]["mysql"]
    assert (block["records"], block["message"], block["directory"]) == (3, "", "")


def test_a_mysql_backup_that_is_not_safe_says_which_rule_says_so(device, take, told, long_ago):
    take(device, "mysql", corrupt=(Problem("a.db", long_ago, "it does not open"),))
    assert told(device)["backup_types"]["mysql"]["message"] == "a copy is damaged, or shrank"


@pytest.mark.parametrize("kind", ["corrupt", "missing", "behind"])
def test_what_is_lost_or_stale_is_an_error(device, take, told, long_ago, kind):
    take(device, "sqlite", **{kind: (Problem("a.db", long_ago, "why"),)})
    assert told(device)["backup_types"]["sqlite"]["status"] == OldStatus.ERROR
    assert told(device)["overall_status"] == "error"


def test_what_is_late_is_not_green(device, take, told, now):
    take(device, "sqlite", behind=(Problem("a.db", now - timedelta(hours=3), "why"),))
    assert told(device)["backup_types"]["sqlite"]["status"] == OldStatus.UNKNOWN
    assert told(device)["overall_status"] == "partial"


def test_data_that_is_still_to_be_copied_is_not_green(device, take, told, nothing, now):
    young = (Problem("a.db", now, "the disk holds no copy"),)
    take(device, "sqlite", **(nothing | {"source_count": 1, "missing": young}))
    assert told(device)["backup_types"]["sqlite"]["status"] == OldStatus.UNKNOWN
    assert told(device)["overall_status"] == "unknown"


def test_a_device_that_was_never_looked_at_is_unknown(device, told):
    assert told(device)["overall_status"] == "unknown"
    assert {b["status"] for b in told(device)["backup_types"].values()} == {"unknown"}


def test_an_offline_device_without_a_copy_is_offline_and_zero(device, take, told, nothing):
    Device.objects.update(reported_status="offline")
    for kind in BackupType:
        take(device, kind, **nothing)
    blocks = told(device)["backup_types"]
    assert {block["status"] for block in blocks.values()} == {"offline"}
    assert {block["size"] + block["last_backup"] for block in blocks.values()} == {0}
    assert blocks["video"]["size_human"] == ""


def test_an_offline_device_with_copies_keeps_its_numbers(device, take, told, nothing):
    Device.objects.update(reported_status="offline")
    take(device, "mysql", **nothing)
    take(device, "sqlite", size_bytes=77)
    assert told(device)["backup_types"]["sqlite"]["size"] == 77
    assert told(device)["backup_types"]["mysql"]["status"] == "not_available"


def test_a_corrupt_copy_on_an_offline_device_is_not_hidden(device, take, told, nothing, long_ago):
    Device.objects.update(reported_status="offline")
    problem = Problem("a.db", long_ago, "it does not open")
    take(device, "sqlite", **(nothing | {"size_bytes": 9, "corrupt": (problem,)}))
    assert told(device)["backup_types"]["sqlite"]["status"] == "error"


@pytest.mark.parametrize("kind", BackupType)
def test_a_copy_that_is_only_corrupt_is_available_so_that_the_old_pages_read_its_error(
    device, take, told, nothing, long_ago, kind
):
    problem = Problem("a.db", long_ago, "it does not open")
    take(device, kind, **(nothing | {"source_count": 1, "size_bytes": 9, "corrupt": (problem,)}))
    block = told(device)["backup_types"][kind]
    assert (block["available"], block["status"]) == (True, "error")
    assert block["records" if kind == "mysql" else "files"] == 1  # of none the icon stays grey


def test_green_ages_into_unknown(device, take, told, nothing, now):
    take(device, "mysql", **nothing)
    take(device, "sqlite")
    take(device, "video")
    assert told(device)["overall_status"] == "success"
    assert told(device, at=now + timedelta(minutes=20))["overall_status"] == "unknown"


def test_a_service_that_answered_is_available(told, services):
    services["rsync"].current_file = "a.h264"
    services["rsync"].save()
    rsync = {"available": True, "current_device": None, "current_file": "a.h264"}
    assert told()["services"]["rsync_backup"] == rsync
    assert told()["summary"]["services"]["rsync_service_available"] is True


def test_a_service_that_failed_is_not_available(told, services):
    services["mysql"].error = "no answer within 2 s"
    services["mysql"].save()
    assert told()["services"]["mysql_backup"]["available"] is False
    assert told()["summary"]["mysql_backup_available"] is False


def test_an_old_answer_of_a_service_is_no_answer(device, take, told, services, now):
    take(device, "video")
    services["rsync"].processing = [device.device_id]
    services["rsync"].save()
    fresh, old = told(at=now + TTL - timedelta(seconds=1)), told(at=now + TTL)
    assert fresh["processing_devices"] == [{"service": "rsync", "device": "ETHOSCOPE_019"}]
    assert fresh["devices"][device.device_id]["backup_types"]["video"]["processing"] is True
    assert old["processing_devices"] == []
    assert old["services"]["rsync_backup"]["available"] is False
    assert old["devices"][device.device_id]["backup_types"]["video"]["processing"] is False


def test_a_device_in_work_that_nobody_knows_goes_by_its_id(told, services):
    services["rsync"].processing = ["abc"]
    services["rsync"].save()
    assert told()["processing_devices"] == [{"service": "rsync", "device": "abc"}]


def test_the_answer_says_how_old_its_facts_are(device, take, told, long_ago):
    assert told()["timestamp"] == 0.0
    take(device, "sqlite", taken_at=long_ago)
    assert told()["timestamp"] == long_ago.timestamp()


def test_a_retired_device_is_not_listed(device, take, told):
    take(device, "sqlite")
    Device.objects.update(lifecycle="retired")
    assert told()["devices"] == {}
