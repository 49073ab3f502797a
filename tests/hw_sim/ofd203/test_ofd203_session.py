"""TOKEN and REQNUM: the example session of the protocol step by step, and every wrong move punished.

Source: protocol 2.0.2, sections 2.2, 2.4 and 5.2 (github texport/FiscalSerializationLib_v2).
"""

from __future__ import annotations

from typing import Any

import pytest
from ofd203_till import (
    AUTH,
    BUY,
    CANCEL,
    CLOSE_SHIFT,
    FIRST_TOKEN,
    INFO,
    MONEY,
    NOMENCLATURE,
    REPORT,
    RESERVED,
    SELL,
    SYSTEM,
    TICKET,
    Till,
    at,
    close_shift,
    empty_report,
    goods,
    money_placement,
    period,
    ticket,
    till,
)

from hw_sim.device.memory import FiscalMemory, Identity
from hw_sim.ofd203 import Device


def sale(price: int, minute: int, **more: Any) -> dict[str, Any]:
    return ticket(goods(price), total=price, date_time=at(10, minute), **more)


def offline(number: int) -> dict[str, Any]:
    return {"offline_ticket_number": number}


def away(end_minute: int) -> dict[str, Any]:
    """The service part of a message that comes out of the queue."""
    return {"offline_period": period(at(10, 3), at(11, end_minute))}


def test_the_example_session_step_by_step(shop: Till) -> None:
    first = FIRST_TOKEN
    shop.reqnum = 99
    # 1: INFO 100 does not touch the token.
    assert shop.ask(INFO).code == 0 and (shop.reqnum, shop.token) == (100, first)
    # 2: TICKET A 101.
    assert shop.ask(TICKET, sale(100, 1)).code == 0 and shop.token == first + 1
    # 3 and 4: TICKET B 102, the answer is lost; the same bytes get the stored answer.
    with shop.fault("answer_lost"):
        assert shop.try_ask(TICKET, sale(200, 2)) is None
    assert shop.token == first + 1
    again = shop.again()
    assert again is not None and again.code == 0 and shop.token == first + 2
    assert shop.documents() == ["sale 1", "sale 2"]
    # 5: TICKET C 103, silence for the whole transaction time. Nothing was registered.
    with shop.fault("request_lost"):
        assert shop.try_ask(TICKET, sale(300, 3)) is None
    # 6 and 7: D and E are made meanwhile; C goes first, under its own number, with the time of the outage.
    drained = shop.repeat(TICKET, sale(300, 3, **offline(3)), service=away(0))
    assert drained.code == 0 and (shop.reqnum, shop.token) == (103, first + 3)
    # 8 and 9: D 104 meets 254, and is sent again as it is.
    with shop.fault("result", code=254):
        assert shop.ask(TICKET, sale(400, 4, **offline(4)), service=away(1)).code == 254
    assert shop.token == first + 3
    assert shop.repeat(TICKET, sale(400, 4, **offline(4)), service=away(2)).code == 0
    assert (shop.reqnum, shop.token) == (104, first + 4)
    # 10: E 105, the queue is empty.
    assert shop.ask(TICKET, sale(500, 5, **offline(5)), service=away(2)).code == 0 and shop.token == first + 5
    # 11: CLOSE_SHIFT 106 brings the Z and a token.
    closed = shop.ask(CLOSE_SHIFT, close_shift())
    assert closed.code == 0 and closed.report["shift_number"] == 1 and shop.token == first + 6
    # 12: SYSTEM 107 never changes it.
    assert shop.ask(SYSTEM).code == 0 and (shop.reqnum, shop.token) == (107, first + 6)
    assert shop.documents() == [f"sale {amount}" for amount in (1, 2, 3, 4, 5)]
    assert [document.offline for document in shop.simulated.memory.documents] == [False, False, True, True, True]


@pytest.fixture
def lost(shop: Till) -> Till:
    """A ticket was registered, and its answer with the new token was lost."""
    with shop.fault("answer_lost"):
        assert shop.try_ask(TICKET, sale(100, 1)) is None
    assert shop.documents() == ["sale 1"]
    return shop


def test_a_repeat_gets_the_very_bytes_that_were_lost(lost: Till) -> None:
    first, second = lost.heard(lost.sent), lost.heard(lost.sent)
    assert first == second != b""
    assert lost.documents() == ["sale 1"]


def test_a_repeat_with_an_offline_period_added_is_the_same_request(lost: Till) -> None:
    answer = lost.repeat(TICKET, sale(100, 1, **offline(7)), service=away(5))
    assert answer.code == 0 and lost.token == FIRST_TOKEN + 1
    assert lost.documents() == ["sale 1"]
    assert not lost.simulated.memory.documents[0].offline  # It was registered as it came first.


def test_a_new_number_with_the_old_token_is_refused_and_nothing_is_sold_twice(lost: Till) -> None:
    answer = lost.ask(TICKET, sale(100, 1))
    assert answer.code == 2 and answer.header.token == FIRST_TOKEN
    assert lost.documents() == ["sale 1"]


def test_a_new_number_sells_twice_where_the_operator_keeps_the_token() -> None:
    shop = till(token_changes=())
    with shop.fault("answer_lost"):
        assert shop.try_ask(TICKET, sale(100, 1)) is None
    assert shop.ask(TICKET, sale(100, 1)).code == 0
    assert shop.documents() == ["sale 1", "sale 1"]


def test_another_command_under_the_same_number_is_refused_with_9(lost: Till) -> None:
    assert lost.repeat(INFO).code == 9
    assert lost.repeat(MONEY, money_placement(100)).code == 9
    again = lost.repeat(TICKET, sale(100, 1))
    assert again.code == 0 and lost.documents() == ["sale 1"]


@pytest.mark.parametrize("token", [FIRST_TOKEN + 1, 0, 0xFFFFFFFF])
def test_another_token_under_the_same_number_is_refused_with_8(lost: Till, token: int) -> None:
    lost.token = token
    assert lost.repeat(TICKET, sale(100, 1)).code == 8
    assert lost.documents() == ["sale 1"]


def test_a_receipt_sent_before_the_queue_breaks_its_order(shop: Till) -> None:
    shop.ask(TICKET, sale(100, 1))
    assert shop.ask(TICKET, sale(300, 30)).code == 0  # New, while the one of 10:05 still waits.
    late = shop.ask(TICKET, sale(200, 5, **offline(1)), service=away(31))
    assert late.code == 13 and "order" in late.text
    shop.console("rule order_checked off")
    assert shop.ask(TICKET, sale(200, 5, **offline(1)), service=away(31)).code == 0


def test_a_wrong_token_is_refused_and_the_right_one_is_not_told(shop: Till) -> None:
    shop.token = 5
    answer = shop.ask(TICKET, sale(100, 1))
    assert (answer.code, answer.header.token) == (2, 5)
    shop.token = FIRST_TOKEN
    assert shop.ask(TICKET, sale(100, 1)).code == 0


def test_a_refused_request_leaves_the_token_and_its_repeat_gets_the_same_refusal(shop: Till) -> None:
    refused = shop.ask(TICKET, sale(100, 1, payments=[]))
    assert refused.code == 13 and shop.token == FIRST_TOKEN
    corrected = shop.repeat(TICKET, sale(100, 1))
    assert corrected.code == 13  # Under the number of the refused one it is a repeat, whatever it says.
    assert shop.ask(TICKET, sale(100, 1)).code == 0


def test_a_refusal_may_bring_a_token_where_the_rule_says_so() -> None:
    shop = till(token_changes_on_refusal=True)
    assert shop.ask(TICKET, sale(100, 1, payments=[])).code == 13
    assert shop.token == FIRST_TOKEN + 1
    assert shop.ask(TICKET, sale(100, 1)).code == 0


@pytest.mark.parametrize(
    ("command", "part", "moves"),
    [
        (SYSTEM, None, False),
        (TICKET, sale(100, 1), True),
        (CLOSE_SHIFT, close_shift(), True),
        (REPORT, {"report": 1, "date_time": at(12), "zx_report": empty_report()}, False),
        (NOMENCLATURE, {"current_version": 0}, False),
        (INFO, None, False),
        (MONEY, money_placement(100), True),
        (CANCEL, None, False),
        (AUTH, {"login": "kassir", "password": "kassir"}, False),
        (RESERVED, None, False),
    ],
)
def test_which_commands_bring_a_new_token(shop: Till, command: int, part: dict[str, Any] | None, moves: bool) -> None:
    shop.ask(TICKET, sale(100, 1))
    before = shop.token
    shop.ask(command, part)
    assert shop.token == before + moves


def test_the_number_wraps_to_zero(shop: Till) -> None:
    shop.reqnum = 65534
    assert shop.ask(TICKET, sale(100, 1)).code == 0 and shop.reqnum == 65535
    with shop.fault("answer_lost"):
        assert shop.try_ask(TICKET, sale(200, 2)) is None and shop.reqnum == 0
    again = shop.again()
    assert again is not None and again.code == 0
    assert shop.documents() == ["sale 1", "sale 2"]


def test_the_stored_answer_outlives_the_power_of_the_server(lost: Till) -> None:
    lost.console("power off")
    with pytest.raises(ConnectionRefusedError):
        lost.again()
    lost.console("power on")
    lost.clock.sleep(5)
    again = lost.again()
    assert again is not None and again.code == 0
    assert lost.documents() == ["sale 1"]


def test_the_answer_is_kept_until_the_next_request_or_as_long_as_the_rule_says() -> None:
    shop = till(answers_kept_s=60)
    with shop.fault("answer_lost"):
        shop.try_ask(TICKET, sale(100, 1))
    shop.clock.sleep(61)
    again = shop.again()
    assert again is not None and again.code == 2  # Forgotten: the old token is simply wrong.
    assert shop.documents() == ["sale 1"]


def test_a_token_set_by_the_engineer_is_typed_in_by_hand(shop: Till) -> None:
    assert shop.console("token CAFE0001") == "token CAFE0001"
    for no_token in ("1CAFE0001", "-1"):
        assert shop.console(f"token {no_token}") == "token: a token has at most eight hexadecimal digits"
    assert shop.ask(TICKET, sale(100, 1)).code == 2
    shop.token = 0xCAFE0001
    assert shop.ask(TICKET, sale(100, 1)).code == 0
    assert shop.console("token").startswith("token CAFE0003")


def test_an_unknown_register_is_told_so_and_nothing_else(shop: Till) -> None:
    shop.console("unknown on")
    assert shop.ask(INFO).code == 1
    shop.console("unknown off")
    assert shop.ask(INFO).code == 0
    shop.id = 1
    assert shop.ask(TICKET, sale(100, 1)).code == 1
    assert shop.documents() == []


def test_several_requests_may_share_a_connection(shop: Till) -> None:
    shop.line.open()
    frames = []
    for price in (100, 200):
        shop.reqnum += 1
        frames.append(shop.frame(TICKET, sale(price, 1)))
        shop.token += 1
    came = shop.kept(b"".join(frames))
    assert came and shop.documents() == ["sale 1", "sale 2"]


def test_buying_and_selling_share_the_counter(shop: Till) -> None:
    shop.ask(MONEY, money_placement(1000))
    assert shop.ask(TICKET, sale(1000, 1, operation=BUY)).code == 0
    assert shop.ask(TICKET, sale(500, 2, operation=SELL)).code == 0
    assert shop.token == FIRST_TOKEN + 3


def test_two_registers_of_one_operator_do_not_mix_their_numbers(shop: Till) -> None:
    other = Device(203002, FIRST_TOKEN, FiscalMemory(Identity("00054321", "010100000002")))
    shop.server.devices[other.id] = other
    second = Till(shop.clock, shop.simulated, shop.line, other.id, service={})
    shop.console("rule service_required none")
    assert shop.ask(TICKET, sale(100, 1)).code == 0
    assert second.ask(TICKET, sale(200, 1)).code == 0 and second.reqnum == shop.reqnum
    assert (shop.documents(), [str(row.total) for row in other.memory.documents]) == (["sale 1"], ["2"])
    assert shop.again() is not None and len(shop.documents()) == 1


def test_tokens_nobody_can_guess_follow_each_other_by_default() -> None:
    shop = till(tokens=None)
    tokens = [shop.token]
    for minute in range(4):
        shop.ask(TICKET, sale(100, minute))
        tokens.append(shop.token)
    assert len(set(tokens)) == 5 and shop.documents() == ["sale 1"] * 4
