import os
import subprocess
import sys
from datetime import timedelta

import pytest

from backups.models import Lease
from backups.services.leases import LeaseHeld, has_ended, hold

pytestmark = pytest.mark.django_db
LONG = timedelta(minutes=6)


def test_two_never_hold_the_same_lease(now):
    with (
        hold("work", duration=LONG, now=now),
        pytest.raises(LeaseHeld, match="work"),
        hold("work", duration=LONG, now=now),
    ):
        pytest.fail("both hold it")


def test_a_lease_is_free_again_after_its_holder_is_done(now):
    for _ in range(2):
        with hold("work", duration=LONG, now=now):
            pass
    assert Lease.objects.get().token == ""


def test_a_lease_is_free_again_after_its_holder_failed(now):
    with pytest.raises(ZeroDivisionError), hold("work", duration=LONG, now=now):
        raise ZeroDivisionError
    with hold("work", duration=LONG, now=now):
        assert Lease.objects.get().token


def test_a_lease_of_another_machine_runs_out(now):
    Lease.objects.create(name="work", token="elsewhere/1/2/3", expires_at=now + LONG)
    with pytest.raises(LeaseHeld), hold("work", duration=LONG, now=now):
        pytest.fail("it is still held")
    with hold("work", duration=LONG, now=now + LONG):
        assert not Lease.objects.get().token.startswith("elsewhere")


def test_what_another_machine_does_has_ended_only_once_it_says_so(now):
    assert has_ended("work")
    lease = Lease.objects.create(name="work", token="elsewhere/1/2/3", expires_at=now - LONG)
    assert not has_ended("work")
    lease.token = ""
    lease.save()
    assert has_ended("work")


def test_a_killed_holder_of_this_machine_frees_its_lease_at_once(now):
    with hold("work", duration=LONG, now=now):
        host, _, _, rest = Lease.objects.get().token.split("/")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    token = f"{host}/{dead.pid}/1/{rest}"
    Lease.objects.update(token=token, expires_at=now + LONG)
    assert has_ended("work")
    with hold("work", duration=LONG, now=now):
        assert f"/{os.getpid()}/" in Lease.objects.get().token
