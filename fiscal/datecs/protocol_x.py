"""Protocol X: its commands and answers. Pure. Every field ends with a tab, the first of an answer is the error number.

Source: Datecs "Programmer's manual 2.02" (FMP-350X, FMP-55X, FP-700X, WP-500X, WP-50X, DP-25X, DP-150X; github
erpnet/ErpNet.FP). It contradicts itself on what a refusal carries: an error number, or no data and a status bit; both
are read as a refusal. SlipNumber of its answers is the number of the receipt since the beginning or in the shift, and
so identifies nothing.
"""

from __future__ import annotations

from fiscal.datecs import codec, values
from fiscal.datecs.errors import shipped
from fiscal.datecs.protocol import (
    CANCELLED,
    MEMORY,
    PASSWORD,
    RETURN,
    SALE,
    Z_REPORT,
    Answer,
    Call,
    Entry,
    Facts,
    Need,
    Reading,
    Said,
    SaidNo,
    Talking,
)
from fiscal.datecs.settings import Settings
from fiscal.datecs.status import NOT_DONE, X_BITS
from fiscal.datecs.values import AnswerBroken, count, dated, moment, rate, tenge, tiyn, units
from fiscal.device.steps import TOTAL
from fiscal.orders import CashDirection, Line, PaymentKind, ReturnBasis

OPEN, OPEN_STORNO, ITEM, SUBTOTAL, PAY, TEXT, CLOSE, CANCEL = 0x30, 0x2B, 0x31, 0x33, 0x35, 0x36, 0x38, 0x3C
CASH, REPORT, DUPLICATE, DRAWER, JOURNAL, ERROR_TEXT = 0x46, 0x45, 0x6D, 0x6A, 0x7D, 0x64
STATE, INFO, DAY, CLOCK, RATES, VARIABLE = 0x4C, 0x7B, 0x6E, 0x3E, 0x32, 0xFF

NAME_WIDTH = 72
UNIT_WIDTH = 6
REFUND = "1"  # Kind of storno: 0 operator error, 1 refund, 2 reduction of the tax base.
GROUPS = 8
_OPENED = ("", SALE, RETURN, RETURN, RETURN)
_DOCUMENT_KINDS = {
    "1": SALE, "3": SALE, "6": RETURN, "7": RETURN, "8": CANCELLED, "2": Z_REPORT, "4": "non_fiscal", "5": "cash",
    "9": "x_report",
}  # fmt: skip


def _fields(data: str, least: int = 0) -> list[str]:
    """Fields after the error number. SaidNo for a number that is not 0."""
    error, *fields = data.removesuffix("\t").split("\t")
    number = values.number(error)
    if number is None:
        raise AnswerBroken(f"{data!r} has no error number")
    if number != 0:
        raise SaidNo(abs(number))
    if len(fields) < least:
        raise AnswerBroken(f"{data!r} has {len(fields)} fields, not {least}")
    return fields


def _state(data: str, settings: Settings) -> Facts:
    opened, _number, _items, amount, paid = _fields(data, 5)[:5]
    kind = count(opened)
    if kind >= len(_OPENED):
        raise AnswerBroken(f"{data!r} has an unknown kind of receipt open")
    return {"opened": _OPENED[kind], "amount": tiyn(amount, settings.bare), "paid": tiyn(paid, settings.bare)}


def _identity(data: str, _settings: Settings) -> Facts:
    serial, memory, taxpayer, address, tax_number = (text.strip() for text in [*_fields(data, 2), "", "", ""][:5])
    return {
        "serial": serial, "memory": memory, "taxpayer": taxpayer, "address": address, "tax_number": tax_number,
    }  # fmt: skip


def _last_receipt(data: str, _settings: Settings) -> Facts:
    number = _fields(data, 3)[2].strip()
    return {"z": count(number) if number else 0}


def _cash(data: str, settings: Settings) -> Facts:
    cash, put, taken = (tiyn(text, settings.bare) for text in _fields(data, 3)[:3])
    return {"cash": cash, "put": put, "taken": abs(taken)}


def _sales(data: str, settings: Settings) -> Facts:
    number, amount = _fields(data, 2)[:2]
    return {"sold": count(number), "sold_tiyn": tiyn(amount, settings.bare)}


def _returns(data: str, settings: Settings) -> Facts:
    return {"returned_tiyn": sum(abs(tiyn(text, settings.bare)) for text in _fields(data, 1) if text.strip())}


def _rates(data: str, _settings: Settings) -> Facts:
    return {"rates": [rate(text) for text in _fields(data, GROUPS + 1)[1 : GROUPS + 1]]}


def _clock(data: str, settings: Settings) -> Facts:
    return {"clock": moment(_fields(data, 1)[0], settings.device.utc_offset)}


def _variable(name: str, fact: str, need: Need = Need.ALWAYS) -> Reading:
    return Reading(Call(VARIABLE, f"{name}\t\t\t"), lambda data, _: {fact: count(_fields(data, 1)[0])}, need)


_STATE = Reading(Call(STATE), _state)
_DOCUMENT = _variable("nBon", "document")
_RECEIPTS = _variable("nFBonDailyCount", "receipts", need=Need.NEVER)
_CLOCK = Reading(Call(CLOCK), _clock, need=Need.NEVER)


class ProtocolX:
    name = "X"
    dialect = codec.X
    bits = X_BITS
    errors = shipped()["X"]
    journal_names_all = True
    name_width = NAME_WIDTH
    name_lines = 1
    clock = _CLOCK
    rates = Reading(Call(RATES), _rates, need=Need.NEVER)
    # The last document number comes first and last: what lies between belongs together when both agree.
    look: tuple[Reading, ...] = (
        _DOCUMENT,
        Reading(Call(INFO, "1\t"), _identity),
        _variable("nLastFiscalDoc", "last_fiscal", need=Need.NEVER),
        _RECEIPTS,
        Reading(Call(INFO, "3\t"), _last_receipt),
        Reading(Call(CASH, "0\t0\t"), _cash, Need.IDLE),
        Reading(Call(DAY, "2\t"), _sales, need=Need.NEVER),
        Reading(Call(DAY, "1\t"), _returns, need=Need.NEVER),
        _CLOCK,
        _STATE,
        _DOCUMENT,
    )
    after: tuple[Reading, ...] = (_DOCUMENT, _RECEIPTS, _STATE, _CLOCK)

    def open(self, settings: Settings) -> tuple[int, str]:
        return OPEN, f"{settings.operator}\t{PASSWORD}\t{settings.till}\t\t"

    def open_return(self, basis: ReturnBasis, settings: Settings) -> tuple[int, str]:
        document = int(basis.fiscal_sign)
        date = dated(basis.at, settings.device.utc_offset)
        who = f"{settings.operator}\t{PASSWORD}\t{settings.till}"
        return OPEN_STORNO, f"{who}\t{REFUND}\t{document}\t{date}\t{MEMORY}\t\t\t\t\t"

    def item(self, names: list[str], line: Line, unit: str, settings: Settings) -> tuple[int, str]:
        change = line.discount_tiyn or line.markup_tiyn
        kind = ("4" if line.discount_tiyn else "3") if change else ""
        fields = [" ".join(names), settings.groups[line.vat_bp], tenge(line.price_tiyn), units(line.quantity_milli)]
        fields += [kind, tenge(change) if change else "", "0"]  # The last: no department.
        return ITEM, "".join(f"{field}\t" for field in [*fields, *([unit[:UNIT_WIDTH]] if unit else [])])

    def text(self, text: str) -> tuple[int, str]:
        return TEXT, f"{text}\t\t\t\t\t\t"

    def total(self) -> tuple[int, str]:
        return SUBTOTAL, "0\t0\t\t\t"

    def pay(self, kind: PaymentKind, amount_tiyn: int, settings: Settings) -> tuple[int, str]:
        return PAY, f"{settings.payments[kind]}\t{tenge(amount_tiyn)}\t\t"

    def close(self) -> tuple[int, str]:
        return CLOSE, ""

    def cancel(self) -> tuple[int, str]:
        return CANCEL, ""

    def cash(self, direction: CashDirection, amount_tiyn: int) -> tuple[int, str]:
        return CASH, f"{0 if direction is CashDirection.IN else 1}\t{tenge(amount_tiyn)}\t"

    def report(self, *, closing: bool) -> tuple[int, str]:
        return REPORT, "Z\t" if closing else "X\t"

    def duplicate(self) -> tuple[int, str]:
        return DUPLICATE, ""

    def drawer(self) -> tuple[int, str]:
        return DRAWER, "\t"

    def refusal(self, call: Call, answer: Answer) -> SaidNo | None:
        if not answer.data:
            return SaidNo()
        try:
            _fields(answer.data)
        except SaidNo as no:
            return no
        return SaidNo() if answer.status.any(*NOT_DONE) else None

    def said(self, name: str, data: str, settings: Settings) -> Said:
        fields = _fields(data)
        if name == TOTAL:
            return Said({}, tiyn(_fields(data, 2)[1], settings.bare))
        if name == "pay":
            code, rest = _fields(data, 2)[:2]
            if code not in ("D", "R"):
                raise SaidNo(text=f"payment answered with {code!r}")
            return Said({"code": code, "rest": tiyn(rest, settings.bare)})
        if name == "cash":
            return Said(_cash(data, settings))
        if name == "z":
            sums = [abs(tiyn(text, settings.bare)) for text in _fields(data, 2 * GROUPS + 1)[1:]]
            sold, returned = sum(sums[:GROUPS]), sum(sums[GROUPS : 2 * GROUPS])
            return Said({"z": count(fields[0]), "sold_tiyn": sold, "returned_tiyn": returned})
        return Said({"slip": fields[0]} if fields else {})

    def explain(self, call: Call, number: int) -> Call | None:
        return Call(ERROR_TEXT, f"-{number}\t") if number else None

    def explained(self, call: Call, number: int, data: str) -> tuple[int, str]:
        return number, _fields(data, 2)[1].strip()

    def entry(self, number: int, settings: Settings, *, dated: bool) -> Talking:
        data = yield Call(JOURNAL, f"0\t{number}\t0\t")
        if data is None:
            return None
        shown, _in_kind, at, kind = _fields(data, 4)[:4]
        if count(shown) != number:
            return None
        known = _DOCUMENT_KINDS.get(kind.strip(), f"document {kind.strip()}")
        return Entry(number, known, None, moment(at, settings.device.utc_offset) if at.strip() else "")
