"""From rows about a device and its copies to the facts of one backup."""

from datetime import timedelta

import pytest

from backups.engine.facts import BackupType
from backups.models import ResultCopy
from backups.services.facts import DiskReading, database_facts
from devices.models import Experiment

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def run(device, now):
    return Experiment(
        device=device,
        writer="sqlite",
        filename="a.db",
        first_seen_at=now - HOUR,
        listed_at=now,
        changed_at=now,
    )


@pytest.fixture
def copy(device, now):
    def make(**others):
        values = {
            "path": "x/y/a.db",
            "filename": "a.db",
            "writer": "sqlite",
            "size_bytes": 10,
            "modified_at": now,
            "first_seen_at": now,
            "state": "usable",
            "data_at": now - HOUR,
            "finished": True,
            "inspected_at": now,
        }
        return ResultCopy(device=device, **(values | others))

    return make


@pytest.fixture
def facts(device, now):
    def collect(runs=(), copies=(), backup_type=BackupType.SQLITE):
        return database_facts(
            device,
            backup_type,
            experiments=list(runs),
            copies=list(copies),
            disk=DiskReading(read_at=now),
        )

    return collect


def test_a_whole_copy_of_a_listed_run_has_no_problem(facts, run, copy, now):
    seen = facts([run], [copy()])
    assert (seen.missing, seen.behind, seen.unproven, seen.corrupt) == ((), (), (), ())
    assert (seen.source_count, seen.copy_count, seen.size_bytes) == (1, 1, 10)
    assert seen.newest_copy_at == now - HOUR


def test_a_device_that_was_never_read_has_no_count(facts, device):
    device.inventory_read_at = None
    assert facts().source_count is None


def test_a_run_that_a_person_wrote_off_is_not_missed(facts, run):
    run.written_off = True
    assert facts([run]).missing == ()


def test_a_copy_belongs_to_the_type_of_its_run_whatever_it_says_itself(facts, run, copy):
    run.writer = "mysql"
    mistaken = copy(writer="sqlite")
    assert facts([run], [mistaken], BackupType.MYSQL).copy_count == 1
    assert facts([run], [mistaken], BackupType.SQLITE).copy_count == 0


def test_times_of_a_copy_are_moved_from_the_devices_clock_to_ours(facts, device, run, copy, now):
    device.clock_skew_seconds = 3600.0  # it runs an hour ahead
    assert facts([run], [copy(data_at=now)]).newest_copy_at == now - HOUR


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_of_two_copies_of_one_run_the_better_one_counts(facts, run, copy, order):
    copies = [copy(), copy(path="old name/a.db", state="empty", data_at=None, finished=False)]
    assert facts([run], copies[order]).missing == ()


def test_a_device_that_lost_its_list_is_not_believed(facts, copy):
    (unproven,) = facts([], [copy()]).unproven
    assert unproven.reason == "the device lists no run at all, but the disk holds copies of 1"


def test_a_run_that_is_no_longer_listed_is_still_missed(facts, run, device, now):
    run.listed_at = now - 10 * HOUR
    assert facts([run]).missing


def test_a_copy_being_empty_counts_for_its_bytes_only(facts, run, copy):
    seen = facts([run], [copy(state="empty", problem="no tables")])
    assert (seen.copy_count, seen.size_bytes) == (0, 10)
    assert seen.missing[0].reason == "no tables"


def test_a_run_without_a_copy_is_as_old_as_its_start(facts, run, now):
    run.started_at = now - 48 * HOUR
    assert facts([run]).missing[0].since == now - 48 * HOUR


def test_a_run_of_a_clock_in_the_future_is_as_old_as_its_first_sighting(facts, run, now):
    run.started_at = now + 48 * HOUR
    assert facts([run]).missing[0].since == now - HOUR
