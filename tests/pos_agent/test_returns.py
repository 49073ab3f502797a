"""Returns on a receipt of this till: its goods only, at its price, never more than it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shop_till import ShopTill

from fiscal.register import Operation, Payment, PaymentKind
from marking.verdict import Decision, UnitState
from pos_agent.closing import Paid
from pos_agent.one_shot import Item
from pos_agent.problems import Problem


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path, ismpt=True)
    yield built
    built.close()


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Problem) as caught:
        call()
    return caught.value.kind.code


def goods_sold(till: ShopTill, number: str, quantity_milli: int) -> str:
    sale = till.open()
    till.agent.checkout.add_goods(sale, number, quantity_milli)
    till.pay(sale)
    return sale


def test_a_foreign_unit_does_not_belong_to_the_receipt_and_its_scan_is_kept(till: ShopTill) -> None:
    sale, _ = till.sold()
    _, (foreign,) = till.sold()
    back = till.open(original=sale)
    assert code_of(lambda: till.scan(back, foreign.text)) == "T-107"
    assert till.rows("scan_judged")[-1]["problem"] == "T-107"
    assert code_of(lambda: till.agent.checkout.add_goods(back, till.plain_gtin(), 1_000)) == "T-107"


def test_price_and_vat_are_those_of_the_sale_whatever_the_catalogue_says_today(till: ShopTill) -> None:
    sale, (mark,) = till.sold()
    goods = mark.product
    till.stock(
        gtin=goods.gtin, name_ru="Новое", name_kk="Жаңа", unit=796, vat="zero", group=goods.group, price="99999.00"
    )
    back = till.open(original=sale)
    (sold,) = till.agent.till.sale(sale).lines
    line = till.scan(back, mark.text).line
    assert line is not None
    assert (line.price_tiyn, line.vat_bp, line.name) == (sold["price_tiyn"], sold["vat_bp"], sold["name"])
    till.pay(back)
    assert till.receipts()[-1].total == till.receipts()[-2].total


def test_weighed_goods_come_back_in_parts_and_not_a_gram_more(till: ShopTill) -> None:
    till.stock(ntin="2000000000015", name_ru="Яблоки", name_kk="Алма", unit=166, vat="base", price="500.00")
    sale = goods_sold(till, "2000000000015", 700)
    first = till.open(original=sale)
    till.agent.checkout.add_goods(first, "2000000000015", 300)
    till.pay(first)
    second = till.open(original=sale)
    assert code_of(lambda: till.agent.checkout.add_goods(second, "2000000000015", 401)) == "T-108"
    till.agent.checkout.add_goods(second, "2000000000015", 400)
    assert code_of(lambda: till.agent.checkout.add_goods(second, "2000000000015", 1)) == "T-108"
    till.pay(second)
    third = till.open(original=sale)
    assert code_of(lambda: till.agent.checkout.add_goods(third, "2000000000015", 1)) == "T-108"


def test_an_open_return_counts_and_a_cancelled_one_does_not(till: ShopTill) -> None:
    gtin = till.plain_gtin()
    sale = goods_sold(till, gtin, 2_000)
    first, second = till.open(original=sale), till.open(original=sale)
    till.agent.checkout.add_goods(first, gtin, 2_000)
    assert code_of(lambda: till.agent.checkout.add_goods(second, gtin, 1_000)) == "T-108"
    till.agent.checkout.cancel(first, "changed their mind")
    assert till.agent.checkout.add_goods(second, gtin, 2_000).line is not None


def test_goods_in_store_numbers_are_told_apart(till: ShopTill) -> None:
    till.stock(ntin="2000000000015", name_ru="Яблоки", name_kk="Алма", unit=166, vat="base", price="500.00")
    till.stock(ntin="2000000000022", name_ru="Груши", name_kk="Алмұрт", unit=166, vat="base", price="900.00")
    sale = till.open()
    till.agent.checkout.add_goods(sale, "2000000000015", 1_000)
    till.agent.checkout.add_goods(sale, "2000000000022", 1_000)
    till.pay(sale)
    line = till.agent.checkout.add_goods(till.open(original=sale), "2000000000022", 1_000).line
    assert line is not None
    assert (line.name, line.price_tiyn) == ("Груши", 90_000)


def test_equal_goods_sold_at_two_prices_come_back_at_those_prices(till: ShopTill) -> None:
    gtin = till.plain_gtin()
    items = [Item(gtin=gtin, price_tiyn=10_000), Item(gtin=gtin, price_tiyn=5_000)]
    payment = [Payment(PaymentKind.CASH, 15_000)]
    sale = till.agent.closing.one_shot(Operation.SALE, items, payment, cashier="A").sale
    back = till.open(original=sale)
    taken = [till.agent.checkout.add_goods(back, gtin, 1_000).line for _ in range(2)]
    assert [line.price_tiyn for line in taken if line] == [10_000, 5_000]
    assert code_of(lambda: till.agent.checkout.add_goods(back, gtin, 1_000)) == "T-108"


def returned(till: ShopTill) -> tuple[str, str, Paid]:
    sale, (mark,) = till.sold()
    till.clock.sleep(60)
    till.sim.step()  # The registry hears of the sale before it hears of the return.
    back = till.open(original=sale)
    assert till.scan(back, mark.text).line is not None
    return sale, mark.text, till.pay(back)


def test_a_returned_unit_waits_until_the_registry_has_it_back(till: ShopTill) -> None:
    till.sim.ismpt.codes.receipts_reintroduce = True
    sale, code, _ = returned(till)
    ki = till.agent.till.sale(sale).lines[0]["ki"]
    assert till.agent.till.unit_states([ki], None)[ki] is UnitState.RETURN_PENDING
    assert till.scan(till.open(), code).judged.verdict.decision is not Decision.ALLOW
    assert till.agent.recheck is not None
    for _ in range(6):
        till.clock.sleep(3_700)
        till.sim.step()
        till.agent.recheck.step()
    assert till.agent.till.unit_states([ki], None)[ki] is UnitState.FREE
    again = till.open()
    assert till.scan(again, code).line is not None
    till.pay(again)
    # The first receipt was taken back already: only the second one stands behind the unit now.
    third = till.open(original=sale)
    assert code_of(lambda: till.scan(third, code)) == "T-108"


def test_a_unit_is_not_returned_twice(till: ShopTill) -> None:
    sale, code, _ = returned(till)
    back = till.open(original=sale)
    try:
        line = till.scan(back, code).line
    except Problem as problem:
        assert problem.kind.code == "T-108"
    else:
        assert line is None


def test_only_a_fiscal_sale_can_be_returned(till: ShopTill) -> None:
    sale, _, paid = returned(till)
    assert code_of(lambda: till.open(original=paid.sale)) == "T-117"
    assert code_of(lambda: till.open(original=till.with_units()[0])) == "T-102"
    assert code_of(lambda: till.open(original="till-1-999")) == "T-101"
    assert sale in till.agent.till.sale(paid.sale).original  # type: ignore[operator]
