"""The address of a register's service, from its URL: `family+https://host[:port][/path]`. Pure.

Nothing but loopback is reached without TLS, unless a family has an option for a service of the shop's own network and
it is given; no secret stands in a URL.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult

from fiscal.options import RegisterUrlError

_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")


def origin(parts: SplitResult, *, plain: bool = False) -> str:
    """`https://host[:port]`, no path. RegisterUrlError names what is wrong. `plain`: any host may do without TLS."""
    if parts.path not in ("", "/"):
        raise RegisterUrlError("host", "must not be followed by a path")
    return _host(parts, plain=plain)


def base(parts: SplitResult) -> str:
    """`https://host[:port][/path]`, no slash at its end, for a service that lives below a path of its host."""
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path):
        raise RegisterUrlError("path", "must be plain, like /partner")
    return _host(parts) + path


def _host(parts: SplitResult, *, plain: bool = False) -> str:
    scheme, host = parts.scheme.rpartition("+")[2], parts.hostname or ""
    if not host:
        raise RegisterUrlError("host", "is missing")
    if scheme == "http" and not plain and not is_loopback(host):
        raise RegisterUrlError("scheme", f"{parts.scheme} carries the password in clear and serves loopback only")
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" + (f":{parts.port}" if parts.port is not None else "")


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
