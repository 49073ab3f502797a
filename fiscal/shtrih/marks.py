"""What a register's own check of a marking code (FF61) says, and whether the shop sells on it. Pure.

    bit 0  checked with the key in the fiscal storage      bit 1  and well
    bit 2  its state was asked for at the server           bit 3  and it may be sold, or taken back
    bit 4  the register works alone

Source: vendor's "Схемы работы с драйвером JPOS v.2" (github shtrih-m/javapos_shtrih, Doc/SHTRIH), tags 2004 and 2106.
"""

from __future__ import annotations

from enum import StrEnum

from fiscal.failures import Failure, FailureKind
from fiscal.shtrih.answers import MarkCheck
from fiscal.shtrih.errors import FAMILY
from fiscal.shtrih.settings import MarkPolicy

_KEY, _KEY_WELL, _SERVER, _SERVER_WELL = 1, 2, 4, 8


class Opinion(StrEnum):
    POSITIVE = "positive"  # Every check that was made came out well.
    NEGATIVE = "negative"
    UNCHECKED = "unchecked"


ACCEPTED = {
    MarkPolicy.STRICT: frozenset({Opinion.POSITIVE}),
    MarkPolicy.WARN: frozenset(Opinion),
}

REASONS = {
    0: "checked with the key of the storage",
    1: "codes of this kind are not checked in the storage",
    2: "the storage has no key for it",
    3: "its check part is missing or malformed",
    4: "the storage could not check it",
}
_SERVER_SILENT = 0xFF
_SERVER_REFUSED = 0x20


def _of_bits(bits: int) -> Opinion:
    if (bits & _KEY and not bits & _KEY_WELL) or (bits & _SERVER and not bits & _SERVER_WELL):
        return Opinion.NEGATIVE
    return Opinion.POSITIVE if bits & (_KEY | _SERVER) else Opinion.UNCHECKED


def opinion(check: MarkCheck) -> Opinion:
    """Of both checks: a "no" of either counts."""
    found = {_of_bits(check.local)}
    if check.storage_code == 0 and check.result is not None:
        found.add(_of_bits(check.result))
    return next(one for one in (Opinion.NEGATIVE, Opinion.POSITIVE, Opinion.UNCHECKED) if one in found)


def words(check: MarkCheck) -> str:
    """The check in words, for the cashier's support call."""
    said = [f"the register's check is {opinion(check)}", REASONS.get(check.reason, f"reason {check.reason}")]
    if check.storage_code is None:
        said.append("it works alone")
    elif check.storage_code == _SERVER_SILENT:
        said.append("the server did not answer in time")
    elif check.storage_code == _SERVER_REFUSED:
        said.append(f"the server's answer was no use, cause {check.result}")
    elif check.storage_code:
        said.append(f"storage code {check.storage_code:02X}")
    elif check.result is not None:
        said.append(f"result {check.result:02X}")
    return ", ".join(said)


def refusal(check: MarkCheck, policy: MarkPolicy) -> Failure | None:
    """Why a code is not taken; None when it is."""
    if opinion(check) in ACCEPTED[policy]:
        return None
    return Failure(FailureKind.MARK_REFUSED, f"{FAMILY}:check", words(check))
