"""The address of a register's service, from its URL: `family+https://host[:port]`. Pure.

Nothing but loopback is reached without TLS, unless a family has an option for a service of the shop's own network and
it is given; no secret stands in a URL.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult

from fiscal.options import RegisterUrlError


def origin(parts: SplitResult, *, plain: bool = False) -> str:
    """`https://host[:port]`, no path. RegisterUrlError names what is wrong. `plain`: any host may do without TLS."""
    scheme, host = parts.scheme.rpartition("+")[2], parts.hostname or ""
    if not host:
        raise RegisterUrlError("host", "is missing")
    if parts.path not in ("", "/"):
        raise RegisterUrlError("host", "must not be followed by a path")
    if scheme == "http" and not plain and not is_loopback(host):
        raise RegisterUrlError("scheme", f"{parts.scheme} carries the password in clear and serves loopback only")
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" + (f":{parts.port}" if parts.port is not None else "")


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
