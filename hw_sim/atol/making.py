"""Put registers together: what `pos-agent sim fiscal`, the demo and the tests start."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from hw_sim.atol.hands import switches
from hw_sim.atol.json_register import JsonRegister
from hw_sim.atol.packets import CrcOver
from hw_sim.atol.profile import MODELS, Model, Profile
from hw_sim.atol.register import AtolRegister
from hw_sim.atol.web import WebRequests
from hw_sim.atol.web_profile import Api, Behind, Recovered, WebProfile
from hw_sim.device.console import Console, Switch
from hw_sim.device.memory import FiscalMemory, Identity
from hw_sim.device.simulated import Simulated
from hw_sim.exchange import Clock
from hw_sim.reach import Reach, tax_options, without_tax, zone_option

SERIAL = "00106125"
FACTORY_ACCESS, FACTORY_OPERATOR, FACTORY_ADMIN = 0, 1, 30
ITEM_TAGS = 0xEB  # The command that closes an item with tags.
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

    def console(self) -> Console:
        return Console(self.machine, self.memory, self.switches, self.server.journal)


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
            f"ATOL level 3, {model}: mode 1 with password 1, modes 2 and 3 with 30; FN {register.kkm.fn.serial}.",
            f"Tax codes: {', '.join(f'{code} {rate / 100:g} %' for code, rate in register.profile.tax_rates.items())}.",
        ),
        reach=_reach(register.profile),
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
            f"ATOL web server, API {web.api}: FN {register.kkm.fn.serial}, "
            + (f"users {', '.join(web.users)}." if web.users else "no authorization."),
        ),
        reach=_web_reach(web),
        server=server,
    )


def _reach(profile: Profile) -> Reach:
    """The firmware published has no rate of 16 %; its first code is the full rate, whatever that is."""
    codes: dict[str, int | None] = {str(code): rate for code, rate in profile.tax_rates.items()}
    of_items = profile.model.item_commands
    tags = ITEM_TAGS in of_items
    changed = {
        name: str(value)
        for name, value, usual in (
            ("password_secret", profile.access_password, FACTORY_ACCESS),
            ("operator_secret", min(profile.mode_passwords[1]), FACTORY_OPERATOR),
            ("admin_secret", max(profile.mode_passwords[3]), FACTORY_ADMIN),
        )
        if value != usual
    }
    return Reach(
        "atol",
        {
            **({} if tags else {"format": profile.model.name}),
            "tax_16": next(iter(codes), "1"),
            **tax_options(codes),
            **without_tax(codes),
            **({"marks": "tag"} if tags else {}),
            **({} if profile.crc_over is CrcOver.STUFFED else {"crc": profile.crc_over.value}),
            **{name: f"atol_{name}" for name in changed},
            **zone_option(profile.utc_offset_h),
        },
        {f"atol_{name}": value for name, value in changed.items()},
        marks="field" if tags else "none",
    )


def _web_reach(web: WebProfile) -> Reach:
    rates: dict[str, int | None] = {name: rate for name, rate in web.tax_types.items() if name != "none"}
    user, password = next(iter(web.users.items()), ("", ""))
    return Reach(
        "atol-json",
        {**tax_options(rates), **({"user": user, "password_secret": "atol_password"} if user else {})},
        {"atol_password": password} if user else {},
        elsewhere={"lan": "yes"},
    )


def _web_switches(register: JsonRegister, server: WebRequests) -> dict[str, Switch]:
    def mark(rest: list[str]) -> str:
        """mark bad|good MARK: a code that may not be sold, or may again; <GS> for the separator"""
        if len(rest) != 2 or rest[0] not in ("bad", "good"):
            raise ValueError("bad MARK | good MARK, <GS> for the separator")
        code = rest[1].replace("<GS>", "\x1d")
        (register.marks.bad.add if rest[0] == "bad" else register.marks.bad.discard)(code)
        return f"{len(register.marks.bad)} may not be sold"

    def queue(_rest: list[str]) -> str:
        """queue: what waits at the server, and what blocks it"""
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
