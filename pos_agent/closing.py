"""Paying: an open sale, or a whole receipt in one call, becomes a fiscal document and a printed copy."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fiscal.register import (
    Done,
    FiscalDocument,
    Operation,
    OrderInvalid,
    Outcome,
    Payment,
    PaymentKind,
    Receipt,
    ReturnBasis,
    Unknown,
)
from marking.code import Source
from marking.verdict import Decision, Purpose
from pos_agent.basket import BasketLine, lines_from, receipt, total_tiyn
from pos_agent.checkout import Checkout, judged_body
from pos_agent.desk import Case, RegisterBlocked, RegisterDesk
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.projection import UnitTakenError, content_hash
from pos_agent.judging import Judged
from pos_agent.problems import Problem, of_failure
from pos_agent.returns import basis_of
from pos_agent.sale import SaleState
from pos_agent.stored import dump_order, load_basis, load_document
from pos_agent.till import SaleView, Till

Print = Callable[[str, Receipt, FiscalDocument], str]  # (key, receipt, document) -> "ok" or what went wrong.
ReplyPaid = Callable[["Paid"], Sequence[Event]]


def no_reply(_paid: Paid) -> Sequence[Event]:
    return ()


@dataclass(frozen=True, slots=True)
class ReceiptRules:
    """Configured switches whose right value the vendors have not stated."""

    group_marks: bool = False
    return_sends_marks: bool = True


@dataclass(frozen=True, slots=True)
class Paid:
    """A sale that has its fiscal document."""

    sale: str
    key: str
    document: FiscalDocument
    recovered: bool
    printed: str = ""  # "ok", or why the paper is missing; the receipt is fiscal all the same.


@dataclass(frozen=True, slots=True)
class Item:
    """One position of a one-shot receipt: a code for a marked unit, or a goods number with a quantity."""

    code: bytes | None = None
    source: Source = Source.API
    gtin: str | None = None
    quantity_milli: int = 1_000
    price_tiyn: int | None = None  # None: the catalogue's.
    approved_by: str | None = None  # Lets in an ASK verdict.


class ItemRefused(Problem):
    """A position of a one-shot receipt whose verdict is not ALLOW: nothing of the receipt was made."""

    def __init__(self, index: int, judged: Judged) -> None:
        verdict = judged.verdict
        super().__init__("T-116", verdict.detail, item=index, reason=verdict.reason, decision=str(verdict.decision))
        self.judged = judged


class Closing:
    """Turns baskets into documents through the register desk."""

    def __init__(
        self, journal: Journal, till: Till, checkout: Checkout, desk: RegisterDesk, rules: ReceiptRules, print_: Print
    ) -> None:
        self._journal = journal
        self._till = till
        self._checkout = checkout
        self._desk = desk
        self._rules = rules
        self._print = print_
        self._one_shots = itertools.count(1)  # Two receipts prepared at one moment see one head of the journal.

    def pay(
        self,
        sale: str,
        payments: Sequence[Payment],
        *,
        request: Mapping[str, str] | None = None,
        reply: ReplyPaid = no_reply,
        customer_xin: str | None = None,
    ) -> Paid:
        """Fiscalise an open sale. Paying a sale that is fiscal already answers with its document.

        Raises Problem: T-104, T-105 before anything is sent; R-2xx for what the register said; R-203 while in doubt.
        """
        view = self._checkout.view(sale)
        if view.state is SaleState.FISCALISED:
            return self.paid(sale)
        if view.state is SaleState.IN_DOUBT:
            self._desk.settle_all()
            view = self._checkout.view(sale)
            if view.state is SaleState.FISCALISED:
                return self._printed(self.paid(sale))
        with self._checkout.lock:
            view = self._checkout.held(sale)
            order = self._order(view, lines_from(view.lines), payments, customer_xin)
        return self._submit(Case(order=order, sale=sale, request=request), reply)

    def one_shot(
        self,
        operation: Operation,
        items: Sequence[Item],
        payments: Sequence[Payment],
        *,
        cashier: str,
        basis: ReturnBasis | None = None,
        request: Mapping[str, str] | None = None,
        reply: ReplyPaid = no_reply,
        customer_xin: str | None = None,
    ) -> Paid:
        """A whole receipt in one call, for integrators with a till of their own. All positions or none."""
        if operation is Operation.SALE_RETURN and basis is None:
            raise Problem("T-106")
        lines, judged = self._judged_lines(operation, items)
        proof = [judged_body(None, one, item.source, "api") for item, one in zip(items, judged, strict=True)]
        # No lock is held while the register works: the intent itself refuses a unit that another sale took meanwhile.
        name = f"{self._checkout.next_name()}-{next(self._one_shots)}"
        order = self._receipt(name, operation, lines, payments, cashier, basis, customer_xin, revision=1)
        bodies = [line.as_body() for line in lines]
        # The scans of a one-shot receipt travel inside its intent: one row, one fsync, nothing half there.
        case = Case(order=order, sale=name, lines=bodies, request=request, scans=proof)
        try:
            return self._submit(case, reply)
        except Problem:
            self.drop_refused(name)
            raise

    def drop_refused(self, sale: str) -> None:
        """Nobody will finish a refused one-shot receipt by hand: its units are free again. A doubt stays."""
        with self._checkout.lock:
            known = sale in self._till.open_sales()
            if known and self._checkout.view(sale).state is SaleState.HELD:
                self._checkout.cancel(sale, "the register did not make the one-shot receipt")

    def _judged_lines(self, operation: Operation, items: Sequence[Item]) -> tuple[list[BasketLine], list[Judged]]:
        purpose = Purpose.SALE if operation is Operation.SALE else Purpose.RETURN
        codes = [(item.code if item.code is not None else (item.gtin or "").encode(), item.source) for item in items]
        judged = self._checkout.judge_units(codes, purpose)
        lines: list[BasketLine] = []
        for index, (item, one) in enumerate(zip(items, judged, strict=True)):
            asked = one.verdict.decision is Decision.ASK and item.approved_by
            if not asked and one.verdict.decision is not Decision.ALLOW:
                raise ItemRefused(index, one)
            line = self._checkout.line_of(one, index + 1, approved_by=item.approved_by if asked else None)
            if line.ki is not None and line.ki in {earlier.ki for earlier in lines}:
                raise Problem("T-116", "the same unit stands twice in the receipt", item=index, reason="duplicate")
            if line.ki is None:
                line = replace(line, quantity_milli=item.quantity_milli)
            lines.append(line if item.price_tiyn is None else replace(line, price_tiyn=item.price_tiyn))
        return lines, judged

    def _order(
        self, view: SaleView, lines: Sequence[BasketLine], payments: Sequence[Payment], customer_xin: str | None
    ) -> Receipt:
        opening = self._checkout.opening(view)
        basis = load_basis(opening["basis"]) if "basis" in opening else None
        if view.original is not None and basis is None:
            basis = basis_of(self.paid(view.original).document)
        if view.operation is Operation.SALE_RETURN and basis is None:
            raise Problem("T-106")
        cashier = opening.get("cashier", "")
        earlier = self._till.documents_of(view.sale)
        revision = max(len(earlier), 1)
        order = self._receipt(
            view.sale, view.operation, lines, payments, cashier, basis, customer_xin, revision=revision
        )
        # The key names a content: the same receipt tried again keeps its key, a changed one gets the next revision.
        digest = content_hash(dump_order(order))
        for key, content, _state in earlier:
            if content == digest:
                return replace(order, key=key)
        return replace(order, key=self._key(view.sale, len(earlier) + 1))

    def _key(self, sale: str, revision: int) -> str:
        name = f"{sale}-{self._journal.epoch}"
        return name if revision == 1 else f"{name}-{revision}"

    def _receipt(
        self,
        sale: str,
        operation: Operation,
        lines: Sequence[BasketLine],
        payments: Sequence[Payment],
        cashier: str,
        basis: ReturnBasis | None,
        customer_xin: str | None,
        *,
        revision: int,
    ) -> Receipt:
        if not lines:
            raise Problem("T-104", sale)
        check_payments(operation, total_tiyn(lines), payments)
        return receipt(
            self._key(sale, revision),
            operation,
            lines,
            payments,
            cashier=cashier,
            basis=basis,
            group_marks=self._rules.group_marks,
            send_marks=operation is Operation.SALE or self._rules.return_sends_marks,
            customer_xin=customer_xin,
        )

    def _submit(self, case: Case, reply: ReplyPaid) -> Paid:
        order, sale = case.order, case.sale
        assert isinstance(order, Receipt) and sale is not None  # noqa: S101 - both callers build it so

        def answer(outcome: Outcome) -> Sequence[Event]:
            if isinstance(outcome, Done) and isinstance(outcome.document, FiscalDocument):
                return reply(Paid(sale, order.key, outcome.document, outcome.recovered))
            return ()

        try:
            outcome = self._desk.submit(replace(case, answer=answer))
        except UnitTakenError as error:
            raise Problem("T-116", str(error), reason="taken", sale=error.sale) from error
        except OrderInvalid as error:
            raise Problem("R-208", str(error), place=error.place) from error
        except RegisterBlocked as error:
            raise Problem("R-204", str(error), document=error.pending.key, sale=error.pending.sale) from error
        if isinstance(outcome, Done) and isinstance(outcome.document, FiscalDocument):
            return self._printed(Paid(sale, order.key, outcome.document, outcome.recovered))
        if isinstance(outcome, Done):
            raise TypeError(f"the register answered a receipt with {type(outcome.document).__name__}")
        if isinstance(outcome, Unknown):
            raise Problem("R-203", outcome.failure.text, sale=sale, document=order.key)
        raise of_failure(outcome.failure, sale=sale)

    def paid(self, sale: str) -> Paid:
        """The document of a fiscal sale. Raises T-102 for a sale that has none."""
        view = self._checkout.view(sale)
        if view.state is not SaleState.FISCALISED or view.outcome_row is None:
            raise Problem("T-102", f"{sale} is {view.state}", state=str(view.state))
        body = self._till.outcome(view.outcome_row)
        document = load_document(body["document"])
        assert isinstance(document, FiscalDocument)  # noqa: S101 - the outcome row of a sale holds a receipt
        return Paid(sale, body["key"], document, body["recovered"], self._till.printed(body["key"]))

    def print_again(self, sale: str) -> Paid:
        """A copy on paper of a receipt that exists."""
        return self._printed(self.paid(sale))

    def _printed(self, paid: Paid) -> Paid:
        view = self._checkout.view(paid.sale)
        assert view.intent_row is not None  # noqa: S101 - a fiscal sale was intended
        order = self._till.order(view.intent_row)
        assert isinstance(order, Receipt)  # noqa: S101
        return replace(paid, printed=self._print(paid.key, order, paid.document))


def check_payments(operation: Operation, total: int, payments: Sequence[Payment]) -> None:
    """Raises T-105 unless the payments cover the total and only cash exceeds it; money is given back to the tiyn."""
    cash = sum(payment.sum_tiyn for payment in payments if payment.kind is PaymentKind.CASH)
    other = sum(payment.sum_tiyn for payment in payments) - cash
    if any(payment.sum_tiyn <= 0 for payment in payments) or other > total or cash + other < total:
        raise Problem("T-105", f"total {total} tiyn, cash {cash}, other {other}", total_tiyn=total)
    if operation is Operation.SALE_RETURN and cash + other != total:
        raise Problem("T-105", f"a return pays out exactly {total} tiyn", total_tiyn=total)
    if len({payment.kind for payment in payments}) != len(payments):
        raise Problem("T-105", "one row for each kind of payment")
