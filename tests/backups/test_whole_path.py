"""The main job, end to end: node, services and disk, to facts, to verdicts."""

from datetime import timedelta

import pytest

from backups import dashboard
from backups.models import BackupSnapshot, DaemonStatus
from backups.services import snapshots
from devices.models import Device
from devices.services import refresh_devices
from tests.backups.cycles import cycle, lab_now, verdicts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]
MINUTE = timedelta(minutes=1)
TTL = timedelta(minutes=20)


def device_of(lab, kind):
    return next(device for device in lab.devices if device.kind == kind)


def test_every_device_gets_a_snapshot_of_each_of_its_backups(lab):
    cycle(lab_now(lab))
    assert BackupSnapshot.objects.count() == 3 * len(lab.devices)
    assert {status.device.device_id for status in dashboard.fleet(now=lab_now(lab)).devices} == {
        device.device_id for device in lab.devices
    }


def test_both_services_are_available(lab):
    cycle(lab_now(lab))
    assert [status.answered for status in DaemonStatus.objects.all()] == [True, True]


def test_an_experiment_whose_rows_the_device_tells_is_protected(lab):
    cycle(lab_now(lab))
    found = verdicts(lab_now(lab))[device_of(lab, "sqlite").name]
    assert (found["mysql"], found["sqlite"]) == ("none", "protected")


def test_a_firmware_that_tells_no_rows_of_what_it_writes_leaves_it_unknown(lab):
    cycle(lab_now(lab))
    assert verdicts(lab_now(lab))[device_of(lab, "old").name]["sqlite"] == "unknown"


def test_a_firmware_that_lists_the_names_of_its_videos_leaves_them_unknown(lab):
    cycle(lab_now(lab))
    assert verdicts(lab_now(lab))[device_of(lab, "old").name]["video"] == "unknown"


@pytest.mark.parametrize(
    ("fault", "kind", "expected"),
    [
        ("corrupt-copy", "sqlite", "corrupt"),
        ("missing-copy", "sqlite", "missing"),
        ("behind-copy", "sqlite", "stale"),
        ("tableless-copy", "sqlite", "missing"),
        ("zero-byte-copy", "sqlite", "missing"),
        ("empty-inventory", "sqlite", "unknown"),
        ("missing-inventory", "sqlite", "unknown"),
    ],
)
def test_each_trap_is_seen_for_what_it_is(lab, fault, kind, expected):
    (struck,) = lab.faults.switch_on(fault, device=device_of(lab, "sqlite").name)
    cycle(lab_now(lab))
    lab.tick(60)  # a frozen lab would repeat its answers, and those are not believed
    cycle(lab_now(lab))
    assert verdicts(lab_now(lab))[struck.name][kind] == expected


def test_a_chunk_that_only_the_device_has_is_missing(lab):
    old = device_of(lab, "old")
    next((lab.videos_dir / old.device_id).rglob("*.h264")).unlink()
    cycle(lab_now(lab))
    later = lab_now(lab) + timedelta(hours=24)
    refresh_and_look(lab, old, later)
    assert verdicts(later)[old.name]["video"] == "missing"


def refresh_and_look(lab, simulated, now):
    lab.tick(60)
    refresh_devices(now=now)
    device = Device.objects.get(device_id=simulated.device_id)
    snapshots.take_snapshot(device, now=now)


def test_a_device_that_records_without_files_is_found_out(lab):
    (struck,) = lab.faults.switch_on("no-files-recording")
    start = lab_now(lab)
    cycle(start)
    lab.tick(3600)
    later = start + timedelta(hours=25)
    refresh_and_look(lab, struck, later)
    assert verdicts(later)[struck.name]["video"] in {"missing", "stale", "unknown"}


def test_services_that_claim_completed_over_missing_data_are_contradicted(lab):
    (struck,) = lab.faults.switch_on("missing-copy")
    cycle(lab_now(lab))
    findings = BackupSnapshot.objects.exclude(findings=[]).values_list(
        "backup__device__name", "findings"
    )
    assert any(
        name == struck.name and "service says “completed”" in text
        for name, lines in findings
        for text in lines
    )


def test_with_node_and_services_dead_evidence_ages_into_unknown_at_its_time(lab):
    start = lab_now(lab)
    cycle(start)
    protected = {name for name, found in verdicts(start).items() if "protected" in found.values()}
    for service in ("node", "mysql", "rsync"):
        lab.kill(service)
    for device in lab.devices:
        lab.turn_off(device)
    cycle(start + 10 * MINUTE)
    assert not any(status.answered for status in DaemonStatus.objects.all())
    before, after = verdicts(start + TTL - timedelta(seconds=1)), verdicts(start + TTL)
    assert {name for name, found in before.items() if "protected" in found.values()} == protected
    assert protected
    assert not any("protected" in found.values() for found in after.values())


@pytest.mark.parametrize("tree", ["videos_dir", "results_dir"])
def test_a_device_whose_folder_cannot_be_read_says_so_and_the_others_are_right(lab, tree):
    cycle(lab_now(lab))
    before = verdicts(lab_now(lab))
    broken = device_of(lab, "old")
    folder = getattr(lab, tree) / broken.device_id
    folder.rename(folder.with_suffix(".aside"))
    folder.write_text("a file where a folder was")
    lab.tick(60)
    now = lab_now(lab)
    cycle(now)
    after = verdicts(now)
    assert "unknown" in after.pop(broken.name).values()
    before.pop(broken.name)
    assert after == before


@pytest.mark.parametrize("tree", ["videos_dir", "results_dir"])
def test_a_tree_that_is_gone_makes_all_unknown_and_forgets_nothing(lab, tree):
    cycle(lab_now(lab))
    held = sum(BackupSnapshot.objects.values_list("copy_count", flat=True))
    getattr(lab, tree).rename(getattr(lab, tree).with_suffix(".unmounted"))
    lab.tick(60)
    now = lab_now(lab)
    cycle(now)
    kinds = {"videos_dir": {"video"}, "results_dir": {"mysql", "sqlite"}}[tree]
    shown = {found[kind] for found in verdicts(now).values() for kind in kinds}
    assert shown <= {"unknown", "none"}  # what never was is not made worse
    assert "unknown" in shown
    again = BackupSnapshot.objects.filter(taken_at=now).values_list("copy_count", flat=True)
    assert sum(again) == held


def test_a_snapshot_that_was_due_is_taken_once(lab):
    now = lab_now(lab)
    cycle(now)
    device = Device.objects.first()
    assert snapshots.take_snapshot(device, now=now + MINUTE, due_at=now) == []
    assert len(snapshots.take_snapshot(device, now=now + MINUTE, due_at=now + MINUTE)) == 3


@pytest.mark.parametrize(
    "fault",
    ["cut", "half-written", "non-json", "http-500", "error-200", "refused", "hung", "oversized"],
)
@pytest.mark.parametrize("target", ["node", "mysql", "rsync"])
def test_an_answer_that_cannot_be_read_costs_no_stored_fact(lab, site, fault, target):
    site.NODE_TIMEOUT = site.SERVICE_TIMEOUT = timedelta(seconds=0.5)
    cycle(lab_now(lab))
    before = verdicts(lab_now(lab))
    lab.faults.switch_on(fault, target=target)
    lab.tick(60)
    cycle(lab_now(lab))
    assert verdicts(lab_now(lab)) == before


@pytest.mark.parametrize(
    "fault", ["wrong-types", "nan", "deep-nesting", "evil-ids", "long-names", "future-times"]
)
@pytest.mark.parametrize("target", ["node", "mysql", "rsync"])
def test_a_strange_answer_never_makes_a_verdict_better(lab, fault, target):
    lab.faults.switch_on("corrupt-copy", device=device_of(lab, "sqlite").name)
    lab.faults.switch_on("missing-copy", device=device_of(lab, "old").name)
    cycle(lab_now(lab))
    green = {
        (name, kind)
        for name, found in verdicts(lab_now(lab)).items()
        for kind, verdict in found.items()
        if verdict == "protected"
    }
    lab.faults.switch_on(fault, target=target)
    lab.tick(60)
    cycle(lab_now(lab))
    still = verdicts(lab_now(lab))
    assert {
        (name, kind)
        for name, found in still.items()
        for kind, verdict in found.items()
        if verdict == "protected"
    } <= green
    assert all("/" not in device.device_id for device in Device.objects.all())
