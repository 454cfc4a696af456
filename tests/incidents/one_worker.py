"""A worker of test_killed, in a process of its own: it watches and sends until it ends."""

import os
import resource
import sys
import time
from contextlib import suppress
from datetime import timedelta

os.environ["DJANGO_SETTINGS_MODULE"] = "ethonode.settings"

import django

django.setup()

from django.db import OperationalError, connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from backups.services.leases import LeaseHeld  # noqa: E402
from devices.models import Device  # noqa: E402
from ethonode import standby  # noqa: E402
from ethonode.celery import app  # noqa: E402
from incidents import services  # noqa: E402
from incidents.models import Channel, Delivery  # noqa: E402
from incidents.services.secrets import seal  # noqa: E402
from tests.incidents.conftest import Fleet  # noqa: E402

ROOMS = (36, 90, 200, 400)  # kilobytes


def begin(sort: str, address: str, count: str) -> None:
    channel = Channel(name="sink", sort=sort, least_severity="notice")
    channel.hourly_limit = 1000
    seal(channel, address, signing_key="key")
    channel.save()
    fleet = Fleet(timezone.now())
    fleet.grow(int(count))
    services.watch(now=timezone.now())
    for device in Device.objects.all():
        fleet.damage(device)
    fleet.look()


def mend() -> None:
    fleet = Fleet(timezone.now())
    for device in Device.objects.all():
        if int(device.name[-3:]) % 2:
            fleet.damage(device)
    fleet.look()


def one_turn() -> None:
    with suppress(LeaseHeld):
        services.watch(now=timezone.now())
    for channel in services.channels_due(now=timezone.now()):
        with suppress(LeaseHeld):
            services.send_due(channel, clock=timezone.now)


def work() -> None:
    while True:
        one_turn()
        time.sleep(0.05)


def on_a_full_disk(*words: str) -> None:
    """All of it, while no file may be longer than so much: each write that would be, fails."""
    begin(*words)
    failed = sum(map(_fails_in, ROOMS))
    finish()
    mend()
    failed += sum(map(_fails_in, ROOMS))
    finish()
    assert failed > 2, failed


def _fails_in(room: int) -> bool:
    resource.setrlimit(resource.RLIMIT_FSIZE, (room << 10, resource.RLIM_INFINITY))
    try:
        one_turn()
    except OperationalError:
        return True
    else:
        return False
    finally:
        connection.close()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def beat() -> None:
    """The real one, which looks each second whether somebody watches."""
    standby.EVERY = 1.0
    app.Beat(loglevel="ERROR").run()


def celery_worker() -> None:
    standby.EVERY = 1.0
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR")
    app.worker_main(["worker", "--pool", "solo", *quiet])


def finish() -> None:
    until = time.monotonic() + 60
    one_turn()
    while Delivery.objects.filter(state="waiting").exists() and time.monotonic() < until:
        past = timezone.now() - timedelta(seconds=1)
        Delivery.objects.filter(state="waiting").update(not_before=past)
        one_turn()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
