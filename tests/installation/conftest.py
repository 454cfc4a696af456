"""An installation in which all is right, on real servers; and one way to ask it."""

import subprocess
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from django.utils import timezone

from backups.models import BackupPlan
from devices.models import Device, Experiment
from incidents.models import Channel
from installation import services
from installation.answers import Standing
from lab.server import Lab
from tests.backups.cycles import at_work
from tests.incidents.sinks import WebSink, running
from tests.installation.own_saves import small_save
from tests.nodes import node_of
from tests.servers import private_mariadb, private_redis, private_sshd


@pytest.fixture(scope="session")
def outside(tmp_path_factory):
    """Node, daemons, a device's sshd and MariaDB, Redis, and a watcher: all answer."""
    folder = tmp_path_factory.mktemp("outside")
    with (
        Lab(folder / "lab", devices=2, chunks=2, restless=False, live=True) as lab,
        private_redis(folder / "redis") as redis,
        private_mariadb(folder / "mariadb") as mariadb,
        private_sshd(folder / "sshd") as sshd,
        running(WebSink()) as watcher,
    ):
        yield SimpleNamespace(lab=lab, redis=redis, mariadb=mariadb, sshd=sshd, watcher=watcher)


@pytest.fixture
def folders(tmp_path, settings):
    settings.VAR_DIR = tmp_path / "var"
    settings.RESULTS_DIR = tmp_path / "data" / "results"
    settings.VIDEOS_DIR = tmp_path / "data" / "videos"
    settings.CARDS_DIR = tmp_path / "data" / "cards"
    settings.VIDEO_CACHE_DIR = settings.VIDEOS_DIR / ".cache"
    settings.SSH_KEY_FILE = settings.VAR_DIR / "key"
    settings.SSH_KNOWN_HOSTS = settings.VAR_DIR / "known_hosts"
    settings.CERTIFICATE_KEY_FILE = settings.VAR_DIR / "certificates"
    settings.VAR_DIR.mkdir(mode=0o700)
    for folder in (settings.RESULTS_DIR, settings.VIDEOS_DIR, settings.CARDS_DIR):
        folder.mkdir(parents=True)
    secret = settings.VAR_DIR / "secret_key"
    secret.write_text("only for tests")
    secret.chmod(0o600)
    return settings


@pytest.fixture
def another_disk():
    with TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


@pytest.fixture
def healthy(db, outside, folders, another_disk):
    """All checks are fine. Gives the settings."""
    key = outside.sshd.key_file
    for end in ("", ".pub"):
        subprocess.run(["cp", "-p", f"{key}{end}", f"{folders.SSH_KEY_FILE}{end}"], check=True)
    folders.NODES = [node_of(outside.lab)]
    folders.REDIS_URL = outside.redis.url
    folders.HEARTBEAT_URL = outside.watcher.address
    folders.SSH_USER, folders.SSH_PORT = outside.sshd.user, outside.sshd.port
    folders.MYSQL_USER, folders.MYSQL_PASSWORD = outside.mariadb.user, outside.mariadb.password
    folders.MYSQL_PORT = outside.mariadb.port
    folders.SAVES_DIR = another_disk
    small_save(another_disk, made_at=timezone.now())
    _fill(timezone.now())
    return folders


def _fill(now):
    at_work(now)
    device = Device.objects.create(
        device_id="0192c3d4e5f60718293a4b5c6d7e8f90",
        name="ETHOSCOPE_019",
        address="127.0.0.1",
        clock_skew_seconds=0.5,
        first_seen_at=now,
        told_at=now,
        told_by="node",
    )
    Experiment.objects.create(
        device=device, writer="mysql", filename="a.db", first_seen_at=now, listed_at=now
    )
    switches = ("mirror_here", "pull_results_here", "pull_videos_here", "pull_files_here")
    BackupPlan.objects.create(**dict.fromkeys(switches, True))
    Channel.objects.create(name="mail", last_sent_at=now - timedelta(days=1))


@pytest.fixture
def standings():
    """What all checks say when they are asked now: name -> standing."""

    def ask():
        now = timezone.now()
        services.check_setup(now=now)
        return {one.check.name: one.answer.standing for one in services.known_answers(now=now)}

    return ask


@pytest.fixture
def answer_of():
    def ask(name):
        found = services.known_answers(now=timezone.now())
        return next(one.answer for one in found if one.check.name == name)

    return ask


@pytest.fixture
def not_fine():
    """Each check that was not fine, with its words: what a failing test should tell."""

    def found():
        known = services.known_answers(now=timezone.now())
        return [
            (one.check.name, one.answer.words)
            for one in known
            if one.answer.standing != Standing.OK
        ]

    return found
