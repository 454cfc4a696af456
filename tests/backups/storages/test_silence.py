"""A storage that is cut off: its devices are unknown by its name, and nothing else changes."""

from datetime import timedelta

import pytest
from django.test import Client

from backups import dashboard
from backups.engine.facts import BackupFacts, BackupType
from backups.engine.silence import SILENT_AFTER, silent_since, why_silent
from backups.engine.verdict import Verdict
from backups.models import Backup, BackupSnapshot, DiskLook, WipeCertificate
from backups.services import storages
from backups.services.runs import offers_for
from backups.services.wipes import still_holds
from backups.watch_state import watch_state
from devices.models import Device, Storage
from incidents.engine.causes import CauseKind
from incidents.engine.symptoms import roots_of
from incidents.services.symptoms import all_symptoms

SAID = "the storage “nas1” was last heard of 5 min ago or more"


@pytest.mark.parametrize(
    ("heard", "silent"),
    [
        pytest.param(timedelta(0), False, id="just heard of"),
        pytest.param(SILENT_AFTER - timedelta(seconds=1), False, id="one second short"),
        pytest.param(SILENT_AFTER, True, id="exactly at the limit"),
        pytest.param(timedelta(minutes=-4), False, id="a clock that is put right"),
        pytest.param(timedelta(minutes=-6), True, id="a time that has not come"),
        pytest.param(None, True, id="never"),
    ],
)
def test_a_storage_falls_silent_at_its_limit(now, heard, silent):
    heard_at = None if heard is None else now - heard
    assert (silent_since(heard_at, now=now) is not None) is silent
    assert bool(why_silent("nas1", heard_at, now=now)) is silent


def _told(now):
    """Of each device all that its verdicts are made of."""
    return {one.device.pk: repr(one.backups) for one in dashboard.fleet(now=now).devices}


@pytest.fixture
def others(now, device):
    """A device beside it; all of both is saved, as was seen now."""
    times = {"first_seen_at": now, "told_at": now, "told_by": "node"}
    other = Device.objects.create(device_id="f" * 32, name="ETHOSCOPE_002", **times)
    for one in (device, other):
        for kind in BackupType:
            facts = BackupFacts(
                backup_type=kind, source_read_at=now, source_count=1, disk_read_at=now, copy_count=1
            )
            backup = Backup.objects.create(device=one, backup_type=kind)
            backup.latest = BackupSnapshot.of_facts(facts, backup=backup, taken_at=now)
            backup.latest.save()
            backup.save()
    return {other.pk}


def test_its_devices_are_unknown_by_its_name_and_others_are_the_same(now, device, others):
    before = _told(now)
    nas = Storage.objects.create(name="nas1", heard_at=now)
    Device.objects.filter(pk=device.pk).update(storage=nas)
    assert _told(now) == before

    Storage.objects.update(heard_at=now - timedelta(minutes=6))
    after, fleet = _told(now), dashboard.fleet(now=now)
    assert {pk for pk in before if before[pk] == after[pk]} == others
    (status,) = [one for one in fleet.devices if one.device.pk == device.pk]
    assert {backup.judgement.rule for backup in status.backups.values()} == {SAID}
    assert (status.verdict, status.risk.blind > 0) == (Verdict.UNKNOWN, True)

    of_it = {CauseKind.STORAGE, CauseKind.UNKNOWN}  # here no beat and no worker lives either
    found = [one for one in all_symptoms(fleet, now=now) if one.kind in of_it]
    (root,) = [one for one in found if one.kind is CauseKind.STORAGE]
    hidden = roots_of(found)
    followers = [one for one in found if hidden.get(one.key) == root.key]
    assert {(one.device, one.kind) for one in followers} == {(device.pk, CauseKind.UNKNOWN)}
    assert root.sentence == SAID

    (part,) = [p for p in watch_state(now=now).outside if "nas1" in p.name]
    assert part.reason == SAID


def test_a_yes_to_wiping_does_not_outlive_what_it_rests_on(on_nas, now):
    made = WipeCertificate(device=on_nas, checked_at=now)
    assert still_holds(made, now=now)
    Storage.objects.update(heard_at=now - timedelta(minutes=5))
    assert not still_holds(made, now=now)


def test_no_run_is_offered_where_nobody_would_do_it(on_nas, now):
    Storage.objects.update(heard_at=now - timedelta(minutes=5))
    assert {offer.why_not for offer in offers_for(on_nas, now=now).values()} == {SAID}


def test_a_fleet_without_storages_asks_no_question_more(device, now, django_assert_num_queries):
    with django_assert_num_queries(3):
        dashboard.fleet(now=now)


def test_a_storage_is_heard_of_by_the_clock_of_who_asked(nas, host, now):
    Storage.objects.update(heard_at=None)
    root = host("nas1")
    storages.tell_of("nas1", asked_at=now, now=now + timedelta(hours=3))
    nas.refresh_from_db()
    assert (nas.heard_at, nas.results_dir) == (now, str(root / "results"))
    assert nas.clock_off_seconds == 3 * 3600
    assert {look.name for look in DiskLook.objects.all()} == {"results of nas1", "videos of nas1"}
    with pytest.raises(storages.NoSuchStorage):
        storages.tell_of("nas9", asked_at=now, now=now)
    host("")
    with pytest.raises(storages.OtherStorage):
        storages.tell_of("nas1", asked_at=now, now=now)


def test_a_host_without_any_data_of_its_own_has_no_disk_to_be_looked_at(on_nas, host, now):
    host("")
    DiskLook.objects.create(folder="results", path="/gone", looked_at=now, error="gone")
    storages.look_at_own_disks(now=now)
    assert not DiskLook.objects.exists()


def test_the_page_of_storages_says_which_is_silent(nas, person, on_nas):
    client: Client = person("devices.view_storage")
    page = client.get("/admin/devices/storage/").content.decode()
    assert "nas1" in page
    assert "was last heard of" in page
