"""Routes of codes, sales, returns and receipts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from fiscal.receipt_link import read_link
from fiscal.register import Operation
from pos_agent.agent import Agent
from pos_agent.api import models
from pos_agent.api import told as forms
from pos_agent.api.answers import judged_json, paid_json, sale_json, scanned_json
from pos_agent.api.calls import AgentOf, CallOf
from pos_agent.api.documented import CHANGES, JUDGES, LOOKS_UP, OF_A_SALE, ON_A_SALE, PAYS, SALE, told
from pos_agent.api.idempotency import Reply
from pos_agent.closing import Paid
from pos_agent.problems import Problem
from pos_agent.sale import UNDECIDED, SaleState

router = APIRouter(prefix="/v1")

FOUND_MAX = 10


@router.post("/codes/check", summary="May this code be sold? Changes nothing", **told(forms.Judged, *LOOKS_UP))
def check_code(body: models.CheckBody, agent: AgentOf) -> dict[str, Any]:
    return judged_json(agent.judge.judge(body.data, body.scan_source, body.check_purpose, None))


@router.post("/sales", summary="Open a sale", **told(forms.Opened, *CHANGES, status=201, leads=OF_A_SALE))
def open_sale(body: models.SaleBody, agent: AgentOf, call: CallOf) -> Response:
    return agent.once.run(
        call,
        lambda reply: agent.checkout.open(Operation.SALE, body.cashier or agent.cashier, reply=reply),
        lambda name: {"sale": name, "state": str(SaleState.HELD), "operation": str(Operation.SALE)},
        status=201,
    )


@router.get("/sales", summary="Sales that are not finished", **told(forms.Sales))
def open_sales(agent: AgentOf) -> dict[str, Any]:
    return {"sales": [sale_json(agent.checkout.view(name)) for name in agent.till.open_sales()]}


@router.get("/sales/{sale}", summary="A sale with its lines", **told(forms.Sale, "T-101"))
def see_sale(sale: str, agent: AgentOf) -> dict[str, Any]:
    return sale_json(agent.checkout.view(sale))


@router.post(
    "/sales/{sale}/scans",
    summary="Scan a code into the sale",
    **told(
        forms.Scanned,
        *CHANGES,
        *ON_A_SALE,
        *JUDGES,
        leads={
            "approve": {**SALE, "scan": "$response.body#/scan"},
            "remove_line": {**SALE, "number": "$response.body#/line/number"},
        },
    ),
)
def scan(sale: str, body: models.CodeBody, agent: AgentOf, call: CallOf) -> Response:
    return agent.once.run(
        call,
        lambda reply: agent.checkout.scan(sale, body.data, body.scan_source, "api", reply),
        scanned_json,
    )


@router.post(
    "/sales/{sale}/scans/{scan}/approval",
    summary="Let in a scan whose verdict was `ask`",
    **told(forms.Scanned, *CHANGES, *ON_A_SALE, *JUDGES),
)
def approve(sale: str, scan: int, body: models.ApprovalBody, agent: AgentOf, call: CallOf) -> Response:
    return agent.once.run(
        call, lambda reply: agent.checkout.approve(sale, scan, body.by, body.why, reply), scanned_json
    )


@router.post(
    "/sales/{sale}/goods",
    summary="Add goods without marks by number and quantity",
    **told(forms.Scanned, *CHANGES, *ON_A_SALE, *JUDGES),
)
def add_goods(sale: str, body: models.GoodsBody, agent: AgentOf, call: CallOf) -> Response:
    return agent.once.run(
        call,
        lambda reply: agent.checkout.add_goods(sale, body.number, body.quantity_milli, reply),
        scanned_json,
    )


@router.delete(
    "/sales/{sale}/lines/{number}",
    summary="Take a line out; a unit is free again",
    **told(forms.Sale, *CHANGES, *ON_A_SALE, "T-103"),
)
def remove_line(sale: str, number: int, agent: AgentOf, call: CallOf) -> Response:
    return agent.once.run(call, lambda reply: agent.checkout.remove(sale, number, reply), sale_json)


@router.post("/sales/{sale}/cancellation", summary="Drop an open sale", **told(forms.Sale, *CHANGES, *ON_A_SALE))
def cancel(sale: str, body: models.CancelBody, agent: AgentOf, call: CallOf) -> Response:
    return agent.once.run(call, lambda reply: agent.checkout.cancel(sale, body.why, reply), sale_json)


@router.post(
    "/sales/{sale}/payment",
    summary="Pay: one fiscal document, whatever breaks",
    **told(forms.Paid, *CHANGES, *ON_A_SALE, *PAYS),
)
def pay(sale: str, body: models.PayBody, agent: AgentOf, call: CallOf) -> Response:
    payments = [one.payment for one in body.payments]
    return agent.once.run(
        call,
        lambda reply: agent.closing.pay(
            sale, payments, request=call.request, reply=reply, customer_xin=body.customer_xin
        ),
        paid_json,
        resume=lambda document: resumed(agent, document),
    )


@router.get(
    "/sales/{sale}/receipt",
    summary="The fiscal document of a sale, and what became of its paper",
    **told(forms.PaidOnPaper, *ON_A_SALE),
)
def see_receipt(sale: str, agent: AgentOf) -> dict[str, Any]:
    paid = agent.closing.paid(sale)
    return {**paid_json(paid), "printed": paid.printed}


@router.post(
    "/sales/{sale}/copy",
    summary="Print a copy of a receipt that exists",
    **told(forms.PaidOnPaper, *CHANGES, *ON_A_SALE),
)
def print_copy(sale: str, agent: AgentOf, call: CallOf) -> Response:
    def again(reply: Reply) -> Paid:
        paid = agent.closing.print_again(sale)
        agent.journal.append(*reply(paid))
        return paid

    return agent.once.run(call, again, lambda paid: {**paid_json(paid), "printed": paid.printed})


@router.post(
    "/receipts", summary="A whole receipt in one call", **told(forms.Paid, *CHANGES, *JUDGES, *PAYS, status=201)
)
def one_shot(body: models.ReceiptBody, agent: AgentOf, call: CallOf) -> Response:
    items = [one.item for one in body.items]
    payments = [one.payment for one in body.payments]
    return agent.once.run(
        call,
        lambda reply: agent.closing.one_shot(
            body.operation,
            items,
            payments,
            cashier=body.cashier or agent.cashier,
            basis=None if body.basis is None else body.basis.basis,
            request=call.request,
            reply=reply,
            customer_xin=body.customer_xin,
        ),
        paid_json,
        status=201,
        resume=lambda document: resumed(agent, document, one_shot=True),
    )


@router.get(
    "/receipts",
    summary="Receipts of this till by fiscal sign, by number, or by the text of their QR",
    **told(forms.Found, "T-123"),
)
def find_receipts(
    agent: AgentOf,
    fiscal_sign: Annotated[str | None, Query(min_length=1, max_length=50)] = None,
    number: Annotated[int | None, Query(ge=1, le=10**9, description="In its shift, so several may have it.")] = None,
    link: Annotated[str | None, Query(max_length=1_000, description="The address in the QR.")] = None,
) -> dict[str, Any]:
    """`basis`: what a link says of its receipt, for a return on one that another till made."""
    if sum(given is not None for given in (fiscal_sign, number, link)) != 1:
        raise Problem("P-407", "exactly one of fiscal_sign, number and link")
    facts = None if link is None else read_link(link, agent.config.till.zone)
    if link is not None and facts is None:
        raise Problem("T-123", "no address of a receipt")
    sign = fiscal_sign if facts is None else facts.fiscal_sign
    if number is not None:
        names = agent.till.receipts_numbered(number, FOUND_MAX)
    else:
        names = agent.till.receipts_signed(sign or "", FOUND_MAX)
    found = [paid_json(agent.closing.paid(name)) for name in names]
    if facts is not None:  # Signs are unique at one register; another one may have given the same.
        rnm = facts.registration_number
        found = [paid for paid in found if paid["document"]["registration_number"] in ("", rnm)]
    return {"receipts": found, "basis": None if facts is None else asdict(facts)}


@router.post(
    "/returns",
    summary="Open a return on a receipt of this till or on its five facts",
    **told(forms.Opened, *CHANGES, *ON_A_SALE, "T-117", status=201, leads=OF_A_SALE),
)
def open_return(body: models.ReturnBody, agent: AgentOf, call: CallOf) -> Response:
    return agent.once.run(
        call,
        lambda reply: agent.checkout.open(
            Operation.SALE_RETURN,
            body.cashier or agent.cashier,
            basis=None if body.basis is None else body.basis.basis,
            original=body.sale,
            reply=reply,
        ),
        lambda name: {"sale": name, "state": str(SaleState.HELD), "operation": str(Operation.SALE_RETURN)},
        status=201,
    )


def resumed(agent: Agent, key: str, *, one_shot: bool = False) -> Paid | None:
    """The receipt an interrupted call had intended; None when the register proved that it has nothing."""
    known = agent.till.document(key)
    if known is not None and known.state in UNDECIDED:
        agent.desk.settle_unless_asked()
        known = agent.till.document(key)
    if known is None or known.sale is None:
        return None
    if known.state in UNDECIDED:
        raise agent.desk.undecided(key, sale=known.sale)
    if known.state == "MADE":
        return agent.closing.found(known.sale)
    if one_shot:  # The call runs anew and holds the units itself.
        agent.closing.drop_refused(known.sale)
    return None
