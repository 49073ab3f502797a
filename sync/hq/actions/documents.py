"""Bodies of the documents a person may file at IS MPT, and how units are put together into them. Pure.

A body is UTF-8 JSON without spaces, the keys of every object sorted by code point, the codes in their order. A code is
its KI. Units share a document when they share the kind, the product group, the place of business and the day of their
receipt; a return also its receipt, because that is its primary document.
Source: description of the IS MPT API, role "user", xTrace 1.0 (MarkSolutions), chapter on documents. The return body is
known from a public client of markirovka.kz only.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sync.hq.witness import US_PER_S
from sync.zone import ZONE

WITHDRAWAL = "withdrawal"
RETURN = "return-to-turnover"
KINDS = (WITHDRAWAL, RETURN)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the description leaves open, with the defaults that its readers arrived at."""

    codes_max: int = 100  # Codes of one document; the registry's own cap is unpublished.
    gtins_max: int = 0  # Kinds of goods in one document; 0 any number.
    withdrawal_type: str = "WITHDRAWAL"  # Or WRITE_OFF.
    withdrawal_reason: str = "OTHER"  # The dictionary is unpublished.
    reason_other: str = "Розничная продажа по чеку ККМ: выбытие не поступило"
    act_type: str = "ACT"  # Primary document of a withdrawal: an act of ours.
    act_prefix: str = "HQ-"  # Followed by the number of the document here.
    receipt_type: str = "RECEIPT"  # Primary document of a return.
    return_reason: str = "RETAIL_RETURN"


@dataclass(frozen=True, slots=True)
class Paper:
    """The primary document."""

    type: str
    date: str  # ISO 8601.
    number: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with an open exception. Times are UTC microseconds."""

    exception: int
    kind: str  # Of the document, one of KINDS.
    ki: str
    gtin: str
    group: str  # Product group; "" unknown: then goods of one GTIN stand together.
    place: int  # Place of business at IS MPT.
    day: dt.date
    at: int  # Of its receipt.
    receipt: str  # "shift-number" of it.
    due_at: int


@dataclass(frozen=True, slots=True)
class Batch:
    """The units of one document."""

    units: tuple[Unit, ...]

    @property
    def first(self) -> Unit:
        return self.units[0]

    @property
    def at(self) -> int:
        """The newest receipt: before that not all units were sold."""
        return max(unit.at for unit in self.units)

    @property
    def due_at(self) -> int:
        return min(unit.due_at for unit in self.units)


def batches(units: Iterable[Unit], terms: Terms) -> list[Batch]:
    """Group units, the same KI once, what is due first in front."""
    groups: dict[tuple[object, ...], dict[str, Unit]] = {}
    taken: set[str] = set()
    for unit in sorted(units, key=lambda unit: (unit.due_at, unit.exception)):
        if unit.ki not in taken:
            taken.add(unit.ki)
            groups.setdefault(_group(unit), {})[unit.ki] = unit
    return [Batch(part) for group in groups.values() for part in _parts(list(group.values()), terms)]


def body(kind: str, place: int, at: int, paper: Paper, kis: Sequence[str], terms: Terms) -> bytes:
    """The document's JSON as it is hashed, kept and sent. `at` is UTC microseconds."""
    moment = dt.datetime.fromtimestamp(at // US_PER_S, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    content: dict[str, Any] = {
        "businessPlaceId": place,
        "codes": [{"code": ki} for ki in kis],
        "primaryDocument": {"type": paper.type, "date": paper.date, "number": paper.number},
    }
    if kind == WITHDRAWAL:
        content |= {
            "childrenWriteOff": False,
            "withdrawPartialQuantity": False,
            "withdrawalDate": moment,
            "withdrawalReason": terms.withdrawal_reason,
            "withdrawalType": terms.withdrawal_type,
        }
        if terms.reason_other:
            content["withdrawalReasonOther"] = terms.reason_other
    elif kind == RETURN:
        content |= {"businessDate": moment, "returnReason": terms.return_reason}
    else:
        raise ValueError(f"no such document: {kind!r}")
    return canonical(content)


def canonical(content: Any) -> bytes:
    """Python compares text by code point, as the registry's clients do."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def codes_of(sent: bytes) -> list[str]:
    """The KIs of a body of ours, in their order: what the index of an error counts."""
    return [row["code"] for row in json.loads(sent)["codes"]]


def same(ours: Any, theirs: Any) -> bool:
    """Whether a stored body is the one we sent.

    The registry may have added fields, left out empty ones, and written a number as text or a moment with fractions.
    """
    if isinstance(ours, dict):
        return isinstance(theirs, dict) and all(
            same(value, theirs[name]) if name in theirs else value in (False, "", None) for name, value in ours.items()
        )
    if isinstance(ours, list):
        return (
            isinstance(theirs, list)
            and len(ours) == len(theirs)
            and all(same(one, other) for one, other in zip(ours, theirs, strict=True))
        )
    if ours == theirs or str(ours).lower() == str(theirs).lower():
        return True
    moment = _moment(ours)
    return moment is not None and moment == _moment(theirs)


def due_after(day: dt.date, working_days: int = 3) -> int:
    """End of the term that began on `day`, UTC microseconds, Saturdays and Sundays left out.

    Public holidays are not known here and can only make the real term longer.
    """
    while working_days:
        day += dt.timedelta(days=1)
        working_days -= day.isoweekday() <= 5
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), ZONE)
    return int(end.timestamp()) * US_PER_S


def _group(unit: Unit) -> tuple[object, ...]:
    goods = unit.group or f"gtin {unit.gtin}"
    return unit.kind, goods, unit.place, unit.day, unit.receipt if unit.kind == RETURN else ""


def _parts(units: list[Unit], terms: Terms) -> Iterable[tuple[Unit, ...]]:
    part: list[Unit] = []
    gtins: set[str] = set()
    for unit in units:
        too_many_goods = terms.gtins_max and len(gtins | {unit.gtin}) > terms.gtins_max
        if part and (len(part) >= terms.codes_max or too_many_goods):
            yield tuple(part)
            part, gtins = [], set()
        part.append(unit)
        gtins.add(unit.gtin)
    yield tuple(part)


def _moment(value: Any) -> dt.datetime | None:
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
