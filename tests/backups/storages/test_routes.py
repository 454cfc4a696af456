"""What touches files goes to the storage on which they lie, by whichever way it is queued."""

from datetime import timedelta

import pytest
from celery import chain

from backups import routes, tasks
from backups.models import Run, RunKind, RunState, RunTrigger
from backups.services import runs, snapshots, storages
from devices.models import Device, DeviceGroup, Storage
from devices.tasks import refresh_devices
from ethonode.celery import app

pytestmark = pytest.mark.django_db
# All that have nothing to do with any file of a copy. Who adds a task says which it is.
NO_FILES = {
    "backups.tasks.ask_storages", "backups.tasks.check_daemons", "backups.tasks.reap_runs",
    "backups.tasks.refresh_all", "backups.tasks.start_due_runs", "backups.tasks.take_snapshots",
    "backups.tasks.thin_snapshots", "devices.tasks.read_cards", "devices.tasks.refresh_devices",
    "incidents.tasks.send_to_channel", "incidents.tasks.send_waiting", "incidents.tasks.stand_by",
    "incidents.tasks.watch", "installation.tasks.check_setup", "installation.tasks.save_state",
    "installation.tasks.tidy",
}  # fmt: skip


@pytest.fixture
def waiting(queue):
    """The names of the tasks that wait for the worker of the NAS."""

    def names():
        with app.connection_for_write() as connection, connection.channel() as channel:
            bound = app.amqp.queues[routes.queue_of("nas1")](channel)
            bound.declare()
            found = []
            while message := bound.get(no_ack=True):
                found.append(message.headers["task"].rpartition(".")[2])
            return found

    names()
    return names


@pytest.fixture
def request_run(on_nas, now):
    def request(kind=RunKind.VERIFY, **more):
        return runs.request_run(on_nas, kind, trigger=RunTrigger.PERSON, now=now, **more)

    return request


def test_every_task_is_known_to_touch_files_or_not():
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == NO_FILES | set(routes.FILE_TASKS)


def test_no_task_on_files_of_a_storage_goes_anywhere_else(on_nas, waiting, queue, request_run):
    run = request_run()
    tasks.take_snapshot.delay(on_nas.device_id, "2026-11-22T12:00:00+00:00")
    tasks.take_snapshot.apply_async((on_nas.device_id, "2026-11-22T12:00:00+00:00"), expires=10)
    app.send_task("backups.tasks.run_backup", (run.pk,))
    tasks.tell_of_storage.delay("nas1", "2026-11-22T12:00:00+00:00")
    assert waiting() == ["take_snapshot", "take_snapshot", "run_backup", "tell_of_storage"]
    assert queue() == []


def test_the_last_of_a_chain_goes_there_too(on_nas, broker):
    look = tasks.take_snapshot.si(on_nas.device_id, "2026-11-22T12:00:00+00:00")
    sent = chain(refresh_devices.si(), look).tasks[1]
    assert routes.by_storage(sent.task, sent.args, {}, {})["queue"] == "storage.nas1"


def test_a_cycle_sends_each_device_to_its_own(on_nas, waiting, queue, host, make_another):
    host("")
    make_another("0" * 32)
    assert tasks.take_snapshots() == "2 queued"
    assert waiting() == ["take_snapshot"]
    assert queue() == ["backups.tasks.take_snapshot"]


@pytest.fixture
def make_another(now):
    def make(device_id, **more):
        times = {"first_seen_at": now, "told_at": now, "told_by": "node"}
        return Device.objects.create(device_id=device_id, **times, **more)

    return make


def test_a_run_that_another_storage_has_to_do_goes_to_that_one(on_nas, request_run):
    other = Storage.objects.create(name="nas2")
    run = request_run()
    Run.objects.filter(pk=run.pk).update(storage=other)
    assert routes.by_storage("backups.tasks.run_backup", (run.pk,), {}, {}) == {
        "queue": "storage.nas2"
    }


def test_what_waits_for_a_silent_storage_does_not_pile_up(on_nas, waiting, queue, nas, now):
    Storage.objects.update(heard_at=now - timedelta(days=1))
    for _ in range(3):
        tasks.take_snapshot.delay(on_nas.device_id, "2026-11-22T12:00:00+00:00")
        assert tasks.ask_storages() == "1 asked"
    assert waiting() == ["tell_of_storage"]


def test_a_worker_does_nothing_for_a_device_of_another_storage(on_nas, host, request_run, now):
    host("nas2")
    with pytest.raises(storages.OtherStorage, match="lie on the storage “nas1”, and this is the"):
        snapshots.take_snapshot(on_nas, now=now)
    run = runs.perform(request_run().pk, clock=lambda: now, slots=1)
    assert (run.state, run.error) == (
        RunState.FAILED,
        f"the files of {on_nas} lie on the storage “nas1”, and this is the storage “nas2”",
    )
    assert Run.objects.filter(attempt=2, state=RunState.QUEUED).exists()


def test_each_storage_has_slots_of_its_own(on_nas, nas, now, make_another, request_run):
    Storage.objects.update(parallel_runs=1)
    others = [make_another(f"{n}" * 32) for n in (1, 2)]
    for device in others:
        runs.request_run(device, RunKind.VERIFY, trigger=RunTrigger.PERSON, now=now)
    there = [request_run(kind).pk for kind in (RunKind.VERIFY, RunKind.PROVE)]
    assert len(runs.due_runs(slots=1, now=now)) == 2
    Run.objects.filter(pk=there[0]).update(state=RunState.RUNNING, heartbeat_at=now)
    assert len(runs.due_runs(slots=1, now=now)) == 1
    Storage.objects.update(heard_at=now - timedelta(minutes=5), parallel_runs=9)
    assert set(runs.due_runs(slots=9, now=now)).isdisjoint(there)


def test_new_devices_go_where_their_group_or_a_pattern_says(nas, make_another, now):
    second = Storage.objects.create(name="nas2", pattern="ethoscope_0* VIR*")
    group = DeviceGroup.objects.create(name="Incubator", storage=nas)
    named = make_another("a" * 32, name="ETHOSCOPE_012")
    grouped = make_another("b" * 32, name="ETHOSCOPE_013", group=group)
    other = make_another("c" * 32, name="SLEEPER")
    held = make_another("VIR" + "d" * 12, name="OLD")
    held.recordings.create(folder="2026", chunk_count=1, size_bytes=1)
    assert storages.place_new_devices() == 2
    places = dict(Device.objects.values_list("pk", "storage__name"))
    assert places == {
        named.pk: second.name, grouped.pk: "nas1", other.pk: None, held.pk: None
    }  # fmt: skip


def test_without_any_storage_no_place_is_looked_for(device, host, queue, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert storages.place_new_devices() == 0
    assert routes.queue_for(device) == "celery"
