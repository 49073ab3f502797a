"""Shifts on a simulated register: openings, reports, sums on both sides, which model answers."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

import pytest
from shtrih_machine import Machine
from shtrih_shop import (
    LAYERS,
    MODELS,
    RETURN,
    document_of,
    failure_of,
    plain,
    run,
    sale,
    till,
)

from fiscal.options import RegisterUrlError
from fiscal.register import (
    Ability,
    CashDirection,
    CashDocument,
    CashMove,
    Payment,
    PaymentKind,
    Recovery,
    Refused,
    ShiftClose,
    ShiftOpen,
    ShiftOpened,
    ShiftReport,
)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("model", MODELS)
def test_a_whole_shift_adds_up_on_both_sides(model: str, layer: str) -> None:
    one = till(model, layer, machine=None)
    one.machine.counts, one.machine.paid, one.machine.drawer = {"sale": 0, "sale_return": 0}, {}, 0
    document_of(run(one, CashMove("c1", CashDirection.IN, 1_000_000)))
    sold = 0
    for number in range(10):
        line = replace(plain(), price_tiyn=10_000 + 7 * number, quantity_milli=1_000 + 333 * number)
        order = sale(line, key=f"s{number}")
        total = order.payments[0].sum_tiyn
        kinds = (
            Payment(PaymentKind.CASH, total - 500),
            Payment(PaymentKind.CARD, 300),
            Payment(PaymentKind.MOBILE, 200),
        )
        document = document_of(run(one, replace(order, payments=kinds)))
        assert document.total_tiyn == total
        sold += total
    document_of(run(one, sale(plain(), key="r1", operation=RETURN)))
    taken = document_of(run(one, CashMove("c2", CashDirection.OUT, 400_000)))
    assert isinstance(taken, CashDocument) and taken.balance_tiyn == one.machine.drawer
    x = one.driver.x_report()
    z = document_of(run(one, ShiftClose("z1", 7)))
    for report in (x, z):
        assert isinstance(report, ShiftReport)
        assert (report.sales_tiyn, report.sales_count) == (sold, 10)
        assert (report.returns_tiyn, report.returns_count) == (25_050, 1)
        assert (report.put_tiyn, report.taken_tiyn) == (1_000_000, 400_000)
        assert report.cash_tiyn == one.machine.drawer == 1_000_000 + sold - 10 * 500 - 25_050 - 400_000
        assert report.shift == 7
    assert (x.closed, z.closed, z.number) == (False, True, 7)
    assert one.driver.status().shift_open is False and one.driver.status().shift == 7


@pytest.mark.parametrize("opening", ["e0", "ff0b"])
def test_a_shift_is_opened_by_the_command_the_model_has(opening: str) -> None:
    one = till("fn", options=f"shift_open={opening}")
    one.machine.shift_open = False
    opened = document_of(run(one, ShiftOpen("o1", 7)))
    assert isinstance(opened, ShiftOpened) and opened.shift == 7 and one.machine.shift_open
    assert one.machine.seen.count(opening.upper()) == 1
    assert failure_of(run(one, ShiftOpen("o2", 8))).code == "shift_open"


def test_an_opening_that_answers_without_an_error_byte_is_looked_at() -> None:
    one = till("fn")
    one.machine.shift_open, one.machine.e0_short = False, True
    assert isinstance(document_of(run(one, ShiftOpen("o1", 7))), ShiftOpened)
    one = till("fn")
    one.machine.shift_open = False
    one.machine.errors["E0"] = deque([0x1E])  # The operator's number, and yet it did not open.
    assert isinstance(run(one, ShiftOpen("o1", 7)), Refused)


def test_a_model_whose_first_document_opens_the_shift_has_no_order_for_it() -> None:
    from fiscal.register import OrderInvalid

    one = till("kz-fr")
    assert Ability.SHIFT_OPEN not in one.driver.capabilities.can
    with pytest.raises(OrderInvalid, match="opens with its first document"):
        one.driver.prepare(ShiftOpen("o1", 7))
    one.machine.shift_open = False
    document = document_of(run(one, sale(plain())))
    assert document.shift == 7 and one.machine.shift_open


def test_a_z_report_closes_the_shift_it_was_meant_for_alone() -> None:
    one = till()
    outcome = run(one, ShiftClose("z1", 6))
    assert isinstance(outcome, Refused) and "shift 7 is open, the order is to close 6" in outcome.failure.text
    assert one.machine.shift_open and "41" not in one.machine.seen


@pytest.mark.parametrize(("model", "options", "numbered"), [("fn", "", False), ("kz-fr", "layer=numbered", True)])
def test_capabilities_follow_the_model(model: str, options: str, numbered: bool) -> None:
    can = till(model, "numbered" if numbered else "standard").driver.capabilities
    assert can.family == "shtrih" and {Ability.RETURNS, Ability.X_REPORT, Ability.DRAWER} <= can.can
    assert can.recovery == ((Recovery.REPEAT, Recovery.COUNTERS) if numbered else (Recovery.COUNTERS,))
    storage = {Ability.MARKS, Ability.MARK_CHECK, Ability.SHIFT_OPEN, Ability.TELLS_SHIFT_AGE}
    assert (storage <= can.can) is (model == "fn")
    assert not can.returns_need_basis


@pytest.mark.parametrize(
    ("machine", "has", "model", "marks"),
    [
        (Machine(storage=True), lambda code: True, "FF46", True),
        (Machine(storage=False), lambda code: code != "FF70", "80", False),
        (Machine(storage=False), lambda code: True, "80", True),
    ],
)
def test_auto_asks_the_register_which_model_it_is(machine: Machine, has: Any, model: str, marks: bool) -> None:
    machine.has = has
    one = till("auto", machine=machine)
    assert (Ability.MARKS in one.driver.capabilities.can) is marks
    order = sale() if marks else sale(plain())
    document_of(run(one, order))
    assert model in one.machine.seen


def test_auto_that_cannot_tell_says_what_to_name() -> None:
    machine = Machine(storage=True, has=lambda code: code != "FF70")
    with pytest.raises(RegisterUrlError, match="name model=fn or model=fn-old"):
        till("auto", machine=machine)
    with pytest.raises(RegisterUrlError, match=r"does not tell \(wrong password\): name the model"):
        till("auto", machine=Machine(storage=False, password=1))
    with pytest.raises(RegisterUrlError, match="option card: model on-line has 4 kinds of payment"):
        till("auto", machine=Machine(storage=False), options="card=5")
