"""Where a device is reached by other ways than its web server."""

from urllib.parse import urlsplit

from django.conf import settings

from backups.engine.errors import BackupError
from devices.addresses import AddressRefused, places_of


class NoAddress(BackupError):
    """What is known as the device's address leads nowhere."""


def name_of(address: str) -> str:
    """As it was told, without the port, which is that of its web server; it is not looked up.

    Raises NoAddress.
    """
    bare_ipv6 = address.count(":") > 1 and not address.startswith("[")
    try:
        host = address if bare_ipv6 else urlsplit(f"//{address}").hostname
    except ValueError:
        host = None
    if not host:
        raise NoAddress(f"the device has no usable address: {address!r}")
    return host


def host_of(address: str) -> str:
    """As a number. Raises NoAddress.

    A name is looked up here and not again: what was found to be allowed is what is connected to.
    """
    host = name_of(address)
    try:
        return str(places_of(host, 0, settings.DEVICE_NETWORKS)[0][4][0])
    except AddressRefused as error:
        raise NoAddress(error.strerror) from error
    except (OSError, UnicodeError) as error:
        raise NoAddress(f"{host}: its name leads nowhere: {error}") from error
