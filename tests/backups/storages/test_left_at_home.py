"""What a move from the host of ethonode itself left there: shown, and deleted where it is equal."""

import os

import pytest
from django.utils import timezone

from backups import routes
from backups.models import DiskLook, Run, RunKind, RunState, RunTrigger
from backups.services import left_copies, runs, storages
from backups.services.left_copies import keep_left
from backups.services.runs import clear
from backups.services.runs.places import done_at
from backups.services.runs.ways import refuse_the_same
from devices.models import Device, Storage
from devices.models.storage import MAIN
from tests.backups.storages.moves import START, files_of, flip, move, place_of, state_of


def test_no_copy_is_deleted_through_another_path_to_itself(left, tmp_path, settings):
    """What both hosts see by different paths lies there once."""
    for folder in ("results", "videos"):
        (tmp_path / "here" / folder).rename(tmp_path / f"was-{folder}")
        (tmp_path / "here" / folder).mkdir()
        for path in (tmp_path / "nas1" / folder).rglob(f"*{START}*.*"):
            twin = tmp_path / "here" / folder / path.relative_to(tmp_path / "nas1" / folder)
            twin.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, twin)
    run = move(left, RunKind.CLEAR)
    assert "is the same file on both hosts" in run.error
    assert len(files_of(tmp_path / "here")) == len(files_of(tmp_path / "nas1")) == 3


def test_what_was_left_is_shown_and_no_second_move_begins(left, admin_client, person):
    Device.objects.update(goes_to=Storage.objects.create(name="nas2"))
    page = admin_client.get(f"/admin/devices/device/{left.pk}/change/").content.decode()
    assert f"<dd>{MAIN}, from where they were moved" in page
    assert "Leave them there" in page
    assert "Delete what the move left" in page
    assert "Move its data" not in page
    told = person("devices.view_device").get(f"/api/v1/devices/{left.device_id}/").json()
    assert (told["places"][0]["storage"], told["goes_to"], told["left"]) == ("nas1", "nas2", MAIN)


def test_a_second_move_is_refused_until_it_is_cleared(left, host):
    now = timezone.now()
    host("nas2")
    Device.objects.update(goes_to=Storage.objects.create(name="nas2"))
    left.refresh_from_db()
    assert f"left on {MAIN} is to be deleted first" in move(left).error
    host("")
    assert move(left, RunKind.CLEAR).error == ""
    left.refresh_from_db()
    host("nas1")
    storages.tell_of("nas1", asked_at=now, now=now)
    host("nas2")
    assert move(left).error == ""
    assert (place_of(left), left.still_kept_on) == ("nas2", "nas1")


def test_what_was_left_is_deleted_only_when_it_is_equal(left, tmp_path):
    flip(tmp_path / "nas1")
    assert "are not as there" in move(left, RunKind.CLEAR).error
    assert len(files_of(tmp_path / "here")) == 3
    flip(tmp_path / "nas1")
    assert move(left, RunKind.CLEAR).error == ""
    assert (files_of(tmp_path / "here"), len(files_of(tmp_path / "nas1"))) == ({}, 3)
    assert state_of(left) == ("nas1", "")


@pytest.mark.parametrize("folder", ["results", "cards"])
def test_what_lies_there_alone_is_not_deleted(left, tmp_path, folder):
    """Also in a folder that the storage has not told of."""
    alone = tmp_path / "here" / folder / left.device_id / "alone"
    alone.parent.mkdir(parents=True, exist_ok=True)
    alone.write_bytes(b"nowhere else")
    assert "1 files lie here alone" in move(left, RunKind.CLEAR).error
    assert len(files_of(tmp_path / "here")) == 4
    assert state_of(left) == ("nas1", MAIN)


@pytest.mark.parametrize("folder", ["results", "videos"])
def test_what_was_left_is_not_forgotten_while_its_disk_is_away(left, tmp_path, folder):
    (tmp_path / "here" / folder).rename(tmp_path / "away")
    (tmp_path / "here" / folder).mkdir()
    assert "mounted" in move(left, RunKind.CLEAR).error
    assert state_of(left) == ("nas1", MAIN)


def test_a_storage_whose_folders_are_called_alike_is_to_be_reached_by_ssh(left, nas):
    """Nothing tells its folders from those here, in which all that was left is."""
    for look in DiskLook.objects.filter(storage=None):
        DiskLook.objects.filter(storage=nas, folder=look.folder).update(path=look.path)
    assert "or others of the same paths: then say" in move(left, RunKind.CLEAR).error
    assert state_of(left) == ("nas1", MAIN)


def test_it_is_cleared_by_the_worker_of_the_one_host(left, nas, host):
    now = timezone.now()
    run = runs.request_run(left, RunKind.CLEAR, trigger=RunTrigger.PERSON, now=now)
    assert (run.on_main, run.place) == (True, None)
    assert routes.by_storage("backups.tasks.run_backup", (run.pk,), {}, {}) == {"queue": "celery"}
    assert Run.objects.filter(done_at(None), pk=run.pk).exists()
    assert not Run.objects.filter(done_at(nas), pk=run.pk).exists()
    Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING, heartbeat_at=now)
    assert runs.due_runs(slots=1, now=now) == []
    Run.objects.filter(pk=run.pk).update(state=RunState.QUEUED)
    host("nas1")
    refused = runs.perform(run.pk, clock=timezone.now)
    assert "and this is the storage “nas1”" in refused.error
    assert Run.objects.get(attempt=2).on_main


def test_a_person_may_leave_it_there_and_then_it_moves_on(left, person, host, tmp_path):
    """What grew where it is in use never is again as it was left: no run could delete it."""
    path = next((tmp_path / "nas1").rglob("*.h264"))
    path.write_bytes(path.read_bytes() + b"more")
    assert "are not as here" in move(left, RunKind.CLEAR).error
    page = f"/admin/devices/device/{left.pk}/keep-left/"
    assert person("devices.view_device").post(page).status_code in {302, 403}
    left.refresh_from_db()
    assert left.still_kept_on == MAIN
    keeper = person("devices.view_device", "devices.delete_left")
    said = keeper.post(f"/api/v1/devices/{left.device_id}/keep_left/", {"reason": "by hand"})
    assert (said.status_code, Device.objects.get(pk=left.pk).still_kept_on) == (200, "")
    assert Device.history.first().history_change_reason == "by hand"
    assert len(files_of(tmp_path / "here")) == 3
    again = keeper.post(f"/api/v1/devices/{left.device_id}/keep_left/")
    assert (again.status_code, again.json()["detail"]) == (409, "No move has left anything of it.")


def test_what_is_just_being_deleted_is_not_left_there(left, admin_client):
    Run.objects.create(
        device=left, kind=RunKind.CLEAR, trigger=RunTrigger.PERSON, state=RunState.RUNNING,
        queued_at=timezone.now(), not_before=timezone.now(),
    )  # fmt: skip
    page = f"/admin/devices/device/{left.pk}/"
    answer = admin_client.post(f"{page}keep-left/", follow=True)
    assert "cancel that run first" in answer.content.decode()
    left.refresh_from_db()
    assert left.still_kept_on == MAIN


def test_who_says_in_the_midst_of_it_that_they_stay_loses_none(left, tmp_path, monkeypatch):
    """After all is proven, and before the first is deleted."""

    def proven_and_then(found):
        refuse_the_same(found)
        keep_left(Device.objects.get(pk=left.pk), by=None)

    monkeypatch.setattr(clear, "refuse_the_same", proven_and_then)
    monkeypatch.setattr(
        left_copies, "OPEN_STATES", ()
    )  # it was asked for after who asks had looked
    assert "said that they stay" in move(left, RunKind.CLEAR).error
    assert len(files_of(tmp_path / "here")) == 3
