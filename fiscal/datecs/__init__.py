"""Datecs fiscal printers on a serial line or TCP, protocols P and X: codec, tables of status and errors, driver."""

from __future__ import annotations

import random
from collections.abc import Callable
from urllib.parse import SplitResult

from fiscal.datecs.family import DatecsFamily
from fiscal.datecs.protocol import Language
from fiscal.datecs.protocol_p import ProtocolP
from fiscal.datecs.protocol_x import ProtocolX
from fiscal.datecs.settings import HABITS, parse
from fiscal.datecs.wire import Wire
from fiscal.device.driver import DeviceRegister, Patience
from fiscal.device.links import Opener
from fiscal.options import RegisterUrlError

PASSWORD_DIGITS_MAX = 8
LANGUAGES: dict[str, Language] = {"datecs-p": ProtocolP(), "datecs-x": ProtocolX()}


def open_datecs(
    parts: SplitResult,
    *,
    secret: Callable[[str], str],
    link: Opener,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
    rng: random.Random | None,
) -> DeviceRegister:
    """A driver from the parts of its URL; the scheme names the protocol.

    RegisterUrlError for a wrong option or an unusable secret.
    """
    language = LANGUAGES[parts.scheme.partition("+")[0]]
    settings = parse(parts, language.name)
    address = settings.device.address
    wire = Wire(
        link(address), language, answer_s=settings.answer_s, codepage=settings.codepage, monotonic=monotonic,
        rng=rng or random.Random(),  # noqa: S311 - a starting number that should differ, no secret
    )  # fmt: skip
    family = DatecsFamily(wire, language, settings, _password(settings.password_secret, language.name, secret))
    patience = Patience(printing_s=settings.device.printing_s)
    return DeviceRegister(family, address.name, monotonic=monotonic, sleep=sleep, patience=patience)


def _password(name: str | None, protocol: str, secret: Callable[[str], str]) -> str:
    """The operator's password, or the factory's."""
    if name is None:
        return HABITS[protocol].password
    value = secret(name)
    if not (value.isascii() and value.isdigit() and len(value) <= PASSWORD_DIGITS_MAX):
        raise RegisterUrlError(f"secret {name}", f"must be 1 to {PASSWORD_DIGITS_MAX} digits")
    return value
