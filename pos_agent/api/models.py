"""Request bodies of the API, with the examples that stand in the OpenAPI document."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from fiscal.checks import iso_with_offset
from fiscal.register import CashDirection, Operation, Payment, PaymentKind, ReturnBasis
from marking.code import Source
from marking.verdict import Purpose
from pos_agent.doubts import Verdict
from pos_agent.one_shot import Item

CODE_CHARS_MAX = 4_096
ITEMS_MAX = 500
MONEY_TIYN_MAX = 10**13
SAMPLE_CODE = "0104870000000104213kZ7q_W<2hT9m\u001d91KZF1\u001d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="

MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([+-][0-9]{2}:[0-9]{2}|Z)$"

Name = Annotated[str, Field(max_length=120)]
Money = Annotated[int, Field(strict=True, gt=0, le=MONEY_TIYN_MAX)]  # A sum as text or as 1.0 is a mistake elsewhere.
Quantity = Annotated[int, Field(strict=True, gt=0, le=10**9)]
Flag = Annotated[bool, Field(strict=True)]
SourceWord = Literal["scanner", "manual", "api"]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _whole_characters(cls, value: Any) -> Any:
        if isinstance(value, str):
            _utf8(value)
        return value


class CodeBody(Body):
    """A code as text, or, exact to the byte, as base64. GS may be written as the JSON escape \\u001d."""

    code: Annotated[str, Field(max_length=CODE_CHARS_MAX)] | None = Field(default=None, examples=[SAMPLE_CODE])
    code_base64: Annotated[str, Field(max_length=CODE_CHARS_MAX * 2)] | None = None
    source: SourceWord = "scanner"

    @field_validator("code_base64")
    @classmethod
    def _is_base64(cls, text: str | None) -> str | None:
        if text is not None:
            _decoded(text)
        return text

    @model_validator(mode="after")
    def _one_of_them(self) -> CodeBody:
        if (self.code is None) == (self.code_base64 is None):
            raise ValueError("exactly one of code and code_base64")
        return self

    @property
    def data(self) -> bytes:
        return _utf8(self.code) if self.code is not None else _decoded(self.code_base64 or "")

    @property
    def scan_source(self) -> Source:
        return Source(self.source)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"half of a surrogate pair at {error.start}") from error


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"not base64: {error}") from error


class CheckBody(CodeBody):
    purpose: Literal["sale", "return"] = "sale"

    @property
    def check_purpose(self) -> Purpose:
        return Purpose(self.purpose)


class SaleBody(Body):
    cashier: Name = Field(default="", examples=["Айгүл С."])


class ApprovalBody(Body):
    by: Annotated[str, Field(min_length=1, max_length=120)] = Field(examples=["Старшая смены"])
    why: Annotated[str, Field(min_length=1, max_length=200)] = Field(examples=["old-stock"])


class GoodsBody(Body):
    number: Annotated[str, Field(pattern=r"^[0-9]{8,14}$")] = Field(examples=["4870249811936"])
    quantity_milli: Quantity = 1_000


class PaymentBody(Body):
    kind: PaymentKind
    sum_tiyn: Money

    @property
    def payment(self) -> Payment:
        return Payment(self.kind, self.sum_tiyn)


class PayBody(Body):
    payments: Annotated[tuple[PaymentBody, ...], Field(min_length=1, max_length=3)] = Field(
        examples=[[{"kind": "cash", "sum_tiyn": 200_000}]]
    )
    customer_xin: Annotated[str, Field(pattern=r"^[0-9]{12}$")] | None = None


class BasisBody(Body):
    """The five facts of the original receipt."""

    fiscal_sign: Annotated[str, Field(min_length=1, max_length=50)] = Field(examples=["4228143550"])
    at: Annotated[
        str,
        Field(
            pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([+-][0-9]{2}:[0-9]{2}|Z)$"
        ),
    ] = Field(examples=["2026-07-15T10:30:00+05:00"])
    registration_number: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] = Field(examples=["010100000001"])
    total_tiyn: Money = Field(examples=[180_000])
    offline: Flag = False

    @field_validator("at")
    @classmethod
    def _is_a_moment(cls, at: str) -> str:
        iso_with_offset(at)  # The pattern lets 31 February through.
        return at

    @property
    def basis(self) -> ReturnBasis:
        return ReturnBasis(self.fiscal_sign, self.at, self.registration_number, self.total_tiyn, self.offline)


class ReturnBody(Body):
    """`sale`: a receipt of this till; otherwise all five facts in `basis`."""

    cashier: Name = ""
    sale: Annotated[str, Field(max_length=60)] | None = None
    basis: BasisBody | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> ReturnBody:
        if (self.sale is None) == (self.basis is None):
            raise ValueError("exactly one of sale and basis")
        return self


class ItemBody(Body):
    """A marked unit by its code, or goods without marks by number and quantity."""

    code: Annotated[str, Field(max_length=CODE_CHARS_MAX)] | None = Field(default=None, examples=[SAMPLE_CODE])
    code_base64: Annotated[str, Field(max_length=CODE_CHARS_MAX * 2)] | None = None
    number: Annotated[str, Field(pattern=r"^[0-9]{8,14}$")] | None = None
    quantity_milli: Quantity = 1_000
    price_tiyn: Money | None = None
    source: SourceWord = "api"
    approved_by: Annotated[str, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> ItemBody:
        if sum(one is not None for one in (self.code, self.code_base64, self.number)) != 1:
            raise ValueError("exactly one of code, code_base64 and number")
        _ = self.item  # Base64 is checked where it stands.
        return self

    @property
    def item(self) -> Item:
        data: bytes | None = None
        if self.code is not None:
            data = _utf8(self.code)
        elif self.code_base64 is not None:
            data = _decoded(self.code_base64)
        return Item(data, Source(self.source), self.number, self.quantity_milli, self.price_tiyn, self.approved_by)


class ReceiptBody(PayBody):
    """A whole receipt in one call."""

    operation: Operation = Operation.SALE
    items: Annotated[tuple[ItemBody, ...], Field(min_length=1, max_length=ITEMS_MAX)]
    cashier: Name = ""
    basis: BasisBody | None = None


class ShiftBody(Body):
    cashier: Name = ""


class CashBody(Body):
    direction: CashDirection
    sum_tiyn: Money


class CancelBody(Body):
    why: Annotated[str, Field(max_length=200)] = ""


class DecisionBody(Body):
    """A person's word on a document that was handed over. `made` true needs what stands on the register's paper."""

    made: Flag
    by: Annotated[str, Field(min_length=1, max_length=120)] = Field(examples=["Старшая смены"])
    why: Annotated[str, Field(min_length=1, max_length=500)] = Field(examples=["чек № 124 на ленте, сумма та же"])
    fiscal_sign: Annotated[str, Field(max_length=64)] = ""
    number: Annotated[int, Field(strict=True, ge=0, le=10**9)] = 0
    at: Annotated[str, Field(max_length=40)] = Field(default="", examples=["2026-11-30T10:15:00+05:00"])
    shift: Annotated[int, Field(strict=True, ge=1, le=10**6)] | None = None
    registration_number: Annotated[str, Field(pattern=r"^[0-9]{0,20}$")] = ""
    offline: Flag = False

    @field_validator("at")
    @classmethod
    def _is_a_moment(cls, text: str) -> str:
        """In one form out of the many ISO 8601 allows: a return quotes it to the register."""
        moment = dt.datetime.fromisoformat(text) if text else None
        if moment is not None and moment.tzinfo is None:
            raise ValueError("ISO 8601 with an offset, such as 2026-11-30T10:15:00+05:00")
        return "" if moment is None else moment.isoformat()

    @property
    def verdict(self) -> Verdict:
        return Verdict(
            self.by, self.why, self.made, self.fiscal_sign, self.number, self.at, self.shift, self.registration_number,
            self.offline,
        )  # fmt: skip
