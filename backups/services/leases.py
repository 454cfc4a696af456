"""Leases: the right to do one named work, so that two never do it at once."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from backups.models import Lease

LONGEST = timedelta(hours=1)


class LeaseHeld(Exception):
    """Somebody else is doing this work right now."""


@contextmanager
def hold(name: str, *, duration: timedelta, now: datetime) -> Iterator[Callable[[datetime], bool]]:
    """Hold the lease while the body runs.

    Raises LeaseHeld when another holder has it. A lease ends by itself after `duration`, or at
    once when its holder was a process of this machine that is gone. Gives what renews it for
    another `duration`: False where the lease is lost, and the work has to stop.
    """
    token = _token()
    if not _take(name, token, now=now, until=now + duration):
        raise LeaseHeld(f"{name} is being worked on")

    def renew(at: datetime) -> bool:
        mine = Lease.objects.filter(name=name, token=token)
        return mine.update(expires_at=at + duration) == 1

    try:
        yield renew
    finally:
        Lease.objects.filter(name=name, token=token).update(token="", expires_at=now)


def is_held(name: str, *, now: datetime) -> bool:
    """Whether somebody who lives does this work."""
    lease = Lease.objects.filter(name=name).first()
    return lease is not None and _holds(lease, now=now)


def has_ended(name: str) -> bool:
    """Whether nobody does this work, by no clock: it was given back, or whoever of this machine
    had it is gone."""
    lease = Lease.objects.filter(name=name).first()
    return lease is None or not lease.token or _is_dead(lease.token)


def was_held(name: str, *, since: datetime, now: datetime) -> bool:
    """Whether somebody has done this work since then. A lease far ahead was given by another
    clock, and is no sign of it."""
    return Lease.objects.filter(name=name, expires_at__range=(since, now + LONGEST)).exists()


def _holds(lease: Lease, *, now: datetime) -> bool:
    """A holder of this machine lives or not; of another one only its lease tells, and no lease
    that was given by our clock ends later than after the longest one."""
    if not lease.token or lease.expires_at <= now or _is_dead(lease.token):
        return False
    return lease.expires_at - now <= LONGEST or _is_here(lease.token)


def _take(name: str, token: str, *, now: datetime, until: datetime) -> bool:
    """Claim the row, and only if nobody changed it since we looked."""
    lease, _ = Lease.objects.get_or_create(name=name, defaults={"expires_at": now})
    if _holds(lease, now=now):
        return False
    unchanged = Lease.objects.filter(pk=lease.pk, token=lease.token, expires_at=lease.expires_at)
    return unchanged.update(token=token, expires_at=until) == 1


def _token() -> str:
    return f"{socket.gethostname()[:30]}/{os.getpid()}/{_born(os.getpid())}/{os.urandom(4).hex()}"


def _is_here(token: str) -> bool:
    return token.startswith(f"{socket.gethostname()[:30]}/")


def _is_dead(token: str) -> bool:
    _, pid, born, _ = token.split("/")
    return _is_here(token) and _born(int(pid)) != born


def _born(pid: int) -> str:
    """When a process of this machine started, in ticks since boot; "" when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
