"""The whole cast: a moment, a device, and what is known of it."""

from datetime import UTC, datetime

import hypothesis
import pytest
from django.core.cache import caches
from django.template.response import SimpleTemplateResponse
from kombu import pools

from devices.models import Device
from ethonode.celery import app
from tests.recorded import REAL

# How long an example takes is the machine's business: no test of ours is timed.
hypothesis.settings.register_profile("ethonode", deadline=None)
hypothesis.settings.load_profile("ethonode")

pytest_plugins = [
    "tests.suite.fixtures", "tests.suite.floors", "tests.suite.drawn", "tests.suite.databases",
    "tests.suite.order", "tests.suite.network",
]  # fmt: skip


def pytest_collection_modifyitems(items):
    """A test that commits sweeps all tables, and with them the schedule that migrations wrote: the
    tests after it, in that worker, would do without. Such a one takes a database file of its own,
    as test_killed does."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and marker.kwargs.get("transaction"):
            raise pytest.UsageError(f"{item.nodeid} commits")


@pytest.fixture
def now():
    return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def device(db, now):
    return Device.objects.create(
        device_id="0192c3d4e5f60718293a4b5c6d7e8f90",
        name="ETHOSCOPE_019",
        reported_status="stopped",
        first_seen_at=now,
        told_at=now,
        told_by="node",
        inventory_read_at=now,
    )


@pytest.fixture(scope="session")
def real():
    """What the real software answered and wrote."""
    return REAL


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(autouse=True)
def static_files_not_collected(settings, empty_folder):
    """Pages name their static files as they are; WhiteNoise warns of a folder that is not there."""
    settings.STATIC_ROOT = empty_folder
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture(autouse=True)
def no_shared_cache(settings):
    """In Redis, but here; and of the other nothing is left of the test before."""
    caches["default"].clear()
    own = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "shared"}
    settings.CACHES = {**settings.CACHES, "shared": own}


@pytest.fixture
def broker():
    """Point Celery at another broker until the test is over."""
    before = app.conf.broker_url

    def use(url):
        app.conf.broker_url = url
        pools.reset()
        app._pool = app.amqp._producer_pool = None

    yield use
    use(before)


@pytest.fixture
def queue(broker):
    """Celery with a queue in memory; gives what stands in it, by the names of the tasks."""
    broker("memory://")
    with app.connection_for_write() as connection, connection.channel() as channel:
        bound = app.amqp.queues[app.conf.task_default_queue](channel)
        bound.declare()
        bound.purge()

        def names():
            found = []
            while message := bound.get(no_ack=True):
                found.append(message.headers["task"])
            return found

        yield names


@pytest.fixture(autouse=True)
def no_cache_aside(settings):
    """What a test leaves behind would be found by the next one."""
    settings.VIDEO_CACHE_ASIDE = None


@pytest.fixture
def unrendered(monkeypatch):
    """Pages are decided on, and not made of their templates."""
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")


@pytest.fixture(autouse=True)
def cheap_passwords(settings):
    """The real one costs each person a test makes a second of work."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
