"""Everything about the reKassa service that public clients leave open or show in two ways, as switches.

The defaults follow github Odysseusex/New-OS, which reports trials against the vendor's test service; each other value
is what another public client shows or what the protobuf JSON mapping allows. Sources: tests/vectors/rekassa.toml.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Repeats(StrEnum):
    """What a second request with a known X-Request-ID gets."""

    ANSWER = "answer"  # The first document again.
    REFUSE = "refuse"  # DUPLICATE_EXTERNAL_ID, a code a public client knows.
    REGISTER = "register"  # No protection: a second document.


class Enums(StrEnum):
    """How enumerations are written."""

    NAMES = "names"
    NUMBERS = "numbers"


class Times(StrEnum):
    """How moments outside the protocol message are written."""

    OFFSET = "offset"  # 2026-07-15T10:30:00.000+05:00
    UTC = "utc"  # 2026-07-15T05:30:00.000Z
    LOCAL = "local"  # 2026-07-15T10:30:00.000


class MarkField(StrEnum):
    """Which fields of a commodity carry marking codes; the other one is an unknown field."""

    BOTH = "both"
    LIST = "listExciseStamp"
    SINGLE = "exciseStamp"


class Refusals(StrEnum):
    """How a refused receipt or cash move is told."""

    HTTP = "http"  # A status and {code, message}.
    DOCUMENT = "document"  # HTTP 200, a document with status ERROR and errorType.


@dataclass(slots=True)
class Profile:
    """Switches of one simulated service."""

    api_key: str = "sim-partner-key"  # Key of the partner, in the address of the login.
    password: str = "integration"  # Of the login.
    pin: str = "1234"  # Asked for by a Z-report.
    till_id: int = 1042  # Number of the till in paths.
    utc_offset_h: int = 5  # Zone of every time without one.
    clock_offset_s: float = 0.0  # How far the service's clock is ahead.
    token_life_s: float = 15 * 60.0  # How long a login holds.
    shift_limit_s: float = 24 * 3600.0  # Age of a shift above which nothing is registered.
    offline_limit_s: float = 72 * 3600.0  # Age of the oldest autonomous document above which nothing is registered.
    first_document_id: int = 50_001  # Id of the first document.
    document_id_step: int = 1  # From one id to the next.
    repeats: Repeats = Repeats.ANSWER
    repeat_window_s: float = 0.0  # How long a key is remembered; 0: for ever.
    repeat_within_shift: bool = False  # Whether a key is forgotten with its shift.
    enums: Enums = Enums.NAMES
    zero_coins: bool = True  # Whether `coins` is written when it is 0.
    wide_as_text: bool = True  # Whether 64-bit numbers are written as strings.
    times: Times = Times.OFFSET
    marks: MarkField = MarkField.BOTH
    unknown_fields_refused: bool = True  # Whether a field no message has is an error.
    strict_203: bool = True  # domain, measureUnitCode and, on returns, parentTicket are demanded.
    marks_match_quantity: bool = True  # Whether a line with marks must have one a unit.
    geo_required: bool = False  # X-Geo-Latitude and X-Geo-Longitude on every receipt.
    refusals: Refusals = Refusals.HTTP
    offline_number_kept: bool = False  # Whether offlineTicketNumber survives the synchronisation.
    basis_tolerance_s: float = 1.0  # How far the time of a return's basis may be off.
    page_size: int = 20  # Rows of a page, where a request names none.
    ticket_base: str = "http://consumer.test-oofd.kz"  # Page behind the QR.
