"""Protocol X: the commands of receipts.

Source: Datecs "Programmer's manual 2.02" of 2019, commands 26h to 3Ch. Trailing fields may be left out: a public driver
(github erpnet/ErpNet.FP) sends a text with its first field only.
"""

from __future__ import annotations

import re

from hw_sim.datecs import sales, service
from hw_sim.datecs.command import SHORT_TIME, Command, Reply, moment_of, plain, wrong
from hw_sim.datecs.fields_x import Fields, done, sums
from hw_sim.datecs.money import pointed
from hw_sim.datecs.receipt import Original, Receipt, Stage, Storno
from hw_sim.datecs.refusals import Reason, Refused
from hw_sim.datecs.state import State

OPERATORS, TILLS, DOCUMENTS = range(1, 31), range(1, 100_000), range(1, 10_000_000)
_PASSWORD = re.compile(r"\d{1,8}", re.ASCII)
_UNP = re.compile(r"[A-Z]{2}\d{6}-[0-9A-Za-z]{4}-\d{7}", re.ASCII)
UNIT_MAX = 6


def _slip(state: State, number: int, *more: str) -> Reply:
    return done(state.slip(number), *more)


def _password(fields: Fields, place: int) -> str:
    text = fields.text(place)
    if not _PASSWORD.fullmatch(text):
        raise wrong(place)
    return text


def _unp(fields: Fields, place: int) -> str:
    text = fields.text(place)
    if text and not _UNP.fullmatch(text):
        raise wrong(place)
    return text


def _invoice(fields: Fields, place: int) -> bool:
    if fields.text(place) not in ("", "I"):
        raise wrong(place)
    return fields.text(place) == "I"


def open_sale(state: State, data: str) -> Reply:
    """Op, Pwd, Till, Invoice; or with the unique sale number after the password."""
    fields = Fields.of(data, 3, 5)
    named = len(fields.texts) == 5
    operator = fields.whole(1, OPERATORS)
    password = _password(fields, 2)
    unp = _unp(fields, 3) if named else ""
    till = fields.whole(3 + named, TILLS)
    receipt = sales.open_receipt(state, operator, password, till, invoice=_invoice(fields, 4 + named), unp=unp)
    return _slip(state, receipt.number)


def open_storno(state: State, data: str) -> Reply:
    """The original is named in full. One of this very device must stand in its journal."""
    fields = Fields.of(data, 7, 11)
    operator, password, till = fields.whole(1, OPERATORS), _password(fields, 2), fields.whole(3, TILLS)
    storno = list(Storno)[fields.whole(4, range(3))]
    document = fields.whole(5, DOCUMENTS)
    at = moment_of(fields.text(6).removesuffix(" DST"), SHORT_TIME)
    if at is None:
        raise wrong(6)
    memory = fields.text(7)
    if not re.fullmatch(r"\d{8}", memory, re.ASCII):
        raise wrong(7)
    invoice = _invoice(fields, 8)
    if not invoice and (fields.text(9) or fields.text(10)):
        raise wrong(9)
    state.need_closed()
    if memory == state.profile.fiscal_memory:
        sales.find_original(state, document)
    original = Original(document, f"{at:%d-%m-%Y %H:%M:%S}", memory)
    receipt = sales.open_receipt(
        state, operator, password, till, storno=storno, original=original, reason=fields.text(10), invoice=invoice,
        unp=_unp(fields, 11),
    )  # fmt: skip
    return _slip(state, receipt.number)


def sell(state: State, data: str) -> Reply:
    """Name, TaxCd, Price, Quantity, DiscountType, DiscountValue, Department[, Unit]"""
    fields = Fields.of(data, 3, 8)
    name = plain(fields.text(1, 2 * state.profile.name_max))
    if not name or len(name) > state.profile.name_max:
        raise wrong(1)
    group, price = fields.whole(2, range(1, 9)) - 1, fields.amount(3)
    quantity, correction = fields.quantity(4, 1000), fields.correction(5)
    department, unit = fields.whole(7, range(100), 0), fields.text(8, UNIT_MAX)
    receipt = state.need_receipt()
    sales.sell(state, (name,), group, price, quantity, correction, unit, department)
    return _slip(state, receipt.number)


def subtotal(state: State, data: str) -> Reply:
    """Print, Display, DiscountType, DiscountValue"""
    fields = Fields.of(data, 0, 4)
    printed = fields.whole(1, range(2), 0) == 1
    fields.whole(2, range(2), 0)
    total = sales.subtotal(state, printed, fields.correction(3))
    receipt = state.need_receipt()
    return _slip(state, receipt.number, *sums(total, *receipt.sums))


def pay(state: State, data: str) -> Reply:
    """Mode, Amount, Type. Without an amount all that is due is paid, as a public driver does it."""
    fields = Fields.of(data, 1, 3)
    mode = fields.whole(1, range(7), 0)
    amount = fields.amount(2) if fields.text(2) else None
    if amount is not None and amount < 0:
        raise wrong(2)
    if fields.text(3) not in ("", "0", "1", "12"):
        raise wrong(3)
    left = sales.pay(state, mode, amount)
    if left == 0:
        return done(state.profile.exact_payment, pointed(0))
    return done("D" if left > 0 else "R", pointed(abs(left)))


def _line(data: str) -> str:
    """Text, Bold, Italic, Double, Underline, Align"""
    fields = Fields.of(data, 1, 6)
    for place in range(2, 6):
        fields.whole(place, range(3 if place == 4 else 2), 0)
    fields.whole(6, range(3), 0)
    return plain(fields.text(1))


def write(state: State, data: str) -> Reply:
    sales.write(state, _line(data))
    return done()


def close(state: State, data: str) -> Reply:
    Fields.of(data, 0, 0)
    receipt = sales.close(state)
    return done(state.document if state.profile.slip_is_document else receipt.number)


def cancel(state: State, data: str) -> Reply:
    Fields.of(data, 0, 0)
    sales.cancel(state)
    return done()


def customer(state: State, data: str) -> Reply:
    """Only in an invoice that is paid: what it prints is kept as text."""
    fields = Fields.of(data, 1, 8)
    receipt: Receipt = state.need_receipt()
    receipt.need(Stage.PAID)
    if not receipt.invoice:
        raise Refused(Reason.NOT_ALLOWED)
    receipt.lines.append(plain(" ".join(fields.texts)))
    return done()


def open_service(state: State, data: str) -> Reply:
    Fields.of(data, 0, 0)
    return _slip(state, service.open_service(state))


def write_service(state: State, data: str) -> Reply:
    service.write_service(state, _line(data))
    return done()


def close_service(state: State, data: str) -> Reply:
    Fields.of(data, 0, 0)
    number = service.close_service(state)
    return done(state.document if state.profile.slip_is_document else number)


COMMANDS: dict[int, Command] = {
    0x26: Command("open service receipt", open_service, fills_journal=True),
    0x27: Command("close service receipt", close_service),
    0x2A: Command("service text", write_service, fills_journal=True),
    0x2B: Command("open storno", open_storno, fills_journal=True),
    0x30: Command("open sale", open_sale, fills_journal=True),
    0x31: Command("item", sell, fills_journal=True),
    0x33: Command("subtotal", subtotal),
    0x35: Command("payment", pay),
    0x36: Command("text", write, fills_journal=True),
    0x38: Command("close", close),
    0x39: Command("customer", customer),
    0x3C: Command("cancel", cancel),
}
