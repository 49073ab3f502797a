"""Where a webhook may go: https, and no address inside the house unless the configuration says so.

Whoever may enter a webhook's address must not reach the database, a metadata service or a router through headquarters.
The check is made on the address a name resolves to at the moment of connecting, and the connection goes to that very
address.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Guard:
    networks: tuple[Network, ...] = ()  # Inside the house, and allowed.
    plain_hosts: frozenset[str] = frozenset()  # Hosts that may be spoken to without TLS.

    def trouble(self, url: str) -> str:
        """Why this address will not do; "" when its form is good."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return "not an address"
        if not host or not url.isascii() or any(char.isspace() for char in url):
            return "not an address"
        if parts.username is not None or parts.password is not None:
            return "a name or password does not belong into the address"
        if parts.scheme == "https" or (parts.scheme == "http" and host in self.plain_hosts):
            return ""
        return "only https"

    def admits(self, address: str) -> bool:
        """Whether a resolved address may be connected to."""
        try:
            found = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if any(found.version == network.version and found in network for network in self.networks):
            return True
        return found.is_global and not found.is_multicast


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address
