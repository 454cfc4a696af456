"""Where messages may go: to public addresses, and to the networks of the lab that are named.

A channel's address is typed by a person and resolved by a name server: neither may lead to what
listens only for this machine, or to a cloud's metadata.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

# Public by their numbers, and yet a way to an inner IPv4 address.
WRAPPED = tuple(
    map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96"))
)

Network = IPv4Network | IPv6Network


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    return tuple(map(ip_network, texts))


def is_allowed(text: str, allowed: Iterable[Network] = ()) -> bool:
    """Whether this address may be connected to. What is no address is not."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if any(address.version == network.version and address in network for network in allowed):
        return True
    if any(address.version == network.version and address in network for network in WRAPPED):
        return False
    return address.is_global and not address.is_multicast
