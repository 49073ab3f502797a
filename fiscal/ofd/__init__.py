"""The data protocol 2.0.3 between a register and its fiscal data operator (OFD): codec, and a register in software."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult

from fiscal.device.links import Opener
from fiscal.ofd import settings as url_settings
from fiscal.ofd.driver import CAPABILITIES, OfdRegister
from fiscal.ofd.exchange import Exchange
from fiscal.ofd.kkm import SoftwareKkm
from fiscal.ofd.maintenance import Maintenance
from fiscal.ofd.settings import Settings
from fiscal.ofd.store import Store, StoreBroken
from fiscal.options import RegisterUrlError
from fiscal.register import Capabilities

SCHEMES = ("ofd+tcp",)
TOKEN_MAX = 2**32 - 1


def open_ofd(
    parts: SplitResult,
    *,
    secret: Callable[[str], str],
    link: Opener,
    now: Callable[[], int],
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> OfdRegister:
    """A register in software from the parts of its URL. RegisterUrlError for a wrong option, token or store."""
    settings = url_settings.parse(parts)
    token = _token(secret(settings.token_secret), settings.token_secret)
    store = _opened(settings, token)
    line = link(settings.address)
    exchange = Exchange(line, answer_s=settings.answer_s, total_s=settings.total_s, monotonic=monotonic, sleep=sleep)
    return OfdRegister(settings, store, SoftwareKkm(settings, store, exchange, now, token), now)


def examine_ofd(parts: SplitResult, secret: Callable[[str], str]) -> Capabilities:
    """What such a register can do. The URL is read and the secret asked for, and the store is left alone: opening it
    makes it, holds it, and takes a new token over. RegisterUrlError for a wrong option.
    """
    secret(url_settings.parse(parts).token_secret)
    return CAPABILITIES


def open_maintenance(parts: SplitResult) -> Maintenance:
    """The store of the register a URL names, which must exist. RegisterUrlError for a wrong option or store."""
    if parts.scheme not in SCHEMES:
        raise RegisterUrlError("scheme", f"{parts.scheme} is no register in software: {', '.join(SCHEMES)}")
    settings = url_settings.parse(parts)
    return Maintenance(_opened(settings, None))


def _opened(settings: Settings, token: int | None) -> Store:
    try:
        return Store(settings.store, settings.device, settings.serial, token)
    except StoreBroken as broken:
        raise RegisterUrlError("option store", str(broken)) from broken


def _token(text: str, name: str) -> int:
    """Never put into an error text: it is the key of the register."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= TOKEN_MAX):
        raise RegisterUrlError(f"secret {name}", "must be a whole number from 0 to 4294967295")
    return int(text)
