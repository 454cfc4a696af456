"""Which kinds of run a plan asks for, of which devices, and which come first."""

from datetime import timedelta

import pytest

from backups.models import BackupPlan, Recording, ResultCopy, RunKind
from backups.services import runs
from devices.models import Experiment, Storage

AT_ANY_HOUR = {"prove_from": "00:00", "prove_until": "00:00"}
PLANNED = [kind for kind, declared in runs.KINDS.items() if declared.plan]
ALL = {f"{kind}_here": True for kind in PLANNED} | AT_ANY_HOUR


@pytest.fixture(autouse=True)
def _known_here_and_there(device):
    device.address = "10.0.0.5"
    device.save()
    Recording.objects.create(device=device, folder="E/ts", chunk_count=3, size_bytes=9)


@pytest.mark.parametrize("kind", PLANNED)
def test_each_kind_is_made_as_often_as_its_own_fields_say(kind):
    declared = runs.KINDS[kind]
    plan = BackupPlan(**{f"{kind}_here": False, f"{kind}_every": timedelta(hours=7)})
    assert declared.pause(plan) is None
    setattr(plan, f"{kind}_here", True)
    assert declared.pause(plan) == timedelta(hours=7)


@pytest.fixture
def everything_here(db):
    return BackupPlan.objects.create(**ALL)


def with_run_of(writer, device, now, **facts):
    times = {"first_seen_at": now, "listed_at": now}
    return Experiment.objects.create(
        device=device, writer=writer, filename=f"{writer}.db", **times | facts
    )


def planned(now):
    return {run.kind for run in runs.plan_runs(now=now)}


@pytest.mark.parametrize(
    ("writer", "kind"), [("mysql", RunKind.MIRROR), ("sqlite", RunKind.PULL_RESULTS)]
)
def test_databases_are_copied_as_they_are_written(everything_here, device, now, writer, kind):
    with_run_of(writer, device, now)
    assert planned(now) & {RunKind.MIRROR, RunKind.PULL_RESULTS} == {kind}


def test_what_was_never_here_is_not_verified(everything_here, device, now):
    Recording.objects.all().delete()
    assert RunKind.VERIFY not in planned(now)
    ResultCopy.objects.create(
        device=device, filename="a.db", path="a.db", size_bytes=1, modified_at=now,
        first_seen_at=now, inspected_at=now, state="usable",
    )  # fmt: skip
    assert RunKind.VERIFY in planned(now)


def test_what_a_person_wrote_off_is_not_asked_for(everything_here, device, now):
    with_run_of("sqlite", device, now, written_off=True)
    assert RunKind.PULL_RESULTS not in planned(now)


@pytest.mark.parametrize(("address", "is_asked"), [("", False), ("10.0.0.5", True)])
def test_who_may_have_videos_is_asked_where_it_can_be(
    everything_here, device, now, address, is_asked
):
    device.address = address
    device.save()
    assert (RunKind.PULL_VIDEOS in planned(now)) is is_asked


@pytest.fixture
def second_place(db):
    """For copies of what lies on the host of ethonode."""
    return Storage.objects.create(name="nas2", is_second=True)


@pytest.mark.parametrize("kind", PLANNED)
def test_a_kind_that_is_off_is_neither_planned_nor_offered(device, second_place, now, kind):
    BackupPlan.objects.create(**ALL | {f"{kind}_here": False})
    for writer in ("mysql", "sqlite"):
        with_run_of(writer, device, now)
    assert planned(now) == set(PLANNED) - {kind}
    assert runs.kinds_here(device) == set(PLANNED) - {kind}


@pytest.mark.parametrize("kind", PLANNED)
def test_each_kind_has_its_own_pause(device, second_place, a_run, now, kind):
    often = {f"{kind}_here": True, f"{kind}_every": timedelta(hours=3)}
    BackupPlan.objects.create(**often | AT_ANY_HOUR)
    for writer in ("mysql", "sqlite"):
        with_run_of(writer, device, now)
    a_run(kind=kind, state="succeeded", ended_at=now)
    assert planned(now + timedelta(hours=2)) == set()
    assert planned(now + timedelta(hours=3)) == {kind}


def test_kinds_of_one_device_do_not_wait_for_each_other(everything_here, device, ask, now):
    ask(RunKind.VERIFY)
    assert planned(now) == {
        RunKind.PULL_VIDEOS,
        RunKind.PULL_FILES,
        RunKind.LIST_CARD,
        RunKind.PROVE,
    }


def test_copies_come_before_verifications_and_people_before_both(make_device, a_run, now):
    by_clock = {"trigger": "schedule"}
    verify = a_run(device=make_device(1, card_used_percent=99), kind="verify", **by_clock)
    pull = a_run(device=make_device(2), kind="pull_results", **by_clock)
    asked = a_run(device=make_device(3), kind="verify", trigger="person")
    assert runs.due_runs(slots=3, now=now) == [asked.pk, pull.pk, verify.pk]


@pytest.mark.parametrize("kind", RunKind)
def test_each_kind_is_declared_whole(admin_client, kind):
    declared = runs.KINDS[kind]
    assert declared.kind == kind
    assert all((declared.button, declared.question, declared.explained, declared.permission))
    page = admin_client.get("/admin/backups/backupplan/add/").content.decode()
    fields = declared.plan.fields if declared.plan else ()
    assert all(f'name="{field}' in page for field in fields)


@pytest.mark.parametrize("is_second", [False, True])
def test_second_copies_have_a_column_once_there_is_a_place_for_them(admin_client, is_second):
    BackupPlan.objects.create()
    Storage.objects.create(name="nas", is_second=is_second)
    page = admin_client.get("/admin/backups/backupplan/").content.decode()
    assert (RunKind.SECOND_COPY.label in page) is is_second
