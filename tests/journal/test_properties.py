"""Any sequence of events: illegal ones leave nothing, one unit has one sale, and a rebuild gives the same tables.

The model below is written from docs/sale-states.md in plain sets and branches and knows nothing of the tables.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.projection import UnitTakenError
from pos_agent.journal.verify import verify
from pos_agent.sale import TransitionError
from pos_agent.till import Till

SALES = ("A", "B", "E", "C", "D", "F")
UNITS = ("U1", "U2")
RETURNS = frozenset({"C", "D", "F"})  # These are opened as returns, the others as sales.


@dataclass
class Sale:
    state: str
    lines: dict[int, str] = field(default_factory=dict)


@dataclass
class Model:
    """What must be true, in the words of the shop."""

    sales: dict[str, Sale] = field(default_factory=dict)
    hands: dict[str, str] = field(default_factory=dict)  # Unit -> sale that has it in hand.
    fate: dict[str, str] = field(default_factory=dict)  # Unit -> "sold" or "returned" by a fiscal document.
    sold_times: dict[str, int] = field(default_factory=dict)
    returned_times: dict[str, int] = field(default_factory=dict)

    def may(self, what: str, name: str, unit: str) -> str:
        """ "yes", "state" or "unit"."""
        state = self.sales[name].state if name in self.sales else "none"
        allowed = {
            "open": state == "none",
            "one_shot": state == "none",
            "line": state == "open",
            "remove": state == "open",
            "cancel": state == "open",
            "intend": state == "open",
            "make": state in ("sent", "doubt"),
            "refuse": state == "sent",
            "doubt": state in ("sent", "doubt"),
            "absent": state == "doubt",
        }[what]
        if not allowed:
            return "state"
        return "unit" if what in ("line", "one_shot") and not self._takeable(name, unit) else "yes"

    def _takeable(self, name: str, unit: str) -> bool:
        if unit in self.hands:
            return False
        return self.fate.get(unit) != ("returned" if name in RETURNS else "sold")

    def do(self, what: str, name: str, unit: str, number: int) -> None:
        if what in ("open", "one_shot"):
            self.sales[name] = Sale("open" if what == "open" else "sent")
        sale = self.sales[name]
        if what in ("line", "one_shot"):
            sale.lines[number] = unit
            self.hands[unit] = name
        elif what == "remove":
            if number in sale.lines:
                del self.hands[sale.lines.pop(number)]
        elif what == "cancel":
            self._let_go(name)
        elif what == "make":
            for unit_sold in self._let_go(name):
                self.fate[unit_sold] = "returned" if name in RETURNS else "sold"
                times = self.returned_times if name in RETURNS else self.sold_times
                times[unit_sold] = times.get(unit_sold, 0) + 1
        after = {
            "cancel": "gone",
            "intend": "sent",
            "make": "done",
            "refuse": "open",
            "doubt": "doubt",
            "absent": "open",
        }
        sale.state = after.get(what, sale.state)

    def _let_go(self, name: str) -> list[str]:
        units = [unit for unit, holder in self.hands.items() if holder == name]
        for unit in units:
            del self.hands[unit]
        return units


def event(rows: Any, what: str, name: str, unit: str, number: int) -> Event:
    operation, key = ("sale_return" if name in RETURNS else "sale"), f"{name}-key"
    made: dict[str, Callable[[], Event]] = {
        "open": lambda: rows.opened(name, operation),
        "one_shot": lambda: rows.intended(key, name, operation, lines=[rows.line_body(number, unit)]),
        "line": lambda: rows.line(name, number, unit),
        "remove": lambda: rows.removed(name, number),
        "cancel": lambda: rows.cancelled(name),
        "intend": lambda: rows.intended(key, name, operation),
        "make": lambda: rows.decided("made", key, name, operation),
        "refuse": lambda: rows.decided("refused", key, name, operation),
        "doubt": lambda: rows.decided("in_doubt", key, name, operation),
        "absent": lambda: rows.decided("absent", key, name, operation),
    }
    return made[what]()


WHATS = ("open", "one_shot", "line", "remove", "cancel", "intend", "make", "refuse", "doubt", "absent")
MOVES = tuple(itertools.product(WHATS, SALES, UNITS))
# Each step is a pick among the moves that are possible now, or, one in four, among all there are.
STEPS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**16)), min_size=10, max_size=60)
WORDS = {
    "none": None,
    "open": "HELD",
    "sent": "FISCALISING",
    "doubt": "IN_DOUBT",
    "done": "FISCALISED",
    "gone": "CANCELLED",
}


def open_journal(folder: Path) -> Journal:
    ticks = itertools.count(1)
    return Journal(folder / "journal.sqlite", till_name="t", now=lambda: next(ticks), new_epoch=lambda: "e")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, restart_after=st.integers(0, 60))
def test_any_sequence_of_events_keeps_every_promise(
    rows: Any, steps: list[tuple[int, int]], restart_after: int
) -> None:
    model = Model()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        journal = open_journal(folder)
        try:
            for number, (mood, pick) in enumerate(steps, 10):
                if number == restart_after:
                    journal.close()
                    journal = open_journal(folder)
                _step(journal, model, rows, *_move(model, mood, pick), number)
            _compare(journal, model)
            verdict = verify(folder / "journal.sqlite")
            assert verdict.good, verdict
        finally:
            journal.close()


def _move(model: Model, mood: int, pick: int) -> tuple[str, str, str]:
    if mood == 0:
        return MOVES[pick % len(MOVES)]
    possible: dict[str, list[tuple[str, str, str]]] = {}
    for what, sale, unit in MOVES:
        if model.may(what, sale, unit) == "yes":
            possible.setdefault(what, []).append((what, sale, unit))
    kind = sorted(possible)[pick % len(possible)] if possible else ""
    return possible[kind][pick // 16 % len(possible[kind])] if kind else MOVES[0]


def _step(journal: Journal, model: Model, rows: Any, what: str, sale: str, unit: str, number: int) -> None:
    verdict, head = model.may(what, sale, unit), journal.head()
    if what == "remove" and sale in model.sales and model.sales[sale].lines:
        number = min(model.sales[sale].lines)
    try:
        journal.append(event(rows, what, sale, unit, number))
    except TransitionError:
        assert verdict == "state", (what, sale, verdict)
    except UnitTakenError as error:
        assert verdict == "unit", (what, sale, unit, verdict)
        assert error.ki == unit
    else:
        assert verdict == "yes", (what, sale, unit, verdict)
        model.do(what, sale, unit, number)
        return
    assert journal.head() == head


def _compare(journal: Journal, model: Model) -> None:
    till = Till(journal)
    for name, sale in model.sales.items():
        view = till.sale(name)
        assert view.state == WORDS[sale.state]
        assert {line["number"]: line["ki"] for line in view.lines} == sale.lines
    assert set(till.open_sales()) == {n for n, sale in model.sales.items() if sale.state in ("open", "sent", "doubt")}
    assert dict(journal.query("SELECT ki, sale FROM held")) == model.hands
    fates = {
        ki: {"SOLD": "sold", "RETURNED": "returned"}[state] for ki, state in journal.query("SELECT ki, state FROM unit")
    }
    assert fates == model.fate
    for unit in UNITS:  # Between two sales of one unit lies a return, between two returns a sale.
        assert abs(model.sold_times.get(unit, 0) - model.returned_times.get(unit, 0)) <= 1


def test_every_unit_of_a_long_receipt_is_checked_against_every_other_sale(tmp_path: Path, rows: Any) -> None:
    journal = open_journal(tmp_path)
    for events in [*rows.sold("S1", "SOLD"), [rows.opened("H1"), rows.line("H1", 1, "HELD")]]:
        journal.append(*events)
    for events in rows.sold("R1", "BACK", operation="sale_return"):
        journal.append(*events)
    fresh = [f"FRESH-{n}" for n in range(8)]
    for place, (taken, holder) in itertools.product(range(9), [("SOLD", "S1"), ("HELD", "H1")]):
        kis = [*fresh[:place], taken, *fresh[place:]]
        lines = [rows.line_body(number, ki) for number, ki in enumerate(kis, 1)]
        try:
            journal.append(rows.intended("O1-k", "O1", lines=lines))
        except UnitTakenError as error:
            assert (error.ki, error.sale) == (taken, holder)
        else:
            raise AssertionError(f"{taken} was sold twice")
    lines = [rows.line_body(number, ki) for number, ki in enumerate([*fresh, "BACK"], 1)]
    journal.append(rows.intended("O1-k", "O1", lines=lines))  # What came back may be sold again.
    assert len(journal.query("SELECT ki FROM held WHERE sale = 'O1'")) == 9
    assert verify(journal.database.path).good
    journal.close()


def test_a_return_that_is_dropped_leaves_the_unit_sold_and_one_that_is_made_takes_it_back(
    tmp_path: Path, rows: Any
) -> None:
    journal = open_journal(tmp_path)
    for events in rows.sold("S1", "KI"):
        journal.append(*events)
    journal.append(rows.opened("R1", "sale_return", original="S1"), rows.line("R1", 1, "KI"))
    assert Till(journal).unit_states(["KI"], "R1") == {"KI": "held_here"}
    assert Till(journal).unit_states(["KI"], None) == {"KI": "held_elsewhere"}
    journal.append(rows.cancelled("R1"))
    assert Till(journal).unit_states(["KI"], None) == {"KI": "sold"}
    journal.append(rows.opened("R2", "sale_return", original="S1"), rows.line("R2", 1, "KI"), rows.removed("R2", 1))
    assert Till(journal).unit_states(["KI"], None) == {"KI": "sold"}
    journal.append(rows.line("R2", 2, "KI"), rows.intended("R2-k", "R2", "sale_return"))
    assert Till(journal).unit_states(["KI"], "R2") == {"KI": "in_doubt"}
    journal.append(rows.decided("made", "R2-k", "R2", "sale_return"))
    assert Till(journal).unit_states(["KI"], None) == {"KI": "return_pending"}
    assert Till(journal).returns_of("S1") == ("R1", "R2")
    assert verify(journal.database.path).good
    journal.close()
