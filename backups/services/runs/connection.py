"""The doors of a device, tried one after another: whether each lets us in, in words."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec
from django.conf import settings

from backups.engine.pull import knock
from backups.engine.pull.processes import Leash
from backups.services.runs.jobs import Outcome, RunFailed, RunProgress, RunReport, Sheet, Work
from backups.services.runs.mirror import its_database, server_of
from backups.services.runs.reach import own_errors, target_of
from devices.client import AskFailed
from devices.models import Writer
from devices.services.asking import Target, WrongDevice, confirmed_id
from devices.texts import one_line

HTTP, SSH, MARIADB = "HTTP", "ssh", "MariaDB"
LONGEST = 500
SSH_SECONDS = 30.0
MARIADB_SECONDS = 10.0
OPENS = {True: "opens", False: "does not open", None: "not tried"}


class TriedDoor(msgspec.Struct, frozen=True, kw_only=True):
    """`opens` None: it was not tried. `matters`: something cannot be done while it is shut.

    `failure`: the name of the error that was met.
    """

    name: str
    said: str
    opens: bool | None = None
    matters: bool = True
    failure: str = ""

    @property
    def words(self) -> str:
        return f"{self.name} {OPENS[self.opens]}: {self.said}"


class ConnectionReport(RunReport, frozen=True, kw_only=True):
    doors: tuple[TriedDoor, ...] = ()

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        rows = tuple((door.name, OPENS[door.opens], door.said) for door in self.doors)
        return (Sheet(title="Its doors", columns=("Door", "Now", "In words"), rows=rows),)


def try_doors(work: Work) -> Outcome:
    """HTTP, ssh and MariaDB; the last two only where it is this device that answers."""
    doors = tuple(_tried(work))
    shut = [door.words for door in doors if door.matters and not door.opens]
    return Outcome(
        summary="; ".join(door.words for door in doors),
        report=ConnectionReport(doors=doors),
        problem="; ".join(shut),
        retry=False,
    )


def _tried(work: Work) -> Iterator[TriedDoor]:
    http = _http(work)
    yield http
    if http.failure == WrongDevice.__name__:
        yield from _untried(work, http)
        return
    yield _ssh(work)
    yield _mariadb(work)


def _untried(work: Work, http: TriedDoor) -> Iterator[TriedDoor]:
    """Another device is told nothing, our account least of all."""
    said = "another device answers at its address"
    yield TriedDoor(name=SSH, said=said, failure=http.failure)
    yield TriedDoor(name=MARIADB, said=said, failure=http.failure, matters=_is_in_mariadb(work))


def _http(work: Work) -> TriedDoor:
    work.watch.progress(RunProgress(phase="asking by HTTP who it is"))
    address = work.server.host or work.device.address
    try:
        confirmed_id(Target(address, work.device.device_id))
    except AskFailed as error:
        return _shut(HTTP, error)
    return TriedDoor(name=HTTP, opens=True, said="it answers, and says that it is this device")


def _ssh(work: Work) -> TriedDoor:
    work.watch.progress(RunProgress(phase="logging in by ssh"))
    leash = Leash(cancelled=work.watch.cancelled, silent_seconds=SSH_SECONDS)
    try:
        with own_errors():
            knock(target_of(work.device, work.server), leash=leash)
    except RunFailed as failed:
        return _shut(SSH, failed)
    return TriedDoor(name=SSH, opens=True, said=f"it lets us in as {settings.SSH_USER}")


def _mariadb(work: Work) -> TriedDoor:
    """Where no experiment is in it, that it is shut is nobody's loss."""
    work.watch.progress(RunProgress(phase="asking its MariaDB"))
    matters = _is_in_mariadb(work)
    try:
        with own_errors():
            server = replace(
                server_of(work), connect_seconds=MARIADB_SECONDS, patience=MARIADB_SECONDS
            )
            name = its_database(server, work).database
    except RunFailed as failed:
        note = "" if matters else ". No experiment of this device is there: nothing lacks"
        return _shut(MARIADB, failed, matters=matters, note=note)
    said = f"it lets us in, and holds the database {name}"
    return TriedDoor(name=MARIADB, opens=True, said=one_line(said, limit=LONGEST), matters=matters)


def _is_in_mariadb(work: Work) -> bool:
    return work.device.experiments.filter(writer=Writer.MYSQL, written_off=False).exists()


def _shut(
    name: str, error: AskFailed | RunFailed, *, matters: bool = True, note: str = ""
) -> TriedDoor:
    met = error.failure if isinstance(error, RunFailed) else type(error).__name__
    said = one_line(str(error), limit=LONGEST) + note
    return TriedDoor(name=name, opens=False, said=said, matters=matters, failure=met)
