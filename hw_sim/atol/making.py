"""Put registers together: what `pos-agent sim fiscal`, the demo and the tests start."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from hw_sim.atol.hands import switches
from hw_sim.atol.json_register import JsonRegister
from hw_sim.atol.profile import MODELS, Model, Profile
from hw_sim.atol.register import AtolRegister
from hw_sim.atol.web import WebRequests
from hw_sim.atol.web_profile import Api, Behind, Recovered, WebProfile
from hw_sim.device.console import Switch
from hw_sim.device.memory import FiscalMemory, Identity
from hw_sim.device.simulated import Simulated
from hw_sim.exchange import Clock

SERIAL = "00106125"
REGISTRATION = "0000000001002292"
_ENUMS: Mapping[str, Callable[[Any], StrEnum]] = {
    "api": Api,
    "behind_blocked": Behind,
    "recovered_params": Recovered,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedWeb(Simulated):
    """A register reached over HTTP: `server` answers (hw_sim.http.serve, hw_sim.inprocess)."""

    server: WebRequests


def make(now: Clock, rng: random.Random, *, model: str = "ffd105", serial: str = SERIAL, **options: Any) -> Simulated:
    """A register that speaks level 3.

    Args:
        model: "ffd105" (items by EAh, EBh) or "ffd10" (E6h).
        serial: at most 8 digits.
        options: fields of `Profile`.

    Raises:
        ValueError: no such model, or a serial that is no number.
        TypeError: no such option.
    """
    memory = _memory(serial)
    register = AtolRegister(now, rng, memory, replace(Profile(model=_model(model)), **options))
    return Simulated(
        family="atol",
        machine=register,
        memory=memory,
        switches=switches(register, register.kkm),
        greeting=(
            f"ATOL level 3, {model}: mode 1 with password 1, modes 2 and 3 with 30; FN {register.kkm.fn.serial}",
            f"register URL: atol+{'tcp://127.0.0.1:PORT' if register.profile.network else 'serial://PATH'}?tax_16=1&marks=tag",
        ),
    )


def make_json(now: Clock, rng: random.Random, *, serial: str = SERIAL, **options: Any) -> SimulatedWeb:
    """A register behind driver 10 and the vendor's web server.

    Args:
        serial: at most 8 digits.
        options: fields of `Profile` and `WebProfile`; enums may be given by their values.

    Raises:
        ValueError: a serial that is no number, a value no option has.
        TypeError: no such option.
    """
    memory = _memory(serial)
    of_web = {option.name for option in fields(WebProfile)}
    web = replace(WebProfile(), **{name: _read(name, value) for name, value in options.items() if name in of_web})
    profile = replace(Profile(), **{name: value for name, value in options.items() if name not in of_web})
    register = JsonRegister(now, rng, memory, profile, web)
    server = WebRequests(now, rng, register, web)
    return SimulatedWeb(
        family="atol-json",
        machine=register,
        memory=memory,
        switches={**switches(register, register.kkm), **_web_switches(register, server)},
        greeting=(
            f"ATOL web server, {web.api}: FN {register.kkm.fn.serial}"
            + (f", users {', '.join(web.users)}" if web.users else ", no authorization"),
            "register URL: atol-json+http://127.0.0.1:PORT",
        ),
        server=server,
    )


def _web_switches(register: JsonRegister, server: WebRequests) -> dict[str, Switch]:
    def mark(rest: list[str]) -> str:
        if len(rest) != 2 or rest[0] not in ("bad", "good"):
            raise ValueError("bad MARK | good MARK, <GS> for the separator")
        code = rest[1].replace("<GS>", "\x1d")
        (register.marks.bad.add if rest[0] == "bad" else register.marks.bad.discard)(code)
        return f"{len(register.marks.bad)} may not be sold"

    def queue(_rest: list[str]) -> str:
        register.settle()
        block = server.queue.block
        stands = "not blocked" if block is None else f"blocked by {block.request.uuid}: {block.reason}"
        return f"{server.queue.unfinished()} unfinished, {server.queue.finished()} finished, {stands}"

    return {"mark": mark, "queue": queue}


def _read(name: str, value: Any) -> Any:
    return _ENUMS[name](value) if name in _ENUMS else value


def _memory(serial: str) -> FiscalMemory:
    if not serial.isdecimal() or len(serial) > 8:
        raise ValueError(f"serial {serial!r}: at most 8 digits")
    return FiscalMemory(Identity(serial=serial, registration_number=REGISTRATION))


def _model(name: str) -> Model:
    if name not in MODELS:
        raise ValueError(f"model {name!r}: one of {', '.join(MODELS)}")
    return MODELS[name]
