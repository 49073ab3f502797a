"""What is no receipt of a customer: reports, cash moves, copies, service receipts, the clock, the drawer."""

from __future__ import annotations

from datetime import datetime, timedelta

from hw_sim.datecs.electronic import Kind
from hw_sim.datecs.money import pointed
from hw_sim.datecs.refusals import Reason, Refused
from hw_sim.datecs.state import Closure, Day, State
from hw_sim.ledger import Operation


def x_report(state: State) -> int:
    """Print the day's registers; returns the number the coming Z-report will have."""
    state.need_closed()
    state.need_printer()
    state.file(Kind.X, ["X-ОТЧЕТ", *_figures(state)], "X")
    return state.z_next


def z_report(state: State) -> Closure:
    """Close the shift: the registers start anew. An empty one is printed too, unless the model refuses that."""
    state.need_closed()
    state.need_clock()
    state.need_memory()
    state.need_printer()
    if state.memory.shift is None and not state.profile.empty_z:
        raise Refused(Reason.NOTHING_TO_CLOSE)
    day, now_ns = state.day, state.now_ns()
    shift = state.memory.open_shift(now_ns)
    state.file(Kind.Z, [f"Z-ОТЧЕТ {shift.number}", *_figures(state)], f"Z {shift.number}:", serial=shift.number)
    closure = Closure(shift.number, state.local(), tuple(day.sales.groups), tuple(day.stornos.groups))
    state.closures.append(closure)
    state.memory.close_shift(now_ns)
    state.day = Day(cash=day.cash if state.profile.cash_after_z else 0)
    state.memory.cash_tiyn = state.day.cash
    return closure


def _figures(state: State) -> list[str]:
    day = state.day
    return [
        f"ПРОДАЖИ {day.sales.count} {pointed(sum(day.sales.groups))}",
        f"СТОРНО {day.stornos.count} {pointed(sum(day.stornos.groups))}",
        f"НАЛИЧНЫЕ {pointed(day.cash)}",
    ]


def move_cash(state: State, amount: int) -> None:
    """Put cash into the drawer, or take it out when `amount` is below zero. Nothing for 0: that only reads."""
    if amount == 0:
        return
    state.need_closed()
    if state.day.cash + amount < 0:
        raise Refused(Reason.NO_CASH)
    state.need_printer()
    into = amount > 0
    day, size = state.day, abs(amount)
    counter = day.cash_in if into else day.cash_out
    counter[0] += 1
    counter[1] += size
    day.cash += amount
    day.receipts += 1
    kind = Kind.CASH_IN if into else Kind.CASH_OUT
    record = state.file(
        kind, [f"{'ВНЕСЕНИЕ' if into else 'ИЗЪЯТИЕ'} {pointed(size)}"], "cash in" if into else "cash out"
    )
    operation = Operation.CASH_IN if into else Operation.CASH_OUT
    state.memory.register(operation, size, state.now_ns(), sign=f"{record.document:07}")
    open_drawer(state)


def open_drawer(state: State) -> None:
    state.mechanics.drawer_open = True
    state.mechanics.drawer_kicks += 1


def duplicate(state: State) -> None:
    """A copy of the last sale; a second one is refused."""
    state.need_closed()
    if state.copy_of is None:
        raise Refused(Reason.NO_COPY)
    state.need_printer()
    lines, number = state.copy_of.lines, state.copy_of.document
    state.copy_of = None
    state.day.receipts += 1
    state.file(Kind.SERVICE, ["ДУБЛИКАТ", *lines], f"copy of {number}:")


def open_service(state: State) -> int:
    """Open a receipt of free text; returns its number among all of the day."""
    state.need_closed()
    state.need_clock()
    state.need_printer()
    state.day.receipts += 1
    state.service_number = state.day.receipts
    state.service_lines = []
    state.paper.put(1)
    return state.service_number


def write_service(state: State, text: str) -> None:
    if state.service_number is None:
        raise Refused(Reason.RECEIPT_CLOSED)
    state.need_printer()
    state.service_lines.append(f"#{text[: state.profile.text_max]}#")
    state.paper.put(1)


def close_service(state: State) -> int:
    """Close it; returns its number among all of the day."""
    number = state.service_number
    if number is None:
        raise Refused(Reason.RECEIPT_CLOSED)
    state.need_printer()
    state.file(Kind.SERVICE, [*state.service_lines, "СЛУЖЕБНЫЙ ЧЕК"], "service")
    state.service_number = None
    return number


def print_old(state: State, lines: tuple[str, ...]) -> None:
    """Print a document of the journal once more."""
    state.need_closed()
    state.need_printer()
    state.paper.put(len(lines), "journal")


def feed(state: State, lines: int) -> None:
    state.need_printer()
    state.paper.put(lines)


def set_clock(state: State, moment: datetime) -> None:
    """Refused before the last document, so that the journal stays in order. Mends what a RAM reset has left."""
    state.need_closed()
    if state.journal.records and moment < state.journal.records[-1].at:
        raise Refused(Reason.BEFORE_LAST_DOCUMENT)
    state.clock_offset_ns += int((moment - state.local()) / timedelta(microseconds=1)) * 1000
    state.signs -= {"clock_unset", "ram_reset"}
