"""What must be remembered of a till between two landings to understand its next rows. Pure.

Open sales, because later rows name a sale and not its codes; the shift, because a scan does not name it; documents
whose order and outcome are not both here yet.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Stage(StrEnum):
    """How far a document is known here."""

    INTENDED = "intended"
    IN_DOUBT = "in-doubt"
    HANDED_OVER = "handed-over"  # A person at the till has to decide.
    MADE = "made"  # Its order is missing: that row was set aside and comes late.


UNDECIDED = frozenset({Stage.INTENDED, Stage.IN_DOUBT, Stage.HANDED_OVER})


@dataclass(slots=True)
class Sale:
    """A sale that is still open at the till."""

    operation: str
    cashier: str
    lines: dict[int, str] = field(default_factory=dict)  # Number of a line -> code.


@dataclass(frozen=True, slots=True)
class Pending:
    """A receipt on its way: what was ordered, and what was made. One of the two is still missing."""

    key: str
    stage: Stage
    kind: str  # sale or sale_return.
    sale: str
    row: int  # Of the intent, or of the outcome when that came first.
    since_ns: int
    total_tiyn: int
    register: str  # Identity the intent saw.
    order: str = ""  # JSON of the order; "" not here yet.
    made: str = ""  # JSON of the outcome's body; "" not here yet.


@dataclass(slots=True)
class TillState:
    shift: int | None = None  # The open one.
    waiting_scans: dict[str, int] = field(default_factory=dict)  # Day -> scans made before their shift was known.
    sales: dict[str, Sale] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)  # By key; kept in a table of their own.

    def dump(self) -> str:
        """All but `pending`, as JSON."""
        sales = {name: asdict(sale) for name, sale in self.sales.items()}
        return json.dumps({"shift": self.shift, "waiting_scans": self.waiting_scans, "sales": sales})


def load_state(text: str) -> TillState:
    found = json.loads(text)
    sales = {
        name: Sale(sale["operation"], sale["cashier"], {int(number): ki for number, ki in sale["lines"].items()})
        for name, sale in found["sales"].items()
    }
    return TillState(found["shift"], found["waiting_scans"], sales)
