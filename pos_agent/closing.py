"""Paying: an open sale, or a whole receipt in one call, becomes a fiscal document and a printed copy."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fiscal.register import (
    Done,
    Failure,
    FiscalDocument,
    Operation,
    OrderInvalid,
    Outcome,
    Payment,
    Receipt,
    ReturnBasis,
    Unknown,
)
from pos_agent.basket import BasketLine, check_payments, lines_from, offending, receipt, total_tiyn
from pos_agent.checkout import Checkout
from pos_agent.desk import Case, RegisterBlocked, RegisterDesk, blocked
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.projection import KeyReusedError, SaleChangedError, UnitTakenError, content_hash
from pos_agent.judging import judged_body
from pos_agent.one_shot import Item, judged_lines
from pos_agent.problems import Problem, of_failure
from pos_agent.returns import basis_of
from pos_agent.sale import SaleState, TransitionError
from pos_agent.stored import dump_order, load_basis, load_document
from pos_agent.till import SaleView, Till

PAY_LOOKS_MAX = 5  # Each look finds the sale as another payment of it left it.

Print = Callable[[str, Receipt, FiscalDocument], str]  # (key, receipt, document) -> "ok" or what went wrong.
ReplyPaid = Callable[["Paid"], Sequence[Event]]


def no_reply(_paid: Paid) -> Sequence[Event]:
    return ()


@dataclass(frozen=True, slots=True)
class ReceiptRules:
    """Configured switches: what the vendors have not stated, and what this shop's register carries."""

    group_marks: bool = False
    return_sends_marks: bool = True
    takes_marks: bool = True


@dataclass(frozen=True, slots=True)
class Paid:
    """A sale that has its fiscal document."""

    sale: str
    key: str
    document: FiscalDocument
    recovered: bool
    printed: str = ""  # "ok", or why the paper is missing; the receipt is fiscal all the same.


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
        self._under_way: set[str] = set()  # One-shot receipts whose call has not ended yet.
        self._lock = threading.Lock()
        self._paper = threading.Lock()  # Of two calls that find one document, the second finds its paper too.

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

        Raises Problem: T-104, T-105, T-118 before anything is sent; R-2xx for what the register said; R-203 while in
        doubt, R-204 while another document is.
        """
        for _ in range(PAY_LOOKS_MAX):
            view = self._checkout.view(sale)
            if view.state is SaleState.FISCALISED:
                return self._paid_before(sale, reply)
            if view.state in (SaleState.FISCALISING, SaleState.IN_DOUBT):
                self._settled(sale)
                continue
            if view.state is SaleState.CANCELLED:
                raise Problem("T-102", f"{sale} is {view.state}", state=str(view.state))
            order = self._order(view, lines_from(view.lines), payments, customer_xin)
            try:
                # `seen`: what came between this look and the intent shows there, so no lock is held meanwhile.
                return self._submit(Case(order=order, sale=sale, seen=view.seen, request=request), reply)
            except (TransitionError, KeyReusedError):
                continue  # Another payment of this sale was first. Nothing of ours was sent; look what became of it.
        raise Problem("R-204", f"{sale} is being paid by several calls at once", sale=sale)

    def _settled(self, sale: str) -> None:
        """Wait for a payment that is under way, or ask about one that is in doubt. Raises R-203, R-215, R-216."""
        self._desk.settle_unless_asked()
        view = self._checkout.view(sale)
        if view.state in (SaleState.FISCALISING, SaleState.IN_DOUBT):
            assert view.intent_row is not None  # noqa: S101 - a sale in doubt was intended
            raise self._desk.undecided(str(self._till.intent(view.intent_row)["key"]), sale=sale)

    def _paid_before(self, sale: str, reply: ReplyPaid) -> Paid:
        paid = self.paid(sale)
        if answer := reply(paid):
            self._journal.append(*answer)
        return self._on_paper(paid)

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
        """A whole receipt in one call, for integrators with a till of their own. All positions or none.

        Raises Problem as `pay` does; T-116 for a position that may not be sold.
        """
        if operation is Operation.SALE_RETURN and basis is None:
            raise Problem("T-106")
        lines, judged = judged_lines(self._checkout, operation, items)
        proof = [judged_body(None, one, item.source, "api") for item, one in zip(items, judged, strict=True)]
        # No lock is held while the register works: the intent itself refuses a unit that another sale took meanwhile.
        name = f"{self._checkout.next_name()}-{next(self._one_shots)}"
        order = self._receipt(name, operation, lines, payments, cashier, basis, customer_xin)
        bodies = [line.as_body() for line in lines]
        # The scans of a one-shot receipt travel inside its intent: one row, one fsync, nothing half there.
        case = Case(order=order, sale=name, lines=bodies, request=request, scans=proof)
        with self._lock:
            self._under_way.add(name)
        try:
            return self._submit(case, reply)
        except (TransitionError, KeyReusedError) as error:
            raise Problem("R-204", str(error), sale=name) from error
        except Problem:
            self.drop_refused(name)
            raise
        finally:
            with self._lock:
                self._under_way.discard(name)

    def settle(self) -> None:
        """A step for a timer: ask about undecided documents, and free the units of one-shot receipts nobody waits for.

        A call that was cut off (a crash, a doubt that ended in "the register has nothing") leaves its receipt open.
        """
        self._desk.settle_all()
        self.drop_abandoned()

    def drop_abandoned(self) -> None:
        for name in self._till.open_sales():
            with self._lock:
                waited_for = name in self._under_way
            if not waited_for and self._checkout.is_one_shot(name):
                self.drop_refused(name)

    def drop_refused(self, sale: str) -> None:
        """Nobody will finish a refused one-shot receipt by hand: its units are free again. A doubt stays."""
        with self._checkout.lock:
            if sale in self._till.open_sales() and self._checkout.view(sale).state is SaleState.HELD:
                self._checkout.cancel(sale, "the register did not make the one-shot receipt")

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
        order = self._receipt(view.sale, view.operation, lines, payments, cashier, basis, customer_xin)
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
    ) -> Receipt:
        """With the key of a first try."""
        if not lines:
            raise Problem("T-104", sale)
        check_payments(operation, total_tiyn(lines), payments)
        return receipt(
            self._key(sale, 1),
            operation,
            lines,
            payments,
            cashier=cashier,
            basis=basis,
            group_marks=self._rules.group_marks,
            send_marks=operation is Operation.SALE or self._rules.return_sends_marks,
            takes_marks=self._rules.takes_marks,
            customer_xin=customer_xin,
        )

    def _submit(self, case: Case, reply: ReplyPaid) -> Paid:
        """Raises Problem; TransitionError and KeyReusedError when another payment of the same sale was first."""
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
        except SaleChangedError as error:
            raise Problem("T-118", str(error), sale=sale) from error
        except OrderInvalid as error:
            raise Problem("R-208", str(error), place=error.place) from error
        except RegisterBlocked as error:
            raise blocked(error) from error
        if isinstance(outcome, Done) and isinstance(outcome.document, FiscalDocument):
            return self._on_paper(Paid(sale, order.key, outcome.document, outcome.recovered))
        if isinstance(outcome, Done):
            raise TypeError(f"the register answered a receipt with {type(outcome.document).__name__}")
        if isinstance(outcome, Unknown):
            raise self._desk.undecided(order.key, sale=sale)
        raise of_failure(outcome.failure, sale=sale, **self._offender(sale, order, outcome.failure))

    def _offender(self, sale: str, order: Receipt, failure: Failure) -> dict[str, Any]:
        """Which line the register objects to: the others stay, and the cashier takes this one out."""
        if failure.line is None:  # Not the register's word on a line; a receipt in one call may not even be a sale yet.
            return {}
        line = offending(order, failure, lines_from(self._till.sale(sale).lines))
        return {} if line is None else {"line": line.number, "name": line.name, "ki": line.ki}

    def paid(self, sale: str) -> Paid:
        """The document of a fiscal sale. Raises T-102 for a sale that has none."""
        view = self._checkout.view(sale)
        if view.state is not SaleState.FISCALISED or view.outcome_row is None:
            raise Problem("T-102", f"{sale} is {view.state}", state=str(view.state))
        body = self._till.outcome(view.outcome_row)
        document = load_document(body["document"])
        assert isinstance(document, FiscalDocument)  # noqa: S101 - the outcome row of a sale holds a receipt
        return Paid(sale, body["key"], document, body["recovered"], self._till.printed(body["key"]))

    def found(self, sale: str) -> Paid:
        """The same for a call that was interrupted before its paper came out."""
        return self._on_paper(self.paid(sale))

    def _on_paper(self, paid: Paid) -> Paid:
        """With its first paper, unless another call of this sale has been at the printer."""
        with self._paper:
            known = self._till.printed(paid.key)
            return replace(paid, printed=known) if known else self._printed(paid)

    def print_again(self, sale: str) -> Paid:
        """A copy on paper of a receipt that exists."""
        return self._printed(self.paid(sale))

    def _printed(self, paid: Paid) -> Paid:
        view = self._checkout.view(paid.sale)
        assert view.intent_row is not None  # noqa: S101 - a fiscal sale was intended
        order = self._till.order(view.intent_row)
        assert isinstance(order, Receipt)  # noqa: S101
        return replace(paid, printed=self._print(paid.key, order, paid.document))
