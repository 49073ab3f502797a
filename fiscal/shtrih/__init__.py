"""Shtrih-M registers on a serial line or TCP: codecs of both link layers, tables of models and errors, driver."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult

from fiscal.device.driver import DeviceRegister, Patience, line_lock
from fiscal.device.family import Silence
from fiscal.device.links import Opener
from fiscal.options import RegisterUrlError
from fiscal.shtrih.commands import Who
from fiscal.shtrih.family import ShtrihFamily
from fiscal.shtrih.models import AUTO, MODELS, Model
from fiscal.shtrih.numbered_wire import NumberedWire
from fiscal.shtrih.probe import model_of
from fiscal.shtrih.settings import Layer, Settings, fit, parse
from fiscal.shtrih.talk import Talk
from fiscal.shtrih.wire import StandardWire, Tempo, Wire

PASSWORD_MAX = 0xFFFFFFFF
BITS_OF_A_BYTE = 10  # 8N1.


def open_shtrih(
    parts: SplitResult,
    *,
    secret: Callable[[str], str],
    link: Opener,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> DeviceRegister:
    """A driver from the parts of its URL. With model=auto the register is asked now and must answer.

    RegisterUrlError for a wrong option, an unusable secret, or a register that does not tell its model.
    """
    settings, passwords, wire = _wired(parts, secret, link, monotonic)
    if settings.model == AUTO:
        talk = Talk(wire, passwords, storage=False, pause_s=0.0, monotonic=monotonic, sleep=sleep)
        model = _probed(wire, talk, settings)
    else:
        model = MODELS[settings.model]
    family = ShtrihFamily(wire, settings, model, passwords, monotonic=monotonic, sleep=sleep)
    patience = Patience(printing_s=settings.device.printing_s)
    return DeviceRegister(family, settings.device.address.name, monotonic=monotonic, sleep=sleep, patience=patience)


def model_there(
    parts: SplitResult,
    *,
    secret: Callable[[str], str],
    link: Opener,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> Model:
    """Which model answers on the line of a URL, for a set-up that writes it down: see `open_shtrih` for what it raises.

    Only questions are asked; nothing is printed and nothing changes.
    """
    settings, passwords, wire = _wired(parts, secret, link, monotonic)
    talk = Talk(wire, passwords, storage=False, pause_s=0.0, monotonic=monotonic, sleep=sleep)
    return _probed(wire, talk, settings)


def _wired(
    parts: SplitResult, secret: Callable[[str], str], link: Opener, monotonic: Callable[[], float]
) -> tuple[Settings, dict[Who, int], Wire]:
    settings = parse(parts)
    passwords = {
        Who.OPERATOR: _password(settings.password_secret, settings.operator, secret),
        Who.ADMIN: _password(settings.admin_secret, settings.admin, secret),
    }
    address = settings.device.address
    layer = StandardWire if settings.layer is Layer.STANDARD else NumberedWire
    byte_takes_s = 0.0 if address.host else BITS_OF_A_BYTE / address.baud
    return settings, passwords, layer(link(address), Tempo(settings.ack_s, settings.byte_s, byte_takes_s), monotonic)


def _probed(wire: Wire, talk: Talk, settings: Settings) -> Model:
    with line_lock(settings.device.address.name):
        try:
            wire.connect()
            model = model_of(talk)
        except Silence as silence:
            text = f"auto asks the register, and it does not tell ({silence.failure.text}): name the model"
            raise RegisterUrlError("option model", text) from None
        finally:
            wire.close()
    fit(settings, model)
    return model


def _password(name: str | None, number: int, secret: Callable[[str], str]) -> int:
    """The password itself, or the factory's: the operator's number."""
    if name is None:
        return number
    value = secret(name)
    if not (value.isascii() and value.isdigit() and int(value) <= PASSWORD_MAX):
        raise RegisterUrlError(f"secret {name}", "must be digits, as they are typed at the register")
    return int(value)
