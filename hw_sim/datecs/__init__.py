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

__all__ = ["MODELS", "Amounts", "Datecs", "Past", "Profile", "Protocol", "make"]

FAMILY = "datecs"


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
    return Simulated(FAMILY, machine, memory, switches(machine), _greeting(profile))


def _known(name: str, names: list[str], what: str) -> str:
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        raise ValueError(f"no {what} {name!r}" + (f", did you mean {near[0]!r}?" if near else ""))
    return name


def _greeting(profile: Profile) -> tuple[str, ...]:
    scheme = f"{FAMILY}-{profile.protocol}"
    operator, password = next(iter(profile.passwords.items()))
    rates = [
        f"{letter} {'off' if rate is None else f'{pointed(rate)} %'}"
        for letter, rate in zip(
            "ABCDEFGH" if profile.protocol is Protocol.P else "12345678", profile.taxes, strict=True
        )
    ]
    return (
        f"{profile.name}, serial {profile.serial}, fiscal memory {profile.fiscal_memory}",
        f"register over TCP: {scheme}+tcp://127.0.0.1:PORT",
        f"register over a serial line: {scheme}+serial:///dev/...",
        f"operator {operator}, password {password}, till 1; tax groups {', '.join(rates)}",
        f"marks: text lines (36h) that begin with {profile.mark_prefix!r}, continued by {profile.mark_more!r}",
    )
