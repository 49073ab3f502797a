"""An order as the commands that carry it out, in a form the journal can hold. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fiscal.orders import Prepared

TOTAL = "total"  # Name of the step that asks the register for its sum before anything is paid.


@dataclass(frozen=True, slots=True)
class Step:
    """One command. No password inside: the wire adds it."""

    name: str  # What it does, for logs and evidence: "open", "line", "mark", TOTAL, "pay", "close".
    command: str  # The family's own name: "FF46".
    data: str = ""  # Operands: hex digits, or whatever the family writes.
    line: int | None = None  # Of the receipt, where the step belongs to one.
    mark: int | None = None
    decisive: bool = False  # The one that makes the document.

    def place(self) -> str:
        """`lines[2].marks[0]`, or the step's name."""
        if self.line is None:
            return self.name
        return f"lines[{self.line}]" + ("" if self.mark is None else f".marks[{self.mark}]")


def payload(steps: Sequence[Step], **facts: Any) -> dict[str, Any]:
    """The payload of a `Prepared`: the steps as rows, and what else the family needs to know again.

    Exactly one step is decisive, and nothing of a family may follow it that could fail.
    """
    decisive = [index for index, step in enumerate(steps) if step.decisive]
    if len(decisive) != 1:
        raise ValueError(f"an order has one decisive step, not {len(decisive)}")
    rows = [[step.name, step.command, step.data, step.line, step.mark] for step in steps]
    return {"steps": rows, "decisive": decisive[0], **facts}


def steps_of(prepared: Prepared) -> tuple[Step, ...]:
    """The steps of a payload. Raises KeyError or TypeError for one that this version did not write."""
    body: Mapping[str, Any] = prepared.payload
    return tuple(
        Step(name, command, data, line, mark, index == body["decisive"])
        for index, (name, command, data, line, mark) in enumerate(body["steps"])
    )
