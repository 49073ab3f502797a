"""Any receipt: the same total, tax, change and marks at the service as here, to the tiyn."""

from __future__ import annotations

import random
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webkassa_shop import BOX, Clock, Shop, service_at

from fiscal.register import Line, Mark, Operation, Payment, PaymentKind, Receipt
from fiscal.webkassa.rows import gathered
from hw_sim.inprocess import SimTransport

CENT = Decimal("0.01")
GS = "\x1d"


@st.composite
def lines(draw: st.DrawFn, number: int) -> Line:
    """A position of goods by weight, by the piece, or of marked units; with a discount, a markup, or neither."""
    price = draw(st.integers(1, 50_000_00))
    marked = draw(st.booleans())
    quantity = draw(st.integers(1, 4)) * 1000 if marked else draw(st.integers(1, 30_000))
    amount = half_up(Decimal(price * quantity) / 1000)
    change = draw(st.sampled_from(["none", "discount", "markup"]))
    codes = [f"010487024981193621{number}{i:03}" for i in range(quantity // 1000)]
    marks = tuple(Mark(f"{code}{GS}91EE{GS}92{'x' * 44}", code) for code in codes)
    return Line(
        draw(st.sampled_from(["Сигареты", "Айран 2,5 %", "Қант"])),
        price,
        quantity,
        796 if quantity % 1000 == 0 else 166,
        draw(st.sampled_from([1600, 1000, 500, 0, None])),
        gtin="04870249811936",
        marks=marks if marked else (),
        discount_tiyn=draw(st.integers(0, amount)) if change == "discount" else 0,
        markup_tiyn=draw(st.integers(0, 1_000_00)) if change == "markup" else 0,
    )


def half_up(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def amount_of(line: Line) -> int:
    return half_up(Decimal(line.price_tiyn * line.quantity_milli) / 1000) - line.discount_tiyn + line.markup_tiyn


def tax_of(line: Line) -> int:
    rate = Decimal(line.vat_bp or 0) / 100
    return half_up(amount_of(line) * rate / (100 + rate))


@st.composite
def baskets(draw: st.DrawFn) -> tuple[Line, ...]:
    count = draw(st.integers(1, 6))
    return tuple(draw(lines(number)) for number in range(count))


def paid(total: int, rng: random.Random) -> tuple[Payment, ...]:
    """By card and telephone in part, the rest in cash, some of it given back."""
    card, mobile = rng.randint(0, total), 0
    if rng.random() < 0.5:
        mobile = rng.randint(0, total - card)
    rest = total - card - mobile
    rows = [Payment(PaymentKind.CARD, card), Payment(PaymentKind.MOBILE, mobile)]
    rows.append(Payment(PaymentKind.CASH, rest + (rng.randint(0, 5000) if rest else 0)))
    return tuple(row for row in rows if row.sum_tiyn)


def test_any_receipt_adds_up_to_the_same_here_and_at_the_service() -> None:
    clock = Clock()
    service = service_at(clock)
    shop = Shop("https://kkm.webkassa.kz", SimTransport(service, clock.sleep), service, clock)
    made = iter(range(1_000_000))

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(baskets(), st.randoms(use_true_random=False))
    def sell(basket: tuple[Line, ...], rng: random.Random) -> None:
        total = sum(map(amount_of, basket))
        if total <= 0:
            return
        order = Receipt(f"any-{next(made)}", Operation.SALE, basket, paid(total, rng))
        shop.run(order)
        clock.at_ns -= 59 * 10**9  # A second a receipt: the shift must not end.
        document = service.cashboxes[BOX].documents[-1]
        assert (document.external_number, document.total * 100) == (order.key, total)
        assert document.tax * 100 == sum(map(tax_of, basket))
        assert document.change * 100 == sum(payment.sum_tiyn for payment in order.payments) - total
        assert document.marks == tuple(mark.full.replace(GS, "") for line in basket for mark in line.marks)

    sell()
    rows = gathered(shop.register.reading.receipts(1)).whole()
    assert len(rows) == len(shop.documents)
    assert [row.seen.total_tiyn for row in rows] == [document.total * 100 for document in shop.documents]
    shop.close()
