"""Everything about the uKassa service that public clients leave open or show in two ways, as switches.

Sources: tests/vectors/ukassa.toml. The defaults follow the clients in production: github nikolablin/serviceaccio for
login, key and paths, github Slonexx/ukassa and Slonexx/tis for the receipt with marks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TokenField(StrEnum):
    """The name of the token in the answer to a login; clients try all three."""

    AUTH_TOKEN = "auth_token"
    TOKEN = "token"
    ACCESS_TOKEN = "access_token"


class Repeats(StrEnum):
    """What a second request with a known key and the same body gets."""

    ANSWER = "answer"  # The first document again.
    CONFLICT = "conflict"  # HTTP 409, as github madiyarb/pawnshop expects.
    REGISTER = "register"  # No protection: a second document.


class OtherBody(StrEnum):
    """What a known key with another body gets."""

    CONFLICT = "conflict"
    ANSWER = "answer"  # The first document, whatever is asked now.


class KeyHeader(StrEnum):
    BOTH = "both"
    IDEMPOTENCY = "idempotency-key"
    IDEMPOTENCE = "idempotence-key"


class ReturnReference(StrEnum):
    """What the service does with `return_check_pk`, the id of the sale a return belongs to."""

    CHECKED = "checked"  # When it is given.
    REQUIRED = "required"
    IGNORED = "ignored"


@dataclass(slots=True)
class Profile:
    """Switches of one simulated service."""

    email: str = "till@example.kz"  # Of the login.
    password: str = "integration"  # Of the login.
    hashline: str = "UK00000001"  # Factory number of the till, part of the login.
    kassa: int = 3868  # Number of the till in requests.
    section: int = 5  # Number of the department in requests.
    shift_id_base: int = 6994  # The id of a shift is this and its number.
    first_operation_id: int = 900_001  # Id of the first operation.
    utc_offset_h: int = 5  # Zone of every time without one.
    clock_offset_s: float = 0.0  # How far the service's clock is ahead.
    token_life_s: float = 24 * 3600.0  # How long a login holds.
    shift_limit_s: float = 24 * 3600.0  # Age of a shift above which nothing is registered.
    offline_limit_s: float = 72 * 3600.0  # Age of the oldest autonomous document above which nothing is registered.
    token_field: TokenField = TokenField.AUTH_TOKEN
    token_in_data: bool = False  # Whether the token stands inside `data`.
    repeats: Repeats = Repeats.ANSWER
    other_body: OtherBody = OtherBody.CONFLICT
    repeat_window_s: float = 0.0  # How long a key is remembered; 0: for ever.
    key_header: KeyHeader = KeyHeader.BOTH  # Header that carries the key of a request.
    key_uuid4_only: bool = True  # Whether a key must be a UUID of version 4.
    key_required: bool = False  # Whether a request without a key is refused.
    receipt_status: int = 200  # HTTP status of a registered receipt.
    decimals_as_text: bool = False  # Whether sums are written as strings.
    operation_in_data: bool = False  # Whether operation/<id>/ wraps its answer as the receipt does.
    newest_first: bool = True  # Order of lists.
    cash_in_list: bool = False  # Whether cash moves stand among a shift's operations, as types 4 and 5.
    return_reference: ReturnReference = ReturnReference.CHECKED
    vat_percent: int = 16  # Rate of a taxed line.
    ticket_base: str = "http://consumer.test-oofd.kz"  # Page behind the QR.
