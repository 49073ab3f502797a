"""The other cases of the matrix (X1 to X7, L7, the wait), for every family: who decides, and on what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from recovery_families import RIGS
from recovery_shop import DOUBT_WAIT_S, START_NS, Rig, Shop
from recovery_walk import Others, Walk

from fiscal.orders import CashDirection, CashMove, ShiftClose
from fiscal.register import Ability, Done, NotSent, Refused, Unknown
from hw_sim.ledger import Operation, tiyn
from pos_agent.basket import lines_from
from pos_agent.clock import VirtualClock
from pos_agent.desk import RegisterBlocked
from pos_agent.journal.journal import Event
from pos_agent.sale import SaleState, TransitionError

CLOCK_OFF_S = 5 * 3600.0
DOUBTFUL = [name for name, rig in RIGS.items() if not rig.never_in_doubt]
doubtful = pytest.mark.parametrize("rig", DOUBTFUL, indirect=True)


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest, folder: Path) -> Rig:
    return RIGS[request.param](VirtualClock(START_NS), folder)


@pytest.fixture
def shop(folder: Path, rig: Rig) -> Iterator[Shop]:
    shop = Shop(folder, rig)
    sale, order = shop.open_sale()
    assert isinstance(shop.pay(sale, order), Done)
    yield shop
    shop.close()


def in_doubt(shop: Shop, rig: Rig, *, made: bool = True, lines: Any = None) -> tuple[str, Any]:
    """A sale whose decisive command was not answered, at a register nobody reaches."""
    sale, order = shop.open_sale(lines)
    rig.go_silent_at_decisive(made=made)
    assert isinstance(shop.pay(sale, order), Unknown)
    assert shop.state(sale) is SaleState.IN_DOUBT
    return sale, order


def sales(rig: Rig) -> list[Any]:
    return [one for one in rig.registered() if one.operation is Operation.SALE]


def settled(shop: Shop) -> None:
    for _ in range(6):
        shop.rig.clock.sleep(shop.rig.pause_s)
        shop.desk.settle_all()


@doubtful
def test_recovery_x1_another_program_in_between(shop: Shop, rig: Rig) -> None:
    sale, order = in_doubt(shop, rig)
    rig.mend()
    rig.ring_up_elsewhere()
    settled(shop)
    if rig.tells_apart:
        assert shop.state(sale) is SaleState.FISCALISED and shop.handed_over() == 0
        assert shop.document(sale).total_tiyn == sum(
            line.price_tiyn * line.quantity_milli // 1000 for line in order.lines
        )
    else:
        assert shop.state(sale) is SaleState.IN_DOUBT and shop.handed_over() == 1
        held = shop.till.unit_states([line.marks[0].ki for line in order.lines if line.marks], None)
        assert len(held) == 2  # Reserved: no other sale may take them.
        body = shop.till.handed_over(order.key, 0)
        assert body is not None and body.ours["total_tiyn"] > 0 and body.register is not None
    assert len(sales(rig)) == 3


@pytest.mark.parametrize("rig", [name for name, rig in RIGS.items() if rig.can_be_swapped], indirect=True)
def test_recovery_x2_another_register_stands_there(shop: Shop, rig: Rig) -> None:
    sale, order = in_doubt(shop, rig)
    rig.mend()
    rig.swap()
    settled(shop)
    assert shop.state(sale) is SaleState.IN_DOUBT and shop.handed_over() == 1
    body = shop.till.handed_over(order.key, 0)
    assert body is not None and "answers" in body.failure["text"]


@doubtful
@pytest.mark.parametrize("made", [True, False])
def test_recovery_x3_two_equal_sales_in_a_row_are_two_receipts(shop: Shop, rig: Rig, made: bool) -> None:
    lines = [shop.basket()[2]]
    before = len(sales(rig))
    first, order = in_doubt(shop, rig, made=made, lines=lines)
    rig.mend()
    settled(shop)
    if shop.state(first) is SaleState.HELD:
        shop.pay(first, order)
    second, other = shop.open_sale(lines)
    assert isinstance(shop.pay(second, other), Done)
    documents = [shop.document(first), shop.document(second)]
    registered = sales(rig)[before:]
    assert len(registered) == 2 and all(map(rig.is_same, registered, documents))
    assert (documents[0].number, documents[0].shift) != (documents[1].number, documents[1].shift)


@doubtful
def test_recovery_x4_a_doubt_never_gets_the_number_of_another(shop: Shop, rig: Rig) -> None:
    first, _ = in_doubt(shop, rig)
    second, other = shop.open_sale()
    with pytest.raises(RegisterBlocked) as caught:
        shop.pay(second, other)
    assert caught.value.pending.sale == first
    assert shop.state(second) is SaleState.HELD and "document_intended" not in _kinds_of(shop, second)
    rig.mend()
    assert isinstance(shop.pay(second, other), Done)  # Settles the first on its way.
    registered = sales(rig)[1:]
    assert len(registered) == 2
    assert rig.is_same(registered[0], shop.document(first)) and rig.is_same(registered[1], shop.document(second))
    assert shop.document(first).number != shop.document(second).number


def _kinds_of(shop: Shop, sale: str) -> list[str]:
    return [row.kind for row in shop.journal.rows_after(0, 10_000) if f'"{sale}"' in row.body]


@doubtful
def test_recovery_x5_nobody_cancels_a_sale_in_doubt(shop: Shop, rig: Rig) -> None:
    sale, order = in_doubt(shop, rig)
    with pytest.raises(TransitionError):
        shop.journal.append(Event("sale_cancelled", {"sale": sale, "why": "the customer left"}))
    rig.mend()
    settled(shop)
    assert shop.state(sale) is SaleState.FISCALISED
    assert shop.till.document(order.key).state == "MADE"  # type: ignore[union-attr]


@doubtful
@pytest.mark.parametrize("made", [True, False])
def test_recovery_x6_the_shift_was_closed_in_between(shop: Shop, rig: Rig, made: bool) -> None:
    sale, order = in_doubt(shop, rig, made=made)
    rig.mend()
    rig.close_shift_elsewhere()
    settled(shop)
    if rig.counts_from_z and not made:
        assert shop.state(sale) is SaleState.IN_DOUBT and shop.handed_over() == 1
        return
    if shop.state(sale) is SaleState.HELD:
        assert not made and isinstance(shop.pay(sale, order), Done)
    assert shop.state(sale) is SaleState.FISCALISED and shop.handed_over() == 0
    assert len(sales(rig)) == 2 and rig.is_same(sales(rig)[1], shop.document(sale))


@pytest.mark.parametrize("rig", [name for name, rig in RIGS.items() if rig.has_clock], indirect=True)
def test_recovery_x7_a_clock_that_is_hours_off_decides_nothing(folder: Path, rig: Rig) -> None:
    rig.set_clock_off(CLOCK_OFF_S)  # From the first document on: a fiscal storage takes no leap in a shift.
    shop = Shop(folder, rig)
    sale, _ = in_doubt(shop, rig)
    rig.mend()
    settled(shop)
    assert shop.state(sale) is SaleState.FISCALISED and shop.handed_over() == 0
    assert len(sales(rig)) == 1
    shop.close()


def test_recovery_l7_a_till_that_was_not_answered_gets_the_stored_result(shop: Shop, rig: Rig) -> None:
    sale, order = shop.open_sale()
    first = shop.pay(sale, order)
    assert isinstance(first, Done)
    shop.restart()
    with pytest.raises(TransitionError):
        shop.pay(sale, order)
    assert shop.document(sale) == first.document
    assert len(sales(rig)) == 2


@doubtful
def test_recovery_of_a_register_that_stays_away_is_handed_over_after_the_wait_and_ends_when_it_is_back(
    shop: Shop, rig: Rig
) -> None:
    sale, order = in_doubt(shop, rig)
    rig.clock.sleep(DOUBT_WAIT_S)
    shop.desk.settle_all()
    assert shop.handed_over() == 1
    body = shop.till.handed_over(order.key, 0)
    assert body is not None and body.register is None and body.register_silent
    with pytest.raises(RegisterBlocked) as caught:
        shop.submit(CashMove("till7-c-blocked", CashDirection.IN, 100))
    assert caught.value.handed_over is not None
    rig.mend()
    settled(shop)
    assert shop.state(sale) is SaleState.FISCALISED and len(sales(rig)) == 2


@doubtful
def test_recovery_of_a_return_a_cash_move_and_a_z_report(shop: Shop, rig: Rig) -> None:
    shop.put_cash(50_000_000)
    sold, order = shop.open_sale()
    assert isinstance(shop.pay(sold, order), Done)
    back, refund = shop.open_sale(lines_from(shop.till.sale(sold).lines), original=sold)
    rig.go_silent_at_decisive(made=True)
    assert isinstance(shop.pay(back, refund), Unknown)
    rig.mend()
    settled(shop)
    assert shop.state(back) is SaleState.FISCALISED
    returns = [one for one in rig.registered() if one.operation is Operation.SALE_RETURN]
    assert [tiyn(one.total) for one in returns] == [shop.document(back).total_tiyn]


FAULTS_OF_OTHERS = ("L2 request lost", "L3 answer lost", "L3 all answers lost", "L3 cut after", "L6 killed after")


@pytest.mark.parametrize("kind", ["cash_in", "cash_out", "shift_close"])
@pytest.mark.parametrize("fault", FAULTS_OF_OTHERS)
def test_recovery_of_cash_and_z_at_every_command(shop: Shop, rig: Rig, kind: str, fault: str) -> None:
    Others(shop, rig, kind, fault).run()


@pytest.mark.parametrize("fault", [*FAULTS_OF_OTHERS, "L2 all requests lost", "L3 dies after", "L6 killed before"])
@pytest.mark.parametrize("rig", [name for name, rig in RIGS.items() if rig.opens_by_command], indirect=True)
def test_recovery_of_the_first_sale_of_a_shift_which_has_its_shift_opened(folder: Path, rig: Rig, fault: str) -> None:
    assert Walk(folder, lambda _clock, _folder: rig, fault, first_of_shift=True).run().steps > 0


def test_recovery_knows_which_registers_have_a_command_that_opens_a_shift(rig: Rig) -> None:
    register = rig.open()
    assert rig.opens_by_command == (Ability.SHIFT_OPEN in register.capabilities.can)
    register.close()


def test_recovery_z_is_never_made_twice(shop: Shop, rig: Rig) -> None:
    shift = shop.register.status().shift
    assert shift is not None
    assert isinstance(shop.submit(ShiftClose("till7-z1", shift)), Done)
    again = shop.submit(ShiftClose("till7-z2", shift))
    assert isinstance(again, NotSent | Refused | Done)
    if isinstance(again, Done):
        assert again.recovered  # The one that was made, found again.
    assert rig.closed_shifts() == 1
