"""Alternative hosts that the service names when a domain is blocked: header `AlternativeDomainNames: a,b,c`. Pure.

The header decides where the password and the receipts go next, so only a public name over https is followed: no
address, no port, no path, no name that resolves inside the shop.
Sources: live notes in github shtefanov/webkassa-iikofront-adapter; WebkassaClient of VitalyKravtsov2016/OposWebkassa.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

HEADER = "alternativedomainnames"
ALTERNATIVES_MAX = 5
NAME_LENGTH_MAX = 253

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label starts with a letter: every spelling of an IPv4 address ends in a digit group or in 0x...
_NAME = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})")
# Reserved for inside a network or for documents (RFC 2606, 6761, 6762, 7686, 8375), and habits of office networks.
_PRIVATE = (
    *("localhost", "localdomain", "local", "internal", "intranet", "private", "lan", "home", "corp", "arpa"),
    *("test", "example", "invalid", "onion", "alt"),
)


def origin(entry: str) -> str | None:
    """`https://name` for one entry of the header, or None when it must not be followed."""
    text = entry.strip().lower()
    if "://" in text:
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            return None
        if parts.scheme != "https" or port is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
            return None
        if parts.netloc != parts.hostname:  # A user, a password, or an empty port.
            return None
        text = parts.netloc
    if len(text) > NAME_LENGTH_MAX or not _NAME.fullmatch(text):
        return None
    return None if text.rpartition(".")[2] in _PRIVATE else f"https://{text}"


def origins(header: str) -> tuple[str, ...]:
    """The usable hosts of a header value, in order, without repeats, at most ALTERNATIVES_MAX."""
    found: dict[str, None] = {}
    for entry in header.split(","):
        if (name := origin(entry)) is not None:
            found[name] = None
    return tuple(found)[:ALTERNATIVES_MAX]
