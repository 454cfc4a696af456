"""How a device is reached for a backup, and how what goes wrong on the way ends a run."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.conf import settings

from backups.engine.card import NoPython
from backups.engine.errors import BackupError, Cancelled
from backups.engine.mirror.errors import AccessDenied, DatabaseMissing, TableDenied
from backups.engine.pull import SshTarget, ensure_key, ensure_memory
from backups.engine.pull.errors import (
    BadName,
    HostKeyChanged,
    KeyFailed,
    KeyRefused,
    NoisyShell,
    NoPasswords,
    PasswordRefused,
    ProgramFailed,
)
from backups.services.hosts import host_of
from backups.services.runs.jobs import OtherServer, RunFailed, RunStopped, Work
from backups.services.runs.place import UnsafePlace
from devices.client import AskFailed
from devices.models import Device
from devices.services.asking import Target, WrongDevice, confirmed_id

# To try again soon helps nobody: a person has to do something first.
FOR_PEOPLE = (
    AccessDenied, BadName, DatabaseMissing, HostKeyChanged, KeyFailed, KeyRefused, NoisyShell,
    NoPasswords, NoPython, PasswordRefused, ProgramFailed, TableDenied,
)  # fmt: skip

# What ssh says of these is written for somebody who knows ssh.
CURES: Mapping[type[BackupError], str] = {
    HostKeyChanged: (
        "the device shows another ssh key than before. If its SD card was replaced, press “Forget"
        " its ssh key” on the device's page and pull again; if not, another machine may be at its"
        " address"
    ),
    KeyRefused: (
        "the device does not take our ssh key: its page says the one line that puts it there, and"
        " “manage.py setup --keys” puts it on every device"
    ),
    NoPasswords: "the device lets nobody in by a password: put the key on its card by hand",
    PasswordRefused: "the device does not take this password",
    NoisyShell: (
        "the device's account prints text at each login, which rsync cannot work with: silence its"
        " shell's start files (such as .bashrc) where no person logs in"
    ),
}


def ssh_target(work: Work) -> SshTarget:
    """Raises KeyFailed, BadName; RunFailed where another device says that it is there.

    A card is cloned with its ssh keys, so a host key alone does not say whose data these are. One
    that is silent over HTTP is known by its key.
    """
    address = work.server.host or work.device.address
    try:
        confirmed_id(Target(address, work.device.device_id))
    except WrongDevice as error:
        raise RunFailed(str(error), retry=False, failure=type(error).__name__) from error
    except AskFailed:
        pass
    return target_of(work.device, work.server)


def target_of(device: Device, server: OtherServer) -> SshTarget:
    """Its host key is remembered under the machine id, for addresses move between devices.

    Raises KeyFailed, BadName, NoAddress.
    """
    ensure_key(settings.SSH_KEY_FILE)
    ensure_memory(settings.SSH_KNOWN_HOSTS)
    return SshTarget(
        host=server.host or host_of(device.address),
        user=settings.SSH_USER,
        key_file=settings.SSH_KEY_FILE,
        known_hosts=settings.SSH_KNOWN_HOSTS,
        port=server.port or settings.SSH_PORT,
        known_as=device.device_id,
    )


@contextmanager
def own_errors() -> Iterator[None]:
    """The errors of a pull or a mirror, as those of a run."""
    try:
        yield
    except Cancelled as error:
        raise RunStopped(str(error)) from error
    except UnsafePlace as error:
        raise RunFailed(str(error), retry=False) from error
    except BackupError as error:
        text = f"{cure} ({error})" if (cure := CURES.get(type(error))) else str(error)
        raise RunFailed(
            text, retry=not isinstance(error, FOR_PEOPLE), failure=type(error).__name__
        ) from error
