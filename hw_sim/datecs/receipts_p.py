"""Protocol P: the commands of receipts. Data is comma separated or of fixed form, and must be met literally.

Source: Datecs "Fiscal printer programming interface 1.00BG", commands 26h to 3Ch.
"""

from __future__ import annotations

import re

from hw_sim.datecs import sales, service
from hw_sim.datecs.command import Command, Reply, plain, wrong
from hw_sim.datecs.money import amount_of, pointed, quantity_of, written
from hw_sim.datecs.receipt import Correction, Original, Receipt, Stage, Storno
from hw_sim.datecs.refusals import Reason, Refused
from hw_sim.datecs.state import State

# Means of payment in the order of their numbers; I to L and i to l are the same four.
MODES = "PNCDIJKLmnopqrs"
LETTERS = "ABCDEFGH"
CYRILLIC = "АБВГДЕЖЗ"

_UNP = r"[A-Z]{2}\d{6}-[0-9A-Za-z]{4}-\d{7}"
_OPEN = re.compile(rf"(\d{{1,2}}),(\d{{4,8}}),(\d{{1,5}})(?:,(I))?(?:,({_UNP}))?", re.ASCII)
_STORNO = re.compile(
    rf"(\d{{1,2}}),(\d{{4,8}}),(\d{{1,5}})(?:,(I)(\d{{1,10}}))?(?:,({_UNP}))?,([ERT])(\d{{1,7}})"
    rf"(?:,({_UNP})?,(\d{{12}}),(\d{{8}}))?(?:#(.{{1,30}}))?",
    re.ASCII,
)
_CORRECTION = r"(?:,(-?\d{1,2}(?:\.\d{1,2})?)|;(-?\d{1,8}(?:\.\d{1,2})?))?"
_ITEM = re.compile(
    rf"([^\t\n]*)(?:\n([^\t\n]*))?\t(?:([{LETTERS}{CYRILLIC}])|(\d{{1,2}})\t)(-?\d+(?:\.\d{{1,2}})?)"
    rf"(?:\*(\d+(?:\.\d{{1,3}})?)(?:#([^,;]{{1,8}}))?)?{_CORRECTION}",
    re.ASCII,
)
_SUBTOTAL = re.compile(rf"([01])([01]){_CORRECTION}", re.ASCII)
_PAYMENT = re.compile(r"([^\t\n]*)(?:\n([^\t\n]*))?\t(?:([A-Za-z])?(\+?\d+(?:\.\d{1,2})?)?)", re.ASCII)
_TEXT = re.compile(r"(?:\t[0-3][BHI]{0,3})?([^\t\n]*)", re.ASCII)
PAYMENT_TEXT_MAX = 36
DEPARTMENTS = range(1, 61)


def _counts(state: State, receipt: Receipt) -> Reply:
    return Reply(f"{receipt.number:04},{receipt.fiscal:04}")


def open_sale(state: State, data: str) -> Reply:
    if not data:
        unp = state.last.unp if state.last is not None else ""
        return Reply(unp[-7:] or "0000000")
    found = _OPEN.fullmatch(data)
    if found is None:
        raise wrong()
    operator, password, till, invoice, unp = found.groups()
    receipt = sales.open_receipt(
        state, int(operator), password, int(till), invoice=invoice is not None, unp=unp or ""
    )  # fmt: skip
    return _counts(state, receipt)


def open_storno(state: State, data: str) -> Reply:
    """With the original named in full it opens; with a number alone the device looks that up and reverses all of it."""
    found = _STORNO.fullmatch(data)
    if found is None:
        raise wrong()
    operator, password, till, invoice, _, unp, kind, number, old_unp, stamp, memory, reason = found.groups()
    state.need_closed()
    sold: Receipt | None = None
    original = Original(int(number), _long(stamp), memory or "", old_unp or "")
    if stamp is None:
        record = sales.find_original(state, int(number))
        sold = record.receipt
        original = Original(
            record.document, f"{record.at:%d-%m-%Y %H:%M:%S}", state.profile.fiscal_memory, sold.unp if sold else ""
        )
    receipt = sales.open_receipt(
        state, int(operator), password, int(till), storno=Storno(kind), original=original, reason=reason or "",
        invoice=invoice is not None, unp=unp or "",
    )  # fmt: skip
    if sold is not None and not state.profile.short_storno_opens:
        sales.reverse_whole(state, receipt, sold)
    return _counts(state, receipt)


def _long(stamp: str | None) -> str:
    """DDMMYYhhmmss as DD-MM-YYYY hh:mm:ss."""
    if stamp is None:
        return ""
    day, month, year, hour, minute, second = (stamp[place : place + 2] for place in range(0, 12, 2))
    return f"{day}-{month}-20{year} {hour}:{minute}:{second}"


def sell(state: State, data: str) -> Reply:
    found = _ITEM.fullmatch(data)
    if found is None:
        raise wrong()
    first, second, letter, department, price_text, quantity_text, unit, percent, absolute = found.groups()
    lines = tuple(plain(line) for line in (first, second) if line)
    price, quantity = amount_of(price_text), quantity_of(quantity_text or "1")
    if price is None or quantity is None:
        raise Refused(Reason.OVERFLOW)
    if any(len(line) > state.profile.name_max for line in lines):
        raise wrong()
    number = int(department or 0)
    if department is not None and number not in DEPARTMENTS:
        raise wrong()
    # A department's tax group is programmed; this printer's departments go round the groups that are on.
    on = [place for place, rate in enumerate(state.profile.taxes) if rate is not None]
    group = _group(letter) if letter else on[number % len(on)]
    sales.sell(state, lines, group, price, quantity, _correction(percent, absolute), unit or "", number)
    return Reply()


def _group(letter: str) -> int:
    return LETTERS.index(letter) if letter in LETTERS else CYRILLIC.index(letter)


def _correction(percent: str | None, absolute: str | None) -> Correction | None:
    if percent is not None:
        return Correction(percent=amount_of(percent))
    return None if absolute is None else Correction(amount=amount_of(absolute) or 0)


def subtotal(state: State, data: str) -> Reply:
    found = _SUBTOTAL.fullmatch(data)
    if found is None:
        raise wrong()
    printed, _shown, percent, absolute = found.groups()
    total = sales.subtotal(state, printed == "1", _correction(percent, absolute))
    sums = state.need_receipt().sums
    return Reply(",".join(written(amount, state.profile.amounts, 10) for amount in (total, *sums)))


def pay(state: State, data: str) -> Reply:
    found = _PAYMENT.fullmatch(data)
    if found is None:
        raise wrong()
    first, second, letter, amount_text = found.groups()
    lines = tuple(plain(line) for line in (first, second) if line)
    mode = MODES.find(letter.upper() if letter and letter in "ijkl" else letter or "P")
    amount = None if amount_text is None else amount_of(amount_text)
    if mode < 0 or any(len(line) > PAYMENT_TEXT_MAX for line in lines):
        raise wrong()
    if amount_text is not None and (amount is None or amount > 10**10 - 1):
        raise Refused(Reason.OVERFLOW)
    left = sales.pay(state, mode, amount, lines)
    if left == 0:
        return Reply(f"{state.profile.exact_payment}{pointed(0)}")
    return Reply(f"D{pointed(left)}" if left > 0 else f"R{pointed(-left)}")


def write(state: State, data: str) -> Reply:
    sales.write(state, _text(data))
    return Reply()


def _text(data: str) -> str:
    found = _TEXT.fullmatch(data)
    if found is None:
        raise wrong()
    return plain(found[1])


def close(state: State, data: str) -> Reply:
    empty(data)
    return _counts(state, sales.close(state))


def cancel(state: State, data: str) -> Reply:
    empty(data)
    sales.cancel(state)
    return Reply()


def customer(state: State, data: str) -> Reply:
    """Only in an invoice that is paid: what it prints is kept as text."""
    receipt = state.need_receipt()
    receipt.need(Stage.PAID)
    if not receipt.invoice:
        raise Refused(Reason.NOT_ALLOWED)
    fields = data.split("\t")
    if not re.fullmatch(r"#?.{9,14}", fields[0]) or len(fields) > 6:
        raise wrong()
    receipt.lines.append(plain(" ".join(fields)))
    return Reply()


def open_service(state: State, data: str) -> Reply:
    empty(data)
    return Reply(f"{service.open_service(state):04}")


def write_service(state: State, data: str) -> Reply:
    service.write_service(state, _text(data))
    return Reply()


def close_service(state: State, data: str) -> Reply:
    empty(data)
    return Reply(f"{service.close_service(state):04}")


def empty(data: str) -> None:
    """Even a space too much is an error (V1, "Message composition")."""
    if data:
        raise wrong()


COMMANDS: dict[int, Command] = {
    0x26: Command("open service receipt", open_service, fills_journal=True),
    0x27: Command("close service receipt", close_service),
    0x2A: Command("service text", write_service, fills_journal=True),
    0x2E: Command("open storno", open_storno),
    0x30: Command("open sale", open_sale, fills_journal=True),
    0x31: Command("item", sell, fills_journal=True),
    0x33: Command("subtotal", subtotal),
    0x35: Command("payment", pay),
    0x36: Command("text", write, fills_journal=True),
    0x38: Command("close", close),
    0x39: Command("customer", customer),
    0x3C: Command("cancel", cancel),
}
