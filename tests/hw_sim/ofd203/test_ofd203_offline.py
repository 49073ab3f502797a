"""Documents made while the line was down: their numbers, their order, their shift."""

from __future__ import annotations

from typing import Any

import pytest
from ofd203_till import (
    CLOSE_SHIFT,
    MONEY,
    REPORT,
    SELL_RETURN,
    SYSTEM,
    TICKET,
    Till,
    at,
    basis,
    close_shift,
    empty_report,
    goods,
    money_placement,
    period,
    ticket,
)

AWAY = {"offline_period": period(at(10), at(12))}
NO_TIME = {"offline_period": period(at(12), at(12))}


def made(minute: int, number: int | None, **more: Any) -> dict[str, Any]:
    own = {} if number is None else {"offline_ticket_number": number}
    return ticket(goods(100), total=100, date_time=at(10, minute), **own, **more)


def test_a_queued_ticket_carries_the_registers_own_number(shop: Till) -> None:
    assert shop.ask(TICKET, made(1, 1), service=AWAY).code == 0
    without = shop.ask(TICKET, made(2, None), service=AWAY)
    assert without.code == 13 and "offline_ticket_number" in without.text
    shop.console("rule offline_number_required off")
    assert shop.ask(TICKET, made(2, None), service=AWAY).code == 0
    assert [document.offline for document in shop.simulated.memory.documents] == [True, False]


def test_a_period_of_no_length_is_no_autonomous_time(shop: Till) -> None:
    assert shop.ask(TICKET, made(1, None), service=NO_TIME).code == 0
    assert not shop.simulated.memory.documents[0].offline


def test_the_own_number_is_new_within_its_date(shop: Till) -> None:
    assert shop.ask(TICKET, made(1, 7), service=AWAY).code == 0
    assert shop.ask(TICKET, made(2, 7), service=AWAY).code == 13
    tomorrow = made(2, 7) | {"date_time": at(10, day=16)}
    assert shop.ask(TICKET, tomorrow, service=AWAY).code == 0
    shop.console("rule offline_number_unique off")
    assert shop.ask(TICKET, made(3, 7) | {"date_time": at(11, day=16)}, service=AWAY).code == 0


def test_the_queue_is_taken_in_the_order_it_was_made(shop: Till) -> None:
    for minute, number in ((1, 1), (1, 2), (3, 3)):
        assert shop.ask(TICKET, made(minute, number), service=AWAY).code == 0
    assert shop.ask(TICKET, made(2, 4), service=AWAY).code == 13
    assert shop.ask(MONEY, money_placement(100, datetime=at(10, 2), is_offline=True)).code == 13
    assert shop.ask(CLOSE_SHIFT, close_shift(close_time=at(10, 2), is_offline=True)).code == 13
    assert shop.ask(CLOSE_SHIFT, close_shift(close_time=at(10, 4), is_offline=True)).code == 0


def test_a_whole_day_without_a_line_arrives_with_its_shifts(shop: Till) -> None:
    shop.ask(TICKET, made(0, None))
    shop.clock.sleep(30 * 3600)  # The open shift is too old for anything new.
    assert shop.ask(TICKET, made(1, 1), service=AWAY).code == 0
    assert shop.ask(CLOSE_SHIFT, close_shift(close_time=at(11), is_offline=True), service=AWAY).code == 0
    evening = made(0, 2) | {"date_time": at(12)}
    assert shop.ask(TICKET, evening, service=AWAY).code == 0
    assert shop.ask(MONEY, money_placement(100, datetime=at(12, 1), is_offline=True), service=AWAY).code == 0
    report = {"report": 1, "date_time": at(12, 2), "is_offline": True, "zx_report": empty_report()}
    answer = shop.ask(REPORT, report, service=AWAY)
    assert answer.report["open_shift_time"] == at(12)
    assert answer.report["money_placements"][0]["offline_count"] == 1
    # That shift was opened on the 15th at noon; on the 16th at three it is too old for what is new.
    assert shop.ask(TICKET, made(0, None) | {"date_time": at(15, day=16)}).code == 11
    assert [document.shift for document in shop.simulated.memory.documents] == [1, 1, 2, 2]


def test_cash_is_checked_in_the_queue_too(shop: Till) -> None:
    body = money_placement(100, operation=1, datetime=at(10, 1), is_offline=True)
    assert shop.ask(MONEY, body, service=AWAY).code == 14


def test_a_probe_with_nothing_to_send_is_a_system_message(shop: Till) -> None:
    assert shop.ask(SYSTEM, service=AWAY).code == 0
    assert shop.documents() == []


@pytest.mark.parametrize("number", ["sign", "own"])
def test_a_receipt_made_offline_can_be_returned_by_either_of_its_numbers(shop: Till, number: str) -> None:
    sold = shop.ask(TICKET, made(1, 77), service=AWAY)
    parent = basis(sold.sign if number == "sign" else "77", total=100, when=at(10, 1), parent_ticket_is_offline=True)
    taken_back = made(5, None, operation=SELL_RETURN, parent_ticket=parent)
    assert shop.ask(TICKET, taken_back).code == 0
    online = parent | {"parent_ticket_is_offline": False}
    assert shop.ask(TICKET, taken_back | {"parent_ticket": online}).code == 13


def test_a_number_used_on_two_dates_names_the_receipt_of_the_right_one(shop: Till) -> None:
    shop.ask(TICKET, made(1, 77), service=AWAY)
    shop.ask(TICKET, made(1, 77) | {"date_time": at(10, 1, day=16)}, service=AWAY)
    for day in (15, 16):
        parent = basis("77", total=100, when=at(10, 1, day=day), parent_ticket_is_offline=True)
        body = made(0, None, operation=SELL_RETURN, parent_ticket=parent) | {"date_time": at(11, day=16)}
        assert shop.ask(TICKET, body).code == 0
