"""Settings of one ATOL register behind the web server of driver 10, from its URL. Pure.

    atol-json+http://127.0.0.1:16732?tax_16=vat16
    atol-json+http://192.168.1.60:16732?lan=yes&device=1&user=till&password_secret=atol_password

What the public sources leave open is an option; `OPTIONS` lists them all. Names of rates are those of Russia where a
source shows any.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult

from fiscal.https import address
from fiscal.options import KAZAKHSTAN, Options, RegisterUrlError, refuse_secrets
from fiscal.orders import PaymentKind

PORT = 16732
RATES = (1600, 1200, 1000, 500, 0)  # Rates of the last years and of the next, in hundredths of a percent.
PAYMENTS = ("electronically", "prepaid", "credit", "other")
IMC_TYPES = (
    "auto", "imcUnrecognized", "imcShort", "imcFmVerifyCode88", "imcVerifyCode44", "imcFmVerifyCode44",
    "imcVerifyCode4",
)  # fmt: skip
TAXATIONS = ("osn", "usnIncome", "usnIncomeOutcome", "esn", "patent")
_WORD = re.compile(r"[A-Za-z0-9]{1,32}")


class Marks(StrEnum):
    IMC = "imc"  # imcParams of the position.
    NONE = "none"  # A line with codes is refused.


class MarkForm(StrEnum):
    FULL = "full"  # The code as scanned, GS included.
    KI = "ki"


class MarkCheck(StrEnum):
    """Who asks about a code before the receipt."""

    NONE = "none"
    HOST = "host"  # We do, code by code, and give the answer with the receipt.
    RECEIPT = "receipt"  # The driver, inside the receipt (validateMarkingCodes).


class MarkPolicy(StrEnum):
    """What our own check must say of a code."""

    STRICT = "strict"  # All four flags, or it is not sold.
    WARN = "warn"  # Whatever it says: it is kept with the document.


@dataclass(frozen=True, slots=True)
class Settings:
    origin: str
    device: str | None = None  # Of several registers behind one server.
    user: str | None = None
    password_secret: str | None = None
    identity: str | None = None  # Factory number the register must show; None: whoever answers.
    utc_offset: dt.timedelta = KAZAKHSTAN  # Of a time without one.
    tax_types: Mapping[int | None, str] = field(default_factory=lambda: {None: "none", 0: "vat0", 1600: "vat16"})
    taxation: str | None = None
    goods: str = "commodity"  # paymentObject, and that of a marked line.
    marked_goods: str = "commodityWithMarking"
    department: int | None = None
    payment_types: Mapping[PaymentKind, str] = field(
        default_factory=lambda: {
            PaymentKind.CASH: "cash", PaymentKind.CARD: "electronically", PaymentKind.MOBILE: "electronically",
        }
    )  # fmt: skip
    marks: Marks = Marks.IMC
    mark_form: MarkForm = MarkForm.FULL
    mark_check: MarkCheck = MarkCheck.NONE
    mark_policy: MarkPolicy = MarkPolicy.STRICT
    imc_type: str = "auto"
    registration_number: str = ""
    answer_s: float = 5.0  # For one HTTP answer.
    connect_s: float = 3.0
    poll_s: float = 0.3  # Between two questions about a request.
    work_s: float = 120.0  # For a document, from the moment it is asked for.
    printing_s: float = 30.0


def _tax_option(rate_bp: int | None) -> str:
    return "tax_none" if rate_bp is None else f"tax_{rate_bp // 100}"


TAX_OPTIONS = tuple(_tax_option(rate) for rate in (*RATES, None))
OPTIONS = (
    "lan", "device", "user", "password_secret", "identity", "utc_offset", *TAX_OPTIONS, "taxation", "object",
    "marked_object", "department", "card", "mobile", "marks", "mark_form", "mark_check", "mark_policy", "imc_type",
    "rnm", "answer_s", "connect_s", "poll_s", "work_s", "printing_s",
)  # fmt: skip


def parse(parts: SplitResult) -> Settings:
    """Settings from the parts of a URL. RegisterUrlError names the part that is wrong."""
    refuse_secrets(parts.query, "name it with password_secret")
    o = Options.parse(parts.query, OPTIONS)
    user, password = o.optional("user"), o.optional("password_secret")
    if (user is None) != (password is None):
        missing = "user" if user is None else "password_secret"
        raise RegisterUrlError(f"option {missing}", "user and password_secret go together")
    return Settings(
        origin=_origin(parts, lan=o.yes("lan", False)),
        device=o.optional("device"),
        user=user,
        password_secret=password,
        identity=o.optional("identity"),
        utc_offset=o.utc_offset("utc_offset", KAZAKHSTAN),
        tax_types=_tax_types(o),
        taxation=o.choice("taxation", TAXATIONS, TAXATIONS[0]) if o.optional("taxation") else None,
        goods=_word(o, "object", "commodity"),
        marked_goods=_word(o, "marked_object", "commodityWithMarking"),
        department=o.integer("department", 0, 99),
        payment_types={
            PaymentKind.CASH: "cash",
            PaymentKind.CARD: o.choice("card", PAYMENTS, PAYMENTS[0]),
            PaymentKind.MOBILE: o.choice("mobile", PAYMENTS, PAYMENTS[0]),
        },
        marks=Marks(o.choice("marks", Marks, Marks.IMC)),
        mark_form=MarkForm(o.choice("mark_form", MarkForm, MarkForm.FULL)),
        mark_check=_mark_check(o),
        mark_policy=MarkPolicy(o.choice("mark_policy", MarkPolicy, MarkPolicy.STRICT)),
        imc_type=o.choice("imc_type", IMC_TYPES, IMC_TYPES[0]),
        registration_number=_digits(o, "rnm"),
        answer_s=o.seconds("answer_s", 5.0, 60),
        connect_s=o.seconds("connect_s", 3.0, 60),
        poll_s=o.seconds("poll_s", 0.3, 10),
        work_s=o.seconds("work_s", 120.0, 600),
        printing_s=o.seconds("printing_s", 30.0, 300),
    )


def _origin(parts: SplitResult, *, lan: bool) -> str:
    """Without TLS a host of the shop's own network is reached only when the set-up says so."""
    origin = address.origin(parts, plain=True)
    if parts.scheme.endswith("+http") and not lan and not address.is_loopback(parts.hostname or ""):
        text = "must be yes for a server on another machine: what is sent to it can be read and changed on the way"
        raise RegisterUrlError("option lan", text)
    return origin if parts.port is not None else f"{origin}:{PORT}"


def _word(o: Options, name: str, default: str) -> str:
    """A name of driver 10, or its number."""
    value = o.text(name, default)
    if not _WORD.fullmatch(value):
        raise RegisterUrlError(f"option {name}", "must be one word of the driver")
    return value


def _digits(o: Options, name: str) -> str:
    value = o.optional(name) or ""
    if value and not (value.isascii() and value.isdigit()):
        raise RegisterUrlError(f"option {name}", "must be digits")
    return value


def _tax_types(o: Options) -> dict[int | None, str]:
    """A name the driver does not know is refused by it, so a wrong default does no harm."""
    types: dict[int | None, str] = {None: "none", 0: "vat0", 1600: "vat16"}
    for rate in (*RATES, None):
        if o.optional(_tax_option(rate)) is not None:
            types[rate] = _word(o, _tax_option(rate), "")
    return types


def _mark_check(o: Options) -> MarkCheck:
    check = MarkCheck(o.choice("mark_check", MarkCheck, MarkCheck.NONE))
    if check is not MarkCheck.NONE and o.optional("marks") == Marks.NONE:
        raise RegisterUrlError("option mark_check", "checks codes that are sent: it needs marks=imc")
    return check
