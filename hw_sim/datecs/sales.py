"""The work of a receipt: open, sell, correct, pay, write, close, cancel, reverse. No protocol in here."""

from __future__ import annotations

from hw_sim.datecs.electronic import Kind, Record
from hw_sim.datecs.money import counted, pointed, tax_in
from hw_sim.datecs.receipt import Correction, Item, Original, Payment, Receipt, Stage, Storno
from hw_sim.datecs.refusals import Reason, Refused
from hw_sim.datecs.state import State
from hw_sim.ledger import Operation

GROUP_LETTERS = "ABCDEFGH"
STORNO_WORDS = {Storno.ERROR: "operator error", Storno.RETURN: "return", Storno.TAX: "tax base reduction"}


def check_operator(state: State, operator: int, password: str) -> None:
    """Refused on a wrong password; a third one in a row locks a P printer until its power goes."""
    if state.profile.passwords.get(operator) != password:
        state.wrong_passwords += 1
        raise Refused(Reason.PASSWORD)
    state.wrong_passwords = 0


def open_receipt(
    state: State, operator: int, password: str, till: int, *, storno: Storno | None = None,
    original: Original | None = None, reason: str = "", invoice: bool = False, unp: str = "",
) -> Receipt:  # fmt: skip
    """Open a sale or a storno. The first receipt after a Z-report opens the shift."""
    state.need_closed()
    check_operator(state, operator, password)
    state.need_clock()
    state.need_memory()
    state.need_printer()
    if state.signs & {"tax_terminal_silent"}:
        raise Refused(Reason.TAX_TERMINAL)
    if state.shift_too_long:
        raise Refused(Reason.SHIFT_TOO_LONG)
    state.memory.open_shift(state.now_ns())
    state.day.receipts += 1
    receipt = Receipt(
        operator, till, state.day.receipts, state.day.fiscal + 1, state.now_ns(), storno, original, reason, invoice,
        unp or _next_unp(state),
    )  # fmt: skip
    state.receipt = receipt
    heading = [line for line in state.profile.header if line] + [
        f"БИН {state.profile.taxpayer}",
        f"ОПЕРАТОР {operator}",
    ]
    if storno is not None and original is not None:
        heading += ["СТОРНО", f"{STORNO_WORDS[storno]}: {original.document:07}"]
    _print(state, receipt, *heading)
    return receipt


def _next_unp(state: State) -> str:
    """The device counts the last part of the unique sale number on when the host leaves it out (V1, command 48)."""
    before = state.last.unp if state.last is not None else ""
    head, dash, number = before.rpartition("-")
    return f"{head}-{int(number) + 1:07}" if dash else ""


def find_original(state: State, document: int) -> Record:
    """The sale with this number in the own journal. Refused when there is none."""
    record = state.journal.find(document)
    if record is None or record.kind is not Kind.FISCAL:
        raise Refused(Reason.NO_DOCUMENT)
    return record


def sell(
    state: State, lines: tuple[str, ...], group: int, price: int, quantity: int, correction: Correction | None,
    unit: str = "", department: int = 0,
) -> Item:  # fmt: skip
    """Add an item; a price below zero takes one back."""
    profile, receipt = state.profile, state.need_receipt()
    if profile.taxes[group] is None:
        raise Refused(Reason.TAX_GROUP)
    item = Item("\n".join(lines), group, price, quantity, unit=unit, department=department)
    if abs(price) > profile.price_max or quantity > profile.quantity_max or abs(item.total) > profile.price_max:
        raise Refused(Reason.OVERFLOW)
    if receipt.total + item.total > profile.total_max:
        raise Refused(Reason.OVERFLOW)
    if correction is not None:
        item = Item(item.name, group, price, quantity, correction.of(item.total), unit, department)
    state.need_printer()
    receipt.sell(item, profile.items_max)
    _print(state, receipt, *lines, f"{counted(quantity)} x {pointed(price)}", f"{pointed(item.total)} {_letter(group)}")
    return item


def subtotal(state: State, printed: bool, correction: Correction | None) -> int:
    """The sum so far, after a discount or markup on all of it."""
    receipt = state.need_receipt()
    receipt.need(Stage.SELLING)
    if printed or correction is not None:
        state.need_printer()
    if correction is not None:
        value = receipt.correct(correction)
        _print(state, receipt, f"{'СКИДКА' if value < 0 else 'НАДБАВКА'} {pointed(value)}")
    if printed:
        _print(state, receipt, f"ПРОМЕЖУТОЧНЫЙ ИТОГ {pointed(receipt.total)}")
    return receipt.total


def pay(state: State, mode: int, amount: int | None, lines: tuple[str, ...] = ()) -> int:
    """Take a payment; returns what is left, below zero the change. After it nothing can be sold or cancelled."""
    receipt = state.need_receipt()
    state.need_printer()
    first = not receipt.payments
    left = receipt.pay(mode, amount)
    if first:
        _print(state, receipt, f"ИТОГО {pointed(receipt.total)}")
    _print(state, receipt, *lines, f"ОПЛАТА {mode} {pointed(receipt.payments[-1].amount)}")
    if left < 0:
        _print(state, receipt, f"СДАЧА {pointed(-left)}")
    if mode == 0:
        state.mechanics.drawer_open = True
        state.mechanics.drawer_kicks += 1
    return left


def write(state: State, text: str) -> None:
    """A line of free text, as much of it as fits the paper; the printer puts number signs around it."""
    receipt = state.need_receipt()
    state.need_printer()
    fitting = text[: state.profile.text_max]
    receipt.texts.append(fitting)
    _print(state, receipt, f"#{fitting}#")


def marks_in(texts: list[str], prefix: str, more: str) -> tuple[str, ...]:
    """Marking codes in the text lines of a receipt: one begins at `prefix` and goes on in lines with `more`."""
    marks: list[str] = []
    going = False
    for text in texts:
        if text.startswith(prefix):
            marks.append(text.removeprefix(prefix))
            going = True
        elif going and text.startswith(more):
            marks[-1] += text.removeprefix(more)
        else:
            going = False
    return tuple(marks)


def close(state: State) -> Receipt:
    """Make the receipt fiscal. Refused unless it is paid in full."""
    receipt = state.need_receipt()
    receipt.need(Stage.PAID)
    state.need_memory()
    state.need_printer()
    _file_fiscal(state, receipt)
    return receipt


def _file_fiscal(state: State, receipt: Receipt, employee: str = "") -> None:
    profile, sale = state.profile, receipt.storno is None
    kind = Kind.FISCAL if sale else Kind.STORNO
    tally = state.day.sales if sale else state.day.stornos
    tally.add(receipt)
    state.day.fiscal += 1
    state.day.cash += receipt.cash if sale else -receipt.cash
    for item in receipt.items:
        _count(state, item.correction)
        if item.price < 0:
            _add(state.day.voids, item.total)
    for correction in receipt.subtotal_corrections:
        _count(state, sum(correction))
    state.fiscal_count += 1
    state.invoices += receipt.invoice
    record = state.file(
        kind, [*receipt.lines, "ФИСКАЛЬНЫЙ ЧЕК"], kind.name.lower(), serial=state.day.fiscal, receipt=receipt
    )
    state.last_fiscal = record
    state.copy_of = record if sale else None
    state.receipt, state.last = None, receipt
    paid: dict[int, int] = {}
    for payment in receipt.payments:
        paid[payment.mode] = paid.get(payment.mode, 0) + payment.amount
    state.memory.register(
        Operation.SALE if sale else Operation.SALE_RETURN,
        receipt.total,
        state.now_ns(),
        sign=f"{record.document:07}",
        payments_tiyn=paid,
        cash_tiyn=receipt.cash,
        change_tiyn=receipt.change,
        tax_tiyn=sum(tax_in(total, rate) for total, rate in zip(receipt.sums, profile.taxes, strict=True)),
        marks=marks_in(receipt.texts, profile.mark_prefix, profile.mark_more),
        positions=tuple(_position(item) for item in receipt.items),
        basis=None if receipt.original is None else {"CheckNumber": f"{receipt.original.document:07}"},
        employee=employee or str(receipt.operator),
    )


def cancel(state: State) -> None:
    """Leave the receipt unmade. It takes a document number all the same. Refused after the first payment."""
    receipt = state.need_receipt()
    receipt.need(Stage.SELLING)
    state.need_printer()
    _add(state.day.cancelled, receipt.total)
    state.memory.cancelled += 1
    state.receipt, state.last = None, receipt
    state.file(
        Kind.CANCELLED, [*receipt.lines, "=АННУЛИРОВАН="], "cancelled", serial=state.day.cancelled[0], receipt=receipt
    )


def reverse_whole(state: State, receipt: Receipt, sold: Receipt) -> None:
    """Fill an open storno with everything of the original, pay it the same way and close it."""
    receipt.items = list(sold.items)
    receipt.subtotal_corrections = list(sold.subtotal_corrections)
    for payment in (*sold.payments, Payment(0, -sold.change)):
        if payment.amount:
            receipt.payments.append(payment)
    _print(state, receipt, *sold.lines)
    _file_fiscal(state, receipt)


def sell_elsewhere(state: State, total: int) -> None:
    """Another program sells something for cash on this printer, between two commands of ours."""
    state.memory.open_shift(state.now_ns())
    state.day.receipts += 1
    receipt = Receipt(1, 9, state.day.receipts, state.day.fiscal + 1, state.now_ns())
    receipt.items.append(Item("foreign", 0, total, 1000))
    receipt.payments.append(Payment(0, total))
    kept = state.receipt
    _print(state, receipt, f"foreign {pointed(total)}")
    _file_fiscal(state, receipt, employee="another program")
    state.receipt = kept


def _print(state: State, receipt: Receipt, *lines: str) -> None:
    receipt.lines += lines
    state.paper.put(len(lines))


def _letter(group: int) -> str:
    return GROUP_LETTERS[group]


def _count(state: State, correction: int) -> None:
    if correction:
        _add(state.day.discounts if correction < 0 else state.day.markups, abs(correction))


def _add(counter: list[int], amount: int) -> None:
    counter[0] += 1
    counter[1] += amount


def _position(item: Item) -> dict[str, object]:
    return {
        "name": item.name,
        "tax_group": _letter(item.group),
        "price_tiyn": item.price,
        "quantity": item.quantity,
        "sum_tiyn": item.total,
    }
