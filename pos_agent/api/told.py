"""The forms of our answers, for the OpenAPI document: what stands there is exactly what is sent, checked by tests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from fiscal.failures import FailureKind
from fiscal.register import Ability, Operation, Paper, Recovery, Waiting
from marking.errors import ErrorKind
from marking.verdict import Decision, EvidenceSource
from pos_agent.sale import SaleState

Tiyn = Annotated[int, Field(description="1/100 tenge")]
Moment = Annotated[str, Field(description="ISO 8601", examples=["2026-11-24T05:12:07.318000Z"])]


class Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Open(BaseModel):
    """Later versions may add keys."""

    model_config = ConfigDict(extra="allow")


class Words(Told):
    kk: str
    ru: str
    en: str


class Problem(Open):
    """RFC 9457. More members say what it is about: `sale`, `line`, `item`, `reason`, `document`, `errors` ..."""

    type: str
    title: str = Field(description="In the language of Accept-Language: kk, ru or en")
    status: int
    code: str = Field(pattern=r"^[TRSP]-[0-9]{3}$", examples=["T-102"])
    detail: str
    retry: bool = Field(description="The same call may be repeated with the same key")
    messages: Words


class Verdict(Told):
    decision: Decision
    reason: str = Field(examples=["M-204"])
    evidence: EvidenceSource
    age_s: int | None
    action: str
    repairs: list[str]
    messages: Words
    actions: Words
    detail: str


class Product(Told):
    name_ru: str
    name_kk: str
    price_tiyn: Tiyn
    group: str | None


class CodeFault(Told):
    kind: ErrorKind
    position: int
    text: str


class Judged(Told):
    verdict: Verdict
    ki: str | None
    gtin: str | None
    template: str | None
    symbology: str | None
    error: CodeFault | None
    product: Product | None


class Line(Told):
    number: int
    name: str
    price_tiyn: Tiyn
    quantity_milli: int
    unit_code: int
    vat_bp: int | None
    name_kk: str | None
    gtin: str | None
    ntin: str | None
    group: str | None
    ki: str | None
    reason: str
    approved_by: str | None
    discount_tiyn: Tiyn
    amount_tiyn: Tiyn


class Scanned(Judged):
    sale: str
    scan: int
    line: Line | None


class Opened(Told):
    sale: str
    state: SaleState
    operation: Operation


class Sale(Told):
    sale: str
    operation: Operation
    state: SaleState
    original: str | None
    lines: list[Line]
    total_tiyn: Tiyn


class Sales(Told):
    sales: list[Sale]


class FiscalDocument(Told):
    type: Literal["receipt"]
    fiscal_sign: str
    at: Moment
    number: int
    shift: int
    offline: bool
    total_tiyn: Tiyn
    qr: str
    identity: str
    registration_number: str
    taxpayer_name: str
    taxpayer_xin: str
    address: str
    address_kk: str
    ofd_name: str
    ofd_host: str
    cashier: str


class CashDocument(Told):
    type: Literal["cash"]
    at: Moment
    shift: int
    balance_tiyn: int | None
    offline: bool


class ShiftReport(Told):
    type: Literal["shift"]
    at: Moment
    number: int | None
    shift: int
    closed: bool
    document_count: int
    sales_tiyn: Tiyn
    sales_count: int
    returns_tiyn: Tiyn
    returns_count: int
    cash_tiyn: Tiyn
    put_tiyn: Tiyn
    taken_tiyn: Tiyn
    opened_at: str | None
    offline: bool


class Paid(Told):
    sale: str
    state: Literal["FISCALISED"]
    key: str
    recovered: bool
    document: FiscalDocument


class LinkFacts(Told):
    fiscal_sign: str
    registration_number: str
    total_tiyn: Tiyn
    at: Moment


class Found(Told):
    receipts: list[Paid]
    basis: LinkFacts | None = Field(description="What a link says of its receipt: four of the five facts")


class PaidOnPaper(Paid):
    printed: str = Field(description='"ok", why not, or "" before it was tried')


class Shift(Told):
    open: Literal[True]
    shift: int
    opened_at: Moment


class NoShift(Told):
    open: Literal[False]


class ShiftOpened(Told):
    shift: int
    opened_at: Moment


class CashMoved(Told):
    key: str
    document: CashDocument


class ShiftClosed(Told):
    key: str
    document: ShiftReport


class Failure(Told):
    kind: FailureKind
    code: str
    text: str


class Register(Told):
    at: Moment
    reachable: bool
    failure: Failure | None
    shift: int | None
    shift_open: bool | None
    shift_age_s: int | None
    offline: bool | None
    offline_age_s: int | None
    unsent: int | None
    paper: Paper
    cover_open: bool | None
    clock_skew_s: int | None
    waits_for: Waiting | None
    model: str
    firmware: str
    family: str
    can: list[Ability]
    recovery: list[Recovery]


class SeenDocument(Told):
    number: str
    kind: str
    total_tiyn: int | None
    at: str
    shift: int | None
    fiscal_sign: str


class Seen(Told):
    document: SeenDocument | None


class DrawerOpened(Told):
    opened: Literal[True]


class Undecided(Told):
    undecided: list[str]


class Doubt(Open):
    document: str
    kind: str
    sale: str | None
    since: Moment
    age_s: int
    decides: Literal["register", "person"]


class Doubts(Told):
    doubts: list[Doubt]


class Decided(Told):
    document: str
    state: str
    sale: str | None


class Healthy(Told):
    healthy: bool
    version: str


class Ready(Told):
    """`ready`, and the part that is false when it is not: docs/store-it.md."""

    ready: bool
    journal: bool
    register_: bool = Field(alias="register")
    shift: bool
    documents: bool


class Status(Open):
    """Each key: docs/store-it.md."""

    till: str
    at: Moment
    shift: dict[str, Any] | None
    undecided: list[str]
    open_sales: list[str]
    queue: dict[str, Any]


class QueueState(Told):
    number: int
    isBlocked: bool  # noqa: N815 - names of ATOL's server
    blockedUUID: str  # noqa: N815
    blockReason: Literal["", "connectionError", "paperError"]  # noqa: N815


class Taken(QueueState):
    uuid: str


class TaskError(Told):
    code: int = Field(description="Of driver 10; 0 no error, 500 one it has no number for")
    description: str
    agentCode: str | None = None  # noqa: N815
    place: str | None = None
    problem: Problem | None = None


class TaskState(Told):
    status: Literal["wait", "inProgress", "ready", "error", "interrupted", "blocked", "canceled"]
    error: TaskError
    result: dict[str, Any] | None = Field(default=None, description="Of a task that is ready, as driver 10 names it")


class TaskStates(Told):
    results: list[TaskState]


class Nothing(Told):
    pass


class ServerInfo(Told):
    product: str
    serverVersion: str  # noqa: N815
    currentDateTime: Moment  # noqa: N815
