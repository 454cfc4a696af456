"""Whether ethonode itself has looked: one function, which all pages go by."""

from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django.utils.html import strip_tags
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult

from backups.models import DaemonStatus, DiskLook, Run
from backups.services.disk_looks import look_at_disks
from backups.watch_state import watch_state
from devices.models import NodeStatus
from tests.backups.cycles import at_work
from tests.nodes import a_node

pytestmark = pytest.mark.django_db
BANNER = "ethonode itself has not looked"


@pytest.fixture
def now():
    """Pages go by the real clock."""
    return timezone.now()


@pytest.fixture
def works(device, now):
    at_work(now)


def failing(parts):
    return [part.name for part in parts if part.reason]


def test_an_installation_at_work_fails_in_nothing(works, now):
    state = watch_state(now=now)
    assert (failing(state.own), failing(state.outside), state.since) == ([], [], None)


STOPS = {
    "beat": lambda at: PeriodicTask.objects.update(last_run_at=at),
    "worker": lambda at: TaskResult.objects.update(date_done=at),
    "devices": lambda at: NodeStatus.objects.update(asked_at=at),
    "daemons": lambda at: DaemonStatus.objects.update(checked_at=at),
    "looks": lambda at: DiskLook.objects.update(looked_at=at),
}


@pytest.mark.parametrize("part", STOPS)
@pytest.mark.parametrize("off", [-timedelta(minutes=11), timedelta(minutes=1), timedelta(days=400)])
def test_what_stopped_or_lies_ahead_of_the_clock_is_not_at_work(works, now, part, off):
    STOPS[part](now + off)
    assert part in failing(watch_state(now=now).own)


def test_since_when_is_the_last_time_that_all_worked(works, now):
    STOPS["worker"](now - timedelta(minutes=20))
    STOPS["daemons"](now - timedelta(minutes=11))
    assert watch_state(now=now).since == now - timedelta(minutes=20)


@pytest.mark.parametrize("task", ["devices.tasks.refresh_devices", "backups.tasks.take_snapshots"])
def test_a_look_that_is_switched_off_is_said(works, now, task):
    PeriodicTask.objects.filter(task=task).update(enabled=False)
    assert "no periodic task is enabled" in str(watch_state(now=now).failing)


@pytest.mark.parametrize(
    ("part", "breaks"),
    [
        ("node", lambda: NodeStatus.objects.update(error="refused")),
        ("rsync service", lambda: DaemonStatus.objects.filter(daemon="rsync").update(error="no")),
        ("disk of videos", lambda: DiskLook.objects.filter(folder="videos").update(error="gone")),
    ],
)
def test_what_does_not_answer_outside_is_said_and_is_not_our_own_fault(works, now, part, breaks):
    breaks()
    state = watch_state(now=now)
    assert (failing(state.outside), failing(state.own)) == ([part], [])


OLD = {
    "node": lambda at: NodeStatus.objects.update(asked_at=at),
    "rsync service": lambda at: DaemonStatus.objects.filter(daemon="rsync").update(checked_at=at),
    "disk of videos": lambda at: DiskLook.objects.filter(folder="videos").update(looked_at=at),
}


@pytest.mark.parametrize("part", OLD)
@pytest.mark.parametrize("off", [-timedelta(minutes=11), timedelta(minutes=1), timedelta(days=400)])
def test_an_answer_that_is_old_or_lies_ahead_says_nothing_of_now(works, now, part, off):
    OLD[part](now + off)
    assert failing(watch_state(now=now).outside) == [part]


def test_without_any_device_something_is_wrong(now):
    at_work(now)
    assert failing(watch_state(now=now).outside) == ["devices"]


OVER_SSH = ("pull_results", "pull_videos", "list_card")


@pytest.fixture
def ended(device, now):
    def ended(kind, state, *, ago):
        at = now - timedelta(hours=ago)
        Run.objects.create(
            device=device, kind=kind, trigger="schedule", state=state, error="ssh refused",
            queued_at=at, not_before=at, ended_at=at,
        )  # fmt: skip

    return ended


@pytest.mark.parametrize("kind", OVER_SSH)
@pytest.mark.parametrize(("last", "wrong"), [("failed", True), ("succeeded", False)])
def test_the_newest_of_each_kind_of_run_tells_of_ssh(works, ended, now, kind, last, wrong):
    ended(kind, "failed", ago=3)
    ended(kind, last, ago=2)
    assert failing(watch_state(now=now).outside) == (["runs over ssh"] if wrong else [])


@pytest.mark.parametrize("kind", OVER_SSH)
@pytest.mark.parametrize("other", [*OVER_SSH, "mirror", "verify"])
def test_a_kind_that_came_through_says_nothing_of_another(works, ended, now, kind, other):
    ended(kind, "failed", ago=3)
    ended(other, "succeeded", ago=2)
    found = {p.name: p.reason for p in watch_state(now=now).outside if p.reason}
    assert bool(found) == (kind != other)
    assert all("ssh refused" in reason for reason in found.values())


def test_a_folder_that_is_not_there_is_found_by_the_cycle(settings, tmp_path, works, now):
    settings.RESULTS_DIR, settings.VIDEOS_DIR = tmp_path, tmp_path / "not-mounted"
    look_at_disks(now=now)
    assert failing(watch_state(now=now).outside) == ["disk of videos"]
    assert DiskLook.objects.get(folder="results").free_bytes > 0


@pytest.mark.parametrize("path", ["/admin/", "/admin/watch/", "/admin/backups/run/"])
def test_pages_readyz_and_the_banner_agree(admin_client, works, now, path):
    assert BANNER not in admin_client.get(path).content.decode()
    STOPS["worker"](now - timedelta(minutes=20))
    page = strip_tags(admin_client.get(path).content.decode())
    assert f"{BANNER} since {now - timedelta(minutes=20):%Y-%m-%d %H:%M} UTC" in page
    assert not admin_client.get("/readyz").json()["parts"]["worker"]["ok"]


def test_a_new_installation_has_not_stopped_but_not_begun(admin_client, now):
    installed(now)
    page = admin_client.get("/admin/").content.decode()
    assert "ethonode has not looked at everything yet" in page
    assert BANNER not in page


def installed(at):
    MigrationRecorder.Migration.objects.update(applied=at)


@pytest.mark.parametrize(
    ("minutes_ago", "is_new"), [(9, True), (11, False), (-9, True), (-11, False)]
)
def test_what_never_began_is_new_only_as_long_as_the_installation_is(
    works, now, minutes_ago, is_new
):
    """Beat writes down what it did some minutes after it did it."""
    PeriodicTask.objects.update(last_run_at=None)
    installed(now - timedelta(minutes=minutes_ago))
    state = watch_state(now=now)
    assert (failing(state.own), state.is_new) == (["beat"], is_new)


def test_what_stopped_is_not_new_however_young_the_installation_is(works, now):
    PeriodicTask.objects.update(last_run_at=None)
    STOPS["worker"](now - timedelta(minutes=20))
    installed(now)
    assert not watch_state(now=now).is_new


def test_a_part_that_never_began_in_days_is_said_in_red(admin_client, works, now):
    PeriodicTask.objects.update(last_run_at=None)
    installed(now - timedelta(days=2))
    page = strip_tags(admin_client.get("/admin/").content.decode())
    assert BANNER in page
    assert "Some of it never began" in page


@pytest.mark.parametrize(("url", "fails"), [("", False), ("http://node.lab", True)])
def test_what_nobody_set_an_address_for_is_no_fault_of_ours(works, settings, now, url, fails):
    settings.NODES = [a_node(url)]
    NodeStatus.objects.all().delete()
    state = watch_state(now=now)
    assert ("devices" in failing(state.own)) is fails
    assert "node" in failing(state.outside)


def test_a_stranger_is_told_nothing(client, person, now):
    assert client.get("/admin/watch/").content.strip() == b""
    assert "has not looked" not in client.get("/admin/login/").content.decode()


def test_all_that_could_not_be_read_is_on_a_page_that_home_leads_to(admin_client, works):
    problems = [f"device {number} is skipped: no id" for number in range(120)]
    NodeStatus.objects.update(problems=problems)
    home = admin_client.get("/admin/").content.decode()
    assert "120 things in the answer could not be read" in home
    assert 'href="/admin/devices/nodestatus/1/change/"' in home
    page = admin_client.get("/admin/devices/nodestatus/1/change/").content.decode()
    assert all(f"<div>{problem}</div>" in page for problem in problems)
