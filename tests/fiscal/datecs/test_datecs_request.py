"""Orders as commands: what goes into which, and what cannot be carried."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from datecs_printer import FULL, URLS, Printer, driver_of, sale

from fiscal.datecs.request import SIZES
from fiscal.datecs.settings import OPTIONS
from fiscal.device.driver import DeviceRegister
from fiscal.device.steps import steps_of
from fiscal.options import RegisterUrlError
from fiscal.orders import (
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
from fiscal.register import Ability, NotCapable, Recovery

BASIS = ReturnBasis("0001234", "2026-11-30T09:00:00+05:00", "02000600", 112_525, False)


def giving_back(**changes: Any) -> Receipt:
    paid = (Payment(PaymentKind.CASH, 112_525),)
    return sale(operation=Operation.SALE_RETURN, payments=paid, basis=BASIS, **changes)


def commands(driver: DeviceRegister, order: Any) -> list[tuple[str, str]]:
    return [(step.command, step.data) for step in steps_of(driver.prepare(order))]


def test_a_receipt_is_a_list_of_steps_that_a_journal_can_hold(printer: Printer, driver: DeviceRegister) -> None:
    prepared = driver.prepare(sale())
    assert json.loads(json.dumps(prepared.payload)) == prepared.payload
    assert printer.password not in [field for _, data in commands(driver, sale()) for field in data.split(",")[1:2]]
    steps = steps_of(prepared)
    assert [step.name for step in steps] == ["open", "line", "mark", "mark", "line", "total", "pay", "close"]
    assert [step.place() for step in steps[1:5]] == ["lines[0]", *["lines[0].marks[0]"] * 2, "lines[1]"]
    assert (prepared.kind, prepared.total_tiyn, prepared.family) == ("sale", 112_525, driver.capabilities.family)


def test_marks_are_text_under_their_position_and_claim_no_more() -> None:
    can = driver_of(Printer("P")).capabilities.can
    assert Ability.MARKS_AS_TEXT in can and Ability.MARKS not in can
    without = driver_of(Printer("P"), "marks=none")
    assert Ability.MARKS_AS_TEXT not in without.capabilities.can
    assert [command for command, _ in commands(without, sale())] == ["30", "31", "31", "33", "35", "38"]
    assert driver_of(Printer("X")).capabilities.recovery == (Recovery.REPEAT, Recovery.COUNTERS)


@pytest.mark.parametrize(("options", "shown"), [("", ""), ("gs=blank", " "), ("gs=bar", "|"), ("columns=32", "")])
def test_a_mark_is_whole_on_any_width_of_paper(options: str, shown: str) -> None:
    lines = [data for command, data in commands(driver_of(Printer("P"), options), sale()) if command == "36"]
    width = 30 if options == "columns=32" else 40
    assert all(len(line) <= width for line in lines) and lines[0].startswith("M:")
    assert "".join(line[2:] for line in lines) == FULL.replace("\x1d", shown)


def test_two_units_in_a_line_are_two_marks() -> None:
    line = Line("Pack", 90_000, 2_000, 796, 1_600, marks=(Mark("A" * 50, "1"), Mark("B" * 10, "2")))
    order = sale(lines=(line,), payments=(Payment(PaymentKind.CARD, 180_000),))
    texts = [data for command, data in commands(driver_of(Printer("P")), order) if command == "36"]
    assert texts == ["M:" + "A" * 38, "M+" + "A" * 12, "M:" + "B" * 10]


def test_a_return_repeats_marks_unless_told_otherwise() -> None:
    steps = [step.name for step in steps_of(driver_of(Printer("P")).prepare(giving_back()))]
    assert steps.count("mark") == 2
    quiet = driver_of(Printer("P"), "mark_on_return=no")
    assert "mark" not in [step.name for step in steps_of(quiet.prepare(giving_back()))]
    assert "mark" in [step.name for step in steps_of(quiet.prepare(sale()))]


@pytest.mark.parametrize(
    ("options", "apples", "pack"),
    [("", "#кг", ""), ("units=all", "#кг", "#шт"), ("units=none", "", "")],
)
def test_units_are_named_where_they_are_wanted(options: str, apples: str, pack: str) -> None:
    items = [data for command, data in commands(driver_of(Printer("P"), options), sale()) if command == "31"]
    assert items == [f"Сигареты\tB900.00*1.000{pack}", f"Алма\tA450.50*0.500{apples}"]


def test_a_long_name_is_told_whole() -> None:
    name = "Молоко пастеризованное «Айналайын» 3,2 % в пакете из картона, 1 литр, производство Казахстан, завод 7"
    order = sale(lines=(Line(name, 90_000, 1_000, 796, 1_600),), payments=(Payment(PaymentKind.CARD, 90_000),))
    p = commands(driver_of(Printer("P")), order)
    first, _, second = p[1][1].partition("\t")[0].partition("\n")
    assert len(first) <= 42 and len(second) <= 42 and p[2][0] == "36"
    assert " ".join([first, second, p[2][1]]) == name
    x = commands(driver_of(Printer("X")), order)
    assert " ".join([x[1][1].partition("\t")[0], x[2][1].partition("\t")[0]]) == name


def test_the_buyers_number_is_text_and_cash_is_paid_last() -> None:
    paid = (Payment(PaymentKind.CASH, 100_000), Payment(PaymentKind.CARD, 2_525), Payment(PaymentKind.MOBILE, 10_000))
    p = commands(driver_of(Printer("P")), sale(customer_xin="123456789012", payments=paid))
    assert ("36", "ИИН/БИН 123456789012") in p
    assert [data for command, data in p if command == "35"] == ["\tD25.25", "\tI100.00", "\tP1000.00"]
    x = commands(driver_of(Printer("X"), "pay_card=1&pay_mobile=5"), sale(payments=paid))
    assert [data for command, data in x if command == "35"] == ["1\t25.25\t\t", "5\t100.00\t\t", "0\t1000.00\t\t"]


def test_a_kind_of_payment_the_printer_lacks_is_told_by_its_abilities() -> None:
    driver = driver_of(Printer("P"), "pay_mobile=none")
    assert driver.capabilities.payments == {PaymentKind.CASH, PaymentKind.CARD}
    with pytest.raises(OrderInvalid, match=r"payments\[0\].kind"):
        driver.prepare(sale(payments=(Payment(PaymentKind.MOBILE, 112_525),)))


@pytest.mark.parametrize(("protocol", "price"), [("P", 99_999_999), ("X", 999_999_999)])
def test_prices_and_products_end_at_the_digits_of_the_protocol(protocol: str, price: int) -> None:
    driver = driver_of(Printer(protocol))

    def order(price_tiyn: int, quantity: int = 1_000) -> Receipt:
        total = price_tiyn * quantity // 1000
        return sale(lines=(Line("x", price_tiyn, quantity, 796, 1_600),), payments=(Payment(PaymentKind.CARD, total),))

    assert driver.prepare(order(price)).total_tiyn == price
    with pytest.raises(OrderInvalid, match=r"lines\[0\].price_tiyn: must not be"):
        driver.prepare(order(price + 1))
    with pytest.raises(OrderInvalid, match=r"price by quantity|must add up"):
        driver.prepare(order(price // 2 + 1, 2_000))
    with pytest.raises(OrderInvalid, match="quantity"):
        driver.prepare(order(0, SIZES[protocol].quantity_milli + 1))


def test_more_positions_than_a_receipt_of_p_holds() -> None:
    line = Line("x", 100, 1_000, 796, 1_600)
    order = sale(lines=(line,) * 513, payments=(Payment(PaymentKind.CARD, 51_300),))
    with pytest.raises(OrderInvalid, match="1 to 512"):
        driver_of(Printer("P")).prepare(order)


def test_a_rate_without_a_tax_group_names_the_option() -> None:
    order = sale(lines=(Line("x", 100, 1_000, 796, 500),), payments=(Payment(PaymentKind.CARD, 100),))
    with pytest.raises(OrderInvalid, match=r"lines\[0\].vat_bp.*set option tax_5"):
        driver_of(Printer("P")).prepare(order)
    assert commands(driver_of(Printer("P"), "tax_5=D"), order)[1] == ("31", "x\tD1.00*1.000")
    odd = replace(order, lines=(Line("x", 100, 1_000, 796, 777),))
    with pytest.raises(OrderInvalid, match="no option for it"):
        driver_of(Printer("P")).prepare(odd)


@pytest.mark.parametrize(
    ("options", "basis", "place"),
    [
        ("", replace(BASIS, fiscal_sign="AB12"), "basis.fiscal_sign"),
        ("", replace(BASIS, fiscal_sign="12345678"), "basis.fiscal_sign"),
        ("", replace(BASIS, registration_number="010100000001"), "basis.registration_number"),
        ("registration=010100000002", replace(BASIS, registration_number="010100000001"), "basis.registration_number"),
        ("", None, "basis"),
    ],
)
def test_a_return_names_an_original_the_printer_can_find(options: str, basis: ReturnBasis | None, place: str) -> None:
    with pytest.raises(OrderInvalid) as caught:
        driver_of(Printer("X"), options).prepare(replace(giving_back(), basis=basis))
    assert caught.value.place == place


def test_cash_moves_and_shifts(printer: Printer, driver: DeviceRegister) -> None:
    prepared = driver.prepare(CashMove("c", CashDirection.OUT, 500))
    assert (prepared.kind, prepared.total_tiyn, len(steps_of(prepared))) == ("cash_out", 500, 1)
    assert driver.prepare(ShiftClose("z", 42)).payload["shift"] == 42
    with pytest.raises(NotCapable, match="shift-open"):
        driver.prepare(ShiftOpen("o", 42))
    with pytest.raises(OrderInvalid, match="sum_tiyn"):
        driver.prepare(CashMove("c", CashDirection.IN, 10**12))


@pytest.mark.parametrize(
    ("protocol", "options", "words"),
    [
        ("P", "tax_16=I", "option tax_16: must be one of A, B"),
        ("X", "tax_16=B", "option tax_16: must be one of 1, 2"),
        ("P", "tax_16=A", "two rates have one tax group: tax_16=A, tax_none=A"),
        ("P", "operator=17", "option operator"),
        ("P", "till=0", "option till"),
        ("P", "pay_card=P", "option pay_card"),
        ("P", "marks=field", "option marks: must be one of text, none"),
        ("P", "registration=KZ12", "option registration: must be digits"),
        ("P", "codepage=866", "option codepage"),
        ("P", "columns=20", "option columns"),
        ("P", "password=0000", "a secret never stands in a URL; name it with password_secret"),
        ("P", "passwordsecret=x", 'did you mean "password_secret"'),
        ("P", "baud=9600", "baud: is for serial lines"),
        ("P", "answer_s=9", "option answer_s"),
    ],
)
def test_a_wrong_option_says_what_is_wrong(protocol: str, options: str, words: str) -> None:
    with pytest.raises(RegisterUrlError, match=words):
        driver_of(Printer(protocol), options)


def test_every_option_is_taken_and_a_secret_must_be_typable() -> None:
    options = (
        "connect_s=1&utc_offset=06:00&printing_s=5&identity=DT000600&password_secret=pw&operator=1&till=7"
        "&registration=010100000001&tax_16=A&tax_12=B&tax_10=C&tax_5=D&tax_0=E&tax_none=F&rates=trust&pay_card=N"
        "&pay_mobile=C&units=all&marks=text&mark_on_return=no&gs=bar&columns=32&codepage=kz1048&bare=tenge&answer_s=1"
    )
    driver = driver_of(Printer("P"), options, {"pw": "1234"}.__getitem__)
    driver.close()
    assert {pair.partition("=")[0] for pair in options.split("&")} == set(OPTIONS) - {"baud"}
    assert URLS["P"].startswith("datecs-p+tcp://")
    for bad in ("", "12x4", "123456789", "١٢"):
        with pytest.raises(RegisterUrlError, match="secret pw: must be 1 to 8 digits"):
            driver_of(Printer("P"), "password_secret=pw", {"pw": bad}.__getitem__)
