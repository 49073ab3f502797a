"""Rows of a till's journal, understood; bodies as the agent writes them (docs/integrate.md, Events)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.hq.extract import Extractor
from sync.hq.journal_facts import Facts, JournalRow, Scans
from sync.hq.receipt_rows import shares
from sync.hq.till_state import Stage, TillState, load_state
from sync.hq.witness import Operation, UnitStatus

AT_NS = 1_795_410_000_000_000_000  # 2026-11-23T10:00:00+05:00
DAY = dt.date(2026, 11, 23)
A, B, C = "0104870000000104213kZ7q_W<2hT9m", "04870036230056.mS?d27", "04870036230056.mS?d28"


class Till:
    """Gives rows to an extractor, with numbers and times of their own."""

    def __init__(self) -> None:
        self.state, self.facts, self.number = TillState(), Facts(), 0

    def row(self, kind: str, reason: str | None = None, /, **body: Any) -> JournalRow:
        self.number += 1
        text = json.dumps(body, ensure_ascii=False)
        return JournalRow(self.number, AT_NS + self.number * 10**9, kind, text, reason)

    def take(self, *rows: JournalRow) -> None:
        # As between two landings: what is remembered goes through its text.
        pending = self.state.pending
        self.state = load_state(self.state.dump())
        self.state.pending = pending
        extractor = Extractor("T1", self.state, self.facts)
        for row in rows:
            extractor.take(row)

    def add(self, kind: str, /, **body: Any) -> None:
        self.take(self.row(kind, None, **body))


def a_mark(ki: str) -> dict[str, str]:
    return {"full": ki + "\x1d91KZF1", "ki": ki}


def an_order_line(*codes: str, **facts: Any) -> dict[str, Any]:
    whole = {"name": "x", "price_tiyn": 130_000, "quantity_milli": 1_000 * max(1, len(codes)), "unit_code": 796}
    return {**whole, "gtin": "04870036230056", "marks": [a_mark(ki) for ki in codes], "discount_tiyn": 0, **facts}


def an_intent(key: str, *lines: Mapping[str, Any], kind: str = "sale", **more: Any) -> dict[str, Any]:
    order = {
        "type": "receipt", "key": key, "operation": kind, "lines": list(lines), "cashier": "Айгүл С.",
        "customer_xin": "900101300123", "payments": [{"kind": "cash", "sum_tiyn": 1}],
    }  # fmt: skip
    prepared = {"key": key, "kind": kind, "total_tiyn": 260_000, "payload": {}}
    baseline = {"identity": "ZNM-OF-INTENT", "shift": 1, "shift_open": True}
    facts = {"order": order, "prepared": prepared, "baseline": baseline, "sale": "T1-1"}
    return {"key": key, "kind": kind, **facts, **more}


def an_outcome(key: str, kind: str = "sale", decided: Any = None, **facts: Any) -> dict[str, Any]:
    document = {
        "type": "receipt", "fiscal_sign": "2991669976", "at": "2026-11-23T10:00:01+05:00", "number": 2, "shift": 1,
        "offline": False, "total_tiyn": 260_000, "identity": "SWK00000001", "registration_number": "010100000001",
        "raw": {"Data": 1}, **facts,
    }  # fmt: skip
    body = {"key": key, "kind": kind, "recovered": False, "document": document, "sale": "T1-1"}
    return body if decided is None else {**body, "decided": decided}


def kinds_of(till: Till, ki: str) -> list[str]:
    return [mention.kind for mention in till.facts.mentions if mention.ki == ki]


def test_a_receipt_takes_its_lines_from_the_order_and_its_document_from_the_outcome() -> None:
    till = Till()
    till.add("document_intended", **an_intent("k", an_order_line(A, gtin="04870000000104"), an_order_line(B)))
    assert (till.facts.lines, till.state.pending["k"].stage) == ([], Stage.INTENDED)
    till.add("document_made", **an_outcome("k"))
    (receipt,) = till.facts.receipts
    assert (receipt.register, receipt.sign, receipt.shift, receipt.number) == ("SWK00000001", "2991669976", 1, 2)
    assert (receipt.day, receipt.at, receipt.marks, receipt.total_tiyn) == (DAY, 1_795_410_001_000_000, 2, 260_000)
    assert (receipt.noted_at, receipt.source_row) == ((AT_NS + 2 * 10**9) // 1_000, 2)
    assert [(line.ki, line.gtin, line.line, line.sum_tiyn) for line in till.facts.lines] == [
        (A, "04870000000104", 1, 130_000),
        (B, "04870036230056", 2, 130_000),
    ]
    assert till.state.pending == {}
    assert [(seen.identity, seen.rnm) for seen in till.facts.registers] == [("SWK00000001", "010100000001")]


def test_several_marks_of_one_line_are_units_that_share_its_sum() -> None:
    till = Till()
    line = an_order_line(A, B, C, price_tiyn=100, quantity_milli=3_000, discount_tiyn=1)
    till.add("document_intended", **an_intent("k", line))
    till.add("document_made", **an_outcome("k"))
    assert [(one.ki, one.line, one.sum_tiyn) for one in till.facts.lines] == [(A, 1, 100), (B, 1, 100), (C, 1, 99)]


@given(st.integers(-(10**12), 10**12), st.integers(1, 100))
def test_shares_add_up_and_differ_by_a_tiyn_at_most(total: int, count: int) -> None:
    found = shares(total, count)
    assert (len(found), sum(found)) == (count, total)
    assert max(found) - min(found) <= 1


def test_goods_without_a_mark_are_kept_where_their_number_is_known_and_half_a_tiyn_is_rounded_up() -> None:
    till = Till()
    weighed = an_order_line(gtin="02000001000005", price_tiyn=333, quantity_milli=1_500)
    till.add("document_intended", **an_intent("k", weighed, an_order_line(gtin=None)))
    till.add("document_made", **an_outcome("k"))
    assert [(one.ki, one.gtin, one.line, one.sum_tiyn) for one in till.facts.lines] == [("", "02000001000005", 1, 500)]


def test_a_return_is_told_apart_and_a_register_that_tells_little_is_understood() -> None:
    till = Till()
    till.add("document_intended", **an_intent("k", an_order_line(A), kind="sale_return"))
    bare = {"identity": "", "registration_number": "", "fiscal_sign": "", "at": "2026-11-23T23:30:00"}
    till.add("document_made", **an_outcome("k", kind="sale_return", **bare))
    (line,) = till.facts.lines
    assert (line.operation, line.register, line.sign, line.day) == (Operation.RETURN, "ZNM-OF-INTENT", "#1-2", DAY)
    assert [seen.rnm for seen in till.facts.registers] == [""]


def test_a_day_is_kazakhstans_whatever_offset_the_register_writes() -> None:
    till = Till()
    till.add("document_intended", **an_intent("k", an_order_line(A)))
    till.add("document_made", **an_outcome("k", at="2026-11-23T20:30:00Z"))
    assert till.facts.lines[0].day == dt.date(2026, 11, 24)


def test_a_doubt_is_open_until_the_register_or_a_person_has_decided_it() -> None:
    till = Till()
    till.add("document_intended", **an_intent("k", an_order_line(A)))
    failure = {"kind": "no_answer", "code": "timeout", "text": "the read operation timed out"}
    till.add("document_in_doubt", key="k", kind="sale", failure=failure, sale="T1-1")
    assert till.state.pending["k"].stage is Stage.IN_DOUBT
    till.add("document_handed_over", key="k", kind="sale", failure=failure, ours={}, register=None, sale="T1-1")
    till.add("document_in_doubt", key="k", kind="sale", failure=failure, sale="T1-1")
    assert till.state.pending["k"].stage is Stage.HANDED_OVER
    decided = {"by": "Старшая", "why": "чек на ленте", "register": "silent"}
    till.add("document_made", **an_outcome("k", decided=decided))
    assert till.state.pending == {}
    assert len(till.facts.lines) == 1
    assert kinds_of(till, A) == [
        "document_intended", "document_in_doubt", "document_handed_over", "document_in_doubt", "document_made",
    ]  # fmt: skip
    told = json.loads(till.facts.mentions[-1].brief)
    assert (told["decided_by"], told["sign"], told["cashier"]) == ("Старшая", "2991669976", "Айгүл С.")


@pytest.mark.parametrize("outcome", ["document_refused", "document_absent"])
def test_what_was_not_made_gives_no_line_and_may_be_tried_again(outcome: str) -> None:
    till = Till()
    till.add("document_intended", **an_intent("k", an_order_line(A)))
    failure = {"kind": "paper", "code": "paper-out", "text": "no paper"}
    till.add(outcome, key="k", kind="sale", failure=failure, evidence="asked everywhere", sale="T1-1")
    assert (till.facts.lines, till.state.pending) == ([], {})
    till.add("document_intended", **an_intent("k", an_order_line(A)))
    till.add("document_made", **an_outcome("k"))
    assert [line.ki for line in till.facts.lines] == [A]
    assert kinds_of(till, A) == ["document_intended", outcome, "document_intended", "document_made"]


def test_an_order_that_comes_late_meets_its_outcome() -> None:
    till = Till()
    intent = till.row("document_intended", "bad", **an_intent("k", an_order_line(A)))
    made = till.row("document_made", **an_outcome("k"))
    till.take(made)
    assert (till.facts.lines, till.state.pending["k"].stage) == ([], Stage.MADE)
    till.take(intent)
    assert [(line.ki, line.source_row) for line in till.facts.lines] == [(A, made.number)]
    assert till.state.pending == {}
    late = json.loads(next(one.brief for one in till.facts.mentions if one.kind == "document_intended"))
    assert late["set_aside"] == "bad"


def test_documents_that_are_no_receipts_say_nothing_here() -> None:
    till = Till()
    till.add("document_intended", key="z", kind="shift_close", order={"type": "shift_close"}, prepared={}, baseline={})
    till.add("document_made", key="z", kind="shift_close", document={"type": "shift"})
    till.add("document_refused", key="c", kind="cash_in", failure={})
    assert till.facts == Facts()
    assert till.state == TillState()


def test_every_row_that_names_a_code_is_a_mention_also_those_that_name_only_its_line_or_sale() -> None:
    till = Till()
    till.add("sale_opened", sale="T1-1", operation="sale", cashier="Айгүл С.")
    for number, ki in ((1, A), (2, B)):
        till.add("scan_judged", sale="T1-1", device="counter", ki=ki, decision="allow", reason="M-001")
        till.add("line_added", sale="T1-1", scan=2, line={"number": number, "name": "x", "ki": ki, "approved_by": None})
    till.add("line_added", sale="T1-1", scan=2, line={"number": 3, "name": "bread", "ki": None})
    till.add("line_removed", sale="T1-1", number=2)
    till.add("line_removed", sale="T1-1", number=3)
    till.add("sale_cancelled", sale="T1-1", why="the customer left")
    assert kinds_of(till, A) == ["scan_judged", "line_added", "sale_cancelled"]
    assert kinds_of(till, B) == ["scan_judged", "line_added", "line_removed"]
    assert json.loads(till.facts.mentions[0].brief)["cashier"] == "Айгүл С."
    assert till.state.sales == {}


def test_a_receipt_in_one_call_tells_its_scans_and_frees_its_units_when_it_is_dropped() -> None:
    till = Till()
    scan = {"ki": A, "decision": "allow", "reason": "M-001", "source": "scanner", "device": "api", "sale": None}
    body = an_intent("k", an_order_line(A), lines=[{"number": 1, "ki": A}, {"number": 2, "ki": None}], scans=[scan])
    till.add("shift_opened", shift=4, by="x")
    till.add("document_intended", **body)
    till.add("document_refused", key="k", kind="sale", failure={"code": "x"}, sent=True, sale="T1-1")
    till.add("sale_cancelled", sale="T1-1", why="the register did not make it")
    assert kinds_of(till, A) == ["scan_judged", "document_intended", "document_refused", "sale_cancelled"]
    assert till.facts.scans == {Scans(DAY, "T1", 4): 1}


def test_scans_are_counted_for_sales_by_shift_and_those_before_its_opening_belong_to_it() -> None:
    till = Till()
    till.add("sale_opened", sale="s", operation="sale", cashier="")
    till.add("sale_opened", sale="r", operation="sale_return", cashier="")
    till.add("scan_judged", sale="s", ki=A, decision="refuse")
    till.add("scan_judged", sale="r", ki=B, decision="allow")
    till.add("scan_judged", sale="s", ki=None, decision="refuse")
    assert till.facts.scans == {}
    till.add("shift_opened", shift=7, by="document")
    till.add("scan_judged", sale="s", ki=B, decision="allow")
    till.add("shift_closed", shift=7, automatic=False, report=None)
    till.add("scan_judged", sale="s", ki=C, decision="allow")
    till.add("shift_opened", shift=8, by="document")
    assert till.facts.scans == {Scans(DAY, "T1", 7): 2, Scans(DAY, "T1", 8): 1}


def test_what_the_registry_said_is_a_standing_and_a_mention() -> None:
    till = Till()
    units = [
        {"ki": A, "purpose": "sale", "decided_ns": AT_NS, "status": "WITHDRAWN", "raw_status": "SOLD",
         "outcome": "withdrawn", "due_ns": 1},
        {"ki": B, "purpose": "sale", "decided_ns": AT_NS, "status": "A NEW WORD", "raw_status": "?",
         "outcome": "pending", "due_ns": 1},
    ]  # fmt: skip
    till.add("units_rechecked", at_ns=AT_NS + 10**9, units=units)
    assert [(one.ki, one.status, one.raw_status, one.day) for one in till.facts.standings] == [
        (A, UnitStatus.WITHDRAWN, "SOLD", DAY),
        (B, UnitStatus.UNKNOWN, "?", DAY),
    ]
    assert {one.observed_at for one in till.facts.standings} == {AT_NS // 1_000 + 1_000_000}
    assert kinds_of(till, A) == ["units_rechecked"]


def test_a_row_that_cannot_be_understood_is_named_says_nothing_and_the_others_go_on() -> None:
    till = Till()
    good = {"ki": A, "purpose": "sale", "decided_ns": AT_NS, "status": "WITHDRAWN"}
    till.add("units_rechecked", at_ns=AT_NS, units=[good, {"ki": 7}])
    till.take(JournalRow(2, AT_NS, "document_made", "{not json"))
    till.take(JournalRow(3, AT_NS, "line_added", "[1]"))
    till.take(JournalRow(4, AT_NS, "scan_judged", json.dumps({"sale": "s", "ki": A + "\0"})))
    till.take(JournalRow(5, AT_NS, "scan_judged", '{"sale": "s", "ki": "\\ud800"}'))
    till.number = 5
    till.add("document_intended", **an_intent("k", an_order_line(A)))
    till.add("document_made", **an_outcome("k", at="yesterday"))
    assert [(bad.number, bad.kind) for bad in till.facts.unreadable] == [
        (1, "units_rechecked"), (2, "document_made"), (3, "line_added"), (4, "scan_judged"), (5, "scan_judged"),
        (7, "document_made"),
    ]  # fmt: skip
    assert till.facts.unreadable[-1].reason == "document.at: no moment: 'yesterday'"
    assert (till.facts.standings, till.facts.lines) == ([], [])
    assert "k" in till.state.pending  # Still shown as undecided here.


def test_kinds_that_are_not_known_pass() -> None:
    till = Till()
    for kind in ("journal_created", "agent_started", "printed", "delivered", "set_aside", "a_kind_of_next_year"):
        till.add(kind)
    assert till.facts == Facts()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["key", "kind", "sale", "order", "lines", "marks", "ki", "units", "at_ns",
        "document", "type", "at", "shift", "line", "number", "prepared", "baseline", "total_tiyn", "operation",
        "decided_ns", "status", "scans", "failure", "price_tiyn", "quantity_milli"]), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip
KINDS = st.sampled_from(
    ["sale_opened", "scan_judged", "line_added", "line_removed", "sale_cancelled", "document_intended", "document_made",
     "document_in_doubt", "document_refused", "document_absent", "units_rechecked", "shift_opened", "shift_closed"]
)  # fmt: skip


@given(st.lists(st.tuples(KINDS, JSON | st.text()), max_size=8))
def test_any_bodies_give_facts_or_a_reason_and_never_an_exception(rows: list[tuple[str, Any]]) -> None:
    state, facts = TillState(), Facts()
    extractor = Extractor("T1", state, facts)
    for number, (kind, body) in enumerate(rows, 1):
        extractor.take(JournalRow(number, AT_NS, kind, body if isinstance(body, str) else json.dumps(body)))
    assert load_state(state.dump()).sales == state.sales
