"""Times are shown in the zone of who looks; what programs read stays in UTC."""

from datetime import UTC, datetime

import pytest

from backups.engine.facts import BackupFacts, BackupType
from backups.models import Backup, BackupSnapshot, DaemonStatus

AT = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
LIST = "/admin/backups/backupsnapshot/"


@pytest.fixture
def seen(admin_client, device):
    """A list with a time in it, as a browser of that zone is shown them."""
    backup = Backup.objects.create(device=device, backup_type="sqlite")
    facts = BackupFacts(backup_type=BackupType.SQLITE)
    BackupSnapshot.of_facts(facts, backup=backup, taken_at=AT).save()

    def seen(zone, url=LIST):
        admin_client.cookies["tz"] = zone
        return admin_client.get(url).content.decode()

    return seen


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Tokyo", "2026-11-23 08:30 JST"),
        ("America/New_York", "2026-11-22 18:30 EST"),
        ("", "2026-11-22 23:30 UTC"),
        ("Nowhere/Town", "2026-11-22 23:30 UTC"),
        ("../../etc/passwd", "2026-11-22 23:30 UTC"),
        ("x" * 300, "2026-11-22 23:30 UTC"),
    ],
)
def test_a_time_is_that_of_the_viewer_and_utc_where_he_points(seen, zone, shown):
    assert f'title="2026-11-22 23:30:00 UTC">{shown}</time>' in seen(zone)


def test_the_api_answers_in_utc_whoever_asks(admin_client, db):
    DaemonStatus.objects.create(daemon="rsync", checked_at=AT)
    admin_client.cookies["tz"] = "Asia/Tokyo"
    assert "2026-11-22T23:30:00Z" in admin_client.get("/api/v1/services/").content.decode()


def test_the_zone_of_one_viewer_is_not_that_of_the_next(seen, client):
    seen("Asia/Tokyo")
    assert "23:30 UTC" in seen("")
