"""The addresses of scanners that send plain characters over TCP.

tcp://192.168.1.20:9100?suffix=cr      the agent calls the scanner, or the box its cable ends in
tcp-listen://0.0.0.0:7000?allow=192.168.1.0/24      scanners call the agent; tcp-listen://[::]:7000 over IPv6 too

Whoever may connect may put goods into the open receipt, so an address that others can reach must say who is allowed.
Options: see TCP_OPTIONS and TCP_SERVER_OPTIONS.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, unquote

from scanners.address import (
    DUPLICATE_OPTION,
    Scanner,
    ScannerAddressInvalid,
    Surroundings,
    duplicates_of,
    integer,
    options_of,
)
from scanners.framing import Framing
from scanners.line import LineScanner
from scanners.plain import PlainText
from scanners.ports import Port
from scanners.serial import BURST_OPTION, FRAMING_OPTIONS, bursts_of, framing_of
from scanners.tcp_connection import CONNECT_MS, KEEPALIVE_S, TcpOpener
from scanners.tcp_listener import CLIENTS, Admission, Listener, Network
from scanners.tcp_server import TcpServerScanner

_GAP_MS: Final = 1000  # A lost packet is sent again after 0.2 s and more; a shorter silence would cut codes in two.
_GAP_ONLY_MS: Final = 250  # Where nothing but silence ends a code, every code waits for so long.
_BAUD: Final = 115_200  # No line is slow here; the floor of the gap is then the latency of the system.

CONNECTION_OPTIONS: Final[dict[str, str]] = {
    **FRAMING_OPTIONS,
    "gap_ms": f"silence that ends a code; default {_GAP_MS}, or {_GAP_ONLY_MS} with suffix=none",
    "keepalive_s": (
        "seconds of silence until the other side is asked whether it is still there; it is given up after as many "
        f"again; 1 to 7200, 0: never asked; default {KEEPALIVE_S}"
    ),
    **DUPLICATE_OPTION,
    **BURST_OPTION,
}
TCP_OPTIONS: Final[dict[str, str]] = {
    "connect_ms": f"how long one attempt to connect may take, 50 to 10000; default {CONNECT_MS}",
    **CONNECTION_OPTIONS,
}
TCP_SERVER_OPTIONS: Final[dict[str, str]] = {
    "allow": "who may send scans: networks with commas, such as 192.168.1.0/24,fd00::/8; default: this machine only",
    "clients": f"how many scanners at a time, 1 to 64; default {CLIENTS}",
    **CONNECTION_OPTIONS,
}


def tcp_scanner(name: str, url: SplitResult, surroundings: Surroundings) -> Scanner:
    options = options_of(url.query, TCP_OPTIONS)
    framing = tcp_framing(options)
    opener = TcpOpener(
        *endpoint(url, port_min=1),
        connect_s=integer(options, "connect_ms", CONNECT_MS, 50, 10_000) / 1000,
        keepalive_s=keepalive_of(options),
        # Silence is seen in steps of one read: a fourth of the gap keeps it a gap.
        read_timeout_s=min(surroundings.read_timeout_s, framing.silence_ms / 4000),
    )
    return LineScanner(
        name,
        opener,
        PlainText(framing),
        now=surroundings.now,
        monotonic=surroundings.monotonic,
        duplicates=duplicates_of(options),
        bursts=bursts_of(options),
    )


def tcp_server_scanner(name: str, url: SplitResult, surroundings: Surroundings) -> Scanner:
    options = options_of(url.query, TCP_SERVER_OPTIONS)
    host, port = endpoint(url, port_min=0)
    framing = tcp_framing(options)
    duplicates = duplicates_of(options)
    bursts_of(options)  # Checked now, not at the first connection.

    def line(source: str, port: Port) -> LineScanner:
        return LineScanner(
            source,
            lambda: port,
            PlainText(framing),
            now=surroundings.now,
            monotonic=surroundings.monotonic,
            duplicates=duplicates,
            bursts=bursts_of(options),
        )

    return TcpServerScanner(
        name,
        lambda: Listener(host, port),
        line,
        admission=Admission(_allowed(options, host), integer(options, "clients", CLIENTS, 1, 64)),
        keepalive_s=keepalive_of(options),
        # Silence is seen in steps of one look: a fourth of the gap keeps it a gap.
        wait_s=min(surroundings.read_timeout_s, framing.silence_ms / 4000),
        now=surroundings.now,
        monotonic=surroundings.monotonic,
    )


def endpoint(url: SplitResult, *, port_min: int) -> tuple[str, int]:
    """Read host and port of an address."""
    wrong = ScannerAddressInvalid("address", f"{url.netloc + url.path!r}: HOST:PORT, or [IPV6]:PORT, and no more")
    try:
        host, port = unquote(url.hostname or ""), url.port
        host.encode("idna")  # What the system would do with it.
    except UnicodeError as error:
        raise wrong from error
    except ValueError as error:  # Port out of range, or no number.
        raise ScannerAddressInvalid("address", str(error)) from error
    if not host or port is None or port < port_min or url.path.strip("/") or url.username is not None:
        raise wrong
    return host, port


def tcp_framing(options: Mapping[str, str]) -> Framing:
    gap_ms = _GAP_ONLY_MS if options.get("suffix", "").lower() == "none" else _GAP_MS
    return framing_of({"gap_ms": str(gap_ms), **options}, _BAUD)


def keepalive_of(options: Mapping[str, str]) -> int:
    return integer(options, "keepalive_s", KEEPALIVE_S, 0, 7200)


def _allowed(options: Mapping[str, str], host: str) -> tuple[Network, ...]:
    if "allow" in options:
        try:
            return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in options["allow"].split(","))
        except ValueError as error:
            raise ScannerAddressInvalid("allow", str(error)) from error
    if host != "localhost" and not _is_loopback(host):
        raise ScannerAddressInvalid("allow", f"{host} can be reached by others: say which network may send scans")
    return (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
