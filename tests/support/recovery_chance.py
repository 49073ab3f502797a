"""What chance chooses on a random day: when faults come and with which parameters, how customers pay."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from fiscal.orders import Payment, PaymentKind

WILD_DETAILS: Mapping[str, Callable[[random.Random], dict[str, Any]]] = {
    "answer_late": lambda rng: {"seconds": rng.choice((0.3, 0.6, 2.0, 7.0, 40.0)) * rng.uniform(0.5, 1.5)},
    "power_off_before": lambda rng: {"seconds": rng.uniform(0.1, 90.0)},
    "power_off_after": lambda rng: {"seconds": rng.uniform(0.1, 90.0)},
    "answer_cut": lambda rng: {"keep": rng.randrange(12)},
    "noise": lambda rng: {"bytes": rng.randbytes(rng.randrange(1, 9)).hex()},
}


def steps(rng: random.Random) -> int:
    """How many commands pass untouched before a fault."""
    return int(rng.expovariate(1 / 12))


def payments(rng: random.Random, total: int, can: frozenset[PaymentKind]) -> tuple[Payment, ...]:
    """One of the ways to pay `total` tiyn that the register takes."""
    part = rng.randint(1, total - 1)
    ways = (
        (Payment(PaymentKind.CASH, -(-total // 100_000) * 100_000),),
        (Payment(PaymentKind.CASH, total),),
        (Payment(PaymentKind.CARD, total),),
        (Payment(PaymentKind.CARD, part), Payment(PaymentKind.CASH, total - part)),
        (Payment(PaymentKind.MOBILE, part), Payment(PaymentKind.CASH, total - part + 12_345)),
    )
    return rng.choice([way for way in ways if {one.kind for one in way} <= can])
