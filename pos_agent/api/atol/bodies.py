"""Requests of the web server of ATOL's driver 10, as this agent takes them: every task, field by field.

What the agent can act on is taken; what it decides otherwise (VAT, units and names come from the catalogue) is read and
not used, each such field by name; anything else is refused with its place, so that nothing of a receipt is lost unseen.
Names and shapes: github AlexanderYekat/atolexamplesjson (the vendor's task scripts: myscripts_items.js,
myscripts_base_receipt.js); the envelope: github avb56/kktsite-agent, src/server.js.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from fiscal.money import line_amount_tiyn
from pos_agent.api.atol.numbers import Pieces, Tenge, milli, tiyn
from pos_agent.api.models import CODE_CHARS_MAX, BasisBody, Body, Name

TASKS_MAX = 20
ITEMS_MAX = 500
LOOSE_MAX = 300
UUID = r"^[0-9A-Za-z._:{}-]{1,64}$"
NUMBER = r"^[0-9]{8,14}$"


def _flag(value: Any) -> Any:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004 - pydantic turns a ValueError into a fault with its place
    return value


Word = Annotated[str, Field(max_length=LOOSE_MAX)]
Flag = Annotated[bool, Field(strict=True)] | None
OnPaper = Annotated[Literal[False], BeforeValidator(_flag)] | None  # Python takes 0 for it.
Count = Annotated[int, Field(strict=True)]


class Operator(Body):
    name: Name
    vatin: Word | None = Field(default=None, description="Read and not used")


class ClientInfo(Body):
    """`vatin` of 12 digits is the buyer's IIN or BIN and goes on the receipt. Nothing is sent to anybody."""

    vatin: Annotated[str, Field(pattern=r"^[0-9]{12}$")] | None = None
    name: Word | None = Field(default=None, description="Read and not used")
    emailOrPhone: Word | None = Field(default=None, description="Read and not used")  # noqa: N815 - the vendor's name


class ProductCodes(Body):
    """The goods number of a position without a mark, in one of these."""

    ean8: Annotated[str, Field(pattern=r"^[0-9]{8}$")] | None = None
    ean13: Annotated[str, Field(pattern=r"^[0-9]{13}$")] | None = None
    itf14: Annotated[str, Field(pattern=r"^[0-9]{14}$")] | None = None
    undefined: Annotated[str, Field(pattern=NUMBER)] | None = Field(default=None, description="An NTIN, or any other")
    codes: Annotated[tuple[Annotated[str, Field(pattern=NUMBER)], ...], Field(max_length=1)] | None = None

    @property
    def number(self) -> str | None:
        listed = self.codes[0] if self.codes else None
        return next((one for one in (self.ean13, self.ean8, self.itf14, self.undefined, listed) if one), None)


def _base64(text: str) -> str:
    try:
        read = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"not base64: {error}") from error
    if not read:
        raise ValueError("holds no code")
    return text


MarkText = Annotated[str, Field(min_length=4, max_length=CODE_CHARS_MAX * 2, examples=["MDEwNDg3..."])]


class CheckResult(Body):
    """What another checker said. Read and not used: the agent judges every code itself."""

    imcCheckFlag: Flag = None  # noqa: N815
    imcCheckResult: Flag = None  # noqa: N815
    imcStatusInfo: Flag = None  # noqa: N815
    imcEstimatedStatusCorrect: Flag = None  # noqa: N815
    ecrStandAloneFlag: Flag = None  # noqa: N815


class ImcParams(Body):
    imc: MarkText = Field(description="The code as it was scanned, in base64")
    imcType: Word | Count | None = Field(default=None, description="Read and not used")  # noqa: N815
    itemEstimatedStatus: Word | Count | None = Field(default=None, description="Read and not used")  # noqa: N815
    imcModeProcessing: Count | None = Field(default=None, description="Read and not used")  # noqa: N815
    imcBarcode: Word | None = Field(default=None, description="Read and not used")  # noqa: N815
    itemInfoCheckResult: CheckResult | None = None  # noqa: N815

    _checked = field_validator("imc")(_base64)


class MarkingCode(Body):
    mark: MarkText = Field(description="The code as it was scanned, in base64")
    type: Word | None = Field(default=None, description="Read and not used")

    _checked = field_validator("mark")(_base64)


class Tax(Body):
    """Read and not used: VAT follows from the catalogue's class and the day's law."""

    type: Word
    sum: Annotated[float, Field(ge=0, strict=True, allow_inf_nan=False)] | None = None


class Position(Body):
    type: Literal["position"]
    name: Word = Field(description="Read and not used: the catalogue's name goes on the receipt")
    price: Tenge
    quantity: Pieces
    amount: Tenge | None = Field(default=None, description="Must be price times quantity")
    imcParams: ImcParams | None = None  # noqa: N815
    markingCode: MarkingCode | None = None  # noqa: N815
    productCodes: ProductCodes | None = None  # noqa: N815
    paymentMethod: Literal["fullPayment"] | None = None  # noqa: N815
    tax: Tax | None = None
    measurementUnit: Word | Count | None = Field(default=None, description="Read and not used")  # noqa: N815
    paymentObject: Word | Count | None = Field(default=None, description="Read and not used")  # noqa: N815
    department: Count | None = Field(default=None, description="Read and not used")
    piece: Flag = Field(default=None, description="Read and not used")

    @model_validator(mode="after")
    def _can_be_sold(self) -> Position:
        if self.imcParams is not None and self.markingCode is not None:
            raise ValueError("one of imcParams and markingCode, not both")
        if self.code is None and self.number is None:
            raise ValueError("needs imcParams or markingCode, or for goods without a mark their number in productCodes")
        if self.code is not None and milli(self.quantity) != 1000:
            raise ValueError("a marked unit has quantity 1")
        exact = line_amount_tiyn(tiyn(self.price), milli(self.quantity))
        if self.amount is not None and tiyn(self.amount) != exact:
            raise ValueError(f"amount is {self.amount}, price times quantity {exact / 100:.2f}: send the price paid")
        return self

    @property
    def code(self) -> bytes | None:
        text = self.imcParams.imc if self.imcParams else self.markingCode.mark if self.markingCode else None
        return None if text is None else base64.b64decode(text)

    @property
    def number(self) -> str | None:
        return None if self.productCodes is None else self.productCodes.number


class TextLine(Body):
    """A line that would only be printed. The agent lays out its receipts itself: `result.warnings` names it."""

    type: Literal["text"]
    text: Annotated[str, Field(max_length=2_000)] | None = None
    alignment: Word | None = None
    wrap: Word | None = None
    font: Count | None = None
    doubleWidth: Flag = None  # noqa: N815
    doubleHeight: Flag = None  # noqa: N815


ReceiptItem = Annotated[Position | TextLine, Field(discriminator="type")]


class TaskPayment(Body):
    type: Literal["cash", "electronically", "0", "1"]
    sum: Tenge


class Receipt(Body):
    """A whole receipt. `basis` is this agent's own: the five facts a return needs, where it did not make the sale."""

    type: Literal["sell", "sellReturn"]
    items: Annotated[tuple[ReceiptItem, ...], Field(min_length=1, max_length=ITEMS_MAX)]
    payments: Annotated[tuple[TaskPayment, ...], Field(min_length=1, max_length=10)]
    total: Tenge | None = None
    operator: Operator | None = None
    clientInfo: ClientInfo | None = None  # noqa: N815
    basis: BasisBody | None = None
    electronically: OnPaper = None
    taxationType: Word | None = Field(default=None, description="Read and not used")  # noqa: N815
    validateMarkingCodes: Flag = Field(default=None, description="Read and not used: always")  # noqa: N815
    ignoreNonFiscalPrintErrors: Flag = Field(default=None, description="Read and not used")  # noqa: N815
    paymentsPlace: Word | None = Field(default=None, description="Read and not used")  # noqa: N815
    paymentsAddress: Word | None = Field(default=None, description="Read and not used")  # noqa: N815

    @model_validator(mode="after")
    def _adds_up(self) -> Receipt:
        if not self.positions:
            raise ValueError("items: no position among them")
        sums = (line_amount_tiyn(tiyn(one.price), milli(one.quantity)) for _, one in self.positions)
        exact = sum(sums)
        if self.total is not None and tiyn(self.total) != exact:
            raise ValueError(f"total is {self.total}, the positions add up to {exact / 100:.2f}")
        if self.type == "sell" and self.basis is not None:
            raise ValueError("basis: only a return has one")
        return self

    @property
    def positions(self) -> tuple[tuple[int, Position], ...]:
        """With their place among the items."""
        return tuple((place, item) for place, item in enumerate(self.items) if isinstance(item, Position))


class ShiftTask(Body):
    type: Literal["openShift", "closeShift", "reportX"]
    operator: Operator | None = None
    electronically: OnPaper = None


class CashTask(Body):
    type: Literal["cashIn", "cashOut"]
    cashSum: Tenge  # noqa: N815
    operator: Operator | None = Field(default=None, description="Read and not used")


class Look(Body):
    type: Literal["getShiftStatus", "getDeviceStatus", "getDeviceInfo", "getShiftTotals"]


Task = Annotated[Receipt | ShiftTask | CashTask | Look, Field(discriminator="type")]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


def _or_one(schema: dict[str, Any]) -> None:
    """One task may stand without its list."""
    many = schema["properties"]["request"]
    schema["properties"]["request"] = {"anyOf": [many, many["items"]], "title": "Request"}


class RequestBody(Body):
    """Tasks, carried out in their order. After one that fails the others are not begun."""

    model_config = ConfigDict(json_schema_extra=_or_one)

    uuid: Annotated[str, Field(pattern=UUID)] = Field(examples=["0b7d5f5e-3f0c-4c8e-9c53-0f9ac8f0a111"])
    request: Annotated[tuple[Task, ...], BeforeValidator(_listed), Field(min_length=1, max_length=TASKS_MAX)]
