"""Receipts on a simulated register: every model, both link layers, what is made of an order."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
from shtrih_shop import (
    FULL,
    LAYERS,
    MODELS,
    PACK,
    RETURN,
    document_of,
    failure_of,
    plain,
    run,
    sale,
    till,
)

from fiscal.register import (
    Ability,
    FailureKind,
    FiscalDocument,
    Line,
    Payment,
    PaymentKind,
    Refused,
    Unknown,
)


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


def test_whole_tenge_are_counted_as_the_register_does() -> None:
    one = till("kz-fr")
    one.machine.flags &= ~(1 << 4)
    outcome = run(one, sale(plain()))
    assert isinstance(outcome, Refused) and outcome.failure.code == "decimals" and "8D" not in one.machine.seen
    one = till("kz-fr", options="decimals=0")
    one.machine.flags &= ~(1 << 4)
    document = document_of(run(one, sale(Line("Вода", 25_000, 2_000, 796, 1_600))))
    assert document.total_tiyn == 50_000 and one.machine.paid["sale", 1] == 500


def test_a_buffer_of_codes_that_cannot_be_looked_at_stops_the_sale_before_it_begins() -> None:
    one = till()
    one.machine.errors["FF70"] = deque([0xA2])
    outcome = run(one, sale())
    assert isinstance(outcome, Refused) and outcome.failure.kind is FailureKind.DEVICE
    assert "8D" not in one.machine.seen


def test_a_document_with_money_in_it_could_only_be_closed() -> None:
    one = till()
    prepared, baseline = one.driver.prepare(sale(plain())), one.driver.baseline()
    one.peer.faults["89"] = "dead"
    one.driver.execute(prepared, baseline)
    one.peer.dead = False
    one.driver._family.connect()
    one.driver._family.finish(prepared, baseline, one.driver._family.look())
    assert one.machine.open is None and one.machine.last_fd == 1235
