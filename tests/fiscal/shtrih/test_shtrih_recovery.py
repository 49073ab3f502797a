"""Whatever breaks at whatever step: one document, and the till knows which. Model x layer x step x fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from shtrih_frames import standard_frame
from shtrih_machine import Machine
from shtrih_till import LACKS, Till, mark, plain, sale, till

from fiscal.register import (
    Absent,
    Baseline,
    CashDirection,
    CashMove,
    Done,
    Failure,
    FailureKind,
    FiscalDocument,
    Line,
    NotSent,
    Operation,
    Outcome,
    Payment,
    PaymentKind,
    Prepared,
    Receipt,
    Refused,
    RegisterUnavailable,
    Settlement,
    ShiftClose,
    ShiftOpen,
    ShiftReport,
    Unknown,
)

PACK_A, PACK_B = "04870249811936t1Xrb-xQWhpeGhG", "04870249811936'dTOZwQTEMrcDNE"
LAYERS = ("standard", "numbered")
FAULTS = ("lose_request", "lose_answer", "damage_answer", "twice", "late", "cut", "cut_before", "off_on", "dead")
STEPS = {
    "fn": ("FF70", "FF61", "FF69", "8D", "FF46", "FF67", "89", "FF45"),
    "fn-old": ("8D", "80", "86", "89", "FF45"),
    "on-line": ("8D", "80", "86", "FF67", "89", "85"),
    "kz-fr": ("8D", "80", "86", "89", "85"),
}
OPTIONS = {"on-line": "marks=field", "kz-fr": "", "fn": "", "fn-old": ""}
ROUNDS_MAX = 6


def order_for(model: str, operation: Operation = Operation.SALE) -> Receipt:
    marked = model in ("fn", "on-line")
    marks = (mark(PACK_A), mark(PACK_B)) if marked else ()
    lines = (
        Line("Сигареты", 90_000, 2_000, 796, 1_600, marks=marks, discount_tiyn=1_001),
        Line("Вода", 25_050, 1_000, 796, 1_600),
    )
    total = 2 * 90_000 - 1_001 + 25_050
    payments = (Payment(PaymentKind.CASH, 100_000), Payment(PaymentKind.CARD, total - 100_000))
    return sale(*lines, operation=operation, payments=payments)


def receipts(machine: Machine, kind: str = "sale") -> int:
    return machine.numbers[kind]


def failure_of(outcome: Outcome | Settlement) -> Failure:
    assert isinstance(outcome, NotSent | Refused | Unknown), outcome
    return outcome.failure


def through_the_journal(prepared: Prepared, baseline: Baseline) -> tuple[Prepared, Baseline]:
    """What a crash leaves: what was written down, and nothing else."""
    kept = json.loads(json.dumps({"payload": prepared.payload, "extra": baseline.extra}))
    return (
        Prepared(prepared.key, prepared.family, prepared.kind, prepared.total_tiyn, kept["payload"]),
        Baseline(
            baseline.identity, baseline.shift, baseline.shift_open, baseline.document_count, baseline.last_fiscal_sign,
            kept["extra"], baseline.clock_at,
        ),
    )  # fmt: skip


def reborn(one: Till, model: str, layer: str) -> Till:
    """Another process on the same register: nothing of the first one's memory is left."""
    again = till(model, layer, OPTIONS[model], machine=one.machine)
    for name in ("pending", "due", "num", "last"):
        if hasattr(one.peer, name):
            setattr(again.peer, name, getattr(one.peer, name))
    return again


def carried_through(one: Till, order: Any, model: str, layer: str, *, killed: bool) -> Done:
    """What the caller does: execute, settle until it is decided, execute again only what is proven absent."""
    prepared, baseline = one.driver.prepare(order), one.driver.baseline()
    outcome: Outcome | Settlement = one.driver.execute(prepared, baseline)
    for _ in range(ROUNDS_MAX):
        if isinstance(outcome, Done):
            return outcome
        one.peer.dead = False
        if killed:
            prepared, baseline = through_the_journal(prepared, baseline)
            one, killed = reborn(one, model, layer), False
        if isinstance(outcome, Unknown):
            outcome = one.driver.settle(prepared, baseline)
        else:
            assert isinstance(outcome, Absent | NotSent), outcome
            assert one.machine.open is None
            baseline = one.driver.baseline()
            outcome = one.driver.execute(prepared, baseline)
    raise AssertionError(outcome)


def cases() -> Iterator[tuple[str, str, str, str, bool]]:
    for model, steps in STEPS.items():
        for layer in LAYERS:
            for step in steps:
                for fault in FAULTS:
                    for killed in (False, True):
                        yield model, layer, step, fault, killed


@pytest.mark.parametrize(("model", "layer", "step", "fault", "killed"), list(cases()))
def test_recovery_ends_in_one_document(model: str, layer: str, step: str, fault: str, killed: bool) -> None:
    one = till(model, layer, OPTIONS[model])
    one.peer.faults[step] = fault
    done = carried_through(one, order_for(model), model, layer, killed=killed)
    assert receipts(one.machine) == 13 and one.machine.open is None
    document = done.document
    assert isinstance(document, FiscalDocument) and document.total_tiyn == 204_049
    if one.machine.storage:
        assert document.fiscal_sign == str(one.machine.fds[-1]["sign"]) and document.number == 4
        assert document.raw["fd"] == one.machine.last_fd
        wanted = [PACK_A.encode(), PACK_B.encode()] if model == "fn" else []
        assert one.machine.fds[-1]["marks"] == wanted
    else:
        assert document.number == 13


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("model", STEPS)
@pytest.mark.parametrize("power", ["kept", "cancelled"])
def test_recovery_of_a_register_switched_off_inside_a_receipt(model: str, layer: str, power: str) -> None:
    for step in STEPS[model][STEPS[model].index("8D") :]:
        if step == "89" and power == "cancelled":
            continue  # Asked again, it says that no receipt is open: a refusal, below.
        one = till(model, layer, OPTIONS[model])
        one.peer.faults[step] = "off_on"
        if power == "cancelled" and step not in ("85", "FF45"):
            machine = one.machine
            machine.after[step] = lambda machine=machine: setattr(machine, "open", None)  # type: ignore[misc]
        carried_through(one, order_for(model), model, layer, killed=True)
        assert receipts(one.machine) == 13


@pytest.mark.parametrize("model", STEPS)
def test_a_receipt_that_was_gone_when_its_sum_was_asked_for_is_refused(model: str) -> None:
    one = till(model, options=OPTIONS[model])
    one.peer.faults["89"] = "off_on"
    one.machine.after["89"] = lambda: setattr(one.machine, "open", None)
    outcome = one.driver.execute(one.driver.prepare(order_for(model)), one.driver.baseline())
    assert isinstance(outcome, Refused) and outcome.failure.text == "no receipt is open"
    assert receipts(one.machine) == 12


@pytest.mark.parametrize("model", STEPS)
@pytest.mark.parametrize("step", ["8D", "item", "close"])
def test_recovery_when_the_paper_ends(model: str, step: str) -> None:
    one = till(model, options=OPTIONS[model])
    code = {"item": "FF46" if model == "fn" else "80", "close": STEPS[model][-1]}.get(step, step)
    one.machine.after[code] = lambda: setattr(one.machine, "submode", 2)
    one.peer.faults[code] = "off_on"
    prepared, baseline = one.driver.prepare(order_for(model)), one.driver.baseline()
    outcome: Outcome | Settlement = one.driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown)
    settled = one.driver.settle(prepared, baseline)
    if step == "close":
        assert isinstance(settled, Done) and receipts(one.machine) == 13
        assert "88" not in one.machine.seen  # Never cancelled: it is our closed receipt that prints.
        return
    assert failure_of(settled).kind is FailureKind.PAPER
    one.machine.submode = 3
    assert isinstance(one.driver.settle(prepared, baseline), Absent)
    assert one.machine.seen.count("B0") == 1 and one.machine.seen.count("88") == 1
    assert isinstance(one.driver.execute(prepared, one.driver.baseline()), Done) and receipts(one.machine) == 13


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("model", STEPS)
@pytest.mark.parametrize("direction", CashDirection)
def test_recovery_of_cash_moves(model: str, layer: str, fault: str, direction: CashDirection) -> None:
    one = till(model, layer, OPTIONS[model])
    one.peer.faults["50" if direction == "in" else "51"] = fault
    carried_through(one, CashMove("c1", direction, 70_000), model, layer, killed=True)
    assert (one.machine.put, one.machine.taken) == ((70_000, 0) if direction == "in" else (0, 70_000))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("model", STEPS)
def test_recovery_of_a_z_report_closes_one_shift_and_keeps_its_sums(model: str, layer: str, fault: str) -> None:
    one = till(model, layer, OPTIONS[model])
    assert isinstance(carried_through(one, order_for(model), model, layer, killed=False), Done)
    one.peer.faults["41"] = fault
    done = carried_through(one, ShiftClose("z1", 7), model, layer, killed=True)
    assert one.machine.last_shift == 7 and not one.machine.shift_open
    report = done.document
    assert isinstance(report, ShiftReport) and (report.shift, report.sales_tiyn) == (7, 204_049)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("fault", FAULTS)
def test_recovery_of_an_opening_opens_one_shift(layer: str, fault: str) -> None:
    one = till("fn", layer)
    one.machine.shift_open = False
    one.peer.faults["E0"] = fault
    carried_through(one, ShiftOpen("o1", 7), "fn", layer, killed=True)
    assert one.machine.shift_open and sum(document["type"] == 2 for document in one.machine.fds) == 2


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("model", STEPS)
def test_recovery_of_a_return(model: str, layer: str) -> None:
    one = till(model, layer, OPTIONS[model])
    one.peer.faults[STEPS[model][-1]] = "off_on"
    done = carried_through(one, order_for(model, Operation.SALE_RETURN), model, layer, killed=True)
    assert done.recovered and receipts(one.machine, "sale_return") == 2 and receipts(one.machine) == 12


def doubted(one: Till, model: str, order: Any = None) -> tuple[Prepared, Baseline]:
    """An order whose close was executed and forgotten."""
    prepared, baseline = one.driver.prepare(order or order_for(model)), one.driver.baseline()
    one.peer.faults[STEPS[model][-1]] = "off_on"
    assert isinstance(one.driver.execute(prepared, baseline), Unknown)
    return prepared, baseline


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


def test_every_model_is_walked_through() -> None:
    assert set(STEPS) == set(LACKS)


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
