"""Where all is right all checks say so; each kind of wrongness breaks exactly its own."""

import os
from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir
from threading import Event
from types import SimpleNamespace
from zoneinfo import ZoneInfoNotFoundError

import pytest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult

from backups.models import BackupPlan, ResultCopy
from backups.services.videos import cache_file
from devices.models import Device, Experiment, Storage
from incidents.models import Channel
from installation import checks, services
from installation.answers import Standing, ok
from installation.checks import SetupCheck, ours
from installation.checks import folders as folder_checks
from installation.checks import node as node_checks
from installation.own_state import newest_save
from installation.situation import Situation
from lab.servers.sshd import make_key
from tests.installation.own_saves import small_save
from tests.nodes import change_node
from tests.servers import free_port

pytestmark = pytest.mark.django_db
WRONG, UNKNOWN, OFF = Standing.WRONG, Standing.UNKNOWN, Standing.OFF
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


def nowhere():
    return f"http://127.0.0.1:{free_port()}"


def node_away(settings, _):
    change_node(settings, nowhere())


def no_node(settings, _):
    change_node(settings, "")


def mysql_away(settings, _):
    change_node(settings, mysql=nowhere())


def rsync_away(settings, _):
    change_node(settings, rsync=nowhere())


def no_mysql_service(settings, _):
    change_node(settings, mysql="")


def results_away(settings, _):
    settings.RESULTS_DIR.rename(settings.RESULTS_DIR.with_name("elsewhere"))


def results_unmounted(settings, _):
    now = timezone.now()
    ResultCopy.objects.create(
        device=Device.objects.get(), path="run.db", filename="run.db", size_bytes=1,
        modified_at=now, first_seen_at=now, state="usable", inspected_at=now,
    )  # fmt: skip


def videos_no_folder(settings, _):
    settings.VIDEOS_DIR.rmdir()
    settings.VIDEOS_DIR.touch()
    settings.VIDEO_CACHE_DIR = settings.VAR_DIR / "cache"


def no_place_for_cards(settings, _):
    settings.CARDS_DIR = settings.CARDS_DIR / "not" / "there"


def full_disk(settings, monkeypatch):
    monkeypatch.setattr(folder_checks, "FULL_PERCENT", 0)


def cache_of_nobody(settings, _):
    (settings.VAR_DIR / "file").touch(mode=0o600)
    settings.VIDEO_CACHE_DIR = settings.VAR_DIR / "file" / ".cache"


def key_open_to_all(settings, _):
    settings.SSH_KEY_FILE.chmod(0o644)


def another_key(settings, _):
    settings.SSH_KEY_FILE = settings.VAR_DIR / "other"
    make_key(settings.SSH_KEY_FILE)


def device_off(settings, _):
    settings.SSH_PORT = free_port()


def mariadb_refuses(settings, _):
    settings.MYSQL_PASSWORD = "wrong"


def mariadb_off(settings, _):
    settings.MYSQL_PORT = free_port()


def no_mariadb(settings, _):
    Experiment.objects.update(writer="sqlite")


def device_clock_off(settings, _):
    Device.objects.update(clock_skew_seconds=-3600)


def device_clock_untold(settings, _):
    Device.objects.update(clock_skew_seconds=None)


def worker_stopped(settings, _):
    TaskResult.objects.update(date_done=timezone.now() - timedelta(days=1))


def worker_never(settings, _):
    TaskResult.objects.all().delete()


def beat_stopped(settings, _):
    PeriodicTask.objects.update(last_run_at=timezone.now() - timedelta(days=1))


def redis_away(settings, _):
    settings.REDIS_URL = f"unix://{settings.VAR_DIR}/nowhere.sock"


def asked_as_another(settings, _):
    os.chown(settings.VAR_DIR, 65534, 65534)


def secret_open_to_all(settings, _):
    (settings.VAR_DIR / "secret_key").chmod(0o644)


def var_open_to_all(settings, _):
    settings.VAR_DIR.chmod(0o755)


def an_hour_ahead(monkeypatch, module):
    clock = SimpleNamespace(time=lambda: timezone.now().timestamp() + 3600)
    monkeypatch.setattr(module, "time", clock)


def files_of_another_time(settings, monkeypatch):
    an_hour_ahead(monkeypatch, ours)


def node_of_another_time(settings, monkeypatch):
    an_hour_ahead(monkeypatch, node_checks)


def no_zones(settings, monkeypatch):
    def missing(name):
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr(ours, "ZoneInfo", missing)


def channel_fails(settings, _):
    Channel.objects.update(failing_since=timezone.now(), last_answer="our disk is full")


def channel_untried(settings, _):
    Channel.objects.update(last_sent_at=None)


def no_save(settings, _):
    settings.SAVES_DIR = settings.VAR_DIR / "no saves"


def old_save(settings, _):
    newest = newest_save(now=timezone.now()).folder
    newest.rename(newest.with_name("20250101T000000Z"))


def saved_on_the_same_disk(settings, _):
    settings.SAVES_DIR = settings.VAR_DIR
    small_save(settings.VAR_DIR, made_at=timezone.now())


def no_channel(settings, _):
    Channel.objects.update(enabled=False)


def nobody_watches(settings, _):
    settings.HEARTBEAT_URL = ""


def watcher_away(settings, _):
    settings.HEARTBEAT_URL = nowhere()


def watcher_refuses(settings, _):
    settings.HEARTBEAT_URL = f"{settings.NODES[0].url}/no/such/check"


def silent_storage(settings, _):
    Storage.objects.create(name="nas1")


def storage_of_another_time(settings, _):
    Storage.objects.create(name="nas1", heard_at=timezone.now(), clock_off_seconds=3600)


BROKEN = [
    (silent_storage, {"storages": WRONG}),
    (storage_of_another_time, {"storages": WRONG}),
    (node_away, {"node": WRONG, "node_clock": UNKNOWN}),
    (no_node, {"node": WRONG, "node_clock": OFF}),
    (mysql_away, {"mysql": WRONG}),
    (rsync_away, {"rsync": WRONG}),
    (no_mysql_service, {"mysql": OFF}),
    (results_away, {"results": WRONG, "room": UNKNOWN}),
    (results_unmounted, {"results": WRONG}),
    (videos_no_folder, {"videos": WRONG}),
    (no_place_for_cards, {"cards": WRONG}),
    (full_disk, {"room": WRONG}),
    (cache_of_nobody, {"cache": WRONG}),
    (key_open_to_all, {"key": WRONG, "secrets": WRONG, "doors": WRONG}),
    (another_key, {"doors": WRONG}),
    (device_off, {"doors": UNKNOWN}),
    (mariadb_refuses, {"mariadb": WRONG}),
    (mariadb_off, {"mariadb": UNKNOWN}),
    (no_mariadb, {"mariadb": OFF}),
    (device_clock_off, {"clocks": WRONG}),
    (device_clock_untold, {"clocks": UNKNOWN}),
    (worker_stopped, {"worker": WRONG}),
    (worker_never, {"worker": UNKNOWN}),
    (beat_stopped, {"beat": WRONG}),
    (redis_away, {"redis": WRONG}),
    pytest.param(asked_as_another, {"account": WRONG}, marks=AS_ROOT),
    (secret_open_to_all, {"secrets": WRONG}),
    (var_open_to_all, {"secrets": WRONG}),
    (files_of_another_time, {"file_clock": WRONG}),
    (node_of_another_time, {"node_clock": WRONG}),
    (no_zones, {"zone": WRONG}),
    (no_save, {"saves": UNKNOWN}),
    (old_save, {"saves": WRONG}),
    (saved_on_the_same_disk, {"saves": OFF}),
    (channel_fails, {"channels": WRONG}),
    (channel_untried, {"channels": UNKNOWN}),
    (no_channel, {"channels": OFF}),
    (nobody_watches, {"heartbeat": OFF}),
    (watcher_away, {"heartbeat": WRONG}),
    (watcher_refuses, {"heartbeat": WRONG}),
]


def test_where_all_is_right_every_check_says_so(healthy, standings):
    found = standings()
    assert {name: found[name] for name in found if found[name] is not Standing.OK} == {}


@pytest.mark.parametrize(("break_it", "broken"), BROKEN)
def test_what_is_wrong_breaks_its_own_check(healthy, standings, monkeypatch, break_it, broken):
    break_it(healthy, monkeypatch)
    found = standings()
    assert {name: found[name] for name in found if found[name] is not Standing.OK} == broken


def test_every_check_can_be_broken():
    breakable = {name for case in BROKEN for name in getattr(case, "values", case)[1]}
    assert breakable == {check.name for check in checks.all_checks()}


def test_whatever_is_wrong_says_what_to_type_or_which_one(healthy, standings, answer_of):
    key_open_to_all(healthy, None)
    standings()
    assert answer_of("secrets").line == f"chmod 600 {healthy.SSH_KEY_FILE}"
    assert [one.name for one in answer_of("doors").ones] == ["ETHOSCOPE_019"]


def test_a_door_that_no_plan_needs_is_not_wrong(healthy, standings, answer_of):
    BackupPlan.objects.all().delete()
    another_key(healthy, None)
    assert standings()["doors"] is OFF
    assert "0 of 1 device let us in" in answer_of("doors").words


@AS_ROOT
@pytest.mark.parametrize(
    ("mode", "planned", "expected"),
    [
        (0o755, (), Standing.OK),
        (0o755, ("pull_videos_here",), WRONG),
        (0o777, ("pull_videos_here",), Standing.OK),
        (0o700, (), WRONG),
    ],
)
def test_it_is_asked_for_the_account_that_ethonode_runs_as(folders, mode, planned, expected):
    path = folders.VIDEOS_DIR
    open_way(path)
    path.chmod(mode)
    os.seteuid(65534)
    try:
        answer = folder_checks.videos(Situation(now=timezone.now(), planned=frozenset(planned)))
    finally:
        os.seteuid(0)
    assert answer.standing is expected
    assert expected is Standing.OK or "u:nobody:" in answer.line


def open_way(path):
    """pytest's own folders are root's alone."""
    for folder in path.parents:
        if folder == Path(gettempdir()):
            break
        folder.chmod(0o755)


@AS_ROOT
def test_a_folder_of_a_device_that_cannot_be_read_is_named(folders):
    (folders.VIDEOS_DIR / "0192").mkdir(mode=0o700)
    open_way(folders.VIDEOS_DIR)
    os.seteuid(65534)
    try:
        answer = folder_checks.videos(Situation(now=timezone.now()))
    finally:
        os.seteuid(0)
    assert answer.standing is WRONG
    assert [one.name for one in answer.ones] == ["0192"]


def test_an_old_answer_is_none(healthy, standings):
    standings()
    later = services.known_answers(now=timezone.now() + timedelta(hours=8))
    asked = {one.answer.standing for one in later if one.check.ask}
    assert asked == {UNKNOWN}


def test_what_was_never_asked_cannot_be_told(db):
    asked = [one for one in services.known_answers(now=timezone.now()) if one.check.ask]
    assert {(one.answer.standing, one.asked_at) for one in asked} == {(UNKNOWN, None)}


def test_one_that_does_not_answer_in_time_holds_up_no_other(healthy, standings, monkeypatch):
    gate = Event()
    slow = SetupCheck(
        name="slow", part="", title="", question="", ask=lambda _: gate.wait(30) and ok("at last")
    )
    monkeypatch.setattr(checks, "OTHERS", (slow, *checks.OTHERS))
    monkeypatch.setattr(services, "DEADLINE", 3.0)
    found = standings()
    gate.set()
    assert found["slow"] is UNKNOWN
    assert found["results"] is Standing.OK


def test_a_cache_that_moved_aside_is_told(healthy, standings, answer_of):
    healthy.VIDEO_CACHE_ASIDE = healthy.VAR_DIR / "video_cache"
    healthy.VIDEO_CACHE_ASIDE.mkdir()
    cache_file("0192").path.parent.mkdir(exist_ok=True)
    (healthy.VIDEO_CACHE_ASIDE / "video_cache_0192.pkl").touch()
    assert standings()["cache"] is Standing.OK
    assert "moved aside" in answer_of("cache").words
