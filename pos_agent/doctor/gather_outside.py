"""Facts of the servers the agent needs: name, connection, certificate, clock, login. One short talk with each."""

from __future__ import annotations

import http.client
import math
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from pos_agent.clock import NS_PER_S
from pos_agent.config import Config, ConfigError
from pos_agent.doctor.edge import Edge
from pos_agent.doctor.facts import EndpointFacts
from sync.secret_reference import SecretMissing

PORTS: Final = {"http": 80, "https": 443}
NOBODYS_CODE: Final = "0104870000000104210000000000000"  # Looked up to see a login through; of no goods.
_TEXT_LENGTH_MAX: Final = 200


def endpoint_facts(config: Config, edge: Edge) -> tuple[EndpointFacts, ...]:
    """IS MPT, headquarters and a cloud register, as far as they are configured."""
    found = []
    if config.ismpt.url:
        found.append(_logged_in(_talked("ismpt", config.ismpt.url, edge, None), lambda: _ismpt(config, edge)))
    if config.sync.url:
        try:
            tls = _tls(config)
        except ConfigError as error:
            parts = urlsplit(config.sync.url)
            found.append(EndpointFacts("hq", parts.hostname or "", parts.port or 443, True, unreachable=str(error)))
        else:
            found.append(_logged_in(_talked("hq", config.sync.url, edge, tls), lambda: _headquarters(config, edge)))
    scheme, _, rest = config.register_.url.partition("+")
    if scheme in ("webkassa", "rekassa", "ukassa") and rest.startswith(("http:", "https:")):
        found.append(_talked("register", rest, edge, None))
    return tuple(found)


def _tls(config: Config) -> ssl.SSLContext | None:
    from pos_agent.to_headquarters import tls_of

    return tls_of(config.sync)


def _talked(name: str, url: str, edge: Edge, tls: ssl.SSLContext | None) -> EndpointFacts:
    """Connect and ask for nothing but the headers."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 443)
    facts = EndpointFacts(name, host, port, parts.scheme == "https")
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return replace(facts, unresolved=_short(error))
    connection: http.client.HTTPConnection
    if facts.tls:
        context = tls or ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, port, timeout=edge.network_s, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=edge.network_s)
    try:
        connection.connect()
        expires_ns = _expires_ns(connection.sock)
        connection.request("HEAD", parts.path or "/")
        date = connection.getresponse().getheader("Date")
    except (OSError, http.client.HTTPException) as error:
        return replace(facts, unreachable=_short(error))
    finally:
        connection.close()
    return replace(facts, expires_ns=expires_ns, ahead_s=_ahead_s(date, edge.clock.now_ns()))


def _expires_ns(sock: socket.socket | None) -> int | None:
    if not isinstance(sock, ssl.SSLSocket):
        return None
    ends = (sock.getpeercert() or {}).get("notAfter")
    return ssl.cert_time_to_seconds(ends) * NS_PER_S if isinstance(ends, str) else None


def _ahead_s(date: str | None, now_ns: int) -> float | None:
    """A server tells whole seconds: half of one is added, so that nothing is taken for a difference."""
    if date is None:
        return None
    try:
        told_s = parsedate_to_datetime(date).timestamp() + 0.5
    except (TypeError, ValueError):
        return None
    ahead_s = told_s - now_ns / NS_PER_S
    return ahead_s if math.isfinite(ahead_s) else None


def _logged_in(facts: EndpointFacts, login: Callable[[], str | None]) -> EndpointFacts:
    """`login` says why not; "": it went well; None: it cannot be tried from here."""
    if facts.unresolved or facts.unreachable:
        return facts
    refused = login()
    return facts if refused is None else replace(facts, logged_in=not refused, refused=refused)


def _ismpt(config: Config, edge: Edge) -> str | None:
    """Look one code up that is nobody's: the shortest way to see that the login is taken."""
    from sync.ismpt.client import IsMptClient

    section = config.ismpt
    if section.password is None:
        return None
    try:
        password = edge.secret(section.password)
        client = IsMptClient(
            section.url, section.login, password, now=edge.clock.now_ns, monotonic=edge.clock.monotonic,
            sleep=edge.clock.sleep, rng=edge.rng,
        )  # fmt: skip
    except (SecretMissing, ValueError):
        return None
    try:
        return client.check([NOBODYS_CODE], deadline_s=edge.network_s).unavailable or ""
    finally:
        client.close()


def _headquarters(config: Config, edge: Edge) -> str | None:
    """Ask where it stands with this till's journal: a question that keeps nothing."""
    from pos_agent.to_headquarters import credential_of, tls_of
    from sync import link
    from sync.delivery_state import DeliverySettings
    from sync.headquarters import Headquarters

    try:
        credential = credential_of(config.sync, edge.secret)
    except SecretMissing:
        return None
    except ConfigError as error:
        return str(error)
    settings = DeliverySettings(deadline_s=edge.network_s, connect_s=edge.network_s)
    server = Headquarters(
        config.sync.url, credential, settings, till=config.till.name, transport=None, monotonic=edge.clock.monotonic,
        tls=tls_of(config.sync),
    )  # fmt: skip
    try:
        reply = server.cursor()
    finally:
        server.close()
    if isinstance(reply, link.Broken):
        return reply.text
    return "" if reply.status == 200 else f"HTTP {reply.status}"


def _short(error: BaseException) -> str:
    text = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or str(error) or type(error).__name__
    return str(text)[:_TEXT_LENGTH_MAX]
