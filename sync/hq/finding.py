"""One case on which the witnesses disagree, as the comparison gives it and exceptions keep it. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields

from sync.hq.kinds import CAUSES, Kind

__all__ = ["CAUSES", "COLUMNS", "Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Times are UTC microseconds, 0 unknown; sums are tiyn. The receipt is the agent's, else the operator's."""

    kind: Kind
    cause: str  # One of CAUSES.
    ki: str = ""
    gtin: str = ""
    day: dt.date = dt.date(1970, 1, 1)  # Of the receipt; of the observation when there is none.
    till: str = ""
    register: str = ""
    shift: int = 0
    number: int = 0
    sign: str = ""
    at: int = 0
    ours_tiyn: int = 0
    theirs_tiyn: int = 0
    other: str = ""  # The other code, sign, till or GTIN; of a gap "first-last" of the missing numbers.
    status: str = ""  # Neutral status in the registry, where it matters.
    status_at: int = 0
    due_at: int = 0  # End of the legal term that runs, 0 none.

    @property
    def subject(self) -> str:
        """What the case is about, the same in every run: with `kind` it names the exception.

        A code sold twice is one case however many receipts show it; other cases of a unit are told apart by receipt,
        since a unit may be sold, returned and sold again.
        """
        if self.kind is Kind.TILL_SILENT:
            return self.till
        if self.kind is Kind.NUMBER_GAP:
            return f"{self.register or self.till}|{self.shift}|{self.other}"
        if self.kind is Kind.CLOCK_DRIFT:
            return f"{self.till}|{self.day}"
        if self.kind in (Kind.SOLD_TWICE, Kind.WITHDRAWN_NOT_SOLD):
            return self.ki
        return f"{self.ki}|{self.register}|{self.sign}"


COLUMNS = tuple(field.name for field in fields(Finding))
