"""The wall: who may see it, and that it says no more than the engine proved."""

from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder

from backups.engine.facts import BackupFacts, BackupType
from backups.models import Backup, BackupSnapshot, CardReading
from benchmarks.fleet_rows import make_fleet

PAGES = ["/wall/", "/wall/part/"]


@pytest.fixture
def seen(device, now):
    backup = Backup.objects.create(device=device, backup_type="sqlite")
    facts = BackupFacts(backup_type=BackupType.SQLITE, disk_error="the disk is away")
    backup.latest = BackupSnapshot.of_facts(facts, backup=backup, taken_at=now)
    backup.latest.save()
    backup.save()


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize(
    ("networks", "headers", "open_to_it"),
    [
        ([], {}, False),
        (["127.0.0.0/8"], {}, True),
        (["10.0.0.0/8"], {}, False),
        (["127.0.0.0/8"], {"X-Forwarded-For": "127.0.0.1"}, False),
    ],
)
def test_without_a_login_only_named_networks_see_it(
    client, seen, settings, url, networks, headers, open_to_it
):
    settings.WALL_NETWORKS = networks
    answer = client.get(url, headers=headers)
    assert (answer.status_code == 200) is open_to_it
    assert (b"ETHOSCOPE_019" in answer.content) is open_to_it


@pytest.mark.parametrize("url", PAGES)
def test_with_a_login_who_may_see_devices_sees_it(person, seen, url):
    assert person("devices.view_device").get(url).status_code == 200
    assert person("backups.view_run").get(url).status_code in (302, 403)


def test_it_says_what_lacks_and_that_nobody_has_looked(admin_client, seen, now):
    MigrationRecorder.Migration.objects.update(applied=now - timedelta(days=9))
    page = admin_client.get("/wall/").content.decode()
    assert "0 of 1 device is safe; of 1 it is not known" in page
    assert "SQLite: the disk could not be read" in page
    assert "ethonode itself has not looked" in page


def test_a_card_that_ails_is_on_it_though_its_device_is_green(admin_client, device, now):
    copied = {"copy_count": 1, "source_count": 1, "disk_read_at": now, "source_read_at": now}
    backup = Backup.objects.create(device=device, backup_type="sqlite")
    facts = BackupFacts(backup_type=BackupType.SQLITE, **copied)
    backup.latest = BackupSnapshot.of_facts(facts, backup=backup, taken_at=now)
    backup.latest.save()
    backup.save()
    CardReading.objects.create(
        device=device, read_at=now, since=now, size_bytes=9, free_bytes=8, read_only=True
    )
    assert "Its card: it is mounted read-only" in admin_client.get("/wall/").content.decode()


@pytest.mark.parametrize("count", [1, 100])
def test_it_takes_as_many_queries_for_100_devices_as_for_one(
    client, settings, db, now, django_assert_num_queries, count
):
    settings.WALL_NETWORKS = ["127.0.0.0/8"]
    make_fleet(count, now=now)
    # The fleet, ethonode's own work and how old it is (for some never began), and the cards.
    with django_assert_num_queries(3 + 6 + 1 + 1):
        assert client.get("/wall/part/").content.count(b"wall-tile") == count


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_only_shows(client, settings, db, method):
    settings.WALL_NETWORKS = ["127.0.0.0/8"]
    assert getattr(client, method)("/wall/").status_code == 405
