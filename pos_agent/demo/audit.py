"""The auditor: holds the agent's journal against the register's ledger, the registry and headquarters.

It trusts none of them. Lost: something one side has and the other should. Doubled: something that exists twice.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hw_sim.world import World
from pos_agent.agent import Agent
from pos_agent.demo.till_day import Diary
from pos_agent.sale import SaleState
from sync.wire import Row

BOOKKEEPING = ("delivered", "set_aside", "released")


@dataclass(frozen=True, slots=True)
class Findings:
    """Each list names what it found; all empty is a day without loss."""

    lost: Sequence[str]
    duplicates: Sequence[str]


def journal_documents(rows: Iterable[Row]) -> tuple[Counter[str], dict[str, str]]:
    """Keys of documents the journal says were made, with how often; and their kinds."""
    made: Counter[str] = Counter()
    kinds: dict[str, str] = {}
    for row in rows:
        if row.kind == "document_made":
            body = json.loads(row.body)
            made[body["key"]] += 1
            kinds[body["key"]] = body["kind"]
    return made, kinds


def audit(rows: Sequence[Row], world: World, hq_rows: Sequence[tuple[int, bytes]], scans: int) -> Findings:
    """`hq_rows`: (number, hash) of each row headquarters holds; `scans`: how often a trigger was pulled."""
    made, kinds = journal_documents(rows)
    ledger = Counter(document.external_number for document in world.ledger() if document.external_number)
    unmade = [key for key in made if key not in ledger and _keyed(kinds[key])]
    lost = [f"document {key} is in the journal, not in the register" for key in unmade]
    lost += [f"document {key} is in the register, not in the journal" for key in ledger if key not in made]
    doubled = [f"document {key} was made {count} times" for key, count in ledger.items() if count > 1]
    doubled += [f"document {key} stands {count} times in the journal" for key, count in made.items() if count > 1]
    doubled += [f"unit {mark} was sold twice" for mark in world.witness().sold_twice]
    held = Counter(number for number, _ in hq_rows)
    hashes = dict(hq_rows)
    lost += [
        f"row {row.number} never reached headquarters" for row in _owed(rows) if hashes.get(row.number) != row.hash
    ]
    doubled += [f"row {number} stands {count} times at headquarters" for number, count in held.items() if count > 1]
    # A row of thinned repeats stands for many reads.
    kept = sum(json.loads(row.body).get("count", 1) for row in rows if row.kind in ("scan_judged", "scan_dropped"))
    if kept < scans:
        lost.append(f"{scans} scans, {kept} in the journal")
    return Findings(lost, doubled)


def _owed(rows: Sequence[Row]) -> Sequence[Row]:
    """All rows but the bookkeeping of delivery at the very end, which goes with the next batch."""
    end = len(rows)
    while end and rows[end - 1].kind in BOOKKEEPING:
        end -= 1
    return rows[:end]


def _keyed(kind: str) -> bool:
    """A Z-report has no external number at this register: it is matched by its shift."""
    return kind != "shift_close"


def percentile_ms(seconds: Sequence[float], part: float) -> float:
    """Nearest-rank percentile, in milliseconds to a tenth."""
    if not seconds:
        return 0.0
    ordered = sorted(seconds)
    return round(ordered[max(0, math.ceil(part * len(ordered)) - 1)] * 1000, 1)


def totals(
    agent: Agent, world: World, diary: Diary, rows: Sequence[Row], hq_rows: Sequence[tuple[int, bytes]]
) -> dict[str, Any]:
    """What the headless demo prints; the same seed gives the same, to the last hash."""
    found = audit(rows, world, hq_rows, diary.scans)
    states = Counter(state for (state,) in agent.journal.query("SELECT state FROM sale"))
    units = Counter(agent.journal.query("SELECT purpose, outcome FROM withdrawal"))
    made, kinds = journal_documents(rows)
    recovered = sum(json.loads(row.body)["recovered"] for row in rows if row.kind == "document_made")
    in_doubt = [pending.key for pending in agent.till.undecided()]
    number, digest = agent.journal.head()
    return {
        "scanned": diary.scans,
        "sold": sum(kinds[key] == "sale" for key in made),
        "returned": sum(kinds[key] == "sale_return" for key in made),
        "cancelled": states[SaleState.CANCELLED],
        "units_sold": _count(units, "sale"),
        "refused": dict(sorted(diary.refused.items())),
        "asked": dict(sorted(diary.asked.items())),
        "approved": diary.approved,
        "fiscalised": sum(document.operation.is_receipt for document in world.ledger()),
        "recovered": recovered,
        "in_doubt": len(in_doubt),
        "problems": dict(sorted(diary.problems.items())),
        "mishaps": dict(sorted(diary.mishaps.items())),
        "journal_rows": number,
        "delivered": len({number for number, _ in hq_rows}),
        "withdrawn": units["sale", "withdrawn"],
        "still_on_balance": units["sale", "on_balance"] + units["sale", "pending"],
        "lost": len(found.lost),
        "duplicates": len(found.duplicates),
        "findings": [*found.lost, *found.duplicates][:20],
        "scan_to_verdict_p50_ms": percentile_ms(diary.latencies_s, 0.50),
        "scan_to_verdict_p99_ms": percentile_ms(diary.latencies_s, 0.99),
        "journal_head": digest.hex(),
    }


def _count(units: Mapping[Any, int], purpose: str) -> int:
    return sum(count for (kind, _outcome), count in units.items() if kind == purpose)
