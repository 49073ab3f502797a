"""Protocol P: its commands and answers. Pure. Fields stand apart by commas, refusals show in the status bits.

Source: Datecs "Fiscal printer programming interface 1.00BG" (FP-800, FP-2000, FP-650, SK1-21F, SK1-31F, FMP-10, FP-550;
github erpnet/ErpNet.FP). It describes Bulgarian firmware: the unique sale number of that country is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    Kind,
    Need,
    Reading,
    Said,
    SaidNo,
    Talking,
)
from fiscal.datecs.settings import Settings
from fiscal.datecs.status import GENERAL_ERROR, MEMORY_ERROR, NOT_DONE, P_BITS
from fiscal.datecs.values import AnswerBroken, count, moment, rate, stamped, tenge, tiyn, units
from fiscal.device.steps import TOTAL
from fiscal.orders import CashDirection, Line, PaymentKind, ReturnBasis

OPEN, OPEN_STORNO, ITEM, SUBTOTAL, PAY, TEXT, CLOSE, CANCEL = 0x30, 0x2E, 0x31, 0x33, 0x35, 0x36, 0x38, 0x3C
CASH, REPORT, DUPLICATE, DRAWER, JOURNAL, LAST_ERROR = 0x46, 0x45, 0x6D, 0x6A, 0x77, 0x20
STATUS, STATE, IDENTITY, DOCUMENT, PAYMENTS, LAST_RECORD, CLOCK, RATES = 0x4A, 0x4C, 0x5A, 0x71, 0x6E, 0x40, 0x3E, 0x61

DOCUMENT_DIGITS = 7
NAME_WIDTH = 42  # Bytes of either line of a name.
UNIT_WIDTH = 8
JOURNAL_LINES_MAX = 3000

_WITHOUT_ANSWER = frozenset({ITEM, TEXT, CANCEL, DUPLICATE, DRAWER})  # Success has no data either.
_PRINTING = _WITHOUT_ANSWER - {DRAWER}  # Cancelled without a change when the paper ends (V1, bit 2.0).
_RECORD_KINDS = (SALE, SALE, RETURN, RETURN, CANCELLED)  # Fiscal, invoice, storno, credit note.


def _fields(data: str, least: int) -> list[str]:
    fields = data.split(",")
    if len(fields) < least:
        raise AnswerBroken(f"{data!r} has {len(fields)} fields, not {least}")
    return fields


def _passed(data: str, least: int) -> list[str]:
    """Fields after the P of success. SaidNo for an F, which no status bit goes with."""
    if data[:1] == "F":
        raise SaidNo
    fields = _fields(data, least)
    if fields[0] != "P":
        raise AnswerBroken(f"{data!r} begins with neither P nor F")
    return fields[1:]


def _state(data: str, settings: Settings) -> Facts:
    opened, _items, amount, *paid = _fields(data, 3)
    if opened.strip() not in ("0", "1"):
        raise AnswerBroken(f"{data!r} does not tell whether a receipt is open")
    facts = {"amount": tiyn(amount, settings.bare)}
    return facts | {"paid": tiyn(paid[0], settings.bare)} if paid else facts


def _identity(data: str, _settings: Settings) -> Facts:
    model, firmware, *_, serial, memory = _fields(data, 6)
    return {
        "serial": serial.strip(), "memory": memory.strip(), "model": model.strip(), "firmware": firmware.strip(),
    }  # fmt: skip


def _payments(data: str, _settings: Settings) -> Facts:
    return {"receipts": max(count(_fields(data, 10)[9]) - 1, 0)}  # The field is the number of the next one.


def _last_record(data: str, _settings: Settings) -> Facts:
    # F also before the first Z-report.
    return {"z": 0 if data[:1] == "F" else count(_passed(data, 2)[0])}


def _cash(data: str, settings: Settings) -> Facts:
    cash, put, taken = (tiyn(text, settings.bare) for text in _passed(data, 4)[:3])
    return {"cash": cash, "put": put, "taken": abs(taken)}


def _rates(data: str, _settings: Settings) -> Facts:
    return {"rates": [rate(text) for text in _fields(data, 1)]}


def _receipts(data: str) -> Facts:
    every, fiscal = _fields(data, 2)[:2]
    return {"slips": count(every), "receipts": count(fiscal)}


def _clock(data: str, settings: Settings) -> Facts:
    return {"clock": moment(data, settings.device.utc_offset)}


_STATE = Reading(Call(STATE, "T"), _state)
_DOCUMENT = Reading(Call(DOCUMENT), lambda data, _: {"document": count(data)})
_CLOCK = Reading(Call(CLOCK), _clock, need=Need.NEVER)


class ProtocolP:
    name = "P"
    dialect = codec.P
    bits = P_BITS
    errors = shipped()["P"]
    journal_names_all = False
    name_width = NAME_WIDTH
    name_lines = 2
    clock = _CLOCK
    rates = Reading(Call(RATES), _rates, need=Need.NEVER)
    # The last document number comes first and last: what lies between belongs together when both agree.
    look: tuple[Reading, ...] = (
        _DOCUMENT,
        Reading(Call(IDENTITY, "1"), _identity),
        Reading(Call(PAYMENTS), _payments),
        Reading(Call(LAST_RECORD), _last_record),
        Reading(Call(CASH), _cash, Need.IDLE),
        _CLOCK,
        Reading(Call(STATUS, "L"), lambda data, _: {"lines": count(data)}, need=Need.NEVER),
        _STATE,
        _DOCUMENT,
    )
    after: tuple[Reading, ...] = (_DOCUMENT, _STATE, _CLOCK)

    def open(self, settings: Settings) -> tuple[int, str]:
        return OPEN, f"{settings.operator},{PASSWORD},{settings.till}"

    def open_return(self, basis: ReturnBasis, settings: Settings) -> tuple[int, str]:
        # With the number alone the printer reverses the whole original by itself: the long form always.
        document = basis.fiscal_sign.zfill(DOCUMENT_DIGITS)
        stamp = stamped(basis.at, settings.device.utc_offset)
        return OPEN_STORNO, f"{settings.operator},{PASSWORD},{settings.till},R{document},,{stamp},{MEMORY}"

    def item(self, names: list[str], line: Line, unit: str, settings: Settings) -> tuple[int, str]:
        data = "\n".join(names) + f"\t{settings.groups[line.vat_bp]}{tenge(line.price_tiyn)}"
        data += f"*{units(line.quantity_milli)}" + (f"#{unit[:UNIT_WIDTH]}" if unit else "")
        change = line.markup_tiyn - line.discount_tiyn
        return ITEM, data + (f";{tenge(change)}" if change else "")

    def text(self, text: str) -> tuple[int, str]:
        return TEXT, text

    def total(self) -> tuple[int, str]:
        return SUBTOTAL, "00"

    def pay(self, kind: PaymentKind, amount_tiyn: int, settings: Settings) -> tuple[int, str]:
        return PAY, f"\t{settings.payments[kind]}{tenge(amount_tiyn)}"

    def close(self) -> tuple[int, str]:
        return CLOSE, ""

    def cancel(self) -> tuple[int, str]:
        return CANCEL, ""

    def cash(self, direction: CashDirection, amount_tiyn: int) -> tuple[int, str]:
        return CASH, tenge(amount_tiyn if direction is CashDirection.IN else -amount_tiyn)

    def report(self, *, closing: bool) -> tuple[int, str]:
        return REPORT, "0" if closing else "2"

    def duplicate(self) -> tuple[int, str]:
        return DUPLICATE, "1"

    def drawer(self) -> tuple[int, str]:
        return DRAWER, ""

    def refusal(self, call: Call, answer: Answer) -> SaidNo | None:
        """Out of paper or an open cover alone refuse nothing that was answered with data."""
        bad = list(NOT_DONE)
        if call.kind is not Kind.READ:
            bad.append(MEMORY_ERROR)
        if call.command in _PRINTING:
            bad.append(GENERAL_ERROR)
        if not answer.status.any(*bad) and (answer.data or call.command in _WITHOUT_ANSWER):
            return None
        return SaidNo(text=answer.data.partition("@")[2])  # "answer@cause", where the printer is set up to say it.

    def said(self, name: str, data: str, settings: Settings) -> Said:
        if name == "pay":
            if data[:1] not in ("D", "R"):
                raise SaidNo(text=f"payment answered with {data!r}")
            return Said({"code": data[0], "rest": tiyn(data[1:], settings.bare)})
        if name == TOTAL:
            total = tiyn(_fields(data, 1)[0], settings.bare)
            return Said({}, total)
        if name in ("open", "close"):
            return Said(_receipts(data))
        if name == "cash":
            return Said(_cash(data, settings))
        return Said({"z": count(_fields(data, 1)[0]), "answer": data} if name == "z" else {})

    def explain(self, call: Call, number: int) -> Call | None:
        return Call(LAST_ERROR)

    def explained(self, call: Call, number: int, data: str) -> tuple[int, str]:
        command, error, _at, text = ([*data.split(",", 3), "", "", ""])[:4]
        # The paper does not say in which base the command is written.
        ours = command.strip().lower() in (str(call.command), f"{call.command:x}", f"{call.command:x}h")
        return (abs(values.number(error) or 0), text.strip()) if ours else (0, "")

    def entry(self, number: int, settings: Settings, *, dated: bool) -> Talking:
        """Records of class W, which tell the time too, or of class Y (V1, command 119)."""
        for form in ("W", "Y") if dated else ("Y",):
            found = yield from _records(number, form, settings)
            if found is not None:
                return found
        return None


# Record letter, place of the document number, of its kind; the same of the total; place of the time of its end.
_FORMS: Mapping[str, tuple[str, int, int, str, int]] = {"W": ("U", 5, 4, "T", 8), "Y": ("u", 3, 2, "t", 1)}


def _records(number: int, form: str, settings: Settings) -> Talking:
    head, number_at, kind_at, sums, total_at = _FORMS[form]
    kind, total, at, ours = "", None, "", False
    data = yield Call(JOURNAL, f"{form},{number}")
    for _ in range(JOURNAL_LINES_MAX):
        letter, *rest = ("F" if data is None else data).split(",")
        if letter == "Z" and len(rest) > 1 and count(rest[1]) == number:
            return Entry(number, Z_REPORT)
        if letter in ("*", "F", "") or not (kind or letter == head):
            break  # Its end, or no document of ours: nothing stands before the head.
        if letter == head and len(rest) >= number_at:
            ours = count(rest[number_at - 1]) == number
            record = count(rest[kind_at - 1])
            kind = _RECORD_KINDS[record] if record < len(_RECORD_KINDS) else f"record {record}"
        elif letter == sums and len(rest) >= total_at:
            total = abs(tiyn(rest[total_at - 1], settings.bare))
            if form == "Y":
                break  # Nothing that follows is wanted, and the next search begins anew.
        elif letter == "D" and len(rest) > 1:
            at = moment(rest[1], settings.device.utc_offset)
        data = yield Call(JOURNAL, form.lower())
    return Entry(number, kind, total, at) if ours and kind else None
