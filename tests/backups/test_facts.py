"""From rows about a device and its copies to the facts of one backup."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backups.engine.ahead import newest_reading
from backups.engine.facts import BackupType
from backups.models import CardListing, ExperimentState, ResultCopy
from backups.services.experiments import MOST_TELLINGS, store_states
from backups.services.facts import Databases, DiskReading, compared, database_facts
from backups.services.server_counts import _to_count
from benchmarks.measures import counted_steps
from devices.models import Device, Experiment, Telling

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def experiment(device, now):
    return device.experiments.create(
        writer="sqlite",
        filename="a.db",
        first_seen_at=now - HOUR,
        listed_at=now,
        changed_at=now - HOUR,
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
            "rows": {"ROI_1": [100, 100]},
            "finished": True,
            "fingerprint": "f",
            "verified_fingerprint": "f",
            "verified_at": now,
            "inspected_at": now,
        }
        return ResultCopy.objects.create(device=device, **(values | others))

    return make


@pytest.fixture
def facts(device, now):
    def collect(backup_type=BackupType.SQLITE, *, at=None):
        copies = list(ResultCopy.objects.filter(device=device))
        databases = Databases.of(device, copies, DiskReading(read_at=at or now), now=at or now)
        comparison = compared(databases, backup_type)
        store_states(databases, [comparison], now=at or now)
        return database_facts(databases, backup_type, comparison)

    return collect


def test_a_whole_copy_of_a_listed_experiment_has_no_problem(facts, experiment, copy, now):
    copy()
    seen = facts()
    assert not seen.has_problems
    assert (seen.source_count, seen.copy_count, seen.size_bytes) == (1, 1, 10)
    assert (seen.newest_copy_at, seen.proofs) == (now, {"counted": 1})
    state = experiment.state
    assert (state.proof, state.kind, state.copy.path) == ("counted", "", "x/y/a.db")


def test_a_device_that_was_never_read_has_no_count(facts, device):
    device.inventory_read_at = None
    assert facts().source_count is None


def test_an_experiment_that_a_person_wrote_off_is_counted_and_not_missed(facts, experiment):
    facts()
    experiment.written_off = True
    experiment.save()
    seen = facts()
    assert (seen.missing, seen.source_count, seen.written_off_count) == ((), 0, 1)
    assert not ExperimentState.objects.exists()


def test_a_copy_belongs_to_the_type_of_its_experiment_whatever_it_says_itself(
    facts, experiment, copy
):
    experiment.writer = "mysql"
    experiment.save()
    copy(writer="sqlite")
    assert facts(BackupType.MYSQL).copy_count == 1
    assert facts(BackupType.SQLITE).copy_count == 0


@pytest.mark.parametrize("first", ["aa", "zz"])
def test_of_two_copies_of_one_experiment_the_better_one_counts(facts, experiment, copy, first):
    copy()
    copy(path=f"{first}/a.db", state="empty", finished=False)
    assert not facts().has_problems


def test_a_device_that_lost_its_list_is_not_believed(facts, copy):
    copy()
    (unproven,) = facts().unproven
    assert (
        unproven.reason == "the device lists no experiment at all, but the disk holds copies of 1"
    )


def test_an_experiment_that_is_no_longer_listed_is_still_missed(facts, experiment, now):
    experiment.listed_at = now - 10 * HOUR
    experiment.save()
    assert facts().missing


def test_what_is_no_longer_on_the_device_and_not_here_is_lost(facts, experiment, now):
    experiment.gone_at, experiment.gone_reason = now, "purged"
    experiment.save()
    (lost,) = facts().lost
    assert lost.reason == "purged; the disk holds no copy"
    assert facts().risk.items == 0  # what is lost is at no risk any more


def test_an_empty_copy_counts_for_its_bytes_only(facts, experiment, copy):
    copy(state="empty", problem="no tables")
    seen = facts()
    assert (seen.copy_count, seen.size_bytes) == (0, 10)
    assert seen.missing[0].reason == "no tables"


@pytest.mark.parametrize(
    ("started", "clock_off", "age"),
    [
        pytest.param(-48, None, 48, id="as old as its start"),
        pytest.param(-48, 299.0, 48, id="by a clock that was right"),
        pytest.param(-48, -301.0, 1, id="a clock that was behind moves nothing"),
        pytest.param(-48, 9e9, 1, id="nor one that was ahead"),
        pytest.param(48, None, 1, id="a start in the future is none"),
        pytest.param(-24 * 365 * 20, None, 1, id="nor one before the first ethoscope"),
        pytest.param(None, None, 1, id="a name without a start"),
    ],
)
def test_an_experiment_without_a_copy_is_as_old_as_can_be_believed(
    facts, experiment, now, started, clock_off, age
):
    experiment.started_at = None if started is None else now + started * HOUR
    experiment.clock_off_seconds = clock_off
    experiment.save()
    assert facts().missing[0].since == now - age * HOUR


def tell(experiment, at, highest, *, count=None, **others):
    rows = {"ROI_1": [highest, count]}
    Telling.objects.create(experiment=experiment, told_at=at, told_by="node", rows=rows, **others)


def test_a_copy_is_held_against_all_that_was_told_and_the_last_that_it_holds_counts(
    facts, experiment, copy, now
):
    copy(finished=False)
    for minutes, highest in ((50, 90), (40, 100), (30, 101), (20, 500)):
        tell(experiment, now - minutes * MINUTE, highest)
    (behind,) = facts().behind
    assert (behind.since, behind.rows) == (now - 40 * MINUTE, 400)
    assert experiment.tellings.count() == 3  # what was reached before that proves no more


def test_what_was_once_held_is_remembered_when_its_telling_is_forgotten(
    facts, experiment, copy, now
):
    kept = copy(finished=False)
    tell(experiment, now - 40 * MINUTE, 100)
    facts()
    experiment.tellings.all().delete()
    tell(experiment, now, 300)
    assert facts().behind[0].since == now - 40 * MINUTE
    kept.delete()
    assert facts().missing[0].since == now - HOUR


def test_tellings_that_no_copy_reaches_are_thinned_and_the_first_and_last_stay(
    facts, experiment, copy, now
):
    copy(rows={})
    for minutes in range(MOST_TELLINGS + 9):
        tell(experiment, now + minutes * MINUTE, 1000 + minutes)
    before = list(experiment.tellings.values_list("told_at", flat=True))
    facts()
    after = list(experiment.tellings.values_list("told_at", flat=True))
    assert len(after) <= MOST_TELLINGS
    assert (after[0], after[-1]) == (before[0], before[-1])


def test_a_count_of_the_devices_server_after_the_end_proves_a_mirrored_copy(
    facts, experiment, copy, now
):
    experiment.writer = "mysql"
    experiment.save()
    copy(writer="mysql")
    assert facts(BackupType.MYSQL).unproven
    tell(experiment, now, 100, count=100, final=True)
    assert facts(BackupType.MYSQL).proofs == {"counted": 1}
    assert facts(BackupType.MYSQL).proofs == {"counted": 1}  # and is not forgotten


def test_two_hundred_problems_are_all_known_and_counted(facts, device, now):
    for number in range(200):
        device.experiments.create(
            writer="sqlite", filename=f"{number}.db", first_seen_at=now, listed_at=now
        )
    seen = facts()
    assert (len(seen.missing), seen.counts) == (200, {"missing": 200})
    assert ExperimentState.objects.filter(kind="missing").count() == 200


AHEAD = 9 * HOUR  # by a clock that has been set right since


def test_what_a_clock_that_was_ahead_saw_held_is_dated_anew(facts, experiment, copy, now):
    copy(finished=False)
    experiment.growing, experiment.changed_at = True, now
    experiment.rows_told_at, experiment.told_rows = now - MINUTE, {"ROI_1": [100, None]}
    experiment.save()
    facts()
    ExperimentState.objects.update(held_at=now + AHEAD)
    (lagging,) = facts().lagging
    assert lagging.since == now - MINUTE
    assert experiment.state.held_at == now - MINUTE


def test_what_was_told_by_a_clock_that_was_ahead_is_to_be_held_and_dates_nothing(
    facts, experiment, copy, now
):
    copy(finished=False, proven_fingerprint="f", proven_at=now)
    tell(experiment, now - 40 * MINUTE, 100)
    tell(experiment, now + AHEAD, 100, count=100, final=True)
    assert facts().proofs == {"equal": 1}
    experiment.changed_at = now + MINUTE
    experiment.save()
    (behind,) = facts(at=now + 2 * MINUTE).behind  # nor is it a proof of what grew later
    assert behind.since == now
    tell(experiment, now + AHEAD, 500)
    (behind,) = facts(at=now + 2 * MINUTE).behind
    assert behind.rows == 400


@pytest.mark.parametrize("proof", ["proven", "verified"])
def test_a_proof_of_a_time_that_has_not_come_is_none(facts, experiment, copy, now, proof):
    """The experiment may have gone on since, as far as anybody can tell."""
    seen = {f"{proof}_fingerprint": "f", f"{proof}_at": now + AHEAD}
    copy(**({"verified_fingerprint": ""} | seen))
    assert facts().proofs == {}
    assert facts().unproven


def test_a_listing_of_a_time_that_has_not_come_hides_no_later_reading(
    facts, experiment, device, now
):
    device.inventory_read_at = now
    card = CardListing(device=device, began_at=now + AHEAD, file_count=0, size_bytes=0)
    card.folder_count, card.head, card.packed = 0, {}, b""
    card.save()
    assert facts().source_read_at == now
    device.inventory_read_at = None
    assert facts().source_read_at == now + AHEAD  # and the verdict says so


def test_the_newest_reading_is_one_that_has_come_where_there_is_one(now):
    assert newest_reading([None, now - HOUR, now, now + AHEAD], now=now) == now
    assert newest_reading([now + AHEAD, None], now=now) == now + AHEAD
    assert newest_reading([None], now=now) is None


def test_what_is_found_as_it_was_is_not_written_anew_and_says_when_it_was_seen(
    facts, device, copy, now
):
    """However many experiments a device ever had, a look writes what it found to have changed."""
    for number in range(30):
        device.experiments.create(
            writer="sqlite", filename=f"{number}.db", first_seen_at=now - HOUR, listed_at=now
        )
        copy(path=f"{number}.db", filename=f"{number}.db")
    facts()
    ResultCopy.objects.filter(filename="7.db").update(damage="it shrank", damaged_at=now)
    with CaptureQueriesContext(connection) as asked:
        facts(at=now + MINUTE)
    (written,) = [one["sql"] for one in asked if one["sql"].startswith("INSERT")]
    assert written.count("it shrank") == 1
    assert len(written) < 2000  # one row
    states = ExperimentState.objects.all()
    assert set(states.values_list("looked_at", flat=True)) == {now + MINUTE}
    assert states.get(kind="corrupt").experiment.filename == "7.db"


def test_a_copy_that_is_another_one_now_is_written_though_all_else_is_the_same(
    facts, experiment, copy
):
    first = copy()
    facts()
    first.delete()
    second = copy(path="z/y/a.db")
    facts()
    experiment.state.refresh_from_db()
    assert experiment.state.copy == second


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite counts its steps")
def test_what_other_devices_ever_had_costs_nobody_anything(device, now):
    def steps():
        with counted_steps() as counted:
            assert list(_to_count(device, now=now)) == [mine]
        return counted.hundreds

    facts = {"writer": "mysql", "first_seen_at": now - HOUR, "listed_at": now}
    mine = device.experiments.create(filename="mine.db", **facts)
    few = steps()
    told = {"first_seen_at": now, "told_at": now, "told_by": "node"}
    other = Device.objects.create(device_id="f" * 32, **told)
    theirs = Experiment.objects.bulk_create(
        [Experiment(device=other, filename=f"{n}.db", **facts) for n in range(1000)]
    )
    ExperimentState.objects.bulk_create(
        [ExperimentState(experiment=one, looked_at=now, asked_at=now) for one in theirs]
    )
    Telling.objects.bulk_create(
        [Telling(experiment=one, told_at=now, rows={}, final=True) for one in theirs]
    )
    assert steps() <= few + 1
