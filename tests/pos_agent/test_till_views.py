"""What the till answers about itself."""

from __future__ import annotations

from typing import Any

import pytest

from fiscal.register import Operation
from pos_agent.journal.journal import Event
from pos_agent.sale import DocumentState, SaleState
from pos_agent.till import NoSuchSale


def test_a_sale_is_seen_with_its_lines_as_they_were_scanned(bench: Any, words: Any) -> None:
    bench.sale("S1", "KI-1", "KI-2", None)
    bench.journal.append(Event("line_removed", {"sale": "S1", "number": 2}))
    view = bench.till.sale("S1")
    assert view.operation is Operation.SALE and view.state is SaleState.HELD and view.original is None
    assert list(view.lines) == [words.line(1, "KI-1").as_body(), words.line(3, None).as_body()]
    assert view.seen == ((1, 3), (3, 5))
    assert (view.opened_row, view.intent_row, view.outcome_row, view.total_tiyn) == (2, None, None, 0)


def test_lines_of_a_sale_come_in_the_order_of_their_numbers_however_many(bench: Any) -> None:
    bench.sale("S1", *(f"KI-{number}" for number in range(1, 13)))
    assert [line["number"] for line in bench.till.sale("S1").lines] == list(range(1, 13))


def test_odd_letters_of_a_line_come_back_as_they_went_in(bench: Any) -> None:
    line = {
        "number": 1,
        "name": 'Сүт "Қ" \\ \x1d \u2028 😀 ',
        "ki": "0104\x1d91'; DROP",
        "price_tiyn": 2**62,
        "vat_bp": None,
    }
    bench.sale("S1")
    bench.journal.append(Event("line_added", {"sale": "S1", "line": line}))
    assert bench.till.sale("S1").lines == (line,)


def test_a_sale_that_never_was_is_told_so(bench: Any) -> None:
    with pytest.raises(NoSuchSale):
        bench.till.sale("S9")


def test_open_sales_are_those_not_over_oldest_first(bench: Any, register: Any, words: Any) -> None:
    for name in ("S1", "S2", "S3", "S4"):
        bench.sale(name, f"KI-{name}")
    bench.journal.append(Event("sale_cancelled", {"sale": "S2", "why": ""}))
    bench.desk.submit(bench.case("S3"))
    register.outcomes.append(words.SILENCE)
    register.settlements.append(words.SILENCE)
    bench.desk.submit(bench.case("S4"))
    assert bench.till.open_sales() == ("S1", "S4")
    (undecided,) = bench.till.undecided()
    assert (undecided.key, undecided.kind, undecided.state, undecided.sale) == (
        "S4-key",
        "sale",
        DocumentState.IN_DOUBT,
        "S4",
    )


def test_a_unit_is_seen_from_the_sale_in_hand(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    bench.sale("S2", "KI-2")
    ask = ["KI-1", "KI-2", "KI-3"]
    assert bench.till.unit_states(ask, "S1") == {"KI-1": "held_here", "KI-2": "held_elsewhere", "KI-3": "free"}
    assert bench.till.unit_states(ask, None) == {"KI-1": "held_elsewhere", "KI-2": "held_elsewhere", "KI-3": "free"}
    register.outcomes.append(words.SILENCE)
    register.settlements.append(words.SILENCE)
    bench.desk.submit(bench.case("S2"))
    assert bench.till.unit_states(["KI-2"], "S2") == {"KI-2": "in_doubt"}
    bench.desk.settle_all()
    bench.desk.submit(bench.case("S1"))
    assert bench.till.unit_states(ask, "S2") == {"KI-1": "sold", "KI-2": "held_here", "KI-3": "free"}


def test_a_document_is_found_by_its_key_with_how_far_it_got(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    case = bench.case("S1")
    register.outcomes.append(words.NO)
    bench.desk.submit(case)
    assert bench.till.document("S1-key").state is DocumentState.REFUSED
    bench.desk.submit(case)
    view = bench.till.document("S1-key")
    assert (view.kind, view.state, view.sale, view.printed) == ("sale", DocumentState.MADE, "S1", "")
    assert bench.till.order(view.intent_row) == case.order
    assert bench.till.outcome(view.outcome_row)["document"]["number"] == 1
    assert [(key, state) for key, _content, state in bench.till.documents_of("S1")] == [("S1-key", "MADE")]
    bench.journal.append(Event("printed", {"key": "S1-key", "outcome": "paper_out", "detail": ""}))
    assert bench.till.printed("S1-key") == "paper_out"
    assert bench.till.document("S9-key") is None and bench.till.printed("S9-key") == ""


def test_a_sale_tried_with_another_content_has_a_document_for_each(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    register.outcomes.append(words.NO)
    bench.desk.submit(bench.case("S1"))
    bench.desk.submit(bench.case("S1", key="S1-key-2", operation=Operation.SALE_RETURN))
    found = bench.till.documents_of("S1")
    assert [(key, state) for key, _content, state in found] == [("S1-key", "REFUSED"), ("S1-key-2", "MADE")]
    assert found[0][1] != found[1][1]


def test_an_answer_is_kept_for_the_client_that_asked(bench: Any) -> None:
    request = {"client": "pos", "key": "k", "fingerprint": "f"}
    bench.journal.append(Event("answered", {"request": request, "status": 201, "body": '{"a":[1]}'}))
    answer = bench.till.answer("pos", "k")
    assert (answer.fingerprint, answer.status, answer.body, answer.document) == ("f", 201, {"a": [1]}, None)
    assert bench.till.answer("other", "k") is None


def test_the_open_shift_is_the_one_not_closed(bench: Any) -> None:
    assert bench.till.open_shift() is None and not bench.till.knows_shift(1)
    bench.journal.append(Event("shift_opened", {"shift": 1, "by": "Айгүл"}))
    assert bench.till.open_shift().number == 1 and bench.till.knows_shift(1)
    bench.journal.append(Event("shift_closed", {"shift": 1, "automatic": False, "report": None}))
    assert bench.till.open_shift() is None and bench.till.knows_shift(1)
