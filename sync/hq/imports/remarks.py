"""What is said of one row of an import. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remark:
    """One row that was refused, or taken with a doubt."""

    row: int
    reason: str
    detail: str = ""
    column: str = ""
    text: str = ""
    taken: bool = False
