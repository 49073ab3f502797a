"""Answers of uKassa: documents, the till's user, shifts, reports, refusals. Pure; AnswerMalformed for anything else.

Decimals come as numbers or as texts, an answer bare or inside `data`.
Sources: tests/vectors/ukassa.toml, where each field stands with the client that shows it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fiscal.cloud import messages
from fiscal.cloud.messages import Counted
from fiscal.cloud.seen import Seen, marks_in
from fiscal.documents import ShiftReport
from fiscal.https.fields import AnswerMalformed, Fields, dump, load, objects, plain
from fiscal.money import MoneyError, from_tenge
from fiscal.ukassa.settings import Settings

TEXT_LENGTH_MAX = 300
TOKENS = ("auth_token", "token", "access_token")


def loaded(body: bytes) -> Any:
    """The value an answer holds."""
    return load(body)


def inside(value: Any) -> Fields:
    """The object of an answer, out of its `data` where it has one."""
    top = Fields.of(value, "")
    return top.object("data") or top


def tenge(fields: Fields, name: str) -> int | None:
    """Tiyn of a sum that is a number or a text."""
    _, value = fields.get(name)
    if not isinstance(value, str):
        return fields.money(name)
    try:
        return from_tenge(Decimal(value.strip()))
    except (InvalidOperation, MoneyError):
        raise AnswerMalformed(fields.at(name), "is not a sum") from None


def refusal(value: Any) -> str:
    """What a refusal says, in its own words; "" when it is no refusal of the service."""
    if not isinstance(value, Mapping):
        return ""
    top = Fields.of(value, "")
    text = top.optional_text("message") or top.optional_text("detail")
    return (text or dump(plain(value)))[:TEXT_LENGTH_MAX]


def names_fields(value: Any) -> bool:
    """Whether a refusal names fields of the request instead of saying a sentence."""
    top = Fields.of(value, "")
    return not (top.optional_text("message") or top.optional_text("detail"))


def token_in(value: Any) -> str:
    """The token, wherever the answer to a login has it."""
    top = Fields.of(value, "")
    return top.text(*TOKENS) or top.optional_object("data").text(*TOKENS)


def receipt(fields: Fields, settings: Settings) -> Seen:
    """A receipt in any of its dresses. AnswerMalformed without its number at the service or its fiscal sign."""
    number, sign = fields.integer("id"), fields.text("fixed_check").strip()
    if number is None or not sign:
        raise AnswerMalformed(fields.at("id" if number is None else "fixed_check"), "is missing")
    return operation(fields, settings)


def operation(fields: Fields, settings: Settings) -> Seen:
    """A row of a shift's operations, or one of them by its number."""
    number = fields.integer("id")
    if number is None:
        raise AnswerMalformed(fields.at("id"), "is missing")
    link = fields.optional_text("link")
    return Seen(
        id=number,
        kind=messages.word(fields, messages.OPERATIONS, "type"),
        total_tiyn=tenge(fields, "total_amount"),
        fiscal_sign=fields.text("fixed_check").strip(),
        at=messages.written_at(fields, settings.cloud.utc_offset, "created_at"),
        number=fields.integer("check_number"),
        offline=fields.flag("is_offline"),
        marks=tuple(marks_in(fields.origin)),
        qr=link,
        registration_number=_registration_in(link),
        cashier=fields.optional_text("user") or fields.optional_object("user").optional_text("full_name"),
        shift_ref=fields.integer("shift"),
        raw=plain(fields.origin),
    )


def _registration_in(link: str) -> str:
    """The till's registration number out of the text of a receipt's QR (`f=`)."""
    try:
        values = parse_qs(urlsplit(link).query).get("f", [])
    except ValueError:
        return ""
    return values[0] if len(values) == 1 and values[0].isascii() and values[0].isdigit() else ""


@dataclass(frozen=True, slots=True)
class ShiftRow:
    ref: int  # The service's own number of it.
    number: int
    open: bool
    opened_at: str


def shifts(value: Any, settings: Settings) -> list[ShiftRow]:
    """A till's shifts, in the service's order, bare or in `data`."""
    rows = objects(value.get("data") if isinstance(value, Mapping) else value, "")
    return [_shift(row, settings) for row in rows]


def _shift(row: Fields, settings: Settings) -> ShiftRow:
    ref, number, active = row.integer("id"), row.integer("number"), row.flag("is_active")
    if ref is None or number is None or active is None:
        raise AnswerMalformed(row.place, "has no id, number or is_active")
    return ShiftRow(ref, number, active, messages.written_at(row, settings.cloud.utc_offset, "created_at"))


def operations(value: Any, settings: Settings) -> list[Seen]:
    """The operations of a shift, in the service's order, bare or in `data`."""
    rows = objects(value.get("data") if isinstance(value, Mapping) else value, "")
    return [operation(row, settings) for row in rows]


@dataclass(frozen=True, slots=True)
class Report:
    """An X- or Z-report, what it counts, and what it says of the till."""

    shift: ShiftReport
    counted: Mapping[str, Counted]
    facts: Seen


def report(value: Any, settings: Settings) -> Report:
    top = inside(value)
    inner, offset = top.object("duplicated"), settings.cloud.utc_offset
    if inner is None:
        raise AnswerMalformed(top.at("duplicated"), "is missing")
    made = messages.shift_report(
        inner,
        offset,
        plain(top.origin),
        closed_at=_at_the_end(top, inner, offset),
        opened_at=messages.written_at(top, offset, "created_at"),
    )
    return Report(
        made, messages.counted(inner), _facts(inner.optional_object("kassa"), inner.optional_object("company"))
    )


def _at_the_end(top: Fields, inner: Fields, offset: dt.timedelta) -> str:
    """When the shift was closed: the report's own moment has seconds, the field beside it only minutes."""
    closed_at = messages.written_at(top, offset, "closed_at")
    told = messages.moment_at(inner, offset, "date_time", "dateTime")
    return told if closed_at and told[:16] == closed_at[:16] else closed_at


def _facts(kassa: Fields, company: Fields) -> Seen:
    return Seen(
        id=None,
        kind="",
        total_tiyn=None,
        identity=kassa.text("factory_number"),
        registration_number=kassa.text("reg_number"),
        taxpayer_name=company.optional_text("name"),
        taxpayer_xin=company.optional_text("bin_iin"),
        address=kassa.optional_text("address"),
    )


@dataclass(frozen=True, slots=True)
class User:
    """Who is logged in: the tills he may use, by their numbers at the service, and what is told of ours."""

    tills: Mapping[int, str]  # Factory numbers.
    facts: Seen


def user(value: Any) -> User | None:
    """None: the answer tells nothing of tills, as some answers to a login do."""
    told = inside(value).object("user_kassas")
    if told is None:
        return None
    tills = {number: row.text("factory_number") for row in told.objects("kassa") if (number := row.integer("id"))}
    return User(tills, _facts(Fields({}, ""), told.optional_object("company")))


def closed_shift(value: Any) -> int | None:
    """The number of the shift a Z-report has closed."""
    return inside(value).integer("z_shift")
