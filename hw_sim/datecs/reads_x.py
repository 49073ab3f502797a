"""Protocol X: reports, cash, and everything that only tells.

Source: Datecs "Programmer's manual 2.02" of 2019, commands 2Ch, 3Dh to 7Dh and FFh.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hw_sim.datecs import journal_x, receipts_x, service
from hw_sim.datecs.command import LONG_TIME, NEVER, SHORT_TIME, Command, Reply, moment_of, wrong
from hw_sim.datecs.fields_x import Fields, done, sums
from hw_sim.datecs.money import pointed, tax_in
from hw_sim.datecs.refusals import TEXTS_X, Reason, Refused
from hw_sim.datecs.state import State

_STORNO_OPEN = 2  # IsOpen of the first kind of storno.


def status(_state: State, data: str) -> Reply:
    Fields.of(data, 0, 0)
    return Reply("0\t{}\t", status=True)


def transaction(state: State, data: str) -> Reply:
    """Err, IsOpen, Number, Items, Amount, Payed"""
    Fields.of(data, 0, 0)
    receipt, is_open = state.receipt or state.last, 0
    if state.receipt is not None:
        is_open = 1 if state.receipt.storno is None else _STORNO_OPEN + state.receipt.storno.number
    if receipt is None:
        return done(0, 0, 0, *sums(0, 0))
    number = receipt.number
    if state.profile.slip_is_document:
        number = state.document + 1 if state.receipt is not None else state.document
    return done(is_open, number, len(receipt.items), *sums(receipt.total, receipt.tendered))


def receipt_sums(state: State, data: str) -> Reply:
    """Err, SumA…SumH, Inv, InvNum, fStorno"""
    Fields.of(data, 0, 0)
    receipt = state.receipt or state.last
    groups = receipt.sums if receipt is not None else (0,) * 8
    invoice = state.receipt is not None and state.receipt.invoice
    storno = state.receipt is not None and state.receipt.storno is not None
    return done(*sums(*groups), int(invoice), state.invoices + 1, int(storno))


def error_text(_state: State, data: str) -> Reply:
    """Code → Err, Code, Message"""
    text = Fields.of(data, 1, 1).text(1)
    if not (text.startswith("-") and text[1:].isascii() and text[1:].isdigit() and len(text) <= 10):
        raise wrong(1)
    return done(int(text), TEXTS_X.get(int(text), "unknown error"))


def diagnostics(state: State, data: str) -> Reply:
    """With a tab after the parameter fields come back; without, one text with commas."""
    parameter, tab, rest = data.partition("\t")
    if parameter not in ("", "1") or rest:
        raise wrong(1)
    profile = state.profile
    checksum = "5A3C" if parameter else "FFFF"
    version, date, time = profile.firmware.split()
    if not tab:
        return Reply(
            f"{profile.name},{profile.firmware},{checksum},00000000,{profile.serial},{profile.fiscal_memory}"
        )  # fmt: skip
    return done(profile.name, version, date, time, checksum, "00000000", profile.serial, profile.fiscal_memory)


def device(state: State, data: str) -> Reply:
    """1 numbers and header, 2 batteries and signal, 3 last fiscal receipt, 4 check of the journal."""
    fields = Fields.of(data if data.endswith("\t") else f"{data}\t", 1, 1)
    option, profile = fields.whole(1, range(1, 5)), state.profile
    if option == 1:
        first, second, third, fourth = profile.header
        return done(profile.serial, profile.fiscal_memory, first, second, profile.taxpayer, third, fourth)
    if option == 2:
        return done(8000, 3000, 0, "")
    if option == 4:
        return done()
    last = state.last_fiscal
    number = last.serial if last is not None and last.z == state.z_next else 0
    sold, closed = last.at if last is not None else NEVER, state.closures[-1].at if state.closures else NEVER
    return done(number, f"{sold:{LONG_TIME}}", state.z_last, f"{closed:{LONG_TIME}}")


def read_clock(state: State, data: str) -> Reply:
    Fields.of(data, 0, 0)
    return done(f"{state.local():{SHORT_TIME}}")


def set_clock(state: State, data: str) -> Reply:
    moment = moment_of(Fields.of(data, 1, 1).text(1).removesuffix(" DST"), SHORT_TIME)
    if moment is None:
        raise wrong(1)
    service.set_clock(state, moment)
    return done()


def report(state: State, data: str) -> Reply:
    """X or Z → Err, nRep, TotA…TotH, StorA…StorH"""
    kind = Fields.of(data, 1, 1).text(1)
    if kind not in ("X", "Z", "D", "G"):
        raise wrong(1)
    day = state.day
    figures = sums(*day.sales.groups, *day.stornos.groups)
    if kind == "Z":
        return done(service.z_report(state).number, *figures)
    number = service.x_report(state)
    return done(number, *figures) if kind == "X" else done()


def cash(state: State, data: str) -> Reply:
    """Type (0 in, 1 out), Amount (0: only read) → Err, CashSum, CashIn, CashOut"""
    fields = Fields.of(data, 1, 2)
    out, amount = fields.whole(1, range(2)) == 1, fields.amount(2, 0)
    if amount < 0:
        raise wrong(2)
    service.move_cash(state, -amount if out else amount)
    return done(*sums(state.day.cash, state.day.cash_in[1], state.day.cash_out[1]))


def _by_type(state: State, data: str, sales: tuple[int, ...], stornos: tuple[int, ...]) -> list[str]:
    """0 turnover, 1 tax in it, 2 and 3 the same of stornos."""
    kind = Fields.of(data, 0, 1).whole(1, range(4), 0)
    groups = stornos if kind >= 2 else sales
    if kind % 2:
        groups = tuple(tax_in(amount, rate) for amount, rate in zip(groups, state.profile.taxes, strict=True))
    return sums(*groups)


def day_sums(state: State, data: str) -> Reply:
    day = state.day
    return done(state.z_next, *_by_type(state, data, tuple(day.sales.groups), tuple(day.stornos.groups)))


def last_record(state: State, data: str) -> Reply:
    if not state.closures:
        raise Refused(Reason.NO_DOCUMENT)
    closure = state.closures[-1]
    return done(closure.number, *_by_type(state, data, closure.sales, closure.stornos), f"{closure.at:%d-%m-%y}")


def day_counts(state: State, data: str) -> Reply:
    """0 and 1 payments of sales and stornos, 2 sales, 3 corrections, 4 voids and cancelled receipts, 5 cash moves."""
    kind, day = Fields.of(data, 0, 1).whole(1, range(6), 0), state.day
    if kind <= 1:
        taken = (day.stornos if kind else day.sales).payments
        return done(*sums(*(taken.get(mode, 0) for mode in range(7))))
    if kind == 2:
        return done(day.sales.count, pointed(sum(day.sales.groups)))
    pairs = {
        3: (day.markups, day.discounts),
        4: (day.voids, day.cancelled),
        5: (day.cash_in, day.cash_out, [0, 0], [0, 0]),
    }[kind]
    return done(*(text for count, amount in pairs for text in (count, pointed(amount))))


def duplicate(state: State, data: str) -> Reply:
    Fields.of(data, 0, 0)
    service.duplicate(state)
    return done()


def drawer(state: State, data: str) -> Reply:
    Fields.of(data, 0, 1).whole(1, range(65_536), 0)
    service.open_drawer(state)
    return done()


def feed(state: State, data: str) -> Reply:
    service.feed(state, Fields.of(data, 0, 1).whole(1, range(1, 100), 1))
    return done()


def _rate(state: State, index: int) -> str:
    """Percent of a tax group; 100.00 stands for one that is off."""
    rate = state.profile.taxes[index] if index < len(state.profile.taxes) else None
    return "100.00" if rate is None else pointed(rate)


VARIABLES: Mapping[str, Callable[[State, int], object]] = {
    "nBon": lambda state, _index: state.document,
    "nFBon": lambda state, _index: state.fiscal_count,
    "nLastFiscalDoc": lambda state, _index: state.last_fiscal.document if state.last_fiscal is not None else 0,
    "nFBonDailyCount": lambda state, _index: state.day.fiscal,
    "nInvoice": lambda state, _index: state.invoices,
    "nZreport": lambda state, _index: state.z_next,
    "UNP": lambda state, _index: state.last.unp if state.last is not None else "",
    "IDnumber": lambda state, _index: state.profile.serial,
    "FMnumber": lambda state, _index: state.profile.fiscal_memory,
    "TAXnumber": lambda state, _index: state.profile.taxpayer,
    "Fiscalized": lambda state, _index: int("fiscal_mode" in state.signs),
    "DFR_needed": lambda state, _index: int(state.day.fiscal > 0),
    "DecimalPoint": lambda _state, _index: 2,
    "PrintColumns": lambda state, _index: state.profile.columns,
    "Header": lambda state, index: state.profile.header[index] if index < len(state.profile.header) else "",
    "valVat": _rate,
}


def variable(state: State, data: str) -> Reply:
    """Name, Index, Value: only reading (an empty value) is simulated."""
    fields = Fields.of(data, 1, 3)
    tell = VARIABLES.get(fields.text(1))
    if tell is None:
        raise wrong(1)
    if fields.text(3):
        raise Refused(Reason.NOT_ALLOWED)
    return done(tell(state, fields.whole(2, range(100), 0)))


COMMANDS: dict[int, Command] = {
    **receipts_x.COMMANDS,
    0x2C: Command("paper feed", feed),
    0x3D: Command("set the clock", set_clock),
    0x3E: Command("read the clock", read_clock, reads=True),
    0x40: Command("last fiscal record", last_record, reads=True),
    0x41: Command("day sums", day_sums, reads=True),
    0x45: Command("report", report),
    0x46: Command("cash", cash),
    0x4A: Command("status", status, reads=True),
    0x4C: Command("transaction state", transaction, reads=True),
    0x5A: Command("diagnostics", diagnostics, reads=True),
    0x64: Command("text of an error", error_text, reads=True),
    0x67: Command("receipt sums", receipt_sums, reads=True),
    0x6A: Command("drawer", drawer),
    0x6D: Command("duplicate", duplicate),
    0x6E: Command("day counts", day_counts, reads=True),
    0x7B: Command("device", device, reads=True),
    0x7C: Command("search", journal_x.search, reads=True),
    0x7D: Command("journal", journal_x.journal, reads=True),
    0xFF: Command("variable", variable, reads=True),
}
