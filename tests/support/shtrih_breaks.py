"""Orders that break, and what the caller does with them, for the tests of Shtrih-M's recovery."""

from __future__ import annotations

import json
from typing import Any

from shtrih_machine import Machine
from shtrih_shop import Till, mark, sale, till

from fiscal.register import (
    Absent,
    Baseline,
    Done,
    Line,
    NotSent,
    Operation,
    Outcome,
    Payment,
    PaymentKind,
    Prepared,
    Receipt,
    Settlement,
    Unknown,
)

PACK_A, PACK_B = "04870249811936t1Xrb-xQWhpeGhG", "04870249811936'dTOZwQTEMrcDNE"
FAULTS = ("lose_request", "lose_answer", "damage_answer", "twice", "late", "cut", "cut_before", "off_on", "dead")
STEPS = {
    "fn": ("FF70", "FF61", "FF69", "8D", "FF46", "FF67", "89", "FF45"),
    "fn-old": ("8D", "80", "86", "89", "FF45"),
    "on-line": ("8D", "80", "FF67", "86", "89", "85"),
    "kz-fr": ("8D", "80", "86", "89", "85"),
}
OPTIONS = {"on-line": "marks=field", "kz-fr": "", "fn": "", "fn-old": ""}
ROUNDS_MAX = 6


def order_for(model: str, operation: Operation = Operation.SALE) -> Receipt:
    marked = model in ("fn", "on-line")
    marks = (mark(PACK_A), mark(PACK_B)) if marked else ()
    lines = (
        Line("Сигареты", 90_000, 2_000, 796, 1_600, marks=marks, discount_tiyn=1_001),
        Line("Вода", 25_050, 1_000, 796, 1_600),
    )
    total = 2 * 90_000 - 1_001 + 25_050
    payments = (Payment(PaymentKind.CASH, 100_000), Payment(PaymentKind.CARD, total - 100_000))
    return sale(*lines, operation=operation, payments=payments)


def receipts(machine: Machine, kind: str = "sale") -> int:
    return machine.numbers[kind]


def through_the_journal(prepared: Prepared, baseline: Baseline) -> tuple[Prepared, Baseline]:
    """What a crash leaves: what was written down, and nothing else."""
    kept = json.loads(json.dumps({"payload": prepared.payload, "extra": baseline.extra}))
    return (
        Prepared(prepared.key, prepared.family, prepared.kind, prepared.total_tiyn, kept["payload"]),
        Baseline(
            baseline.identity, baseline.shift, baseline.shift_open, baseline.document_count, baseline.last_fiscal_sign,
            kept["extra"], baseline.clock_at,
        ),
    )  # fmt: skip


def reborn(one: Till, model: str, layer: str) -> Till:
    """Another process on the same register: nothing of the first one's memory is left."""
    again = till(model, layer, OPTIONS[model], machine=one.machine)
    for name in ("pending", "due", "num", "last"):
        if hasattr(one.peer, name):
            setattr(again.peer, name, getattr(one.peer, name))
    return again


def carried_through(one: Till, order: Any, model: str, layer: str, *, killed: bool) -> Done:
    """What the caller does: execute, settle until it is decided, execute again only what is proven absent."""
    prepared, baseline = one.driver.prepare(order), one.driver.baseline()
    outcome: Outcome | Settlement = one.driver.execute(prepared, baseline)
    for _ in range(ROUNDS_MAX):
        if isinstance(outcome, Done):
            return outcome
        one.peer.dead = False
        if killed:
            prepared, baseline = through_the_journal(prepared, baseline)
            one, killed = reborn(one, model, layer), False
        if isinstance(outcome, Unknown):
            outcome = one.driver.settle(prepared, baseline)
        else:
            assert isinstance(outcome, Absent | NotSent), outcome
            assert one.machine.open is None
            baseline = one.driver.baseline()
            outcome = one.driver.execute(prepared, baseline)
    raise AssertionError(outcome)


def doubted(one: Till, model: str, order: Any = None) -> tuple[Prepared, Baseline]:
    """An order whose close was executed and forgotten."""
    prepared, baseline = one.driver.prepare(order or order_for(model)), one.driver.baseline()
    one.peer.faults[STEPS[model][-1]] = "off_on"
    assert isinstance(one.driver.execute(prepared, baseline), Unknown)
    return prepared, baseline
