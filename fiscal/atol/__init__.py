"""ATOL registers: protocol 3 on a serial line or TCP, and the JSON tasks of driver 10 behind its web server."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult

from fiscal.atol.commands import MODE_PASSWORD_BYTES, PASSWORD_BYTES, Mode
from fiscal.atol.family import AtolFamily
from fiscal.atol.settings import parse
from fiscal.atol.talk import Talk
from fiscal.atol.wire import TaskWire, Tempo
from fiscal.device.driver import DeviceRegister, Patience
from fiscal.device.links import Opener
from fiscal.options import RegisterUrlError

# Factory passwords, as public clients use them.
ACCESS_PASSWORD, OPERATOR_PASSWORD, ADMIN_PASSWORD = 0, 1, 30


def open_atol(
    parts: SplitResult,
    *,
    secret: Callable[[str], str],
    link: Opener,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> DeviceRegister:
    """A driver of protocol 3 from the parts of its URL. RegisterUrlError for a wrong option or an unusable secret."""
    settings = parse(parts)
    admin = _password(settings.admin_secret, ADMIN_PASSWORD, MODE_PASSWORD_BYTES, secret)
    modes = {
        Mode.REGISTRATION: _password(settings.operator_secret, OPERATOR_PASSWORD, MODE_PASSWORD_BYTES, secret),
        Mode.X_REPORTS: admin,
        Mode.Z_REPORTS: admin,
    }
    address = settings.device.address
    wire = TaskWire(link(address), Tempo(settings.answer_s, settings.poll_s), settings.crc, monotonic)
    talk = Talk(wire, _password(settings.password_secret, ACCESS_PASSWORD, PASSWORD_BYTES, secret), modes)
    patience = Patience(printing_s=settings.device.printing_s)
    return DeviceRegister(AtolFamily(talk, settings), address.name, monotonic=monotonic, sleep=sleep, patience=patience)


def _password(name: str | None, factory: int, size: int, secret: Callable[[str], str]) -> int:
    if name is None:
        return factory
    value = secret(name)
    if not (value.isascii() and value.isdigit() and len(value) <= 2 * size):
        raise RegisterUrlError(
            f"secret {name}", f"must be at most {2 * size} digits, as they are typed at the register"
        )
    return int(value)
