"""The fiscal side of an ATOL register, the same behind both links: FN documents, shifts, receipts, drawer, paper.

Opening and closing a shift are documents with numbers of their own, cash in and out are not (task scripts of driver
10). The FN keeps no identifier of the client's. Everything filed survives the power; paper is a matter of its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

from hw_sim.atol.fn import Filed, Fn, Form
from hw_sim.atol.problems import Interrupted, Problem, Refused
from hw_sim.atol.profile import Profile
from hw_sim.atol.receipt import CASH, PAYMENT_TYPES, RECEIPT_TYPES, Line, OpenReceipt, Settlement, settle
from hw_sim.device.machine import Mechanics
from hw_sim.device.memory import FiscalMemory
from hw_sim.exchange import NS
from hw_sim.ledger import FiscalDocument, Operation


class Kkm:
    """One register without its line.

    Args:
        clock: UTC nanoseconds of the work being done.
        after_filing: called between the FN and the paper; False: the power went.
    """

    def __init__(
        self,
        memory: FiscalMemory,
        mechanics: Mechanics,
        clock: Callable[[], int],
        rng: random.Random,
        profile: Profile,
        after_filing: Callable[[], bool] = lambda: True,
    ) -> None:
        self.memory = memory
        self.mechanics = mechanics
        self.profile = profile
        self.fn = Fn(profile.fn_serial, rng)
        self.receipts_in_shift = 0
        self.receipt: OpenReceipt | None = None
        self.unprinted: str | None = None  # Filed, and not wholly on paper.
        self.printer_link = True
        self.clock_offset_s = 0.0
        self._clock = clock
        self._after_filing = after_filing

    # What it shows

    @property
    def shift_number(self) -> int:
        """Number of the open shift, or of the one to come."""
        return self.memory.next_shift if self.memory.shift is None else self.memory.shift.number

    @property
    def shift_expired(self) -> bool:
        shift = self.memory.shift
        return shift is not None and self.now_ns() - shift.opened_ns > self.profile.shift_limit_s * NS

    def now_ns(self) -> int:
        """By the register's own clock."""
        return self._clock() + round(self.clock_offset_s * NS)

    def local(self, at_ns: int) -> datetime:
        """The register's wall clock."""
        zone = timezone(timedelta(hours=self.profile.utc_offset_h))
        return datetime.fromtimestamp(at_ns // NS, zone)

    # What it does

    def open_shift(self) -> Filed:
        """Raises Refused: a shift or a receipt is open, nothing can be printed."""
        if self.memory.shift is not None:
            raise Refused(Problem.SHIFT_OPEN)
        self._must_print()
        return self._open_shift()

    def begin(self, kind: int, *, electronic: bool = False) -> None:
        """Open a receipt."""
        if self.receipt is not None:
            raise Refused(Problem.RECEIPT_OPEN)
        if kind not in RECEIPT_TYPES:
            raise Refused(Problem.BAD_RECEIPT_TYPE)
        if not electronic:
            self._must_print()
        self._must_have_shift()
        self.receipt = OpenReceipt(kind, electronic=electronic)

    def add(self, line: Line) -> None:
        """Register an item."""
        receipt = self._open_receipt()
        if not receipt.electronic:
            self._must_print()
        receipt.lines.append(line)

    def pay(self, kind: int, amount_tiyn: int) -> tuple[int, int]:
        """Take a payment without closing; what is still to pay, and the change so far."""
        receipt = self._open_receipt()
        if kind not in PAYMENT_TYPES:
            raise Refused(Problem.BAD_PAYMENT)
        sums = receipt.with_paid({kind: amount_tiyn})
        if sum(sums.values()) - sums.get(CASH, 0) > receipt.total_tiyn:
            raise Refused(Problem.NONCASH_TOO_MUCH)
        receipt.paid = sums
        return receipt.unpaid_tiyn, max(0, sum(sums.values()) - receipt.total_tiyn)

    def close(self, payments: Mapping[int, int], total_tiyn: int | None = None) -> Filed:
        """Make the receipt fiscal and print it. `payments` by type, in tiyn."""
        receipt = self._open_receipt()
        if not receipt.electronic:
            self._must_print()
        if self.shift_expired:
            raise Refused(Problem.SHIFT_EXPIRED)
        total = receipt.total_tiyn if total_tiyn is None else total_tiyn
        if not receipt.lines:
            raise Refused(Problem.BAD_TOTAL)
        paid = settle(total, receipt.with_paid(payments))
        if receipt.operation.cash_sign < 0 and paid.cash_tiyn > self.memory.cash_tiyn:
            raise Refused(Problem.RETURN_DENIED)
        self.receipt = None
        filed = self._file_receipt(receipt, total, paid)
        if not receipt.electronic:
            self._print(f"{receipt.operation} {filed.number}")
        return filed

    def _file_receipt(self, receipt: OpenReceipt, total: int, paid: Settlement) -> Filed:
        self.receipts_in_shift += 1
        number = self.fn.next_number()
        document = self.memory.register(
            receipt.operation,
            total,
            self.now_ns(),
            sign=self.fn.next_sign(),
            payments_tiyn=paid.payments,
            cash_tiyn=paid.cash_tiyn,
            change_tiyn=paid.change_tiyn,
            tax_tiyn=sum(line.tax_tiyn for line in receipt.lines),
            marks=tuple(line.mark for line in receipt.lines if line.mark),
            positions=tuple(line.row() for line in receipt.lines),
            document_number=number,
            order_number=self.receipts_in_shift,
        )
        return self._file(Form.RECEIPT, receipt.type, total, document)

    def cancel(self) -> None:
        """Raises Refused: no receipt is open."""
        self._open_receipt()
        self.receipt = None
        self.memory.cancelled += 1
        if self.mechanics.can_print:
            self.memory.papers.append("cancelled")

    def move_cash(self, operation: Operation, amount_tiyn: int) -> None:
        """Cash in or out."""
        if self.receipt is not None:
            raise Refused(Problem.RECEIPT_OPEN)
        if amount_tiyn <= 0:
            raise Refused(Problem.BAD_PRICE)
        self._must_print()
        if operation is Operation.CASH_OUT and amount_tiyn > self.memory.cash_tiyn:
            raise Refused(Problem.NO_CASH)
        self._must_have_shift()
        payments = {CASH: amount_tiyn}
        self.memory.register(operation, amount_tiyn, self.now_ns(), payments_tiyn=payments, document_number=0)
        self._print(f"{operation} {amount_tiyn}")

    def report_x(self) -> None:
        """The running sums of the shift, on paper."""
        if self.receipt is not None:
            raise Refused(Problem.RECEIPT_OPEN)
        self._must_print()
        self._print("X")

    def close_shift(self) -> Filed:
        """Z: closes the shift however old it is."""
        if self.receipt is not None:
            raise Refused(Problem.RECEIPT_OPEN)
        if self.memory.shift is None:
            raise Refused(Problem.SHIFT_CLOSED)
        self._must_print()
        self.fn.next_number()
        filed = self._file(Form.CLOSE_SHIFT)
        self.memory.close_shift(filed.at_ns)
        self._print(f"Z {filed.shift}")
        return filed

    def print_again(self) -> None:
        """A copy of the last document."""
        last = self.fn.last()
        if last is None:
            raise Refused(Problem.NO_REPORT)
        self._must_print()
        self._print(f"copy {last.number}")

    def finish_print(self) -> None:
        """Bring to paper what was filed and not printed. Nothing to do is no error."""
        if self.unprinted is None:
            return
        self._must_have_paper()
        self.memory.papers.append(self.unprinted)
        self.unprinted = None

    def wake_printer(self) -> None:
        """Paper or power is back: finish a print, where the register does so by itself."""
        if self.profile.prints_on_its_own and self.mechanics.can_print and self.printer_link:
            self.finish_print()

    # Hands of others: they print too, and no fault meant for the host meets them

    def leave_receipt_open(self, total_tiyn: int) -> None:
        """Another program begins a receipt and goes away. Raises Refused: one is open, the shift is too old."""
        if self.receipt is not None:
            raise Refused(Problem.RECEIPT_OPEN)
        self._foreign_shift()
        self.receipt = OpenReceipt(1, [Line("foreign", total_tiyn, 1000, total_tiyn)])

    def sell_elsewhere(self, total_tiyn: int) -> None:
        """Another program sells something for cash. Raises Refused: a receipt is open, the shift is too old."""
        self.leave_receipt_open(total_tiyn)
        receipt, self.receipt = self._open_receipt(), None
        filed = self._file_receipt(receipt, total_tiyn, settle(total_tiyn, {CASH: total_tiyn}))
        self.memory.papers.append(f"{receipt.operation} {filed.number}")

    def _foreign_shift(self) -> None:
        if self.shift_expired:
            raise Refused(Problem.SHIFT_EXPIRED)
        if self.memory.shift is None:
            self.memory.papers.append(f"shift {self._file_shift().shift}")

    def _open_receipt(self) -> OpenReceipt:
        if self.receipt is None:
            raise Refused(Problem.RECEIPT_CLOSED)
        return self.receipt

    def _must_have_shift(self) -> None:
        if self.shift_expired:
            raise Refused(Problem.SHIFT_EXPIRED)
        if self.memory.shift is None:
            if not self.profile.auto_open_shift:
                raise Refused(Problem.SHIFT_CLOSED)
            self._open_shift()

    def _open_shift(self) -> Filed:
        filed = self._file_shift()
        self._print(f"shift {filed.shift}")
        return filed

    def _file_shift(self) -> Filed:
        self.memory.open_shift(self.now_ns())
        self.receipts_in_shift = 0
        self.fn.next_number()
        return self._file(Form.OPEN_SHIFT)

    def _file(self, form: Form, kind: int = 0, total_tiyn: int = 0, document: FiscalDocument | None = None) -> Filed:
        return self.fn.file(
            Filed(
                number=self.fn.last_number,
                form=form,
                at_ns=self.now_ns(),
                sign=document.sign if document else self.fn.next_sign(),
                shift=self.shift_number,
                type=kind,
                receipt=0 if form is Form.OPEN_SHIFT else self.receipts_in_shift,
                total_tiyn=total_tiyn,
                document=document,
            )
        )

    def _must_have_paper(self) -> None:
        if not self.printer_link:
            raise Refused(Problem.NO_PRINTER)
        if self.mechanics.cover_open:
            raise Refused(Problem.COVER_OPEN)
        if not self.mechanics.paper:
            raise Refused(Problem.NO_PAPER)

    def _must_print(self) -> None:
        self._must_have_paper()
        if self.unprinted is not None:
            raise Refused(Problem.UNFINISHED)

    def _print(self, what: str) -> None:
        """Between the FN and the paper anything may happen; what is filed stays filed."""
        self.unprinted = what
        if not self._after_filing():
            raise Interrupted
        self.finish_print()
