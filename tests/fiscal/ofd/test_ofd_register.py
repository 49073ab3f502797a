"""The register in software online: what the operator has is what the document says, and what each result code means."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from ofd_shop import AGAIN_S, TOKEN, Shop

from fiscal.failures import FailureKind
from fiscal.orders import CashDirection, CashMove, Operation, ReturnBasis, ShiftClose, ShiftOpen
from fiscal.register import (
    Ability,
    CashDocument,
    Done,
    FiscalDocument,
    NotCapable,
    NotSent,
    OrderInvalid,
    Refused,
    RegisterUnavailable,
    ShiftReport,
    Unknown,
)


def document(outcome: Any) -> FiscalDocument:
    assert isinstance(outcome, Done) and isinstance(outcome.document, FiscalDocument), outcome
    return outcome.document


def refusal(outcome: Any) -> tuple[FailureKind, str]:
    assert isinstance(outcome, Refused | NotSent), outcome
    return outcome.failure.kind, outcome.failure.code


def test_a_sale_is_with_the_operator_with_its_mark_and_the_document_says_what_the_operator_has(shop: Shop) -> None:
    order = shop.receipt()
    made = document(shop.make(order))
    (kept,) = shop.ledger()
    assert (made.fiscal_sign, made.number, made.shift, made.offline) == (kept.sign, 1, 1, False)
    assert kept.marks == (order.lines[0].marks[0].full,)
    assert (made.total_tiyn, made.registration_number, made.identity) == (90_000, "010100000001", "00012345")
    # What a receipt must show comes with the greeting, from the operator's own papers.
    assert (made.taxpayer_name, made.address_kk) == ("ТОО Пример", "Алматы, Абай 1")
    assert made.qr.startswith("http") and f"i={kept.sign}" in made.qr
    assert shop.register.find(order.key) == shop.register.last_document()


def test_the_greeting_comes_first_and_once_a_start(shop: Shop) -> None:
    shop.sell()
    shop.sell()
    names = [note.name for note in shop.server.frames if note.way == ">"]
    assert names == ["INFO", "TICKET", "TICKET"]
    shop.stop()
    shop.start()
    shop.sell()
    assert [note.name for note in shop.server.frames if note.way == ">"][3:] == ["INFO", "TICKET"]


def test_a_whole_shift_agrees_with_the_operator_to_the_tiyn(shop: Shop) -> None:
    shop.put(500_000)
    sold = document(shop.sell(123_457))
    basis = ReturnBasis(sold.fiscal_sign, sold.at, sold.registration_number, sold.total_tiyn, False)
    document(shop.make(shop.receipt(123_457, Operation.SALE_RETURN, basis=basis)))
    document(shop.sell(90_000))
    taken = shop.make(CashMove("out", CashDirection.OUT, 100_000))
    assert isinstance(taken, Done) and isinstance(taken.document, CashDocument)
    assert taken.document.balance_tiyn == shop.sim.memory.cash_tiyn == 490_000
    report = shop.register.x_report()
    assert (report.closed, report.sales_count, report.sales_tiyn, report.returns_tiyn) == (False, 2, 213_457, 123_457)
    closed = shop.close_shift()
    assert isinstance(closed, Done) and isinstance(closed.document, ShiftReport)
    assert dataclasses.replace(closed.document, at="", number=None, raw={}) == dataclasses.replace(
        report, at="", number=None, raw={}, closed=True
    )
    assert shop.device.differences == []
    # And the sums that never start anew go on into the next shift.
    document(shop.sell())
    assert isinstance(shop.close_shift(), Done) and shop.device.differences == []
    assert [one.number for one in shop.sim.memory.closed] == [1, 2]


def test_documents_of_a_shift_are_numbered_in_it(shop: Shop) -> None:
    numbers = [document(shop.sell()).number for _ in range(3)]
    shop.close_shift()
    first = document(shop.sell())
    assert (numbers, first.number, first.shift) == ([1, 2, 3], 1, 2)


REFUSALS: Mapping[int, tuple[FailureKind, str]] = {
    11: (FailureKind.SHIFT_EXPIRED, "ofd:11"),
    13: (FailureKind.INVALID, "ofd:13"),
    14: (FailureKind.REFUSED, "ofd:14"),
    17: (FailureKind.INVALID, "ofd:17"),
    18: (FailureKind.INVALID, "ofd:18"),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refused_document_was_never_made_and_the_next_goes(shop: Shop, code: int) -> None:
    shop.sell()
    shop.server.faults.add("result", "TICKET", code=code, text="сөз")
    order = shop.receipt()
    outcome = shop.make(order)
    assert refusal(outcome) == REFUSALS[code] and isinstance(outcome, Refused) and outcome.failure.text == "сөз"
    assert shop.register.find(order.key) is None
    again = document(shop.make(order))  # Nothing stands in the way of the same key.
    assert (again.number, len(shop.ledger())) == (2, 2)


def test_a_refused_first_document_opens_no_shift(shop: Shop) -> None:
    shop.server.faults.add("result", "TICKET", code=13)
    shop.sell()
    assert not shop.register.status().shift_open
    assert document(shop.sell()).shift == 1


@pytest.mark.parametrize("code", [1, 3, 4, 5, 6, 7, 15])
def test_a_block_stops_everything_is_asked_about_once_a_minute_and_ends_by_itself(shop: Shop, code: int) -> None:
    shop.sell()
    shop.server.faults.add("result", "TICKET", code=code, text="қарызды төлеңіз")
    order = shop.receipt()
    assert refusal(shop.make(order)) == (FailureKind.CONFIGURATION, f"ofd:{code}")
    shop.server.faults.add("result", "SYSTEM", code=code, text="сөз")
    asked = len(shop.server.frames)
    assert refusal(shop.make(order)) == (FailureKind.CONFIGURATION, f"ofd:{code}")
    status = shop.register.status()
    assert status.failure is not None and status.failure.code == f"ofd:{code}" and not status.reachable
    assert sum(note.name == "SYSTEM" for note in list(shop.server.frames)[asked:] if note.way == ">") == 1
    shop.clock.sleep(AGAIN_S)
    assert document(shop.make(order)).number == 2
    assert len(shop.ledger()) == 2


def test_the_operators_words_to_a_blocked_register_are_shown(shop: Shop) -> None:
    shop.sell()
    shop.sim.console().run("block Салық төленбеген")
    outcome = shop.sell()
    status = shop.register.status()
    assert refusal(outcome)[1] == "ofd:15" and status.failure is not None
    assert "Салық төленбеген" in status.failure.text
    shop.sim.console().run("unblock")
    shop.clock.sleep(AGAIN_S)
    assert shop.register.status().failure is None


def test_a_token_that_is_wrong_at_once_waits_for_a_new_one_in_the_configuration(shop: Shop) -> None:
    shop.sell()
    shop.sim.console().run("token AABBCCDD")
    order = shop.receipt()
    assert refusal(shop.make(order)) == (FailureKind.CONFIGURATION, "ofd:2")
    shop.clock.sleep(AGAIN_S)
    assert refusal(shop.make(order)) == (FailureKind.CONFIGURATION, "ofd:2")
    shop.stop()
    shop.token = 0xAABBCCDD
    shop.start()
    assert document(shop.make(order)).number == 2


def test_a_restart_with_the_token_of_the_beginning_keeps_the_one_it_has_now(shop: Shop) -> None:
    shop.sell()
    assert shop.device.token != TOKEN
    shop.stop()
    shop.start()
    assert document(shop.sell()).number == 2


def test_a_register_nobody_registered_makes_nothing_not_even_autonomously(shop: Shop) -> None:
    shop.sim.console().run("unknown on")
    with pytest.raises(RegisterUnavailable) as told:
        shop.unplug()
        shop.sell()
    assert told.value.failure.code == "ofd:greeting"
    shop.plug()
    assert refusal(shop.sell()) == (FailureKind.CONFIGURATION, "ofd:1")
    shop.sim.console().run("unknown off")
    shop.clock.sleep(AGAIN_S)
    document(shop.sell())


@pytest.mark.parametrize("code", [8, 9, 16, 99])
def test_numbers_that_do_not_fit_are_a_doubt_which_a_person_ends(shop: Shop, code: int) -> None:
    shop.sell()
    shop.server.faults.add("result", "TICKET", code=code)
    order = shop.receipt()
    prepared, baseline = shop.register.prepare(order), shop.register.baseline()
    outcome = shop.register.execute(prepared, baseline)
    assert isinstance(outcome, Unknown) and outcome.failure.kind is FailureKind.HUMAN
    # Asked again, it never sends again.
    settled = shop.register.settle(prepared, baseline)
    assert isinstance(settled, Unknown) and settled.failure.code == "ofd:doubt"
    assert isinstance(shop.register.execute(prepared, baseline), Unknown)
    assert shop.register.find(order.key) is None and len(shop.ledger()) == 1


def test_an_operator_that_forgot_its_answer_makes_a_doubt_and_no_second_document(shop: Shop) -> None:
    shop.sell()
    shop.server.faults.add("answer_lost", "TICKET")
    order = shop.receipt()
    prepared, baseline = shop.register.prepare(order), shop.register.baseline()

    def forget() -> None:
        shop.device.last = None

    _after_first_write(shop, forget)
    outcome = shop.register.execute(prepared, baseline)
    assert isinstance(outcome, Unknown) and outcome.failure.code == "ofd:2", outcome
    assert len(shop.ledger()) == 2, "it was taken: the doubt is right"
    assert isinstance(shop.register.settle(prepared, baseline), Unknown)
    assert refusal(shop.sell()) == (FailureKind.CONFIGURATION, "ofd:2")


def _after_first_write(shop: Shop, work: Any) -> None:
    """Something happens at the operator between the first try of the next document and its repeat."""
    line = shop.lines[-1]
    tickets = iter(range(100))

    def hook(_number: int, data: bytes) -> None:
        if b"\x08\x01" in data[18:20] and next(tickets) == 1:  # The second frame whose command is TICKET.
            work()

    line.before_write = hook


def test_what_cannot_be_is_said_before_anything_is_written(shop: Shop) -> None:
    with pytest.raises(OrderInvalid):
        shop.register.prepare(ShiftOpen("open", 1))
    assert refusal(shop.make(ShiftClose("z", 1))) == (FailureKind.REFUSED, "no_shift")
    shop.sell(100_000)
    assert refusal(shop.make(CashMove("out", CashDirection.OUT, 100_001))) == (FailureKind.REFUSED, "no_cash")
    prepared, baseline = shop.register.prepare(shop.receipt()), shop.register.baseline()
    other = dataclasses.replace(prepared, payload={**prepared.payload, "serial": "999"})
    assert refusal(shop.register.execute(other, baseline)) == (FailureKind.HUMAN, "identity")
    assert refusal(shop.register.execute(dataclasses.replace(prepared, family="webkassa"), baseline)) == (
        FailureKind.HUMAN, "identity",
    )  # fmt: skip
    assert len(shop.ledger()) == 1


def test_a_key_is_one_document(shop: Shop) -> None:
    order = shop.receipt()
    first = document(shop.make(order))
    again = shop.make(order)
    assert isinstance(again, Done) and again.recovered and again.document == first
    other = dataclasses.replace(shop.receipt(77_700), key=order.key)
    outcome = shop.make(other)
    assert isinstance(outcome, Unknown) and outcome.failure.kind is FailureKind.KEY_COLLISION
    assert len(shop.ledger()) == 1


def test_a_shift_over_24_hours_takes_only_its_z(shop: Shop) -> None:
    shop.sell()
    shop.clock.sleep(24 * 3600 + 1)
    assert refusal(shop.sell()) == (FailureKind.SHIFT_EXPIRED, "shift_expired")
    assert isinstance(shop.close_shift(), Done)
    document(shop.sell())


def test_it_says_what_it_is_and_what_it_cannot_do(shop: Shop) -> None:
    capabilities = shop.register.capabilities
    assert capabilities.test_only and Ability.PRINTS not in capabilities.can
    with pytest.raises(NotCapable):
        shop.register.open_drawer()
    with pytest.raises(NotCapable):
        shop.register.finish_printing()
    made = document(shop.sell())
    with pytest.raises(NotCapable):
        shop.register.reprint(made)
    with pytest.raises(RegisterUnavailable):
        shop.close_shift()
        shop.register.x_report()
