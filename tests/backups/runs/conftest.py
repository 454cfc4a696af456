"""A device whose MariaDB runs here, and ethonode pointed at it."""

from datetime import timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from django.core.cache import caches
from django.utils import timezone

from backups.models import Run, RunKind, RunTrigger
from backups.services import runs
from devices.models import Device, Experiment
from tests.backups.runs.doors import LOOK
from tests.engine.mirror.device import Device as Database
from tests.engine.mirror.device import connected
from tests.fault_proxy import fault_proxy
from tests.servers import private_mariadb, private_sshd

NUMBERS = count(1)
STARTED = "2026-01-02_03-04-05"


@pytest.fixture
def now():
    """Runs are timed by the real clock."""
    return timezone.now()


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory):
    with private_mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture(scope="session")
def as_root(mariadb):
    with connected(mariadb) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER node@'%' IDENTIFIED BY 'node'")
        cursor.execute("GRANT SELECT ON *.* TO node@'%'")
        cursor.execute("SET GLOBAL innodb_file_per_table=0, innodb_flush_log_at_trx_commit=0")
        yield connection


@pytest.fixture
def filename(device):
    return f"{STARTED}_{device.device_id}.db"


@pytest.fixture
def database(mariadb, as_root, device, filename, settings, tmp_path):
    """The device's database, and the device as the node tells of it."""
    found = Database(mariadb, f"ETHOSCOPE_{next(NUMBERS):03}_db", as_root)
    found.begin_run()
    owner = ("machine_id", device.device_id)
    found.insert("METADATA", ("backup_filename", filename), owner)
    device.name, device.address = found.database.removesuffix("_db"), "127.0.0.1:9000"
    device.save()
    settings.MYSQL_PORT = mariadb.port
    settings.RESULTS_DIR = tmp_path / "results"
    settings.RESULTS_DIR.mkdir(exist_ok=True)
    yield found
    found.run(f"DROP DATABASE IF EXISTS `{found.database}`")


@pytest.fixture
def experiment(device, filename, now):
    return Experiment.objects.create(
        device=device, writer="mysql", filename=filename, first_seen_at=now, listed_at=now
    )


@pytest.fixture
def proxy(mariadb, settings, database):
    """In front of the server; it is asked in its place."""
    with fault_proxy(mariadb.port) as proxy:
        settings.MYSQL_PORT = proxy.port
        yield proxy


@pytest.fixture
def copy(database, device, filename, settings):
    return settings.RESULTS_DIR / device.device_id / device.name / STARTED / filename


@pytest.fixture
def ask(device, now):
    """Ask for a run of the device: a mirror, if nothing else is said."""

    def ask(kind=RunKind.MIRROR, *, trigger=RunTrigger.PERSON, **others):
        return runs.request_run(device, kind, trigger=trigger, **{"now": now} | others)

    return ask


@pytest.fixture
def do(ask):
    """Ask for a run and do it here; gives the run as it ended."""

    def do(kind=RunKind.MIRROR, **others):
        return runs.perform(ask(kind, now=timezone.now()).pk, clock=timezone.now, **others)

    return do


@pytest.fixture(scope="session")
def sshd(tmp_path_factory):
    with private_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def card(sshd, device, settings, tmp_path):
    """The device's card, reached by ssh; and empty folders here."""
    device.address = "127.0.0.1:9000"
    device.save()
    settings.DEVICE_DATA_ROOT = tmp_path / "card"
    settings.RESULTS_DIR, settings.VIDEOS_DIR = tmp_path / "results", tmp_path / "videos"
    settings.CARDS_DIR = tmp_path / "cards"
    settings.VIDEO_CACHE_DIR = tmp_path / "cache"
    settings.SSH_USER, settings.SSH_PORT = sshd.user, sshd.port
    settings.SSH_KEY_FILE, settings.SSH_KNOWN_HOSTS = sshd.key_file, tmp_path / "known_hosts"
    for folder in (settings.RESULTS_DIR, settings.VIDEOS_DIR):
        folder.mkdir()
    for name in ("results", "videos"):
        (settings.DEVICE_DATA_ROOT / name).mkdir(parents=True)
    return settings.DEVICE_DATA_ROOT


@pytest.fixture
def clock(now):
    """A clock that is set by hand; `step` is how much each look at it moves it."""
    state = SimpleNamespace(now=now, step=timedelta(0))

    def look():
        state.now += state.step
        return state.now

    state.look = look
    return state


@pytest.fixture
def a_run(device, now):
    """A run in any state, as if it had come to it."""

    def a_run(**facts):
        words = {"device": device, "kind": "mirror", "trigger": "person"}
        times = {"queued_at": now, "not_before": now}
        return Run.objects.create(**words | times | facts)

    return a_run


@pytest.fixture(autouse=True)
def _no_one_was_here_before():
    caches["shared"].clear()  # throttles count in it


@pytest.fixture
def starter(person):
    return person(*LOOK, "backups.start_run", "devices.move_device", "devices.delete_left")


@pytest.fixture
def make_device(db, now):
    """Another device with a MariaDB run."""

    def make_device(number, **facts):
        device = Device.objects.create(
            device_id=f"{number:032x}", name=f"E{number}", first_seen_at=now, told_at=now,
            told_by="node", **facts,
        )  # fmt: skip
        Experiment.objects.create(
            device=device, writer="mysql", filename="a.db", first_seen_at=now, listed_at=now
        )
        return device

    return make_device
