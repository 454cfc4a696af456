"""Our own ssh key, and the keys that devices showed at their first contact."""

from django.conf import settings

from backups.engine.pull import ensure_key, forget_host_key
from backups.engine.pull.errors import KeyFailed
from devices.models import Device

__all__ = ["KeyFailed", "forget_key_of", "public_key"]


def public_key() -> str:
    """The public half, for the devices' `authorized_keys`. Made at first use. Raises KeyFailed."""
    return ensure_key(settings.SSH_KEY_FILE)


def forget_key_of(device: Device) -> bool:
    """Let the device show another key at its next contact. False: it had shown none.

    Raises KeyFailed.
    """
    return forget_host_key(settings.SSH_KNOWN_HOSTS, device.device_id)
