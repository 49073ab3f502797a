"""Datecs fiscal printers, protocols P and X, simulated from the vendor's public papers.

    simulated = make(now, rng, protocol="x", amounts="point")

Sources: Datecs "Fiscal printer programming interface 1.00BG" (P) and "Programmer's manual 2.02" of 2019 (X), both in
github erpnet/ErpNet.FP; issues of that project; for codes of errors github IPenev97/AuroraPOS2. All of them describe
Bulgarian firmware: what differs in Kazakhstan is not published and is a switch of `Profile`.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from hw_sim.datecs.machine import Datecs
from hw_sim.datecs.money import pointed
from hw_sim.datecs.profiles import MODELS, USUAL, Amounts, Profile, Protocol
from hw_sim.datecs.state import Past
from hw_sim.datecs.switches import switches
from hw_sim.device.memory import FiscalMemory, Identity
from hw_sim.device.simulated import Simulated
from hw_sim.reach import Reach, tax_options, without_tax, zone_option

__all__ = ["MODELS", "Amounts", "Datecs", "Past", "Profile", "Protocol", "make"]

FAMILY = "datecs"
FACTORY_PASSWORD = {Protocol.P: "0000", Protocol.X: "1"}
USUAL_COLUMNS = 42


def make(
    now: Callable[[], int], rng: random.Random, *, protocol: str = "p", model: str = "", past: Past | None = None,
    last_seq: int | None = None, **changes: Any,
) -> Simulated:  # fmt: skip
    """A printer of the protocol, of its usual model unless another is named.

    Args:
        past: what it has done before; nothing when left out.
        last_seq: SEQ of the last frame of an earlier program, which a first frame must not have.
        changes: any field of `Profile`; enumerations by value.

    Raises:
        ValueError: no such protocol, model or option; the nearest name is told.
    """
    spoken = Protocol(protocol)
    profile = MODELS[_known(model or USUAL[spoken], list(MODELS), "model")]
    if profile.protocol is not spoken:
        raise ValueError(f"model {model!r} speaks protocol {profile.protocol}")
    names = [field.name for field in fields(Profile)]
    for name in changes:
        _known(name, names, "option")
    if "amounts" in changes:
        changes["amounts"] = Amounts(changes["amounts"])
    profile = replace(profile, **changes)
    memory = FiscalMemory(Identity(serial=profile.serial, taxpayer_xin=profile.taxpayer))
    machine = Datecs(now, rng, profile, memory, past or Past(), last_seq)
    return Simulated(FAMILY, machine, memory, switches(machine), _greeting(profile), _reach(profile))


def _known(name: str, names: list[str], what: str) -> str:
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        raise ValueError(f"no {what} {name!r}" + (f", did you mean {near[0]!r}?" if near else ""))
    return name


def _greeting(profile: Profile) -> tuple[str, ...]:
    operator, password = next(iter(profile.passwords.items()))
    rates = [f"{group} {'off' if rate is None else f'{pointed(rate)} %'}" for group, rate in _groups(profile).items()]
    return (
        f"{profile.name}, protocol {profile.protocol.upper()}, serial {profile.serial}, "
        f"fiscal memory {profile.fiscal_memory}.",
        f"Operator {operator}, password {password}, till 1. Tax groups: {', '.join(rates)}.",
        f"Marks: text lines (36h) that begin with {profile.mark_prefix!r}, continued by {profile.mark_more!r}.",
    )


def _groups(profile: Profile) -> dict[str, int | None]:
    """The tax groups, by the names they have in commands."""
    names = "ABCDEFGH" if profile.protocol is Protocol.P else "12345678"
    return dict(zip(names, profile.taxes, strict=False))


def _reach(profile: Profile) -> Reach:
    groups = _groups(profile)
    operator, password = next(iter(profile.passwords.items()))
    changed = password != FACTORY_PASSWORD[profile.protocol]
    return Reach(
        f"{FAMILY}-{profile.protocol}",
        {
            **tax_options(groups),
            **without_tax(groups),
            **({"operator": str(operator)} if operator != 1 else {}),
            **({"password_secret": "datecs_password"} if changed else {}),
            **({"columns": str(profile.columns)} if profile.columns != USUAL_COLUMNS else {}),
            **({"codepage": profile.code_page} if profile.code_page == "kz1048" else {}),
            **zone_option(profile.utc_offset_h),
        },
        {"datecs_password": password} if changed else {},
        marks="text",
    )
