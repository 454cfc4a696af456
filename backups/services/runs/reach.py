"""Where a device is reached for a backup: its host, and its account over ssh."""

from urllib.parse import urlsplit

from django.conf import settings

from backups.engine.pull import SshTarget, ensure_key
from backups.services.runs.jobs import RunFailed, Work


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
