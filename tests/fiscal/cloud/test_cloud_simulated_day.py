"""A day at each cloud register: what the till added up, what the service reports, and what it has registered agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cloud_shop import Clock, Shop

from fiscal.register import Ability, FiscalDocument, PaymentKind, Refused, ShiftReport
from hw_sim.http import serve
from hw_sim.ledger import Operation, tiyn

FAMILIES = ("rekassa", "ukassa")
families = pytest.mark.parametrize("family", FAMILIES)


def a_day(shop: Shop) -> tuple[ShiftReport, ShiftReport]:
    """Cash in, sales of every kind, a return, cash out: X and Z."""
    shop.made(shop.put(5_000_000))
    first = shop.sale(3)
    sold = shop.made(first)
    shop.made(shop.sale(kind=PaymentKind.CARD))
    shop.made(shop.sale(2, kind=PaymentKind.MOBILE, discount_tiyn=10_001))
    shop.made(shop.sale(marked=False))
    shop.made(shop.refund(first, sold))
    shop.made(shop.taken(123_456))
    x = shop.register.x_report()
    return x, shop.made(shop.z())


# 2700 + 900 + 1800 - 100.01 + 900 = 6199.99; cash: 50000 + 2700 + 900 - 2700 - 1234.56
SOLD, BACK, CASH = 619_999, 270_000, 5_000_000 + 270_000 + 90_000 - 270_000 - 123_456


@families
def test_a_day_agrees_to_the_tiyn(shop_at: Callable[..., Shop], family: str) -> None:
    shop = shop_at(family)
    for report, closed in zip(a_day(shop), (False, True), strict=True):
        assert (report.closed, report.shift, report.number, report.document_count) == (closed, 1, 1, 7)
        assert (report.sales_count, report.sales_tiyn) == (4, SOLD)
        assert (report.returns_count, report.returns_tiyn) == (1, BACK)
        assert (report.put_tiyn, report.taken_tiyn, report.cash_tiyn) == (5_000_000, 123_456, CASH)
    sales = [one for one in shop.documents if one.operation is Operation.SALE]
    assert sum(tiyn(one.total) for one in sales) == SOLD
    assert [len(one.marks) for one in sales] == [3, 1, 2, 0]
    assert shop.register.status().shift_open is False


@families
def test_a_document_says_what_the_law_wants_on_paper(shop_at: Callable[..., Shop], family: str) -> None:
    shop = shop_at(family)
    document: FiscalDocument = shop.made(shop.sale(2))
    registered = shop.documents[0]
    assert document.fiscal_sign == registered.sign
    assert (document.number, document.shift, document.offline) == (1, 1, False)
    assert document.registration_number == registered.registration_number == "010100000001"
    assert (document.taxpayer_name, document.taxpayer_xin, document.address) == ("Shop LLP", "000000000000", "Almaty")
    assert f"i={registered.sign}" in document.qr
    assert document.at.endswith("+05:00")
    assert document.cashier == "Cashier"


@families
def test_the_next_day_begins_with_its_first_document(shop_at: Callable[..., Shop], family: str) -> None:
    shop = shop_at(family)
    a_day(shop)
    shop.clock.sleep(11 * 3600)
    document = shop.made(shop.sale())
    assert (document.shift, document.number) == (2, 1)
    assert shop.made(shop.put()).shift == 2


@families
def test_a_service_without_the_operator_sells_autonomously_and_says_so(
    shop_at: Callable[..., Shop], family: str
) -> None:
    shop = shop_at(family)
    shop.service.switches["ofd_down"](True)
    document: FiscalDocument = shop.made(shop.sale())
    assert document.offline and document.fiscal_sign
    assert f"i={document.fiscal_sign}" in document.qr
    shop.service.switches["ofd_down"](False)
    assert shop.made(shop.sale()).offline is False


@families
def test_a_shift_of_more_than_a_day_is_said_and_its_close_lets_the_same_request_pass(
    shop_at: Callable[..., Shop], family: str
) -> None:
    shop = shop_at(family)
    shop.made(shop.sale())
    shop.clock.sleep(25 * 3600)
    order = shop.sale()
    prepared, baseline = shop.begin(order)
    refused = shop.register.execute(prepared, baseline)
    assert isinstance(refused, Refused)
    assert refused.failure.kind == "shift_expired"
    assert shop.made(shop.z()).closed
    again: Any = shop.register.execute(prepared, shop.register.baseline())
    assert (again.document.shift, len(shop.documents)) == (2, 2)


@families
def test_a_drawer_that_is_too_empty_is_refused(shop_at: Callable[..., Shop], family: str) -> None:
    shop = shop_at(family)
    refused = shop.execute(shop.taken(1))
    assert isinstance(refused, Refused)
    assert refused.failure.kind == "refused"
    assert shop.documents == []


@families
def test_the_last_document_is_shown_beside_ours(shop_at: Callable[..., Shop], family: str) -> None:
    shop = shop_at(family)
    assert shop.register.last_document() is None
    made = shop.made(shop.sale(2))
    shown = shop.register.last_document()
    assert shown is not None
    assert (shown.kind, shown.total_tiyn, shown.fiscal_sign, shown.number, shown.shift) == (
        "sale", 180_000, made.fiscal_sign, "1", 1,
    )  # fmt: skip
    if Ability.FIND_BY_KEY in shop.register.capabilities.can:
        assert shop.register.find("t-1") == shown


@families
def test_a_day_over_real_sockets_is_the_same(shop_at: Callable[..., Shop], family: str) -> None:
    shop = shop_at(family)
    with serve(shop.service) as serving:
        shop.close()
        shop.origin = serving.url
        shop.open()
        x, z = a_day(shop)
    assert (x.sales_tiyn, z.sales_tiyn, z.cash_tiyn) == (SOLD, SOLD, CASH)


def test_a_shop_s_clock_is_virtual() -> None:
    assert Clock().monotonic() == 1_784_088_000
