"""Checks of the devices: each one's door, its MariaDB, and its clock."""

import shutil
import stat
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.conf import settings
from humanize import naturaldelta

from backups.engine.errors import BackupError
from backups.engine.grammar import counted
from backups.engine.mirror import MariaDBSource, list_databases
from backups.engine.mirror.errors import AccessDenied
from backups.engine.pull.errors import ConnectionFailed, HostUnreachable, Hung
from backups.services.hosts import host_of
from backups.services.runs.jobs import RunFailed
from backups.services.ssh_keys import try_key
from devices.models import Device
from installation.answers import One, SetupAnswer, Standing, off, ok, unknown, wrong
from installation.situation import Situation

AT_ONCE = 32
SILENT = frozenset({HostUnreachable.__name__, Hung.__name__, ConnectionFailed.__name__})
MOST_NAMED = 50
CLOCK_OFF_BY = timedelta(minutes=2)
MARIADB_SECONDS = 10.0
PUT_KEYS = ".venv/bin/python manage.py setup --keys"

Knocked = tuple[Device, Standing, str]


def ssh_key(known: Situation) -> SetupAnswer:
    missing = [name for name in ("ssh", "rsync") if shutil.which(name) is None]
    if missing and known.needs_ssh():
        words = f"This machine has no {' and no '.join(missing)}."
        return wrong(words, "apt-get install openssh-client rsync")
    try:
        mode = stat.S_IMODE(settings.SSH_KEY_FILE.stat().st_mode)
    except FileNotFoundError:
        return off("Ours is made when it is first needed.", PUT_KEYS)
    except OSError as error:
        return wrong(f"{settings.SSH_KEY_FILE}: {error.strerror}")
    if mode & 0o077:
        line = f"chmod 600 {settings.SSH_KEY_FILE}"
        return wrong(f"Others can read {settings.SSH_KEY_FILE}: ssh refuses such a key.", line)
    return ok(f"{settings.SSH_KEY_FILE} is there.")


def doors(known: Situation) -> SetupAnswer:
    """Whether each device lets us in. Where no plan needs it, nothing is wrong if one does not."""
    devices = [device for device in known.devices if device.address]
    if not devices:
        return off("No device is known.")
    if shutil.which("ssh") is None:
        return off("This machine has no ssh.", "apt-get install openssh-client")
    knocked = _each(devices, _knock)
    open_doors = sum(standing is Standing.OK for _, standing, _ in knocked)
    said = f"{open_doors} of {counted(len(devices), 'device')} let us in."
    if not known.needs_ssh() and open_doors < len(devices):
        return off(f"{said} No plan needs it yet.", PUT_KEYS, ones=_not_right(knocked))
    return _summed(said, knocked, PUT_KEYS)


def _knock(device: Device) -> tuple[Standing, str]:
    try:
        try_key(device)
    except RunFailed as failed:
        is_silent = failed.failure in SILENT
        return Standing.UNKNOWN if is_silent else Standing.WRONG, str(failed)
    return Standing.OK, ""


def mariadb(known: Situation) -> SetupAnswer:
    devices = [one for one in known.devices if one.pk in known.with_mariadb and one.address]
    if not devices:
        return off("No device is known to write into MariaDB.")
    asked = _each(devices, _log_in)
    let_in = sum(standing is Standing.OK for _, standing, _ in asked)
    said = (
        f"{let_in} of {counted(len(devices), 'device')} with MariaDB let {settings.MYSQL_USER} in."
    )
    line = "ETHONODE_MYSQL_USER=node ETHONODE_MYSQL_PASSWORD=…    # in /etc/ethonode.env"
    return _summed(said, asked, line)


def _log_in(device: Device) -> tuple[Standing, str]:
    try:
        source = MariaDBSource(
            host=host_of(device.address),
            port=settings.MYSQL_PORT,
            user=settings.MYSQL_USER,
            password=settings.MYSQL_PASSWORD,
            connect_seconds=MARIADB_SECONDS,
            patience=MARIADB_SECONDS,
        )
        list_databases(source, lambda: False)
    except AccessDenied as error:
        return Standing.WRONG, str(error)
    except BackupError as error:
        return Standing.UNKNOWN, str(error)
    return Standing.OK, ""


def device_clocks(known: Situation) -> SetupAnswer:
    """As each last told it. A wrong one moves no verdict; it misnames files."""
    told = [one for one in known.devices if one.clock_skew_seconds is not None]
    if not told:
        return unknown("No device has told its time yet.") if known.devices else off("No device.")
    limit = CLOCK_OFF_BY.total_seconds()
    apart = [one for one in told if abs(one.clock_skew_seconds or 0) > limit]
    if apart:
        ones = [One(name=str(one), words=_apart(one.clock_skew_seconds or 0)) for one in apart]
        line = f"ssh {settings.SSH_USER}@ADDRESS sudo date -s @$(date +%s)"
        words = f"{counted(len(apart), 'clock')} of {len(told)} wrong: files get wrong dates."
        return wrong(words, line, ones=ones[:MOST_NAMED])
    return ok(f"{counted(len(told), 'device')} told about the same time as ours.")


def _apart(seconds: float) -> str:
    how_far = naturaldelta(timedelta(seconds=abs(seconds)))
    return f"{how_far} {'ahead of' if seconds > 0 else 'behind'} us"


def _each(
    devices: Sequence[Device], ask: Callable[[Device], tuple[Standing, str]]
) -> list[Knocked]:
    with ThreadPoolExecutor(AT_ONCE) as pool:  # no ORM in there
        return [(one, *got) for one, got in zip(devices, pool.map(ask, devices), strict=True)]


def _not_right(asked: Iterable[Knocked]) -> list[One]:
    order = list(Standing)
    worst_first = sorted(asked, key=lambda one: order.index(one[1]))
    return [
        One(name=str(device), words=words)
        for device, standing, words in worst_first
        if standing is not Standing.OK
    ][:MOST_NAMED]


def _summed(said: str, asked: Sequence[Knocked], line: str) -> SetupAnswer:
    standings = {standing for _, standing, _ in asked}
    ones = _not_right(asked)
    if Standing.WRONG in standings:
        return wrong(said, line, ones=ones)
    if Standing.UNKNOWN in standings:
        return unknown(f"{said} The others do not answer: are they off?", ones=ones)
    return ok(said)
