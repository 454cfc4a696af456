"""What must hold on every page of the admin."""

import re
from datetime import timedelta
from zlib import compress

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, SolarSchedule
from django_celery_results.models import TaskResult
from knox.models import AuthToken

from backups.models import (
    BackupPlan,
    BackupSnapshot,
    OtherFile,
    QuarantinedVideo,
    Recording,
    RecordingLedger,
    ResultCopy,
    Run,
    VideoScan,
    WipeCertificate,
    WipeQuestion,
)
from devices.models import DeviceGroup, Experiment, NodeStatus, Storage
from ethonode.urls import admin  # which has loaded every page
from incidents.models import Channel, Delivery, Incident, Silence, Subscription

READ_ONLY = [
    "BackupSnapshot",
    "Delivery",
    "Experiment",
    "Incident",
    "NodeStatus",
    "OtherFile",
    "QuarantinedVideo",
    "Recording",
    "RecordingLedger",
    "ResultCopy",
    "Run",
    "DaemonStatus",
    "TaskResult",
    "WipeCertificate",
    "WipeQuestion",
]
MODELS = [
    pytest.param(model, id=f"{model._meta.app_label}.{model.__name__}")
    for model in admin.site._registry
]
ELSEWHERE = re.compile(r"""(?:href|src|action|hx-get|hx-post)=["'](?:https?:)?//(?!testserver)""")


@pytest.fixture
def one_of_each(device, take, services, now, admin_user):
    Experiment.objects.create(
        device=device, writer="sqlite", filename="run.db", first_seen_at=now, listed_at=now
    )
    ResultCopy.objects.create(
        device=device, path="run.db", filename="run.db", size_bytes=1, modified_at=now,
        first_seen_at=now, state="usable", inspected_at=now,
    )  # fmt: skip
    OtherFile.objects.create(
        device=device, name="upload/a", path=b"upload/a", size_bytes=4, first_seen_at=now
    )
    Recording.objects.create(device=device, folder="f", chunk_count=1, size_bytes=1)
    RecordingLedger.objects.create(
        device=device, recording="2026-01-03_10-00-00", first_known_at=now, kind="lost",
        reason="chunk 1 is lost", since=now, at_risk_bytes=9,
    )  # fmt: skip
    VideoScan.objects.create(
        snapshot=take(device, "video"), seconds=0.1, folder_count=2, listed_folder_count=1,
        cached_count=3, fresh_count=1, errors=["one folder cannot be read"],
    )  # fmt: skip
    Run.objects.create(
        device=device, kind="mirror", trigger="person", queued_at=now, not_before=now, log="hello",
        numbers={"tables": [{"table": "ROI_1", "equal": True}], "findings": [{"kind": "holes"}]},
    )  # fmt: skip
    QuarantinedVideo.objects.create(
        device=device, path="a.h264", kept_path="q/a.h264", first_seen_at=now, seen_at=now
    )
    incident = Incident.objects.create(
        key="backup 1", kind="corrupt", severity="critical", device=device, state="open",
        backup_type="sqlite", first_seen_at=now, opened_at=now,
    )  # fmt: skip
    channel = Channel.objects.create(name="lab")
    Delivery.objects.create(
        channel=channel, incident=incident, key="1", event="opened", title="x", created_at=now,
        not_before=now,
    )  # fmt: skip
    Silence.objects.create(starts_at=now, ends_at=now + timedelta(days=1), reason="moving")
    Subscription.objects.create(person=admin_user, channel=channel)
    reasons = compress(b'[{"item":"a","lacks":"a copy","remedy":"prove","says":"no"}]')
    WipeQuestion.objects.create(
        device=device, asked_at=now, answered_at=now, answer="no", reasons=reasons
    )
    WipeCertificate.objects.create(
        number="1", device=device, made_at=now, listed_at=now, item_count=1, size_bytes=1,
        checked_at=now, withdrawn_at=now, withdrawn_why="a chunk came",
    )  # fmt: skip
    BackupPlan.objects.create(mirror_here=True)
    Storage.objects.create(name="nas1")
    NodeStatus.objects.create(asked_at=now, problems=["one entry is skipped"])
    DeviceGroup.objects.create(name="Incubator A")
    Group.objects.create(name="lab")
    AuthToken.objects.create(admin_user)
    TaskResult.objects.create(task_id="1", task_name="x", status="SUCCESS")
    CrontabSchedule.objects.create()
    ClockedSchedule.objects.create(clocked_time=now + timedelta(days=1))
    SolarSchedule.objects.create(event="sunrise", latitude=0, longitude=0)


def pages_of(model, client):
    """Of each model: its list, the page of one, its history, and the form to add one."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    one = model._default_manager.first()
    urls = [reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[one.pk])]
    if model.__name__ not in [*READ_ONLY, "Device"]:
        urls.append(reverse(f"{name}_add"))
    urls.append(reverse(f"{name}_history", args=[one.pk]))
    return [client.get(url, follow=True) for url in urls]


@pytest.mark.parametrize("model", MODELS)
def test_every_page_answers_and_refers_to_no_other_host(admin_client, one_of_each, model):
    for page in pages_of(model, admin_client):
        assert page.status_code == 200
        assert not ELSEWHERE.findall(page.content.decode())


@pytest.mark.parametrize("model", MODELS)
def test_every_page_says_when_the_lab_is_simulated(admin_client, one_of_each, settings, model):
    settings.SIMULATED_LAB = True
    for page in pages_of(model, admin_client):
        assert "Simulated lab: none of this is real data" in page.content.decode()


@pytest.mark.parametrize(
    "url", ["/admin/", "/admin/login/", "/admin/logout/", "/admin/password_change/"]
)
@pytest.mark.parametrize("simulated", [True, False])
def test_so_do_home_login_and_logout_and_only_then(admin_client, client, settings, url, simulated):
    settings.SIMULATED_LAB = simulated
    someone = client if "login" in url else admin_client
    page = someone.post(url) if "logout" in url else someone.get(url)
    assert page.status_code == 200
    assert ("Simulated lab: none of this" in page.content.decode()) is simulated


@pytest.mark.parametrize(
    "model", [param for param in MODELS if param.values[0].__name__ in READ_ONLY]
)
def test_facts_are_read_only_even_to_a_superuser(admin_client, one_of_each, model):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    one = model._default_manager.first()
    assert admin_client.get(reverse(f"{name}_add")).status_code == 403
    assert admin_client.post(reverse(f"{name}_change", args=[one.pk]), {}).status_code == 403
    assert admin_client.post(reverse(f"{name}_delete", args=[one.pk])).status_code == 403


def test_the_walk_finds_the_models():
    assert len(MODELS) >= 16


def test_leases_and_claims_have_no_pages():
    names = {model.__name__ for model in admin.site._registry}
    assert not names & {"Lease", "Claim", "VideoScan", "GroupResult"}


def test_a_snapshot_of_videos_shows_how_the_scan_went(admin_client, one_of_each):
    snapshot = BackupSnapshot.objects.get()
    page = admin_client.get(f"/admin/backups/backupsnapshot/{snapshot.pk}/change/")
    text = page.content.decode()
    assert "hit ratio 75.0%" in text
    assert "one folder cannot be read" in text


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_of_snapshots_takes_the_same_queries_for_many(
    admin_client, device, take, django_assert_max_num_queries, count
):
    for _ in range(count):
        take(device)
    with django_assert_max_num_queries(8 + 7):  # those of the banner and the bell
        admin_client.get("/admin/backups/backupsnapshot/")


def test_the_sidebar_shows_only_what_a_person_may_see(person):
    page = person("devices.view_device").get("/admin/").content.decode()
    assert "/admin/devices/device/" in page
    assert "/admin/auth/user/" not in page
