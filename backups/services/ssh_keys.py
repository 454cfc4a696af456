"""Our own ssh key, and the keys that devices showed at their first contact."""

import shlex

from django.conf import settings

from backups.engine.pull import authorize, ensure_key, forget_host_key, knock, public_file
from backups.engine.pull.errors import KeyFailed, KeyRefused, RemoteFailed
from backups.engine.pull.processes import Leash
from backups.services.hosts import name_of
from backups.services.runs.jobs import OtherServer
from backups.services.runs.reach import own_errors, target_of
from devices.models import Device

__all__ = ["KeyFailed", "forget_key_of", "public_key"]

LEASH = Leash(silent_seconds=30)


def public_key() -> str:
    """The public half, for the devices' `authorized_keys`. Made at first use. Raises KeyFailed."""
    return ensure_key(settings.SSH_KEY_FILE)


def forget_key_of(device: Device) -> bool:
    """Let the device show another key at its next contact. False: it had shown none.

    Raises KeyFailed.
    """
    return forget_host_key(settings.SSH_KNOWN_HOSTS, device.device_id)


def try_key(device: Device) -> None:
    """Log in to the device with our key, and leave again. Raises RunFailed."""
    with own_errors():
        knock(target_of(device, OtherServer()), leash=LEASH)


def put_key(device: Device, *, password: str) -> None:
    """Let the device take our key, by its account's password, which is kept nowhere.

    Raises RunFailed.
    """
    with own_errors():
        target = target_of(device, OtherServer())
        authorize(target, public_key(), password=password, leash=LEASH)
        try:
            knock(target, leash=LEASH)
        except KeyRefused as error:
            raise RemoteFailed(f"our key is there now, and it is not taken: {error}") from error


def line_to_type(device: Device) -> str:
    """What a person types on this machine, as whoever runs ethonode, to put our key on a device.

    It is for a page: nothing is asked, not even a name server. Raises KeyFailed, NoAddress.
    """
    public = public_file(settings.SSH_KEY_FILE)
    port = [] if settings.SSH_PORT == 22 else ["-p", str(settings.SSH_PORT)]
    login = f"{settings.SSH_USER}@{name_of(device.address)}"
    return shlex.join(["ssh-copy-id", "-f", "-i", str(public), *port, login])
