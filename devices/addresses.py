"""Which addresses may be connected to, and who comes from where. Numbers count, not spellings.

Where a device is, is told by whoever answers as the node or as a device. Such a word must not lead
to what listens only for this machine, or to a cloud's metadata; `0x7f000001`, `2130706433` and
`::ffff:127.0.0.1` are ways to write 127.0.0.1.
"""

import socket
from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

# Where a lab's devices are; all but link-local IPv4, where clouds tell their secrets.
INNER_NETWORKS = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
    "fe80::/10",
)
LOOPBACK_NETWORKS = ("127.0.0.0/8", "::1/128")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class AddressRefused(OSError):
    """It is in none of the networks that may be connected to."""

    def __init__(self, text: str) -> None:
        super().__init__(None, text)
        self.strerror = text


def plain_address(text: str) -> Address | None:
    """An IPv4 address in an IPv6 one is itself; None for what is no address."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_within(text: str, networks: Sequence[str]) -> bool:
    """Whether this is an address in one of them; a name never is."""
    address = plain_address(text)
    return address is not None and any(
        address.version == network.version and address in network
        for network in networks_of(tuple(networks))
    )


@cache
def networks_of(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(map(ip_network, texts))


def places_of(host: str, port: int, networks: Sequence[str] | None) -> list[tuple[Any, ...]]:
    """What `socket.getaddrinfo` finds, as far as it is allowed. Connect to exactly these.

    `networks`: None where a person named the host in the settings. Raises OSError.
    """
    found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    if networks is None:
        return found
    allowed = [place for place in found if is_within(str(place[4][0]), networks)]
    if found and not allowed:
        number = found[0][4][0]
        said = host if host == number else f"{host} ({number})"
        raise AddressRefused(f"{said} is in none of the ETHONODE_DEVICE_NETWORKS: not asked")
    return allowed
