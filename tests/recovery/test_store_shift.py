"""A shift at every family: open, 50 sales, 3 returns, cash in and out, X and Z; both sides agree to the tiyn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from recovery_families import RIGS
from recovery_shop import START_NS, Rig, Shop

from fiscal.orders import CashDirection, CashMove, Payment, PaymentKind
from fiscal.register import Ability, CashDocument, Done, ShiftReport
from hw_sim.ledger import Operation, tiyn
from pos_agent.basket import lines_from
from pos_agent.clock import VirtualClock
from pos_agent.desk import shift_close
from pos_agent.sale import SaleState
from pos_agent.shifts import Shifts

SALES, RETURNS = 50, 3
PUT_TIYN, TAKEN_TIYN = 5_000_000, 3_333_333


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest, folder: Path) -> Rig:
    return RIGS[request.param](VirtualClock(START_NS), folder)


@pytest.fixture
def shop(folder: Path, rig: Rig) -> Iterator[Shop]:
    shop = Shop(folder, rig)
    yield shop
    shop.close()


def payments(number: int, total: int, kinds: frozenset[PaymentKind]) -> tuple[Payment, ...]:
    """Cash with change, card, mobile, and card with cash, in turn; what the register does not take is cash."""
    wanted: dict[int, tuple[Payment, ...]] = {
        0: (Payment(PaymentKind.CASH, total + 12_425),),
        1: (Payment(PaymentKind.CARD, total),),
        2: (Payment(PaymentKind.MOBILE, total),),
        3: (Payment(PaymentKind.CARD, 50_001), Payment(PaymentKind.CASH, total - 50_001)),
    }
    chosen = wanted[number % 4]
    return chosen if {one.kind for one in chosen} <= kinds else (Payment(PaymentKind.CASH, total),)


def test_a_store_shift_ends_with_equal_totals(shop: Shop, rig: Rig) -> None:
    Shifts(shop.journal, shop.till, shop.desk, lambda _key, _document: "ok").open("Айгүл")
    assert isinstance(shop.submit(CashMove("till7-in", CashDirection.IN, PUT_TIYN)), Done)
    sums: Counter[str] = Counter()
    cash, sold = PUT_TIYN, []
    for number in range(SALES):
        sale, order = shop.open_sale()
        total = sum(line.amount_tiyn for line in lines_from(shop.till.sale(sale).lines))
        order = replace(order, payments=payments(number, total, shop.register.capabilities.payments))
        assert isinstance(shop.pay(sale, order), Done), sale
        sums["sale"] += total
        given = sum(one.sum_tiyn for one in order.payments)
        cash += sum(one.sum_tiyn for one in order.payments if one.kind is PaymentKind.CASH) - (given - total)
        sold.append(sale)
        rig.clock.sleep(20.0)
    for original in sold[:RETURNS]:
        back, refund = shop.open_sale(lines_from(shop.till.sale(original).lines), original=original)
        assert isinstance(shop.pay(back, refund), Done)
        sums["sale_return"] += shop.document(back).total_tiyn
        cash -= shop.document(back).total_tiyn
        sold.append(back)
    out = shop.submit(CashMove("till7-out", CashDirection.OUT, TAKEN_TIYN))
    assert isinstance(out, Done) and isinstance(out.document, CashDocument)
    cash -= TAKEN_TIYN
    assert out.document.balance_tiyn in (None, cash)
    if Ability.X_REPORT in shop.register.capabilities.can:
        _agree(shop.register.x_report(), sums, cash, closed=False)
    shift = shop.till.open_shift()
    assert shift is not None
    closed = shop.submit(shift_close(shop.journal, shop.till, shift.number))
    assert isinstance(closed, Done) and isinstance(closed.document, ShiftReport)
    _agree(closed.document, sums, cash, closed=True)
    assert shop.till.open_shift() is None
    _one_to_one(shop, rig, sold, sums)


def _agree(report: ShiftReport, sums: Counter[str], cash: int, *, closed: bool) -> None:
    """The register's report against what the till added up by itself."""
    assert report.closed is closed
    assert (report.sales_count, report.sales_tiyn) == (SALES, sums["sale"])
    assert (report.returns_count, report.returns_tiyn) == (RETURNS, sums["sale_return"])
    assert (report.put_tiyn, report.taken_tiyn, report.cash_tiyn) == (PUT_TIYN, TAKEN_TIYN, cash)


def _one_to_one(shop: Shop, rig: Rig, sold: list[str], sums: Counter[str]) -> None:
    """Each document of the journal is one of the register, in order, with its sum and its marks."""
    registered = rig.registered()
    assert len(registered) == SALES + RETURNS
    assert all(shop.state(sale) is SaleState.FISCALISED for sale in sold)
    assert all(rig.is_same(one, shop.document(sale)) for one, sale in zip(registered, sold, strict=True))
    for kind in (Operation.SALE, Operation.SALE_RETURN):
        assert sum(tiyn(one.total) for one in registered if one.operation is kind) == sums[kind]
    marks = [mark for one in registered for mark in one.marks if one.operation is Operation.SALE]
    assert len(marks) == len(set(marks)) == rig.marks_a_sale * SALES
