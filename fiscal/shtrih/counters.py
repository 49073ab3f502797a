"""The counters of a Shtrih-M register, and what moved between two readings of them. Pure.

Names of the counters, kept in the journal as part of the baseline; money in tiyn:

    document                       running number of documents, 11h
    shift_closed                   last closed shift, 11h
    sale, sale_return              receipt numbers of the kind, registers 148 and 150
    cash_in, cash_out              numbers of cash moves, 155 and 156
    sales, sale_returns            receipts of the shift by kind, 144 and 146
    drawer, put, taken             cash in the drawer, put in and taken out in the shift: 241, 242, 243
    sale_1, sale_return_1, ...     payments of the shift by kind of payment, from 193 and 195 on, every fourth
    fd, storage_shift, receipt     last fiscal document, shift and receipt in it, FF01 and FF40
    num                            last number of the numbered layer

Whether a Z-report sets the receipt numbers back is a setting of the register (the dump of a ШТРИХ-ON-LINE has it as
field 26 of table 1), so a number that fell over a Z-report proves nothing.
Sources: names of registers: driver of github shtrih-m/javapos_shtrih; values: dump in github
VitalyKravtsov2016/OposWebkassa, doc/Webkassa/2.0.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ROLLOVER = 10_000  # Numbers have four digits.
ROLLOVER_NEAR = 100  # So close to it a fall is a rollover.

OPERATIONAL = {"sale": 148, "sale_return": 150, "cash_in": 155, "cash_out": 156, "sales": 144, "sale_returns": 146}
MONEY = {"drawer": 241, "put": 242, "taken": 243}
PAYMENT_FIRST = {"sale": 193, "sale_return": 195}
PAYMENT_STEP, PAYMENT_KINDS = 4, 4

SIGNS = {"sale": 1, "sale_return": -1, "cash_in": 1, "cash_out": -1}  # Which way an order moves the drawer.
CASH_TOTALS = {"cash_in": "put", "cash_out": "taken"}

Counters = Mapping[str, int]


def payment_registers(kinds_of_payment: Iterable[int]) -> dict[str, int]:
    """Name -> money register, for those kinds of payment that have one."""
    return {
        f"{kind}_{number}": first + PAYMENT_STEP * (number - 1)
        for kind, first in PAYMENT_FIRST.items()
        for number in sorted(set(kinds_of_payment))
        if number <= PAYMENT_KINDS
    }


@dataclass(frozen=True, slots=True)
class Moved:
    """How often a counter went on, and what it came to."""

    count: int | None  # None: it cannot be told.
    total_tiyn: int | None
    why: str


def forward(before: int, now: int) -> int:
    """Steps from one reading to the next; negative when it went back. A number of four digits may have rolled over.

    Whether 0000 or 0001 follows 9999 is not documented: the step across counts as one in either case, and two documents
    taken for one are told apart by their sum.
    """
    if now >= before or not (before >= ROLLOVER - ROLLOVER_NEAR and now < ROLLOVER_NEAR):
        return now - before
    return now + ROLLOVER - before - (1 if now else 0)


def shift_moved(before: Counters, now: Counters) -> bool:
    return before["shift_closed"] != now["shift_closed"]


def shifts_closed(before: Counters, now: Counters) -> Moved:
    """Z-reports between two readings."""
    was, is_ = before["shift_closed"], now["shift_closed"]
    return Moved(forward(was, is_), None, f"last closed shift {was} before, {is_} now")


def receipts(kind: str, cash_tiyn: int, total_tiyn: int, before: Counters, now: Counters) -> Moved:
    """Receipts of one kind by the registers, and what they came to. Of our total `cash_tiyn` is in the drawer."""
    moved = _numbered(kind, before, now)
    if moved.count == 0 and (moves := _money_moved(kind, before, now)):
        return Moved(None, None, f"{moved.why}, and yet {moves}")
    if moved.count != 1:
        return moved
    drawer = SIGNS[kind] * (now["drawer"] - before["drawer"])
    if shift_moved(before, now):
        # The payments of the closed shift are gone: the drawer alone can agree, and only where all was cash.
        agrees = cash_tiyn == total_tiyn == drawer
        return Moved(1, total_tiyn if agrees else None, moved.why)
    names = [f"{kind}_{number}" for number in range(2, PAYMENT_KINDS + 1)]
    other = sum(now[name] - before[name] for name in names if name in before and name in now)
    if drawer == cash_tiyn != total_tiyn and other == 0:
        # The drawer agrees, and of payments without cash this register keeps no sums.
        return Moved(1, None, f"{moved.why}; {drawer} tiyn in the drawer, nothing besides")
    return Moved(1, drawer + other, f"{moved.why}; {drawer} tiyn in the drawer, {other} besides")


def cash_moves(kind: str, sum_tiyn: int, before: Counters, now: Counters) -> Moved:
    """Cash moves of one direction, and what they came to."""
    moved = _numbered(kind, before, now)
    if moved.count != 1:
        return moved
    drawer, name = SIGNS[kind] * (now["drawer"] - before["drawer"]), CASH_TOTALS[kind]
    if shift_moved(before, now):
        return Moved(1, sum_tiyn if drawer == sum_tiyn else None, moved.why)
    return Moved(1, now[name] - before[name], moved.why)


def _money_moved(kind: str, before: Counters, now: Counters) -> str:
    """What says that there were receipts of a kind although its number stands still: a number that went back hides one.

    Inside a shift their own count and the payments by kind; over a Z-report, which sets these back, the drawer.
    """
    if shift_moved(before, now):
        names = ["drawer"]
    else:
        names = [f"{kind}s", *(f"{kind}_{number}" for number in range(1, PAYMENT_KINDS + 1))]
    moved = [name for name in names if name in before and name in now and before[name] != now[name]]
    return ", ".join(f"{name.replace('_', ' ')} {before[name]} before, {now[name]} now" for name in moved)


def _numbered(name: str, before: Counters, now: Counters) -> Moved:
    was, is_ = before[name], now[name]
    count = forward(was, is_)
    why = f"{name.replace('_', ' ')} number {was} before, {is_} now"
    if not shift_moved(before, now):
        return Moved(count, None, why)
    closed = f"; shift {now['shift_closed']} was closed in between"
    if count < 0:
        return Moved(None, None, f"{why}{closed}, and the numbers began anew")
    # One document more than the receipts is the Z-report. With further ones, or where the number was at its beginning,
    # an equal number may be one that went on and was set back.
    others = forward(before["document"], now["document"]) - count
    if others > (1 if was or count else 0):
        return Moved(None, None, f"{why}{closed}, with {others} documents that the numbers do not tell")
    return Moved(count, None, why + closed)
