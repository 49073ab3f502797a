"""Doubts that counters, stored documents and waiting answers decide, and those they leave to a person."""

from __future__ import annotations

import pytest
from shtrih_breaks import (
    OPTIONS,
    STEPS,
    doubted,
    order_for,
    reborn,
    receipts,
)
from shtrih_frames import standard_frame
from shtrih_shop import LAYERS, failure_of, plain, sale, till

from fiscal.register import (
    Absent,
    Done,
    FailureKind,
    FiscalDocument,
    NotSent,
    RegisterUnavailable,
    Unknown,
)


@pytest.mark.parametrize("model", STEPS)
def test_recovery_of_two_equal_sales_in_a_row_makes_two(model: str) -> None:
    one = till(model, options=OPTIONS[model])
    prepared, baseline = doubted(one, model)
    assert isinstance(one.driver.settle(prepared, baseline), Done)
    second = one.driver.prepare(order_for(model))
    baseline = one.driver.baseline()
    one.peer.faults["8D"] = "lose_request"
    assert isinstance(one.driver.execute(second, baseline), Unknown)
    assert isinstance(one.driver.settle(second, baseline), Absent)  # Not given the first one's number.
    assert receipts(one.machine) == 13


@pytest.mark.parametrize("model", STEPS)
def test_recovery_leaves_a_person_what_somebody_else_made_in_between(model: str) -> None:
    one = till(model, options=OPTIONS[model])
    prepared, baseline = doubted(one, model)
    one.machine.make("sale", 5)
    settled = one.driver.settle(prepared, baseline)
    assert (
        failure_of(settled).kind is FailureKind.HUMAN and "somebody else uses the register" in failure_of(settled).text
    )


@pytest.mark.parametrize("model", STEPS)
def test_recovery_does_not_take_somebody_else_s_receipt_for_ours(model: str) -> None:
    one = till(model, options=OPTIONS[model])
    prepared, baseline = one.driver.prepare(order_for(model)), one.driver.baseline()
    one.peer.faults["8D"] = "lose_request"
    assert isinstance(one.driver.execute(prepared, baseline), Unknown)
    one.machine.make("sale", 777)
    one.machine.drawer += 777
    settled = one.driver.settle(prepared, baseline)
    assert failure_of(settled).kind is FailureKind.HUMAN and "has 777 tiyn, ours are 204049" in failure_of(settled).text


@pytest.mark.parametrize("model", STEPS)
def test_recovery_stops_at_another_register_and_at_counters_that_went_back(model: str) -> None:
    one = till(model, options=OPTIONS[model])
    prepared, baseline = doubted(one, model)
    one.machine.serial += 1
    one.driver._connected = False
    assert "answers" in failure_of(one.driver.settle(prepared, baseline)).text
    one.machine.serial -= 1
    one.driver._connected = False
    one.machine.numbers["sale"] = 3
    del one.machine.fds[1:]
    settled = one.driver.settle(prepared, baseline)
    assert failure_of(settled).kind is FailureKind.HUMAN


def test_recovery_stops_at_another_storage_in_the_same_register(monkeypatch: pytest.MonkeyPatch) -> None:
    one = till()
    prepared, baseline = doubted(one, "fn")
    monkeypatch.setattr("shtrih_machine.STORAGE_NUMBER", b"9999078900000002")
    assert "00034423/9999078900000002 answers" in failure_of(one.driver.settle(prepared, baseline)).text


@pytest.mark.parametrize("model", STEPS)
@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize("made", [False, True])
def test_recovery_over_a_z_report_decides_or_leaves_it_to_a_person(model: str, resets: bool, made: bool) -> None:
    one = till(model, options=OPTIONS[model])
    one.machine.resets_numbers = resets
    prepared, baseline = one.driver.prepare(order_for(model)), one.driver.baseline()
    one.peer.faults[STEPS[model][-1] if made else "8D"] = "off_on" if made else "lose_request"
    assert isinstance(one.driver.execute(prepared, baseline), Unknown)
    one.machine._41(b"")
    settled = one.driver.settle(prepared, baseline)
    if one.machine.storage:
        assert isinstance(settled, Done if made else Absent)
        if isinstance(settled, Done):
            assert isinstance(settled.document, FiscalDocument)
            assert (settled.document.shift, settled.document.number) == (7, 4)
    elif resets or made:
        # The payments of the shift are gone with it, and part of this one was by card: nothing tells the sum.
        assert failure_of(settled).kind is FailureKind.HUMAN
    else:
        assert isinstance(settled, Absent)


@pytest.mark.parametrize("layer", LAYERS)
def test_recovery_over_a_z_report_uses_the_answer_that_waited_on_the_line(layer: str) -> None:
    one = till("kz-fr", layer)
    prepared, baseline = one.driver.prepare(order_for("kz-fr")), one.driver.baseline()
    one.peer.faults["85"] = "cut"
    one.peer.refuses = 1
    assert isinstance(one.driver.execute(prepared, baseline), Unknown)
    one.machine._41(b"")
    one.peer.broken = True
    settled = reborn(one, "kz-fr", layer).driver.settle(prepared, baseline)
    assert isinstance(settled, Done) and receipts(one.machine) == 13


def test_recovery_over_a_z_report_takes_an_all_cash_sale_by_the_drawer() -> None:
    one = till("kz-fr")
    prepared, baseline = doubted(one, "kz-fr", sale(plain()))
    one.machine._41(b"")
    assert isinstance(one.driver.settle(prepared, baseline), Done)


def test_recovery_of_a_number_that_rolled_over() -> None:
    one = till("kz-fr")
    one.machine.numbers["sale"], one.machine.document_no = 9_999, 9_999
    prepared, baseline = doubted(one, "kz-fr")
    one.machine.numbers["sale"] = 1
    settled = one.driver.settle(prepared, baseline)
    assert isinstance(settled, Done) and isinstance(settled.document, FiscalDocument) and settled.document.number == 1


def test_recovery_leaves_alone_what_another_operator_began_and_cancels_ours_with_the_administrator() -> None:
    one = till("kz-fr", options="operator=5")
    one.machine.password = 5
    with pytest.raises(RegisterUnavailable):
        till("kz-fr", options="operator=6", machine=one.machine).driver.baseline()
    one.machine.open = {"kind": "sale", "items": [], "marks": [], "total": 0}
    prepared, baseline = one.driver.prepare(sale(plain())), one.driver.baseline()
    outcome = one.driver.execute(prepared, baseline)
    assert isinstance(outcome, NotSent) and outcome.failure.kind is FailureKind.OPEN_DOCUMENT
    original = one.machine._88
    passwords = []

    def other_operator(rest: bytes) -> bytes | int:
        passwords.append(one.machine.password)
        one.machine.password = 30 if one.machine.password == 5 else 5
        return 0x59 if len(passwords) == 1 else original(rest)

    one.machine._88 = other_operator  # type: ignore[method-assign]
    assert isinstance(one.driver.settle(prepared, baseline), Absent)
    assert passwords == [5, 30] and one.machine.open is None


def test_recovery_cancels_in_the_storage_what_the_register_itself_has_forgotten() -> None:
    one = till()
    prepared, baseline = one.driver.prepare(order_for("fn")), one.driver.baseline()
    one.peer.faults["FF46"] = "lose_request"
    assert isinstance(one.driver.execute(prepared, baseline), Unknown)
    one.machine.mode = 2  # The mode forgot it; 88 finds nothing.
    one.machine._88 = lambda rest: 0x55  # type: ignore[method-assign]
    settled = one.driver.settle(prepared, baseline)
    assert isinstance(settled, Absent) and "FF08" in one.machine.seen


def test_recovery_of_a_document_that_cannot_be_read_back_is_left_to_a_person() -> None:
    one = till()
    prepared, baseline = doubted(one, "fn")
    one.machine.fds[-1]["fd"] += 1  # The number before it is missing.
    settled = one.driver.settle(prepared, baseline)
    assert failure_of(settled).kind is FailureKind.HUMAN and "cannot be read" in failure_of(settled).text


def test_recovery_waits_for_the_end_of_printing_before_it_counts() -> None:
    one = till("kz-fr")
    one.machine.prints = 5
    prepared, baseline = doubted(one, "kz-fr")
    before = one.clock.at
    assert isinstance(one.driver.settle(prepared, baseline), Done)
    assert one.clock.at - before >= 2
    one.machine.printing = 1_000_000
    with pytest.raises(RegisterUnavailable, match="printing"):
        one.driver.baseline()
    assert failure_of(one.driver.settle(prepared, baseline)).code == "printing"


def test_recovery_needs_counters_that_stand_still() -> None:
    one = till("kz-fr")
    original = one.machine._1b

    def somebody_works(rest: bytes) -> bytes:
        one.machine.document_no += 1
        return original(rest)

    one.machine._1b = somebody_works  # type: ignore[method-assign]
    with pytest.raises(RegisterUnavailable, match="counters move while they are read"):
        one.driver.baseline()


def test_recovery_where_payments_by_card_leave_no_trace_is_left_to_a_person() -> None:
    one = till("kz-fr")
    prepared, baseline = doubted(one, "kz-fr")
    one.machine.paid.clear()
    settled = one.driver.settle(prepared, baseline)
    assert failure_of(settled).kind is FailureKind.HUMAN and "does not tell its sum" in failure_of(settled).text


def test_recovery_under_another_set_up_proves_nothing() -> None:
    one = till("on-line", options="marks=field")
    prepared, baseline = doubted(one, "on-line")
    again = till("on-line", options="card=4", machine=one.machine)
    settled = again.driver.settle(prepared, baseline)
    assert failure_of(settled).kind is FailureKind.HUMAN and "under another set-up" in failure_of(settled).text


@pytest.mark.parametrize(
    ("layer", "waits"),
    # On the standard layer whoever else closes a receipt takes the answer with him.
    [("standard", "a refusal"), ("numbered", "a refusal"), ("numbered", "somebody else's close")],
)
def test_recovery_is_not_misled_by_an_answer_that_waits_on_the_line(layer: str, waits: str) -> None:
    one = till("kz-fr", layer)
    prepared, baseline = one.driver.prepare(order_for("kz-fr")), one.driver.baseline()
    one.peer.faults["8D"] = "lose_request" if layer == "standard" else "dead"
    assert isinstance(one.driver.execute(prepared, baseline), Unknown)
    one.machine.open, one.peer.dead = None, False
    one.machine.make("sale", 777)
    one.machine._41(b"")
    if layer == "standard":
        one.peer.pending = standard_frame(b"\x85\x45")  # type: ignore[attr-defined]
    elif waits == "a refusal":
        one.peer.num, one.peer.last = baseline.extra["counters"]["num"] + 40, b"\x85\x45"  # type: ignore[attr-defined]
    else:
        one.peer.num, one.peer.last = 5, b"\x85\x00\x1e\0\0\0\0\0"  # type: ignore[attr-defined]
    again = reborn(one, "kz-fr", layer)
    assert failure_of(again.driver.settle(prepared, baseline)).kind is FailureKind.HUMAN


def test_recovery_in_the_next_shift_names_the_shift_and_number_of_the_document_itself() -> None:
    one = till()
    prepared, baseline = doubted(one, "fn")
    one.machine._41(b"")
    one.machine._e0(b"")
    settled = one.driver.settle(prepared, baseline)
    assert isinstance(settled, Done) and isinstance(settled.document, FiscalDocument)
    assert (settled.document.shift, settled.document.number) == (7, 4)
