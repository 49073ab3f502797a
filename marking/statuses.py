"""What a traceability system says of a code, in neutral words.

Source of the mapping: IS MPT API v1.0 (xTrace), chapter on code look-up; Chestny ZNAK True API for the RETIRED family.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    ISSUED = "ISSUED"
    APPLIED = "APPLIED"
    IN_CIRCULATION = "IN_CIRCULATION"
    WITHDRAWN = "WITHDRAWN"
    WRITTEN_OFF = "WRITTEN_OFF"
    DISAGGREGATED = "DISAGGREGATED"
    NOT_FOUND = "NOT_FOUND"
    UNKNOWN = "UNKNOWN"


NEUTRAL: dict[str, Status] = {
    "RECEIVED": Status.ISSUED,
    "EMITTED": Status.ISSUED,
    "APPLIED": Status.APPLIED,
    "INTRODUCED": Status.IN_CIRCULATION,
    "IN_CIRCULATION": Status.IN_CIRCULATION,
    "WITHDRAWN": Status.WITHDRAWN,
    "RETIRED": Status.WITHDRAWN,
    "SOLD": Status.WITHDRAWN,
    "WRITTEN_OFF": Status.WRITTEN_OFF,
    "DISAGGREGATION": Status.DISAGGREGATED,
    "DISAGGREGATED": Status.DISAGGREGATED,
    "RETURNED": Status.UNKNOWN,
    # Our own words, so that what `cache export` wrote comes back the same.
    "ISSUED": Status.ISSUED,
    "NOT_FOUND": Status.NOT_FOUND,
    "UNKNOWN": Status.UNKNOWN,
}


def neutral(word: str) -> Status:
    """Map a registry's word; one never seen is UNKNOWN, and the caller keeps the raw word for the log."""
    return NEUTRAL.get(word.strip().upper(), Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class CodeStatus:
    """One code as a registry knew it at one moment."""

    ki: str
    status: Status
    at_ns: int  # UTC nanoseconds of the registry's answer: its age decides how far to trust it.
    raw_status: str = ""  # The registry's own word.
    extended: str | None = None  # WAIT_SHIPMENT, CUSTOMS_ISSUED, ...
    package_type: str | None = None  # UNIT, GROUP, SET, BOX_LV_1, BOX_LV_2, ACC.
    gtin: str | None = None  # 14 digits.
    expires_on: str | None = None  # ISO date.
    owner_tin: str | None = None
    template: str | None = None  # The registry's template word (PG, GS1_AISTR, ...).
    partial_left: int | None = None  # Rest after a partial withdrawal.
    blocked: bool = False
