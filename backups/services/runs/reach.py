"""How a device is reached for a backup, and how what goes wrong on the way ends a run."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.conf import settings

from backups.engine.card import NoPython
from backups.engine.errors import BackupError, Cancelled
from backups.engine.pull import SshTarget, ensure_key
from backups.engine.pull.errors import (
    BadName,
    HostKeyChanged,
    KeyFailed,
    KeyRefused,
    NoisyShell,
    ProgramFailed,
)
from backups.services.runs.jobs import RunFailed, RunStopped, Work
from backups.services.runs.place import UnsafePlace

# To try again soon helps nobody: a person has to do something first.
FOR_PEOPLE = (
    BadName, HostKeyChanged, KeyFailed, KeyRefused, NoisyShell, NoPython, ProgramFailed,
)  # fmt: skip

# What ssh says of these is written for somebody who knows ssh.
CURES: Mapping[type[BackupError], str] = {
    HostKeyChanged: (
        "the device shows another ssh key than before. If its SD card was replaced, press “Forget"
        " its ssh key” on the device's page and pull again; if not, another machine may be at its"
        " address"
    ),
    KeyRefused: (
        "the device does not take our ssh key: add the one that is shown under Backups, Plans to"
        " its account's ~/.ssh/authorized_keys"
    ),
    NoisyShell: (
        "the device's account prints text at each login, which rsync cannot work with: silence its"
        " shell's start files (such as .bashrc) where no person logs in"
    ),
}


def host_of(address: str) -> str:
    """Without the port, which is that of the device's web server."""
    bare_ipv6 = address.count(":") > 1 and not address.startswith("[")
    try:
        host = address if bare_ipv6 else urlsplit(f"//{address}").hostname
    except ValueError:
        host = None
    if not host:
        raise RunFailed(f"the device has no usable address: {address!r}")
    return host


def ssh_target(work: Work) -> SshTarget:
    """Its host key is remembered under the machine id, for addresses move between devices.

    Raises KeyFailed, BadName.
    """
    ensure_key(settings.SSH_KEY_FILE)
    return SshTarget(
        host=work.server.host or host_of(work.device.address),
        user=settings.SSH_USER,
        key_file=settings.SSH_KEY_FILE,
        known_hosts=settings.SSH_KNOWN_HOSTS,
        port=work.server.port or settings.SSH_PORT,
        known_as=work.device.device_id,
    )


@contextmanager
def own_errors() -> Iterator[None]:
    """The errors of a pull, as those of a run."""
    try:
        yield
    except Cancelled as error:
        raise RunStopped(str(error)) from error
    except UnsafePlace as error:
        raise RunFailed(str(error), retry=False) from error
    except BackupError as error:
        text = f"{cure} ({error})" if (cure := CURES.get(type(error))) else str(error)
        raise RunFailed(text, retry=not isinstance(error, FOR_PEOPLE)) from error
