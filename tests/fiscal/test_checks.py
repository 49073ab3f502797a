"""What no register may see: every refusal names its field, and what is good passes with the sums it has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from fiscal import checks
from fiscal.checks import Limits
from fiscal.register import (
    CashDirection,
    CashMove,
    Line,
    Mark,
    Operation,
    OrderInvalid,
    Payment,
    PaymentKind,
    Receipt,
    ReturnBasis,
    ShiftClose,
    ShiftOpen,
)

LIMITS = Limits("webkassa")
LINE = Line("Сыр", 90000, 1000, 796, 1600)
BASIS = ReturnBasis("4228143550", "2026-07-15T10:30:00+05:00", "010100000001", 180000, False)
CASH = Payment(PaymentKind.CASH, 90000)


def mark(serial: str) -> Mark:
    return Mark(f"0104870000000128213{serial}\x1d93abcd", f"0104870000000128213{serial}")


def sale(*lines: Line, **changes: Any) -> Receipt:
    return replace(Receipt("till-1-sale", Operation.SALE, lines or (LINE,), (CASH,)), **changes)


def refund(**changes: Any) -> Receipt:
    return sale(operation=Operation.SALE_RETURN, basis=BASIS, **changes)


def place_of(order: Receipt, limits: Limits = LIMITS) -> str:
    with pytest.raises(OrderInvalid) as refused:
        checks.receipt(order, limits)
    return refused.value.place


def test_a_good_receipt_passes_with_its_sums() -> None:
    cheese = replace(LINE, price_tiyn=202_00, quantity_milli=4_630, discount_tiyn=26)
    order = sale(LINE, cheese, payments=(Payment(PaymentKind.CARD, 90000), Payment(PaymentKind.CASH, 100000)))
    sums = checks.receipt(order, LIMITS)
    # 4.630 x 202.00 = 935.26, less 0.26.
    assert (sums.amounts_tiyn, sums.total_tiyn, sums.change_tiyn) == ((90000, 93500), 183500, 6500)


def test_a_good_return_passes() -> None:
    assert checks.receipt(refund(), LIMITS).total_tiyn == 90000


def test_letters_of_every_script_and_gs_inside_a_mark_pass() -> None:
    line = replace(LINE, name="Ірімшік «Қазақ» 漢 €", marks=(mark("a"),), quantity_milli=1000)
    assert checks.receipt(sale(line), LIMITS).total_tiyn == 90000


@pytest.mark.parametrize("key", ["", "x" * 51, "with blank", "кириллица", "line\nbreak", "tab\t"])
def test_a_key_no_register_could_keep_is_refused_for_every_order(key: str) -> None:
    orders: list[Callable[[], object]] = [
        lambda: checks.receipt(sale(key=key), LIMITS),
        lambda: checks.cash_move(CashMove(key, CashDirection.IN, 1), LIMITS),
        lambda: checks.shift(ShiftOpen(key, 1)),
        lambda: checks.shift(ShiftClose(key, 1)),
    ]
    for check in orders:
        with pytest.raises(OrderInvalid) as refused:
            check()
        assert refused.value.place == "key"


def test_the_longest_key_passes() -> None:
    assert checks.receipt(sale(key="!" * 49 + "~"), LIMITS).total_tiyn == 90000


@pytest.mark.parametrize("amount", [0, -1, 10**14 + 1])
def test_a_cash_move_of_nothing_or_too_much_is_refused(amount: int) -> None:
    with pytest.raises(OrderInvalid) as refused:
        checks.cash_move(CashMove("k", CashDirection.OUT, amount), LIMITS)
    assert refused.value.place == "sum_tiyn"
    checks.cash_move(CashMove("k", CashDirection.OUT, 10**14), LIMITS)


@pytest.mark.parametrize("order", [ShiftOpen("k", 0), ShiftClose("k", -1)])
def test_a_shift_without_a_number_is_refused(order: Any) -> None:
    with pytest.raises(OrderInvalid) as refused:
        checks.shift(order)
    assert refused.value.place == "shift"
    checks.shift(replace(order, shift=1))


LINES: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": " "}, "name"),
    "a name too long": ({"name": "x" * 513}, "name"),
    "a printer command in the name": ({"name": "a\x1b@"}, "name"),
    "half a letter in the name": ({"name": "a\ud83d"}, "name"),
    "a negative price": ({"price_tiyn": -1}, "price_tiyn"),
    "a price beyond money": ({"price_tiyn": 10**14 + 1}, "price_tiyn"),
    "no quantity": ({"quantity_milli": 0}, "quantity_milli"),
    "a quantity beyond sense": ({"quantity_milli": 10**10 + 1}, "quantity_milli"),
    "a rate above the whole": ({"vat_bp": 10001}, "vat_bp"),
    "a negative rate": ({"vat_bp": -1}, "vat_bp"),
    "a negative discount": ({"discount_tiyn": -1}, "discount_tiyn"),
    "a negative markup": ({"markup_tiyn": -1}, "markup_tiyn"),
    "discount and markup": ({"discount_tiyn": 1, "markup_tiyn": 1}, "discount_tiyn"),
    "a discount above the line": ({"discount_tiyn": 90001}, "discount_tiyn"),
    "a unit nobody knows": ({"unit_code": 116}, "unit_code"),
    "a GTIN of nine digits": ({"gtin": "123456789"}, "gtin"),
    "a GTIN of Arabic digits": ({"gtin": "٤٨٧٠٠٠٠٠"}, "gtin"),
    "an NTIN with a letter": ({"ntin": "020000000000A"}, "ntin"),
    "an NTIN too long": ({"ntin": "0" * 65}, "ntin"),
    "an empty article": ({"code": ""}, "code"),
    "an article too long": ({"code": "x" * 65}, "code"),
    "a mark too few": ({"marks": (mark("a"),), "quantity_milli": 2000}, "marks"),
    "a mark too many": ({"marks": (mark("a"), mark("b"))}, "marks"),
    "half a marked unit": ({"marks": (mark("a"),), "quantity_milli": 1500}, "quantity_milli"),
    "an empty mark": ({"marks": (Mark("", "k"),)}, "marks[0].full"),
    "an empty registry key": ({"marks": (Mark("f", ""),)}, "marks[0].ki"),
    "a mark too long": ({"marks": (Mark("f" * 256, "k"),)}, "marks[0].full"),
    "another separator than GS": ({"marks": (Mark("a\x1eb", "k"),)}, "marks[0].full"),
}


@pytest.mark.parametrize(("changes", "field"), LINES.values(), ids=LINES.keys())
def test_a_line_that_cannot_be_is_refused_with_its_place(changes: dict[str, Any], field: str) -> None:
    bad = replace(LINE, **changes)
    assert place_of(sale(LINE, bad, payments=(Payment(PaymentKind.CASH, 10**13),))) == f"lines[1].{field}"


@pytest.mark.parametrize("gtin", ["12345678", "123456789012", "4870249811936", "04870249811936"])
def test_every_length_of_a_gtin_passes(gtin: str) -> None:
    assert checks.receipt(sale(replace(LINE, gtin=gtin)), LIMITS).total_tiyn == 90000


def test_one_unit_twice_is_told_by_its_registry_key_whatever_its_check_part() -> None:
    first = replace(LINE, marks=(mark("a"), mark("b")), quantity_milli=2000, price_tiyn=45000)
    again = replace(LINE, marks=(Mark("another reading", mark("b").ki),))
    assert place_of(sale(first, again, payments=(Payment(PaymentKind.CASH, 180000),))) == "lines[1].marks[0]"


def test_a_receipt_of_no_lines_too_many_or_nothing_to_pay_is_refused() -> None:
    assert place_of(Receipt("k", Operation.SALE, (), (CASH,))) == "lines"
    assert place_of(sale(*[LINE] * 3), replace(LIMITS, lines_max=2)) == "lines"
    assert place_of(sale(replace(LINE, price_tiyn=0))) == "lines"
    assert place_of(sale(LINE, LINE), replace(LIMITS, total_tiyn_max=179_999)) == "lines"


PAYMENTS: dict[str, tuple[tuple[Payment, ...], str]] = {
    "none": ((), "payments"),
    "too little": ((Payment(PaymentKind.CASH, 89999),), "payments"),
    "change from a card": ((Payment(PaymentKind.CARD, 90001),), "payments"),
    "nothing in one row": ((CASH, Payment(PaymentKind.CARD, 0)), "payments[1].sum_tiyn"),
    "a negative row": ((Payment(PaymentKind.CASH, -1), CASH), "payments[0].sum_tiyn"),
    "a kind twice": ((Payment(PaymentKind.CASH, 45000), Payment(PaymentKind.CASH, 45000)), "payments[0].kind"),
}


@pytest.mark.parametrize(("payments", "place"), PAYMENTS.values(), ids=PAYMENTS.keys())
def test_payments_that_do_not_pay_are_refused(payments: tuple[Payment, ...], place: str) -> None:
    assert place_of(sale(payments=payments)) == place


def test_a_kind_of_payment_the_register_lacks_is_refused() -> None:
    narrow = replace(LIMITS, payments=frozenset({PaymentKind.CASH}))
    assert place_of(sale(payments=(Payment(PaymentKind.MOBILE, 90000),)), narrow) == "payments[0].kind"


def test_a_sale_gives_change_and_a_return_does_not() -> None:
    over = (Payment(PaymentKind.CASH, 90001),)
    assert checks.receipt(sale(payments=over), LIMITS).change_tiyn == 1
    assert place_of(refund(payments=over)) == "payments"


BASES: dict[str, tuple[dict[str, Any], str]] = {
    "no sign": ({"fiscal_sign": ""}, "basis.fiscal_sign"),
    "a sign with a control character": ({"fiscal_sign": "4\n2"}, "basis.fiscal_sign"),
    "a registration number with letters": ({"registration_number": "SWK1"}, "basis.registration_number"),
    "a registration number too long": ({"registration_number": "1" * 65}, "basis.registration_number"),
    "an original of nothing": ({"total_tiyn": 0}, "basis.total_tiyn"),
    "an original below what comes back": ({"total_tiyn": 89999}, "basis.total_tiyn"),
    "a time without its offset": ({"at": "2026-07-15T10:30:00"}, "basis.at"),
    "a time that is none": ({"at": "yesterday"}, "basis.at"),
}


@pytest.mark.parametrize(("changes", "place"), BASES.values(), ids=BASES.keys())
def test_a_basis_that_names_no_receipt_is_refused(changes: dict[str, Any], place: str) -> None:
    assert place_of(replace(refund(), basis=replace(BASIS, **changes))) == place


def test_a_return_wants_its_basis_where_the_family_does_and_a_sale_has_none() -> None:
    assert place_of(replace(refund(), basis=None)) == "basis"
    assert checks.receipt(replace(refund(), basis=None), replace(LIMITS, needs_basis=False)).total_tiyn == 90000
    assert place_of(sale(basis=BASIS)) == "basis"


def test_a_time_the_family_cannot_send_is_refused() -> None:
    def too_far(_at: str) -> dt.datetime:
        raise OverflowError

    assert place_of(refund(), replace(LIMITS, basis_moment=too_far)) == "basis.at"


def test_order_numbers_and_buyers_have_their_forms() -> None:
    assert place_of(sale(order_number="")) == "order_number"
    assert place_of(sale(order_number="x" * 201)) == "order_number"
    assert place_of(sale(customer_xin="12345678901")) == "customer_xin"
    assert place_of(sale(customer_xin="١٢٣٤٥٦٧٨٩٠١٢")) == "customer_xin"
    assert checks.receipt(sale(order_number="9739-c8", customer_xin="987654321012"), LIMITS).total_tiyn == 90000


def test_a_register_of_one_mark_a_line_takes_no_list() -> None:
    two = replace(LINE, marks=(mark("a"), mark("b")), quantity_milli=2000, price_tiyn=45000)
    assert place_of(sale(two), replace(LIMITS, marks_in_line_max=1)) == "lines[0].marks"
    assert checks.receipt(sale(two), LIMITS).total_tiyn == 90000


@examples(deadline=None)
@given(
    st.builds(
        Line,
        name=st.text(max_size=5),
        price_tiyn=st.integers(-5, 10**15),
        quantity_milli=st.integers(-5, 10**11),
        unit_code=st.sampled_from([796, 166, 0]),
        vat_bp=st.none() | st.integers(-1, 10001),
        gtin=st.none() | st.text(max_size=14),
        marks=st.lists(st.builds(Mark, st.text(max_size=4), st.text(max_size=4)), max_size=2).map(tuple),
        discount_tiyn=st.integers(-1, 10**15),
        markup_tiyn=st.integers(-1, 10**15),
    ),
    st.lists(st.builds(Payment, st.sampled_from(PaymentKind), st.integers(-1, 10**15)), max_size=3).map(tuple),
)
def test_any_receipt_is_refused_with_a_place_or_adds_up(line: Line, payments: tuple[Payment, ...]) -> None:
    try:
        sums = checks.receipt(sale(line, payments=payments), LIMITS)
    except OrderInvalid as refused:
        assert refused.place.startswith(("lines", "payments"))
    else:
        assert sum(payment.sum_tiyn for payment in payments) - sums.change_tiyn == sums.total_tiyn
