"""One HTTP exchange of a worker: sent once, followed nowhere, read within limits.

httpx limits each read by itself; the whole answer is limited here, so that a server that sends a byte now and then does
not hold the worker for ever.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import httpx

TEXT_LENGTH_MAX = 300  # Of a failure's words.


class Trouble(StrEnum):
    TIMEOUT = "timeout"
    NETWORK = "network"
    ANSWER = "answer"  # Longer than anything this exchange can be about.


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer came, whatever it says."""

    status: int
    headers: httpx.Headers
    body: bytes  # Of a status above 299 perhaps only the beginning.


@dataclass(frozen=True, slots=True)
class Broken:
    """No usable answer; the request may or may not have arrived."""

    trouble: Trouble
    text: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one exchange."""

    deadline_s: float
    connect_s: float
    answer_bytes_max: int
    error_bytes_max: int = 2_048  # What is kept of an error page.


def exchange(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    limits: Limits,
    monotonic: Callable[[], float],
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply | Broken:
    """Send once, follow nothing, read within the limits. Never raises for what line or server do."""
    until = monotonic() + limits.deadline_s
    timeout = httpx.Timeout(limits.deadline_s, connect=min(limits.connect_s, limits.deadline_s))
    try:
        with client.stream(
            method, url, content=content, headers=headers, timeout=timeout, follow_redirects=False
        ) as response:
            return _read(response, until, limits, monotonic)
    except httpx.TimeoutException as error:
        return Broken(Trouble.TIMEOUT, _words(error))
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
        return Broken(Trouble.NETWORK, _words(error))


def _read(response: httpx.Response, until: float, limits: Limits, monotonic: Callable[[], float]) -> Reply | Broken:
    is_error = response.status_code > 299
    most = limits.error_bytes_max if is_error else limits.answer_bytes_max
    body = bytearray()
    # Raw: we ask for no compression, because a compressed answer may be small on the wire and endless in memory.
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > most:
            if is_error:
                break
            return Broken(Trouble.ANSWER, f"the answer is longer than {most} bytes")
        if monotonic() > until:
            break
    if monotonic() > until:
        return Broken(Trouble.TIMEOUT, f"no whole answer within {limits.deadline_s:g} s")
    return Reply(response.status_code, response.headers, bytes(body[:most]))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:TEXT_LENGTH_MAX]


def open_client(
    base_url: str,
    *,
    headers: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
    tls: ssl.SSLContext | None = None,
) -> httpx.Client:
    """`transport` replaces the network, `tls` whom we trust there; proxies of the environment are not used."""
    return httpx.Client(
        base_url=base_url,
        verify=True if tls is None else tls,
        transport=transport,
        headers={"User-Agent": "pos-agent", "Accept-Encoding": "identity", **(headers or {})},
        follow_redirects=False,
        trust_env=False,
    )
