"""Which driver serves which register URL: one visible table, nothing discovered.

    open_register("webkassa+https://kkm.webkassa.kz?cashbox=SWK00000001&login=till7@shop.kz", ...)

Secrets come by name through `secret`, never in the URL.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import SplitResult

import httpx

from fiscal import options
from fiscal.device.links import Opener, open_link
from fiscal.options import RegisterUrlError
from fiscal.register import Register


@dataclass(frozen=True, slots=True)
class World:
    """The outside as a driver sees it. A driver takes what it needs."""

    secret: Callable[[str], str]  # Name of a secret -> its value.
    transport: httpx.BaseTransport | None  # None: the real network.
    now: Callable[[], int]  # UTC, nanoseconds.
    monotonic: Callable[[], float]  # Seconds.
    sleep: Callable[[float], None]  # Seconds.
    rng: random.Random | None = None
    link: Opener = open_link  # Lines of byte protocols.


class OpenRegister(Register, Protocol):
    """A register that holds connections."""

    def close(self) -> None: ...


Factory = Callable[[SplitResult, World], OpenRegister]

# A factory loads its driver itself: only the one that is configured costs a weak till time and memory.


def _webkassa(parts: SplitResult, world: World) -> OpenRegister:
    from fiscal.webkassa import open_webkassa

    return open_webkassa(
        parts, secret=world.secret, transport=world.transport, monotonic=world.monotonic, sleep=world.sleep
    )


def _ofd(parts: SplitResult, world: World) -> OpenRegister:
    from fiscal.ofd import open_ofd

    return open_ofd(
        parts, secret=world.secret, link=world.link, now=world.now, monotonic=world.monotonic, sleep=world.sleep
    )


def _rekassa(parts: SplitResult, world: World) -> OpenRegister:
    from fiscal.rekassa import open_rekassa

    return open_rekassa(
        parts, secret=world.secret, transport=world.transport, now=world.now, monotonic=world.monotonic,
        sleep=world.sleep,
    )  # fmt: skip


def _ukassa(parts: SplitResult, world: World) -> OpenRegister:
    from fiscal.ukassa import open_ukassa

    return open_ukassa(
        parts, secret=world.secret, transport=world.transport, now=world.now, monotonic=world.monotonic,
        sleep=world.sleep,
    )  # fmt: skip


def _atol(parts: SplitResult, world: World) -> OpenRegister:
    from fiscal.atol import open_atol

    return open_atol(parts, secret=world.secret, link=world.link, monotonic=world.monotonic, sleep=world.sleep)


def _atol_json(parts: SplitResult, world: World) -> OpenRegister:
    from fiscal.atol.web import open_atol_json

    return open_atol_json(
        parts,
        secret=world.secret,
        transport=world.transport,
        now=world.now,
        monotonic=world.monotonic,
        sleep=world.sleep,
        rng=world.rng,
    )


def _shtrih(parts: SplitResult, world: World) -> OpenRegister:
    from fiscal.shtrih import open_shtrih

    return open_shtrih(parts, secret=world.secret, link=world.link, monotonic=world.monotonic, sleep=world.sleep)


def _datecs(parts: SplitResult, world: World) -> OpenRegister:
    from fiscal.datecs import open_datecs

    return open_datecs(
        parts, secret=world.secret, link=world.link, monotonic=world.monotonic, sleep=world.sleep, rng=world.rng
    )


SCHEMES: dict[str, Factory] = {
    "shtrih+serial": _shtrih,
    "shtrih+tcp": _shtrih,
    "webkassa+https": _webkassa,
    "webkassa+http": _webkassa,  # Loopback only: simulators.
    "ofd+tcp": _ofd,
    "rekassa+https": _rekassa,
    "rekassa+http": _rekassa,  # Loopback only: simulators.
    "ukassa+https": _ukassa,
    "ukassa+http": _ukassa,  # Loopback only: simulators.
    "atol+serial": _atol,
    "atol+tcp": _atol,
    "atol-json+http": _atol_json,  # Loopback, or a host of the shop's own network where the set-up says so.
    "atol-json+https": _atol_json,
    "datecs-p+serial": _datecs,
    "datecs-p+tcp": _datecs,
    "datecs-x+serial": _datecs,
    "datecs-x+tcp": _datecs,
}


def open_register(
    url: str,
    *,
    secret: Callable[[str], str],
    transport: httpx.BaseTransport | None,
    now: Callable[[], int],
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
    rng: random.Random | None = None,
    link: Opener = open_link,
) -> OpenRegister:
    """The driver a URL names. RegisterUrlError names what is wrong and the nearest thing that exists."""
    parts = options.split(url)
    factory = SCHEMES.get(parts.scheme)
    if factory is None:
        raise RegisterUrlError("scheme", f'"{parts.scheme}" is not known' + options.nearest(parts.scheme, SCHEMES))
    return factory(parts, World(secret, transport, now, monotonic, sleep, rng, link))
