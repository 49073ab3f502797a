"""Everything about the Webkassa service that the sources leave open or describe in two ways, as switches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Container(StrEnum):
    """How a history answer wraps its rows; all three have been met."""

    ITEMS = "Items"
    ROWS = "Rows"
    ARRAY = ""


class KeyScope(StrEnum):
    """Where an external number must be unique."""

    CASHBOX = "cashbox"
    SHIFT = "shift"


@dataclass(slots=True)
class Profile:
    """Switches of one simulated service; the defaults follow the vendor's collection."""

    api_keys: frozenset[str] = frozenset({"sim-api-key"})  # Keys of integrators it knows.
    utc_offset_h: int = 5  # Zone of every time without one.
    token_life_s: float = 24 * 3600.0  # How long a login holds.
    shift_limit_s: float = 24 * 3600.0  # Age of a shift above which it answers with code 11.
    autonomous_limit_s: float = 72 * 3600.0  # Age of the oldest autonomous receipt above which it answers with code 18.
    # How long the service works on one request of a cashbox; a second one meanwhile is a violation of sequence.
    processing_s: tuple[float, float] = (0.0, 0.0)
    key_scope: KeyScope = KeyScope.CASHBOX
    duplicate_with_data: bool = True  # Whether the answer to a known key (code 14) shows the first receipt.
    total_in_answer: bool = False  # Whether the answer to a receipt has its total.
    history_container: Container = Container.ITEMS
    lookup_like_history: bool = False  # Number and RegistratedOn instead of CheckNumber and DateTime.
    history_take_max: int = 50  # Rows of one page of a history.
    newest_first: bool = False  # Order of histories; the samples are ascending, nothing promises it.
    position_type_required: bool = False  # Whether a position must name its type, as in collection "2.0.4".
    separators_in_marks: bool = True  # Whether GS (1Dh) may stay inside a mark.
    tax_percents: tuple[int, ...] = (0, 5, 10, 12, 16)  # Rates it takes.
    basis_tolerance_s: float = 1.0  # How far the time of a return's basis may be off.
    more_units: tuple[tuple[int, str], ...] = ()  # (code, Russian name): units the vendor has added since.
    logo: str = ""  # base64 of the picture the cabinet keeps for receipts; "" when it keeps none.
    iso_state: bool = True  # Dates of cashbox/state: ISO in some captures, dotted in another.
    licence_until: str = "2030-12-31T00:00:00+05:00"  # End of the cashbox's licence.
    ofd_until: str = "2030-12-31T00:00:00+05:00"  # "": client-info names no term of the OFD, as in the collection.
    ticket_base: str = "http://consumer.test-oofd.kz"  # Page behind the QR.
    print_base: str = "https://devkkm.webkassa.kz/ticket"  # Page of the printed form.
    alternative_domains: tuple[str, ...] = ("kkm2.example.kz", "http://127.0.0.1")  # What the fault http_505 names.
