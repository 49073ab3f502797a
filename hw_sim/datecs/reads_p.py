"""Protocol P: reports, cash, and everything that only tells.

Source: Datecs "Fiscal printer programming interface 1.00BG", commands 20h, 2Ch, 3Dh to 77h. Its list of error codes is
not in the public copy; see hw_sim.datecs.refusals. Sums that the model may write in two ways follow `Profile.amounts`.
"""

from __future__ import annotations

import re

from hw_sim.datecs import receipts_p, service
from hw_sim.datecs.command import NEVER, SHORT_TIME, Command, Reply, moment_of, wrong
from hw_sim.datecs.journal_p import read_journal
from hw_sim.datecs.money import amount_of, tax_in, written
from hw_sim.datecs.receipts_p import empty
from hw_sim.datecs.refusals import Reason, Refused
from hw_sim.datecs.state import State

_LINE_MM = 4
MILLISECONDS = range(5, 101)


def _sum(state: State, amount: int, width: int) -> str:
    return written(amount, state.profile.amounts, width)


def last_error(state: State, data: str) -> Reply:
    if data not in ("", "CLEAR"):
        raise wrong()
    if data:
        state.last_error = None
    error = state.last_error
    if error is None:
        return Reply(f"0,0,{NEVER:{SHORT_TIME}},")
    return Reply(f"{error.command},{error.code},{error.at:{SHORT_TIME}},{error.text}")


def status(state: State, data: str) -> Reply:
    if data in ("", "X"):
        return Reply("{}", status=True)
    if data == "W":
        return Reply("{}", status=True, wait_s=state.paper.left_s)
    if data == "L":
        return Reply(str(state.paper.lines))
    if data == "P":
        documents = len(state.journal.records)
        return Reply(f"P{state.paper.printed_lines * _LINE_MM},{documents},0,1,0")
    if data == "R":  # Nothing is sent anywhere: every document is the last sent one.
        sent = f"({state.document},{NEVER:%d-%m-%Y %H:%M:%S},0)"
        return Reply(f"{state.document},{sent},(0,{NEVER:%d-%m-%Y %H:%M:%S},0)")
    raise wrong()


def transaction(state: State, data: str) -> Reply:
    if data not in ("", "T"):
        raise wrong()
    receipt = state.receipt or state.last
    is_open = state.receipt is not None or state.service_number is not None
    items, amount, tender = (len(receipt.items), receipt.total, receipt.tendered) if receipt else (0, 0, 0)
    fields = [str(int(is_open)), f"{items:04}", _sum(state, amount, 9)]
    return Reply(",".join([*fields, _sum(state, tender, 9)] if data else fields))


def receipt_sums(state: State, data: str) -> Reply:
    empty(data)
    receipt = state.receipt or state.last
    sums = receipt.sums if receipt else (0,) * 8
    can_void = int(state.receipt is not None and bool(state.receipt.items) and not state.receipt.payments)
    invoice = int(state.receipt is not None and state.receipt.invoice)
    return Reply(",".join([
        str(can_void), *(_sum(state, amount, 10) for amount in sums), str(invoice), f"{state.invoices + 1:010}",
    ]))  # fmt: skip


def last_document(state: State, data: str) -> Reply:
    empty(data)
    return Reply(f"{state.document % 10**7:07}")


def diagnostics(state: State, data: str) -> Reply:
    if data not in ("", "1", "*", "*1"):
        raise wrong()
    profile = state.profile
    switches = "".join(str(int(f"switch_{number}" in state.signs)) for number in range(1, 9))
    wide = switches + "0" * 8 if data.startswith("*") else switches
    checksum = "5A3C" if data.endswith("1") else "FFFF"
    return Reply(f"{profile.name},{profile.firmware},{checksum},{wide},{profile.serial},{profile.fiscal_memory}")


def read_clock(state: State, data: str) -> Reply:
    empty(data)
    return Reply(f"{state.local():{SHORT_TIME}}")


def set_clock(state: State, data: str) -> Reply:
    moment = moment_of(data, SHORT_TIME, "%d-%m-%y %H:%M")
    if moment is None:
        raise wrong()
    service.set_clock(state, moment)
    return Reply()


def report(state: State, data: str) -> Reply:
    """Data is the kind (0 or nothing: Z, 2: X) and N, which keeps the operators' registers."""
    found = re.fullmatch(r"([02])?N?", data)
    if found is None:
        raise wrong()
    groups = tuple(state.day.sales.groups)
    number = service.x_report(state) if found[1] == "2" else service.z_report(state).number
    return Reply(",".join([f"{number:04}", *(_sum(state, amount, 12) for amount in (sum(groups), *groups))]))


def cash(state: State, data: str) -> Reply:
    amount = amount_of(data) if data else 0
    if amount is None:
        raise wrong()
    code = "P"
    try:
        service.move_cash(state, amount)
    except Refused as refusal:
        if refusal.reason not in (Reason.NO_CASH, Reason.RECEIPT_OPEN):
            raise
        code = "F"
    day = state.day
    return Reply(",".join([code, *(_sum(state, sum_, 10) for sum_ in (day.cash, day.cash_in[1], day.cash_out[1]))]))


def day_sums(state: State, data: str) -> Reply:
    if data not in ("", "0", "1"):
        raise wrong()
    return Reply(",".join(_sum(state, amount, 12) for amount in _turnover(state, tuple(state.day.sales.groups), data)))


def _turnover(state: State, groups: tuple[int, ...], option: str) -> list[int]:
    """Turnover by group, or with option 1 the tax in it."""
    if option != "1":
        return list(groups)
    return [tax_in(amount, rate) for amount, rate in zip(groups, state.profile.taxes, strict=True)]


def last_record(state: State, data: str) -> Reply:
    found = re.fullmatch(r"(\*)?([01])?", data)
    if found is None:
        raise wrong()
    if not state.closures:
        return Reply("F")
    closure = state.closures[-1]
    sums = [_sum(state, amount, 12) for amount in _turnover(state, closure.sales, found[2] or "0")]
    date = f"{closure.at:%d%m%y%H%M%S}" if found[1] else f"{closure.at:%d%m%y}"
    return Reply(",".join(["P", f"{closure.number:04}", *sums, date]))


def corrections(state: State, data: str) -> Reply:
    empty(data)
    counts = ((count, _sum(state, amount, 10)) for count, amount in (state.day.discounts, state.day.markups))
    return Reply(",".join(f"{count},{amount}" for count, amount in counts))


def payments(state: State, data: str) -> Reply:
    """Cash, credit, debit, cheque, four of the shop's own, last Z-report, number of the next fiscal receipt."""
    if data not in ("", "*"):
        raise wrong()
    modes = [receipts_p.MODES.index(letter) for letter in ("PNDCIJKLmnopqrs" if data else "PNDCIJKL")]
    taken = state.day.sales.payments
    sums = [_sum(state, taken.get(mode, 0), 10) for mode in modes]
    return Reply(",".join([*sums[:8], f"{state.z_last:04}", f"{state.day.fiscal + 1:04}", *sums[8:]]))


def duplicate(state: State, data: str) -> Reply:
    if data != "1":
        raise wrong()
    service.duplicate(state)
    return Reply()


def drawer(state: State, data: str) -> Reply:
    if data and not (re.fullmatch(r"\d{1,3}", data, re.ASCII) and int(data) in MILLISECONDS):
        raise wrong()
    service.open_drawer(state)
    return Reply()


def feed(state: State, data: str) -> Reply:
    if not re.fullmatch(r"[1-9]?\d?", data, re.ASCII) or data == "0":
        raise wrong()
    service.feed(state, int(data or 1))
    return Reply()


def journal(state: State, data: str) -> Reply:
    return Reply(read_journal(state, data))


COMMANDS: dict[int, Command] = {
    **receipts_p.COMMANDS,
    0x20: Command("last error", last_error, reads=True),
    0x2C: Command("paper feed", feed),
    0x3D: Command("set the clock", set_clock),
    0x3E: Command("read the clock", read_clock, reads=True),
    0x40: Command("last fiscal record", last_record, reads=True),
    0x41: Command("day sums", day_sums, reads=True),
    0x45: Command("daily report", report),
    0x46: Command("cash", cash),
    0x4A: Command("status", status, reads=True),
    0x4C: Command("transaction state", transaction, reads=True),
    0x5A: Command("diagnostics", diagnostics, reads=True),
    0x5D: Command("discounts", corrections, reads=True),
    0x67: Command("receipt sums", receipt_sums, reads=True),
    0x6A: Command("drawer", drawer),
    0x6D: Command("duplicate", duplicate),
    0x6E: Command("payments of the day", payments, reads=True),
    0x71: Command("last document", last_document, reads=True),
    0x77: Command("journal", journal, reads=True),
}
