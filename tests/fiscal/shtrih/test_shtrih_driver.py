"""The whole driver on a simulated register: every model, both link layers, what is made and what is told."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

import pytest
from shtrih_machine import Machine
from shtrih_till import FULL, PACK, Till, plain, sale, till

from fiscal.options import RegisterUrlError
from fiscal.register import (
    Ability,
    CashDirection,
    CashDocument,
    CashMove,
    Done,
    Failure,
    FailureKind,
    FiscalDocument,
    Line,
    NotSent,
    Operation,
    Outcome,
    Paper,
    Payment,
    PaymentKind,
    Recovery,
    Refused,
    RegisterUnavailable,
    ShiftClose,
    ShiftOpen,
    ShiftOpened,
    ShiftReport,
    Unknown,
    Waiting,
)

MODELS = ("kz-fr", "on-line", "fn", "fn-old")
LAYERS = ("standard", "numbered")
RETURN = Operation.SALE_RETURN


def run(one: Till, order: Any) -> Outcome:
    prepared = one.driver.prepare(order)
    return one.driver.execute(prepared, one.driver.baseline())


def document_of(outcome: Outcome) -> Any:
    assert isinstance(outcome, Done), outcome
    return outcome.document


def failure_of(outcome: Outcome) -> Failure:
    assert isinstance(outcome, NotSent | Refused | Unknown), outcome
    return outcome.failure


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("model", MODELS)
def test_a_sale_is_made_and_read_back(model: str, layer: str) -> None:
    one = till(model, layer)
    document = document_of(run(one, sale(plain(), plain(), payments=(Payment(PaymentKind.CASH, 60_000),))))
    assert isinstance(document, FiscalDocument)
    assert (document.total_tiyn, document.shift, document.identity) == (50_100, 7, "00034423")
    assert one.machine.open is None and one.machine.drawer == 550_100
    if one.machine.storage:
        assert document.fiscal_sign == str(one.machine.fds[-1]["sign"]) and document.number == 4
        assert (document.registration_number, document.taxpayer_xin) == ("010100000001", "131240010479")
        assert document.at == "2026-07-15T10:30:00+05:00"
    else:
        assert (document.fiscal_sign, document.number) == ("", 13)
        assert document.at == "2026-07-15T10:30:05+05:00"


@pytest.mark.parametrize("layer", LAYERS)
def test_a_marked_sale_checks_accepts_and_binds_each_code(layer: str) -> None:
    one = till("fn", layer)
    outcome = run(one, sale())
    document = document_of(outcome)
    made = one.machine.fds[-1]
    assert document.total_tiyn == made["sum"] == 205_050
    assert made["marks"] == [FULL.encode(), PACK.encode()]  # GS as scanned.
    steps = [
        code for code in one.machine.seen if code.startswith("FF6") or code in ("FF70", "8D", "FF46", "89", "FF45")
    ]
    assert steps == [
        "FF70", "FF61", "FF69", "FF61", "FF69", "8D", "FF46", "FF67", "FF46", "FF67", "FF46", "89", "FF45"
    ]  # fmt: skip
    assert document.raw["checks"] == [
        "the register's check is positive, checked with the key of the storage, result 0F"
    ] * 2  # fmt: skip
    assert not one.machine.checked


@pytest.mark.parametrize("model", MODELS)
def test_a_return_takes_from_the_drawer_and_from_its_own_numbers(model: str) -> None:
    one = till(model)
    document = document_of(run(one, sale(plain(), operation=RETURN)))
    assert document.total_tiyn == 25_050 and one.machine.drawer == 474_950
    assert one.machine.numbers == {"sale": 12, "sale_return": 2, "cash_in": 2, "cash_out": 0}
    if model == "fn":
        assert one.machine.fds[-1]["operation"] == 2
    else:
        assert "82" in one.machine.seen and "80" not in one.machine.seen


def test_a_marked_return_tells_that_pieces_come_back() -> None:
    one = till()
    document_of(run(one, sale(operation=RETURN)))
    assert [rest[0] for code, rest in one.machine.operands if code == "FF61"] == [3, 3]


def test_codes_go_into_the_field_of_an_old_model_that_is_said_to_have_it() -> None:
    one = till("on-line", options="marks=field")
    assert {Ability.MARKS, Ability.MARK_LIST} <= one.driver.capabilities.can
    document_of(run(one, sale()))
    assert [code for code in one.machine.seen if code in ("80", "FF67", "FF61")] == ["80", "FF67", "FF67", "80"]


def test_codes_go_out_as_lines_of_text_where_only_paper_is_to_be_had() -> None:
    one = till("on-line", options="marks=text&text_max=100")
    capabilities = one.driver.capabilities
    assert Ability.MARKS_AS_TEXT in capabilities.can
    assert capabilities.lacking([Ability.MARKS, Ability.MARK_CHECK]) == (Ability.MARKS, Ability.MARK_CHECK)
    document_of(run(one, sale()))
    assert one.machine.lines == [f"M:[{FULL.replace(chr(29), '')}]".encode(), f"M:[{PACK}]".encode()]


def test_the_facts_of_the_original_receipt_go_out_as_lines() -> None:
    from fiscal.register import OrderInvalid, ReturnBasis

    one = till("on-line", options="basis=lines")
    assert one.driver.capabilities.returns_need_basis
    basis = ReturnBasis("021453698721", "2026-07-20T13:10:21+05:00", "01013254785", 1_777_000, False)
    document_of(run(one, sale(plain(), operation=RETURN, basis=basis)))
    assert [line.decode("cp1251") for line in one.machine.lines] == [
        "NUM:[021453698721]", "RNM:[01013254785]", "DATETIME:[20.07.2026 13:10:21]", "TOTAL:[17770.00]", "ISOFF:[нет]"
    ]  # fmt: skip
    with pytest.raises(OrderInvalid, match="five facts"):
        one.driver.prepare(sale(plain(), operation=RETURN))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("model", MODELS)
def test_a_whole_shift_adds_up_on_both_sides(model: str, layer: str) -> None:
    one = till(model, layer, machine=None)
    one.machine.counts, one.machine.paid, one.machine.drawer = {"sale": 0, "sale_return": 0}, {}, 0
    document_of(run(one, CashMove("c1", CashDirection.IN, 1_000_000)))
    sold = 0
    for number in range(10):
        line = replace(plain(), price_tiyn=10_000 + 7 * number, quantity_milli=1_000 + 333 * number)
        order = sale(line, key=f"s{number}")
        total = order.payments[0].sum_tiyn
        kinds = (
            Payment(PaymentKind.CASH, total - 500),
            Payment(PaymentKind.CARD, 300),
            Payment(PaymentKind.MOBILE, 200),
        )
        document = document_of(run(one, replace(order, payments=kinds)))
        assert document.total_tiyn == total
        sold += total
    document_of(run(one, sale(plain(), key="r1", operation=RETURN)))
    taken = document_of(run(one, CashMove("c2", CashDirection.OUT, 400_000)))
    assert isinstance(taken, CashDocument) and taken.balance_tiyn == one.machine.drawer
    x = one.driver.x_report()
    z = document_of(run(one, ShiftClose("z1", 7)))
    for report in (x, z):
        assert isinstance(report, ShiftReport)
        assert (report.sales_tiyn, report.sales_count) == (sold, 10)
        assert (report.returns_tiyn, report.returns_count) == (25_050, 1)
        assert (report.put_tiyn, report.taken_tiyn) == (1_000_000, 400_000)
        assert report.cash_tiyn == one.machine.drawer == 1_000_000 + sold - 10 * 500 - 25_050 - 400_000
        assert report.shift == 7
    assert (x.closed, z.closed, z.number) == (False, True, 7)
    assert one.driver.status().shift_open is False and one.driver.status().shift == 7


@pytest.mark.parametrize("opening", ["e0", "ff0b"])
def test_a_shift_is_opened_by_the_command_the_model_has(opening: str) -> None:
    one = till("fn", options=f"shift_open={opening}")
    one.machine.shift_open = False
    opened = document_of(run(one, ShiftOpen("o1", 7)))
    assert isinstance(opened, ShiftOpened) and opened.shift == 7 and one.machine.shift_open
    assert one.machine.seen.count(opening.upper()) == 1
    assert failure_of(run(one, ShiftOpen("o2", 8))).code == "shift_open"


def test_an_opening_that_answers_without_an_error_byte_is_looked_at() -> None:
    one = till("fn")
    one.machine.shift_open, one.machine.e0_short = False, True
    assert isinstance(document_of(run(one, ShiftOpen("o1", 7))), ShiftOpened)
    one = till("fn")
    one.machine.shift_open = False
    one.machine.errors["E0"] = deque([0x1E])  # The operator's number, and yet it did not open.
    assert isinstance(run(one, ShiftOpen("o1", 7)), Refused)


def test_a_model_whose_first_document_opens_the_shift_has_no_order_for_it() -> None:
    from fiscal.register import OrderInvalid

    one = till("kz-fr")
    assert Ability.SHIFT_OPEN not in one.driver.capabilities.can
    with pytest.raises(OrderInvalid, match="opens with its first document"):
        one.driver.prepare(ShiftOpen("o1", 7))
    one.machine.shift_open = False
    document = document_of(run(one, sale(plain())))
    assert document.shift == 7 and one.machine.shift_open


def test_a_z_report_closes_the_shift_it_was_meant_for_alone() -> None:
    one = till()
    outcome = run(one, ShiftClose("z1", 6))
    assert isinstance(outcome, Refused) and "shift 7 is open, the order is to close 6" in outcome.failure.text
    assert one.machine.shift_open and "41" not in one.machine.seen


@pytest.mark.parametrize(
    ("bits", "policy", "taken"),
    [
        ((3, 0, 0, 15), "strict", True),
        ((3, 0, None, None), "strict", True),  # Alone, and well by the key.
        ((0, 1, None, None), "strict", False),
        ((0, 2, 0xFF, None), "strict", False),  # The server did not answer.
        ((0, 2, 0x20, 4), "strict", False),
        ((0, 1, 0, 5), "strict", False),
        ((1, 0, 0, 15), "strict", False),
        ((0, 1, None, None), "warn", True),
        ((0, 1, 0, 5), "warn", True),
    ],
)
def test_the_register_s_check_decides_as_the_shop_wants(bits: Any, policy: str, taken: bool) -> None:
    one = till(options=f"mark_policy={policy}")
    one.machine.mark_result[PACK.encode()] = bits
    outcome = run(one, sale())
    if taken:
        assert document_of(outcome).total_tiyn == 205_050
        return
    failure = failure_of(outcome)
    assert isinstance(outcome, Refused) and failure.kind is FailureKind.MARK_REFUSED
    assert (failure.place, failure.line, failure.mark) == ("lines[0].marks[1]", 0, 1)
    assert "the register's check is" in failure.text and "8D" not in one.machine.seen
    assert [rest for code, rest in one.machine.operands if code == "FF69"] == [b"\x01", b"\x00"]


def test_codes_an_abandoned_order_left_behind_are_cleared_before_the_next() -> None:
    one = till()
    one.machine.mark_result[PACK.encode()] = (0, 1, None, None)
    assert isinstance(run(one, sale()), Refused)
    assert one.machine.checked == [FULL.encode()]
    one.machine.mark_result.clear()
    one.machine.pending_check = b"of another life"
    document_of(run(one, sale(key="till7-2")))
    decisions = [rest for code, rest in one.machine.operands if code == "FF69"]
    assert decisions[2:] == [b"\x00", b"\x02", b"\x01", b"\x01"] and not one.machine.checked


@pytest.mark.parametrize(("code", "error"), [("FF61", 0xD4), ("FF67", 0xD3), ("FF67", 0x33)])
def test_a_code_the_register_refuses_is_named_and_the_receipt_is_cancelled(code: str, error: int) -> None:
    one = till()
    one.machine.errors[code] = deque([error])
    outcome = run(one, sale())
    failure = failure_of(outcome)
    assert isinstance(outcome, Refused) and failure.kind is FailureKind.MARK_REFUSED
    assert (failure.line, failure.mark, failure.code) == (0, 0, f"shtrih:{error:02X}")
    assert one.machine.open is None and one.machine.last_fd == 1234


def test_a_register_without_the_command_for_codes_is_a_fault_of_the_set_up() -> None:
    one = till("kz-fr", options="marks=field")
    outcome = run(one, sale())
    assert isinstance(outcome, Refused) and outcome.failure.kind is FailureKind.CONFIGURATION
    assert one.machine.open is None


@pytest.mark.parametrize(
    ("command", "error", "kind"),
    [
        ("8D", 0x4E, FailureKind.SHIFT_EXPIRED),
        ("8D", 0x16, FailureKind.SHIFT_EXPIRED),
        ("8D", 0x4F, FailureKind.CONFIGURATION),
        ("8D", 0x17, FailureKind.CLOCK),
        ("FF46", 0x62, FailureKind.INVALID),
        ("FF46", 0x6B, FailureKind.PAPER),
        ("FF45", 0x45, FailureKind.TOTALS),
        ("FF45", 0xEE, FailureKind.DEVICE),  # Stands in no table.
        ("89", 0x03, FailureKind.DEVICE),
    ],
)
def test_an_error_is_a_failure_of_its_kind_and_nothing_is_left_open(
    command: str, error: int, kind: FailureKind
) -> None:
    one = till()
    one.machine.errors[command] = deque([error])
    outcome = run(one, sale(plain()))
    assert isinstance(outcome, Refused) and outcome.failure.kind is kind
    assert one.machine.open is None and one.machine.last_fd == 1234


def test_numbers_mean_other_errors_on_a_model_with_a_storage() -> None:
    one = till("kz-fr")
    one.machine.errors["8D"] = deque([0x16])
    assert failure_of(run(one, sale(plain()))).kind is FailureKind.REFUSED


def test_another_sum_at_the_register_is_refused_before_anything_is_paid() -> None:
    one = till()
    one.machine.adds_up_wrong = 1
    outcome = run(one, sale(plain()))
    assert isinstance(outcome, Refused) and outcome.failure.kind is FailureKind.TOTALS
    assert "FF45" not in one.machine.seen and one.machine.open is None


def test_a_receipt_of_another_sum_in_the_storage_is_a_doubt() -> None:
    one = till()
    one.machine.after["FF45"] = lambda: one.machine.fds[-1].update(sum=1)
    outcome = run(one, sale(plain()))
    assert isinstance(outcome, Unknown) and outcome.failure.kind is FailureKind.HUMAN
    assert "the register made 1 tiyn, ours are 25050" in outcome.failure.text


@pytest.mark.parametrize("model", ["kz-fr", "fn-old"])
def test_another_change_than_ours_is_a_doubt(model: str) -> None:
    one = till(model)
    code = "_85" if model == "kz-fr" else "_ff45"
    original = getattr(one.machine, code)

    def gives_more_back(rest: bytes) -> bytes:
        answer = original(rest)
        at = len(answer) - 5
        return bytes(answer[:at]) + (int.from_bytes(answer[at:], "little") + 1).to_bytes(5, "little")

    setattr(one.machine, code, gives_more_back)
    one.machine.after["FF45"] = lambda: one.machine.fds[-1].update(type=20)
    outcome = run(one, sale(plain(), payments=(Payment(PaymentKind.CASH, 30_000),)))
    assert isinstance(outcome, Unknown) and "the register made 25049 tiyn" in outcome.failure.text


@pytest.mark.parametrize("error", [0x71, 0x6B, 0x76])
def test_a_printer_that_fails_behind_the_close_does_not_undo_the_receipt(error: int) -> None:
    one = till()
    original = one.machine._ff45

    def closes_and_fails(rest: bytes) -> int:
        original(rest)
        return error

    one.machine._ff45 = closes_and_fails  # type: ignore[method-assign,assignment]
    outcome = run(one, sale(plain()))
    assert isinstance(outcome, Done) and outcome.recovered and one.machine.last_fd == 1235


def test_a_register_that_prints_is_waited_for_and_told_to_go_on() -> None:
    one = till()
    one.machine.errors["FF46"] = deque([0x50, 0x50, 0x58])

    def paper_is_back(rest: bytes) -> int:
        one.machine.submode = 3
        del one.machine._8d
        return 0x72

    one.machine._8d = paper_is_back  # type: ignore[method-assign,assignment]
    document_of(run(one, sale()))
    assert one.machine.seen.count("B0") == 2 and one.machine.seen.count("8D") == 2
    assert one.machine.last_fd == 1235


def test_without_paper_a_command_is_refused_for_want_of_it() -> None:
    one = till()
    prepared, baseline = one.driver.prepare(sale(plain())), one.driver.baseline()
    one.machine.submode = 1
    outcome = one.driver.execute(prepared, baseline)
    assert isinstance(outcome, NotSent) and outcome.failure.kind is FailureKind.PAPER
    one.machine.submode = 0
    one.machine.errors["8D"] = deque([0x72])

    def runs_out() -> None:
        one.machine.submode = 1

    one.machine.after["FF40"] = runs_out
    outcome = one.driver.execute(prepared, one.driver.baseline())
    assert failure_of(outcome).kind is FailureKind.PAPER


def test_paper_that_runs_out_after_the_close_is_finished_later() -> None:
    one = till()
    one.machine.after["FF45"] = lambda: setattr(one.machine, "submode", 2)
    document_of(run(one, sale(plain())))
    assert one.driver.finish_printing() is Paper.OUT
    assert one.driver.status().waits_for is Waiting.PAPER
    one.machine.submode = 3
    assert one.driver.finish_printing() is Paper.OK and one.machine.seen.count("B0") == 1


def test_the_register_is_let_alone_for_three_seconds_after_ff45() -> None:
    for options, pause in (("", 3.0), ("pause_s=0.25", 0.25), ("pause_s=0", 0.0)):
        one = till(options=options)
        prepared, baseline = one.driver.prepare(sale(plain())), one.driver.baseline()
        before = one.clock.at
        document_of(one.driver.execute(prepared, baseline))
        assert one.clock.at - before == pytest.approx(pause, abs=1e-9)


def test_status_tells_what_the_register_shows() -> None:
    one = till()
    one.machine.queue = 3
    status = one.driver.status()
    assert (status.reachable, status.shift, status.shift_open, status.unsent) == (True, 7, True, 3)
    assert (status.paper, status.cover_open) == (Paper.OK, False)
    assert status.clock_at == "2026-07-15T10:30:05+05:00"
    assert status.shift_opened_at == "2026-07-15T10:30:00+05:00"
    assert status.offline_since == "2026-07-15T10:30:00+05:00"
    one.machine.flags |= 1 << 10
    assert one.driver.status().cover_open is True
    one.machine.flags &= ~(1 << 7)
    assert one.driver.status().paper is Paper.OUT
    one.machine.mode = 5
    status = one.driver.status()
    assert status.waits_for is Waiting.PERSON
    failure = failure_of(run(one, sale(plain())))
    assert (failure.kind, failure.text) == (FailureKind.PAPER, "the cover is open")
    one.machine.flags = 0x0292
    failure = failure_of(run(one, sale(plain())))
    assert (failure.kind, failure.text) == (FailureKind.DEVICE, "it is locked by a wrong password of the inspector")
    one.peer.dead = True
    assert not one.driver.status().reachable


@pytest.mark.parametrize(
    ("parameters", "flags", "paper", "cover"),
    [
        (0x1A, 0x0290 | 2, Paper.OK, False),
        (0x1A, 0x0290 & ~2, Paper.LOW, False),
        (0x18, 0x0290 & ~2, Paper.OK, False),
        (0x00, 0x0010, Paper.UNKNOWN, None),
    ],
)
def test_sensors_the_model_lacks_tell_nothing(parameters: int, flags: int, paper: Paper, cover: bool | None) -> None:
    one = till()
    one.machine.parameters, one.machine.flags = parameters, flags
    status = one.driver.status()
    assert (status.paper, status.cover_open) == (paper, cover)


@pytest.mark.parametrize(("model", "options", "numbered"), [("fn", "", False), ("kz-fr", "layer=numbered", True)])
def test_capabilities_follow_the_model(model: str, options: str, numbered: bool) -> None:
    can = till(model, "numbered" if numbered else "standard").driver.capabilities
    assert can.family == "shtrih" and {Ability.RETURNS, Ability.X_REPORT, Ability.DRAWER} <= can.can
    assert can.recovery == ((Recovery.REPEAT, Recovery.COUNTERS) if numbered else (Recovery.COUNTERS,))
    storage = {Ability.MARKS, Ability.MARK_CHECK, Ability.SHIFT_OPEN, Ability.TELLS_SHIFT_AGE}
    assert (storage <= can.can) is (model == "fn")
    assert not can.returns_need_basis


def test_the_last_document_is_told_as_far_as_the_register_knows_it() -> None:
    one = till()
    document_of(run(one, sale(plain())))
    last = one.driver.last_document()
    assert last is not None
    assert (last.number, last.kind, last.total_tiyn) == ("1235", "sale", 25_050)
    document_of(run(one, ShiftClose("z", 7)))
    last = one.driver.last_document()
    assert last is not None and last.kind == "shift_close" and last.total_tiyn is None
    old = till("kz-fr")
    last = old.driver.last_document()
    assert last is not None and (last.number, last.kind, last.total_tiyn) == ("40", "", None)
    old.machine.document_no = 0
    assert old.driver.last_document() is None


@pytest.mark.parametrize("model", ["kz-fr", "fn"])
def test_a_copy_is_printed_of_the_last_receipt_alone(model: str) -> None:
    one = till(model)
    first = document_of(run(one, sale(plain(), key="a")))
    assert one.driver.reprint(first) is Paper.OK
    document_of(run(one, sale(plain(), key="b", operation=RETURN)))
    with pytest.raises(RegisterUnavailable, match="this is not it"):
        one.driver.reprint(first)
    assert one.machine.seen.count("8C") == 1
    last = document_of(run(one, sale(plain(), key="c")))
    one.machine.errors["8C"] = deque([0x6B])
    assert one.driver.reprint(last) is Paper.OUT
    one.machine.errors["8C"] = deque([0x56])
    with pytest.raises(RegisterUnavailable, match="no document to print again"):
        one.driver.reprint(last)


def test_the_drawer_is_opened() -> None:
    one = till(options="drawer=1")
    one.driver.open_drawer()
    assert one.machine.drawer_opened == 1 and ("28", b"\x01") in one.machine.operands
    one.machine.errors["28"] = deque([0x37])
    with pytest.raises(RegisterUnavailable, match="does not have the command"):
        one.driver.open_drawer()


def test_a_password_that_was_changed_comes_from_a_secret() -> None:
    one = till(options="password_secret=shtrih_password&admin_secret=shtrih_password")
    one.machine.password = 1234
    document_of(run(one, sale(plain())))
    wrong = till()
    wrong.machine.password = 1234
    with pytest.raises(RegisterUnavailable) as caught:
        wrong.driver.baseline()
    assert caught.value.failure.kind is FailureKind.CONFIGURATION
    assert wrong.machine.seen == ["11"]  # No loop: a register may lock itself.


def test_a_register_that_is_not_the_one_named_is_told() -> None:
    assert till(options="identity=034423").driver.status().reachable
    status = till(options="identity=034424").driver.status()
    assert status.failure is not None and status.failure.kind is FailureKind.CONFIGURATION


def test_whole_tenge_are_counted_as_the_register_does() -> None:
    one = till("kz-fr")
    one.machine.flags &= ~(1 << 4)
    outcome = run(one, sale(plain()))
    assert isinstance(outcome, Refused) and outcome.failure.code == "decimals" and "8D" not in one.machine.seen
    one = till("kz-fr", options="decimals=0")
    one.machine.flags &= ~(1 << 4)
    document = document_of(run(one, sale(Line("Вода", 25_000, 2_000, 796, 1_600))))
    assert document.total_tiyn == 50_000 and one.machine.paid["sale", 1] == 500


@pytest.mark.parametrize(
    ("machine", "has", "model", "marks"),
    [
        (Machine(storage=True), lambda code: True, "FF46", True),
        (Machine(storage=False), lambda code: code != "FF70", "80", False),
        (Machine(storage=False), lambda code: True, "80", True),
    ],
)
def test_auto_asks_the_register_which_model_it_is(machine: Machine, has: Any, model: str, marks: bool) -> None:
    machine.has = has
    one = till("auto", machine=machine)
    assert (Ability.MARKS in one.driver.capabilities.can) is marks
    order = sale() if marks else sale(plain())
    document_of(run(one, order))
    assert model in one.machine.seen


def test_auto_that_cannot_tell_says_what_to_name() -> None:
    machine = Machine(storage=True, has=lambda code: code != "FF70")
    with pytest.raises(RegisterUrlError, match="name model=fn or model=fn-old"):
        till("auto", machine=machine)
    with pytest.raises(RegisterUrlError, match=r"does not tell \(wrong password\): name the model"):
        till("auto", machine=Machine(storage=False, password=1))
    with pytest.raises(RegisterUrlError, match="option card: model on-line has 4 kinds of payment"):
        till("auto", machine=Machine(storage=False), options="card=5")


@pytest.mark.parametrize("code", ["1F", "FF39", "FF3A", "F7"])
def test_what_is_only_good_to_know_does_not_hold_up_a_sale(code: str) -> None:
    one = till()
    one.machine.errors[code] = deque([0x39] * 50)
    if code == "FF39":
        one.machine.queue = 2
        assert one.driver.status().unsent == 2  # FF3F tells the number too.
        one.machine.errors["FF3F"] = deque([0x37])
        assert one.driver.status().unsent is None
    document = document_of(run(one, sale(plain())))
    assert document.total_tiyn == 25_050
    if code == "1F":
        assert (document.registration_number, document.taxpayer_name) == ("600301234567", "")


def test_a_register_that_is_too_busy_to_say_who_it_is_is_not_taken_for_another() -> None:
    one = till()
    one.machine.errors["0F"] = deque([0x50])
    status = one.driver.status()
    assert not status.reachable and status.failure is not None and status.failure.code == "shtrih:50"
    assert one.driver.status().reachable
    one.machine.has = lambda code: code != "0F"
    one.driver._connected = False
    assert one.driver.baseline().identity == "00034423/9999078900000001"


def test_a_register_that_prints_tells_its_state_and_no_counters() -> None:
    one = till()
    one.machine.printing = 1_000
    status = one.driver.status()
    assert (status.reachable, status.waits_for, status.shift_open) == (True, Waiting.PRINTING, True)
    assert "1B" not in one.machine.seen
    with pytest.raises(RegisterUnavailable, match="the register is printing"):
        one.driver.last_document()


def refusing(one: Till, code: str, error: int, **state: Any) -> None:
    """The next such command is answered with an error, and the register is in that state from then on."""
    name = f"_{code.lower()}"
    original = getattr(one.machine, name)

    def once(rest: bytes) -> int:
        setattr(one.machine, name, original)
        for key, value in state.items():
            setattr(one.machine, key, value)
        return error

    setattr(one.machine, name, once)


def test_the_state_says_what_a_wrong_mode_or_submode_means() -> None:
    for error, state, kind in (
        (0x72, {"submode": 1}, FailureKind.PAPER),
        (0x73, {"expired": True}, FailureKind.SHIFT_EXPIRED),
        (0x73, {}, FailureKind.REFUSED),
        (0x72, {}, FailureKind.REFUSED),
    ):
        one = till()
        refusing(one, "8D", error, **state)
        assert failure_of(run(one, sale(plain()))).kind is kind


def test_an_open_document_told_in_the_middle_of_ours_is_cancelled() -> None:
    one = till()
    refusing(one, "FF46", 0x59)
    outcome = run(one, sale(plain()))
    assert isinstance(outcome, Refused) and outcome.failure.kind is FailureKind.REFUSED
    assert one.machine.open is None
    other = till()
    refusing(other, "8D", 0x4A, open={"kind": "sale", "items": [], "marks": [], "total": 0})
    outcome = run(other, sale(plain()))
    assert isinstance(outcome, Refused) and outcome.failure.kind is FailureKind.OPEN_DOCUMENT
    assert other.machine.open is not None and "88" not in other.machine.seen


def test_a_buffer_of_codes_that_cannot_be_looked_at_stops_the_sale_before_it_begins() -> None:
    one = till()
    one.machine.errors["FF70"] = deque([0xA2])
    outcome = run(one, sale())
    assert isinstance(outcome, Refused) and outcome.failure.kind is FailureKind.DEVICE
    assert "8D" not in one.machine.seen


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("code", ["8D", "11", "89", "FF45"])
def test_an_answer_cut_short_by_the_register_is_no_answer(layer: str, code: str) -> None:
    one = till(layer=layer)
    prepared, baseline = one.driver.prepare(sale(plain())), one.driver.baseline()
    name = f"_{code.lower()}"
    original = getattr(one.machine, name)
    head = bytes.fromhex(code)
    execute = one.machine.execute

    def short(payload: bytes) -> bytes:
        answer = execute(payload)
        if answer.startswith(head):
            one.machine.execute = execute  # type: ignore[method-assign]
            return head if code == "8D" else head + b"\0"
        return answer

    one.machine.execute = short  # type: ignore[method-assign]
    outcome = one.driver.execute(prepared, baseline)
    assert isinstance(outcome, NotSent if code == "11" else Unknown) and original
    settled = one.driver.settle(prepared, baseline)
    assert isinstance(settled, Done) is (code == "FF45")
    assert one.machine.open is None


def test_an_old_register_is_waited_for_before_its_numbers_are_read() -> None:
    one = till("kz-fr")
    one.machine.prints = 4
    document = document_of(run(one, sale(plain())))
    assert document.number == 13 and one.clock.at >= 1.5 and one.machine.printing == 0


def test_a_document_with_money_in_it_could_only_be_closed() -> None:
    one = till()
    prepared, baseline = one.driver.prepare(sale(plain())), one.driver.baseline()
    one.peer.faults["89"] = "dead"
    one.driver.execute(prepared, baseline)
    one.peer.dead = False
    one.driver._family.connect()
    one.driver._family.finish(prepared, baseline, one.driver._family.look())
    assert one.machine.open is None and one.machine.last_fd == 1235
