"""What the three witnesses say of one case, side by side. Pure.

From the life of the unit where it is known; otherwise from what the comparison itself noted in the exception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.hq.kinds import Kind
from sync.hq.pages.ports import LifeEvent
from sync.hq.witness import Witness

AGENT_MISSING = frozenset({Kind.FISCALISED_NOT_IN_JOURNAL, Kind.WITHDRAWN_NOT_SOLD})
OPERATOR_MISSING = frozenset({Kind.SOLD_NOT_FISCALISED, Kind.WITHDRAWN_NOT_SOLD})


@dataclass(frozen=True, slots=True)
class Side:
    witness: Witness
    speaks: bool | None  # False: it should have something and has not. None: not part of this comparison.
    facts: tuple[tuple[str, Any], ...]  # (key of `fact.*` of the words, value).
    events: tuple[LifeEvent, ...]


def evidence(case: Mapping[str, Any], events: Sequence[LifeEvent]) -> tuple[Side, ...]:
    kind = Kind(case["kind"])
    told = {witness: tuple(one for one in events if one.witness == witness) for witness in Witness}
    receipt = (
        ("till", case["till"]), ("register", case["register"]), ("shift", case["shift"]), ("number", case["number"]),
        ("sign", case["sign"]), ("at", case["at"]),
    )  # fmt: skip
    sides = {
        Witness.AGENT: (kind not in AGENT_MISSING, (*receipt, ("sum", case["ours_tiyn"]))),
        Witness.OFD: (kind not in OPERATOR_MISSING, (*receipt[1:], ("sum", case["theirs_tiyn"]))),
        Witness.REGISTRY: (
            bool(case["status"]) or None,
            (("status", case["status"]), ("status_at", case["status_at"])),
        ),
    }
    if case["other"]:
        place = Witness.OFD if kind in _OTHER_AT_OPERATOR else Witness.AGENT
        speaks, facts = sides[place]
        sides[place] = (speaks, (*facts, ("other", case["other"])))
    return tuple(
        Side(witness, speaks, tuple(fact for fact in facts if fact[1]) if speaks else (), told[witness])
        for witness, (speaks, facts) in sides.items()
    )


_OTHER_AT_OPERATOR = frozenset({Kind.MARK_DIFFERS, Kind.DUPLICATE_DOCUMENT, Kind.WRONG_GTIN})
