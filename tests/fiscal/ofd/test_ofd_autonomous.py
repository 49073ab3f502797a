"""Without the operator: documents of the register's own, their queue, its order, its limits, and the way back."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ofd_shop import AGAIN_S, Shop

from fiscal.failures import FailureKind
from fiscal.ofd.maintenance import NotDecidable
from fiscal.ofd.state import Stage
from fiscal.options import RegisterUrlError
from fiscal.orders import CashDirection, CashMove, Operation, ReturnBasis
from fiscal.register import CashDocument, Done, FiscalDocument, NotSent, RegisterUnavailable, ShiftReport, Unknown
from hw_sim.ledger import tiyn

HOUR = 3600.0


def document(outcome: Any) -> FiscalDocument:
    assert isinstance(outcome, Done) and isinstance(outcome.document, FiscalDocument), outcome
    return outcome.document


def refused_with(outcome: Any) -> str:
    assert isinstance(outcome, NotSent), outcome
    return outcome.failure.code


def test_without_an_answer_the_document_is_made_with_a_number_of_our_own(shop: Shop) -> None:
    shop.sell()
    shop.unplug()
    made = document(shop.sell())
    assert made.offline and made.fiscal_sign.isdigit() and made.number == 2
    assert f"i={made.fiscal_sign}" in made.qr and "s=900.00" in made.qr
    status = shop.register.status()
    assert status.offline and status.unsent == 1 and status.failure is None
    assert status.offline_since == "2026-07-15T09:00:00+05:00" and len(shop.ledger()) == 1


def test_the_queue_is_handed_over_in_order_before_anything_new(shop: Shop) -> None:
    shop.put(500_000)
    shop.unplug()
    first, second = document(shop.sell(100_000)), document(shop.sell(200_000))
    shop.make(CashMove("out", CashDirection.OUT, 50_000))
    basis = ReturnBasis(first.fiscal_sign, first.at, first.registration_number, first.total_tiyn, True)
    document(shop.make(shop.receipt(100_000, Operation.SALE_RETURN, basis=basis)))
    assert len(shop.ledger()) == 1
    shop.plug()
    shop.clock.sleep(AGAIN_S)
    online = document(shop.sell(300_000))
    assert not online.offline and online.number == 6
    assert [tiyn(one.total) for one in shop.ledger()] == [500_000, 100_000, 200_000, 50_000, 100_000, 300_000]
    numbers = [int(one.fiscal_sign) for one in (first, second)]
    assert numbers[0] < numbers[1] and shop.register.status().unsent == 0
    # And the report still agrees with the operator's, autonomous documents counted as such.
    closed = shop.close_shift()
    assert isinstance(closed, Done) and isinstance(closed.document, ShiftReport) and shop.device.differences == []


def test_the_link_is_tried_again_after_a_pause_and_not_at_every_document(shop: Shop) -> None:
    shop.sell()
    shop.unplug()
    shop.sell()
    tried: list[int] = []
    opened = shop.lines[-1].open
    shop.lines[-1].open = lambda: (tried.append(1), opened())[1]  # type: ignore[func-returns-value, method-assign]
    for _ in range(5):
        shop.sell()
    assert not tried
    shop.clock.sleep(AGAIN_S)
    shop.sell()
    shop.sell()
    assert len(tried) == 1


def test_a_shift_closed_without_the_operator_and_the_next_one_arrive_in_order(shop: Shop) -> None:
    shop.sell()
    shop.unplug()
    shop.sell()
    closed = shop.close_shift()
    assert isinstance(closed, Done) and isinstance(closed.document, ShiftReport) and closed.document.offline
    assert document(shop.sell()).shift == 2
    shop.back_online()
    assert [one.number for one in shop.sim.memory.closed] == [1]
    assert len([one for one in shop.ledger() if one.operation.is_receipt]) == 3
    assert isinstance(shop.close_shift(), Done) and shop.device.differences == []


def test_an_answer_that_was_lost_is_the_stored_one_and_no_second_document(shop: Shop) -> None:
    shop.sell()
    shop.server.faults.add("answer_lost", "TICKET", count=100)
    order = shop.receipt()
    made = document(shop.make(order))
    assert made.offline and len(shop.ledger()) == 2, "taken, and autonomous: nobody told us"
    shop.server.faults.clear()
    shop.back_online()
    assert len(shop.ledger()) == 2
    seen = shop.register.find(order.key)
    assert seen is not None and seen.fiscal_sign == shop.ledger()[1].sign != made.fiscal_sign


def test_72_hours_are_the_end_of_it(shop: Shop) -> None:
    shop.sell()
    shop.unplug()
    for day in range(3):
        document(shop.sell())
        shop.clock.sleep(23 * HOUR)
        assert isinstance(shop.close_shift(), Done), day
    shop.clock.sleep(3 * HOUR)
    assert refused_with(shop.sell()) == "ofd:72h"
    status = shop.register.status()
    assert status.failure is not None and status.failure.kind is FailureKind.OFFLINE_LIMIT
    shop.back_online()
    assert not document(shop.sell()).offline


@pytest.mark.parametrize("code", [254, 255])
def test_come_again_is_no_answer(shop: Shop, code: int) -> None:
    shop.sell()
    shop.server.faults.add("result_254", "*", code=code, seconds=60)
    assert document(shop.sell()).offline
    shop.back_online()
    assert len(shop.ledger()) == 2


BROKEN = (
    "answer_foreign_id", "answer_foreign_reqnum", "answer_foreign_command", "answer_huge_size", "answer_small_size",
    "answer_wrong_appcode", "answer_version", "answer_short_size", "answer_cut", "noise",
)  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_an_answer_that_is_not_ours_is_none_and_its_token_is_never_taken(shop: Shop, kind: str) -> None:
    shop.sell()
    details = {"bytes": "00112233"} if kind == "noise" else {}
    shop.server.faults.add(kind, "TICKET", **details)
    made = document(shop.sell())
    assert not made.offline and len(shop.ledger()) == 2, "asked again within its time, and answered from the store"
    document(shop.sell())
    assert len(shop.ledger()) == 3


@pytest.mark.parametrize("kind", ["answer_in_pieces", "answer_twice"])
def test_pieces_and_doubles_of_an_answer_are_one_answer(shop: Shop, kind: str) -> None:
    shop.sell()
    shop.server.faults.add(kind, "TICKET")
    assert not document(shop.sell()).offline
    assert not document(shop.sell()).offline and len(shop.ledger()) == 3


# A power cut in mid-air


def interrupted(shop: Shop, when: str) -> Any:
    """The process dies with the request on its way; returns the order it was for."""

    class Dead(BaseException):
        pass

    order = shop.receipt()
    prepared, baseline = shop.register.prepare(order), shop.register.baseline()
    line = shop.lines[-1]
    if when == "before":

        def die(_number: int, _data: bytes) -> None:
            raise Dead

        line.before_write = die
    else:

        def no_answer(_timeout: float) -> bytes:
            raise Dead

        line.read = no_answer  # type: ignore[method-assign]
    with pytest.raises(Dead):
        shop.register.execute(prepared, baseline)
    shop.stop()
    shop.start()
    return prepared, baseline


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("first", ["settle", "status", "execute"])
def test_whoever_asks_first_after_a_power_cut_the_document_goes_before_anything_else(
    shop: Shop, when: str, first: str
) -> None:
    shop.sell()
    prepared, baseline = interrupted(shop, when)
    if first == "status":
        shop.register.status()  # Would greet the operator: and the operator knows the last request only.
    elif first == "execute":
        document(shop.sell())
    settled = shop.register.settle(prepared, baseline)
    assert isinstance(settled, Done) and isinstance(settled.document, FiscalDocument) and not settled.document.offline
    assert len(shop.ledger()) == (3 if first == "execute" else 2)
    assert settled.document.number == 2


def test_an_interrupted_document_without_the_operator_is_autonomous(shop: Shop) -> None:
    shop.sell()
    shop.unplug()
    shop.plug()
    order, baseline = interrupted(shop, "after")
    shop.unplug()
    settled = shop.register.settle(order, baseline)
    assert isinstance(settled, Done) and isinstance(settled.document, FiscalDocument) and settled.document.offline
    shop.back_online()
    assert len(shop.ledger()) == 2


# What the operator will not have


def queue_of_two(shop: Shop) -> None:
    shop.sell()
    shop.unplug()
    shop.sell(100_000)
    shop.sell(200_000)
    shop.plug()


def test_a_queued_document_the_operator_refuses_stops_everything_until_a_person_sets_it_aside(shop: Shop) -> None:
    queue_of_two(shop)
    shop.server.faults.add("result", "TICKET", code=13, text="баға")
    shop.back_online()
    assert refused_with(shop.sell()) == "ofd:13"
    status = shop.register.status()
    assert status.unsent == 2 and status.failure is not None and "баға" in status.failure.text
    shop.clock.sleep(AGAIN_S)
    assert shop.register.status().unsent == 2, "it is not sent again and again"
    shop.stop()
    memory = shop.maintenance()
    _, waiting = memory.state()
    assert [(doc.stage, doc.held) for doc in waiting] == [(Stage.QUEUED, True), (Stage.QUEUED, False)]
    aside = memory.set_aside(waiting[0].number, "Ерлан", "операторда жоқ")
    assert "ofd:13" in aside.note and "set aside by Ерлан: операторда жоқ" in aside.note
    memory.close()
    shop.start()
    assert shop.register.status().failure is None and shop.register.status().unsent == 0
    assert [tiyn(one.total) for one in shop.ledger()] == [90_000, 200_000]


def test_a_block_met_by_the_queue_ends_and_the_document_goes_as_new(shop: Shop) -> None:
    queue_of_two(shop)
    shop.sim.console().run("block")
    shop.back_online()
    assert refused_with(shop.sell()) == "ofd:15"
    shop.sim.console().run("unblock")
    shop.clock.sleep(AGAIN_S)
    shop.register.status()
    shop.clock.sleep(AGAIN_S)
    assert shop.register.status().unsent == 0 and len(shop.ledger()) == 3


def test_a_new_token_frees_the_queue(shop: Shop) -> None:
    queue_of_two(shop)
    shop.sim.console().run("token 00000077")
    shop.back_online()
    assert refused_with(shop.sell()) == "ofd:2"
    shop.stop()
    shop.token = 0x77
    shop.start()
    shop.clock.sleep(AGAIN_S)
    assert shop.register.status().unsent == 0 and len(shop.ledger()) == 3


def test_a_queued_document_that_may_be_with_the_operator_is_for_a_person_who_may_send_it_anew(shop: Shop) -> None:
    shop.sell()
    shop.server.faults.add("request_lost", "TICKET", count=100)
    document(shop.sell(100_000))  # Its request was lost, which nobody knows.
    shop.server.faults.clear()
    shop.sim.console().run("token 00000077")
    shop.clock.sleep(AGAIN_S)
    shop.register.status()
    shop.stop()
    shop.token = 0x77
    shop.start()
    shop.clock.sleep(AGAIN_S)
    # The new token does not prove that the old request was not taken: it is not sent under a new one by itself.
    assert shop.register.status().unsent == 1 and len(shop.ledger()) == 1
    shop.stop()
    memory = shop.maintenance()
    (held,) = memory.state()[1]
    memory.again(held.number, "Ерлан", "в кабинете его нет")
    with pytest.raises(NotDecidable):
        memory.decide(held.number, "Ерлан", "?", made=False)
    memory.close()
    shop.start()
    assert shop.register.status().unsent == 0
    assert [tiyn(one.total) for one in shop.ledger()] == [90_000, 100_000]


@pytest.mark.parametrize("made", [True, False])
def test_a_person_ends_a_doubt_and_the_till_is_told(shop: Shop, made: bool) -> None:
    shop.sell()
    shop.server.faults.add("result", "TICKET", code=8, register=1 if made else 0)
    order = shop.receipt()
    prepared, baseline = shop.register.prepare(order), shop.register.baseline()
    assert isinstance(shop.register.execute(prepared, baseline), Unknown)
    shop.stop()
    memory = shop.maintenance()
    (doubt,) = memory.state()[1]
    with pytest.raises(NotDecidable, match="fiscal sign"):
        memory.decide(doubt.number, "Ерлан", "?", made=True)
    sign = shop.ledger()[-1].sign if made else ""
    memory.decide(doubt.number, "Ерлан", "кабинет", made=made, sign=sign)
    with pytest.raises(NotDecidable, match="is done" if made else "is refused"):
        memory.decide(doubt.number, "Ерлан", "кабинет", made=made, sign=sign)
    memory.close()
    if made:
        shop.device.token = shop.token = 0x77  # What the operator's engineer does after such a thing.
    shop.start()
    settled = shop.register.settle(prepared, baseline)
    assert isinstance(settled, Done) is made
    if isinstance(settled, Done) and isinstance(settled.document, FiscalDocument):
        assert settled.document.fiscal_sign == sign and settled.document.number == 2
    assert document(shop.sell()).number == (3 if made else 2)


# The fiscal memory


def test_two_agents_never_share_a_memory(shop: Shop) -> None:
    shop.sell()
    with pytest.raises(RegisterUrlError, match="second agent"):
        shop.start()


def test_the_memory_of_another_register_is_refused(shop: Shop) -> None:
    shop.sell()
    shop.stop()
    shop.options = {"serial": "777"}
    url = shop.url.replace("serial=00012345&", "")
    assert "serial=777" in url
    shop.sim.memory.identity = dataclasses.replace(shop.sim.memory.identity, serial="777")
    shop.options = {}
    with pytest.raises(RegisterUrlError, match="is the memory of register 00012345"):
        shop.start()
    shop.sim.memory.identity = dataclasses.replace(shop.sim.memory.identity, serial="00012345")
    shop.start()


def test_a_file_that_is_no_memory_is_refused_and_left_as_it_is(shop: Shop) -> None:
    shop.stop()
    shop.store = shop.store.with_name("notes.txt")
    shop.store.write_text("no database, just notes of somebody " * 40)
    with pytest.raises(RegisterUrlError, match="not a database"):
        shop.start()
    assert shop.store.read_text().startswith("no database")
    shop.store = shop.store.with_name("missing.sqlite")
    with pytest.raises(RegisterUrlError, match="no such file"):
        shop.maintenance()
    assert not shop.store.exists()
    shop.start()


def test_a_memory_that_cannot_be_written_stops_the_register_and_says_so(shop: Shop) -> None:
    shop.sell()
    shop.register._store._db.execute("PRAGMA query_only = 1")
    outcome = shop.make_or_not(shop.receipt())
    assert "stop selling" in outcome
    status = shop.register.status()
    assert status.failure is not None and status.failure.kind is FailureKind.DEVICE and not status.reachable
    shop.stop()
    shop.start()
    assert document(shop.sell()).number == 2


def test_cash_moves_are_autonomous_too_and_the_drawer_is_counted(shop: Shop) -> None:
    shop.put(500_000)
    shop.unplug()
    moved = shop.make(CashMove("out", CashDirection.OUT, 200_000))
    assert isinstance(moved, Done) and isinstance(moved.document, CashDocument)
    assert moved.document.offline and moved.document.balance_tiyn == 300_000
    shop.back_online()
    assert shop.sim.memory.cash_tiyn == 300_000


def test_nobody_answers_at_the_very_first_start(shop: Shop) -> None:
    shop.unplug()
    with pytest.raises(RegisterUnavailable):
        shop.register.baseline()
    shop.plug()
    shop.sell()
