"""The answer to "may this unit be sold?", and everything the answer may lean on.

A verdict is a value, not a boolean: what to do, why (a stable reason code), which evidence said so, how old that
evidence is, and the one thing the cashier does next. Words: marking.reasons; rules: data/rules_kz.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from marking.code import IdentificationCode
from marking.errors import CodeError
from marking.statuses import CodeStatus


class Decision(StrEnum):
    ALLOW = "allow"
    REFUSE = "refuse"
    ASK = "ask"  # A person decides, and the decision is recorded with the sale.


class EvidenceSource(StrEnum):
    STRUCTURE = "structure"  # The code itself.
    TILL = "till"  # What this till holds, sold or sells: its own records and its catalogue.
    CACHE = "cache"  # A registry's answer kept from earlier.
    ONLINE = "online"  # A registry's answer of this very check.


class UnitState(StrEnum):
    """What this till knows of one unit."""

    FREE = "free"  # Nothing.
    HELD_HERE = "held_here"  # In the receipt that is being judged.
    HELD_ELSEWHERE = "held_elsewhere"  # In another open sale.
    IN_DOUBT = "in_doubt"  # In a receipt whose outcome is not known yet.
    SOLD = "sold"
    RETURN_PENDING = "return_pending"  # Taken back; the registry has not confirmed the re-introduction.


class Purpose(StrEnum):
    SALE = "sale"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Product:
    """One row of the shop's catalogue. It has a GTIN, an NTIN (number of the National Catalogue), or both."""

    gtin: str | None  # 14 digits.
    ntin: str | None
    name_ru: str
    name_kk: str
    unit_code: int  # OKEI family: 796 piece, 166 kg.
    vat_class: str  # A name, not a rate: the rate of a class changes by date (medicines in 2027).
    group: str | None  # Product group key; None = not marked goods.
    price_tiyn: int
    templates: tuple[str, ...] = ()  # Code layouts seen or declared for this GTIN.


@dataclass(frozen=True, slots=True)
class OnlineAnswer:
    """What the registry said to one question. A code that was asked and is not in `statuses` is not in the registry."""

    statuses: Mapping[str, CodeStatus]
    unavailable: str | None = None  # Why there is no answer ("timeout 1500 ms"); None when the registry answered.


_NO_UNITS: Mapping[str, UnitState] = {}
_NO_STATUSES: Mapping[str, CodeStatus] = {}


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known about one scan at one moment. `units` and `cached` are keyed by registry key (КИ).

    Of a code without a registry key (opaque), `units` is keyed by the code's text.
    """

    code: IdentificationCode | CodeError
    purpose: Purpose
    product: Product | None
    units: Mapping[str, UnitState] = field(default_factory=lambda: _NO_UNITS)  # A key left out is FREE.
    cached: Mapping[str, CodeStatus] = field(default_factory=lambda: _NO_STATUSES)
    online: OnlineAnswer | None = None  # None: not asked.
    now_ns: int = 0  # UTC nanoseconds.


@dataclass(frozen=True, slots=True)
class Verdict:
    decision: Decision
    reason: str  # "M-104": stable, for the support call. ALLOW with a reason other than M-0xx is a sale with a notice.
    source: EvidenceSource
    age_s: int | None  # Age of the registry evidence; None when none was used.
    action: str  # Key of the one next action: "rescan", "call_senior". Words: marking.reasons.action.
    ki: str | None  # Registry key, after CHECK the candidate that is known; None where a code has none.
    repairs: tuple[str, ...]  # Damage rules that were applied to the scan.
    detail: str  # For support: rule id and the facts it used. Never shown to the buyer, holds no check part.
