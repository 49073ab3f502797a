"""ATOL registers through the JSON tasks of driver 10 and its web server ("АТОЛ. Web Requests")."""

from __future__ import annotations

import base64
import itertools
import random
import uuid
from collections.abc import Callable
from urllib.parse import SplitResult

import httpx

from fiscal.atol.web.channel import Channel
from fiscal.atol.web.evidence import Evidence
from fiscal.atol.web.family import AtolJsonFamily
from fiscal.atol.web.reader import Reader
from fiscal.atol.web.register import AtolJsonRegister
from fiscal.atol.web.runner import Runner
from fiscal.atol.web.settings import Settings, parse
from fiscal.device.driver import Patience
from fiscal.https.exchange import Exchange, Limits

UUID_BITS = 128


def open_atol_json(
    parts: SplitResult,
    *,
    secret: Callable[[str], str],
    transport: httpx.BaseTransport | None,
    now: Callable[[], int],
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
    rng: random.Random | None = None,
) -> AtolJsonRegister:
    """A driver from the parts of its URL. RegisterUrlError for a wrong option."""
    settings = parse(parts)
    exchange = Exchange(
        transport=transport,
        monotonic=monotonic,
        headers={"Content-Type": "application/json; charset=utf-8", **_authorization(settings, secret)},
        limits=Limits(connect_s=settings.connect_s),
    )
    channel = Channel(settings, exchange, monotonic=monotonic, sleep=sleep)
    reader = Reader(channel, settings, _uuids(now, rng or random.SystemRandom()))
    evidence = Evidence(channel, reader)
    runner = Runner(channel, reader, evidence, settings, monotonic=monotonic, sleep=sleep)
    family = AtolJsonFamily(channel, reader, evidence, runner, settings)
    address = f"{settings.origin}/{settings.device or ''}"
    patience = Patience(printing_s=settings.printing_s)
    return AtolJsonRegister(family, address, monotonic=monotonic, sleep=sleep, patience=patience)


def _uuids(now: Callable[[], int], rng: random.Random) -> Callable[[], str]:
    """Of requests that make no document: of the clock, a count and chance, so that neither has to be trusted alone."""
    count, namespace = itertools.count(), uuid.UUID(int=rng.getrandbits(UUID_BITS))
    return lambda: str(uuid.uuid5(namespace, f"{now()}-{next(count)}"))


def _authorization(settings: Settings, secret: Callable[[str], str]) -> dict[str, str]:
    if settings.user is None or settings.password_secret is None:
        return {}
    pair = f"{settings.user}:{secret(settings.password_secret)}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}
