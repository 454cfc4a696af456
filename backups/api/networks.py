"""Who may read without a login: those whose own address is in a network that was named."""

from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED")


def comes_from_status_network(request: HttpRequest) -> bool:
    """Whether the connection itself comes from one of ETHONODE_STATUS_NETWORKS.

    Behind a proxy everybody seems to come from the proxy, so what was passed on never does; what
    the passing header says of the sender is anyone's word.
    """
    if any(header in request.META for header in FORWARDED):
        return False
    return is_within(request.META.get("REMOTE_ADDR", ""), settings.STATUS_NETWORKS)


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether the address of the connection itself lies in one of them; a name never does."""
    try:
        client = ip_address(address)
    except ValueError:
        return False
    if isinstance(client, IPv6Address) and client.ipv4_mapped:
        client = client.ipv4_mapped
    return any(client in network for network in _parsed(tuple(networks)))


@cache
def _parsed(networks: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(network) for network in networks]
