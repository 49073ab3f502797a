"""An identification code, read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class CodeKind(StrEnum):
    UNIT = "unit"  # One consumer unit with its own mark.
    BLOCK = "block"  # Group pack (tobacco block).
    TRANSPORT = "transport"  # SSCC.
    LINEAR = "linear"  # EAN, UPC, ITF: names a kind of goods, not a unit.
    IN_STORE = "in_store"  # EAN-13 with prefix 20-29 or 02: the shop's own label, or an NTIN.
    OPAQUE = "opaque"


class Source(StrEnum):
    """Where the text came from; it decides which readings are possible (damage rule D1)."""

    SCANNER = "scanner"  # A printed symbol always carries its tail: a bare identification code is off.
    MANUAL = "manual"
    API = "api"


# GTIN-14 -> template ids the shop's catalogue names for it; empty when the GTIN is known but its template is not,
# None when the GTIN is not known at all.
Catalogue = Callable[[str], tuple[str, ...] | None]


def no_catalogue(_gtin: str) -> tuple[str, ...] | None:
    return None


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What is known beside the bytes."""

    source: Source = Source.SCANNER
    catalogue: Catalogue = no_catalogue
    caps_lock: bool | None = None  # As the scanner's keyboard reports it; None = not reported.
    suffixes: tuple[str, ...] = ()  # Text the shop's scanners append (D17).
    opaque_allowed: bool = True


@dataclass(frozen=True, slots=True)
class IdentificationCode:
    raw: bytes  # Exactly what came.
    text: str  # Cleaned and repaired full code, GS (U+001D) between elements.
    kind: CodeKind
    template: str  # Template id: "FULL44", "PACK29", "SSCC", "EAN13", "OPAQUE", "KI" for a bare code, ...
    ki: str | None  # Registry key; None for linear and opaque codes.
    gtin: str | None  # GTIN-14.
    serial: str | None
    elements: tuple[tuple[str, str], ...]  # (AI, value) in the order of the code; empty where there are no AIs.
    symbology: str | None = None  # AIM identifier as sent: "]d2".
    repairs: tuple[str, ...] = ()  # Damage-rule ids that were applied: ("D3",).
    confirm: bool = False  # CHECK: sell only if exactly one candidate is known to the cache or the online service.
    candidates: tuple[str, ...] = ()  # Registry keys to look up when `confirm`; includes `ki`.
    issuer: str | None = None  # Issuer country by the serial's first character ("KZ"): a hint, never a reason.
    flags: tuple[str, ...] = ()  # Remarks that change nothing: "no_fnc1" = printed without FNC1, GS1 data unannounced.
    alternatives: tuple[IdentificationCode, ...] = ()  # The other readings when `confirm`; `confirmed` picks one.
