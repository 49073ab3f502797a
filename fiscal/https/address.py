"""The address of a register's service, from its URL: `family+https://host[:port]`. Pure.

Nothing but loopback is reached without TLS, and no secret stands in a URL.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult

from fiscal.options import RegisterUrlError

# What someone would write who puts a secret into the URL by mistake.
SECRET_NAMES = frozenset(
    {"password", "pass", "pwd", "token", "api_key", "apikey", "api-key", "x-api-key", "key", "secret"}
)


def refuse_secrets(query: str, instead: str) -> None:
    """RegisterUrlError when an option is named like a secret; `instead` says how secrets are told."""
    for pair in query.split("&"):
        name = pair.partition("=")[0].lower()
        if name in SECRET_NAMES:
            raise RegisterUrlError(f"option {name}", f"a secret never stands in a URL; {instead}")


def origin(parts: SplitResult) -> str:
    """`https://host[:port]`, no path. RegisterUrlError names what is wrong."""
    scheme, host = parts.scheme.rpartition("+")[2], parts.hostname or ""
    if not host:
        raise RegisterUrlError("host", "is missing")
    if parts.path not in ("", "/"):
        raise RegisterUrlError("host", "must not be followed by a path")
    if scheme == "http" and not is_loopback(host):
        raise RegisterUrlError("scheme", f"{parts.scheme} carries the password in clear and serves loopback only")
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" + (f":{parts.port}" if parts.port is not None else "")


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
