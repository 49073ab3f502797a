"""Put registers together: what `pos-agent sim fiscal`, the demo and the tests start."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hw_sim.atol.hands import switches
from hw_sim.atol.profile import MODELS, Model, Profile
from hw_sim.atol.register import AtolRegister
from hw_sim.device.memory import FiscalMemory, Identity
from hw_sim.device.simulated import Simulated
from hw_sim.exchange import Clock

SERIAL = "00106125"
REGISTRATION = "0000000001002292"


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
            "register URL: atol+tcp://127.0.0.1:PORT or atol+serial://PATH",
        ),
    )


def _memory(serial: str) -> FiscalMemory:
    if not serial.isdecimal() or len(serial) > 8:
        raise ValueError(f"serial {serial!r}: at most 8 digits")
    return FiscalMemory(Identity(serial=serial, registration_number=REGISTRATION))


def _model(name: str) -> Model:
    if name not in MODELS:
        raise ValueError(f"model {name!r}: one of {', '.join(MODELS)}")
    return MODELS[name]
