"""Every fault a till must live through, line by line: what the till hears, and what the operator has registered."""

from __future__ import annotations

from typing import Any

import pytest
from ofd203_till import (
    FIRST_TOKEN,
    INFO,
    SYSTEM,
    TICKET,
    Answer,
    Till,
    answers_of,
    at,
    goods,
    period,
    ticket,
)

from hw_sim.ofd203.faults import KINDS
from hw_sim.ofd203.frames import HEADER, SIZE_MAX, Header, framed
from hw_sim.ofd203.wire import read, write

SOLD = ["sale 900"]


@pytest.mark.parametrize(
    ("fault", "registered"),
    [
        ("hang_up_before", []),
        ("hang_up_after", SOLD),
        ("request_lost", []),
        ("answer_lost", SOLD),
        ("answer_cut", SOLD),
        ("answer_short_size", SOLD),
    ],
)
def test_an_answer_that_does_not_come_whole_is_had_by_the_same_request(
    shop: Till, fault: str, registered: list[str]
) -> None:
    with shop.fault(fault, "TICKET"):
        assert shop.try_ask(TICKET, ticket()) is None
    assert shop.documents() == registered and shop.token == FIRST_TOKEN
    again = shop.again()
    assert again is not None and again.code == 0
    assert shop.documents() == SOLD and shop.token == FIRST_TOKEN + 1


def test_an_answer_cut_in_the_middle_promises_more_than_it_brings(shop: Till) -> None:
    shop.reqnum += 1
    with shop.fault("answer_short_size", keep=40):
        came = shop.heard(shop.frame(TICKET, ticket()))
    assert len(came) == 40 and HEADER.unpack_from(came)[2] > 40
    assert HEADER.unpack_from(came)[4] == FIRST_TOKEN + 1  # The new token was in it, and is not to be trusted.
    assert shop.server.hung_up


@pytest.mark.parametrize("fault", ["power_off_before", "power_off_after"])
def test_a_server_that_goes_down_and_comes_back_knows_what_it_has_taken(shop: Till, fault: str) -> None:
    with shop.fault(fault, "TICKET", seconds=30):
        assert shop.try_ask(TICKET, ticket()) is None
    with pytest.raises(ConnectionRefusedError):
        shop.again()
    shop.clock.sleep(33)
    shop.line.open()  # The power comes back as soon as somebody looks.
    shop.clock.sleep(3)
    again = shop.again()
    assert again is not None and again.code == 0
    assert shop.documents() == SOLD


def foreign(shop: Till, fault: str, **params: Any) -> tuple[Answer, int]:
    shop.reqnum += 1
    with shop.fault(fault, "TICKET", **params):
        (answer,) = answers_of(shop.heard(shop.frame(TICKET, ticket())))
    return answer, shop.reqnum


def test_an_answer_for_another_device(shop: Till) -> None:
    answer, reqnum = foreign(shop, "answer_foreign_id")
    assert answer.header.id != shop.id and answer.header.reqnum == reqnum


def test_an_answer_to_another_request(shop: Till) -> None:
    answer, reqnum = foreign(shop, "answer_foreign_reqnum")
    assert answer.header.reqnum == reqnum - 1 and answer.header.token == FIRST_TOKEN + 1
    shop.reqnum = 0
    answer = next(answers_of(shop.heard(shop.frame(SYSTEM))))
    assert answer.code == 2  # The token of the foreign answer was never the till's to take.


def test_an_answer_to_another_command(shop: Till) -> None:
    answer, reqnum = foreign(shop, "answer_foreign_command", command=5)
    assert answer.message["command"] == INFO and answer.header.reqnum == reqnum


@pytest.mark.parametrize(
    "fault", ["answer_foreign_id", "answer_foreign_reqnum", "answer_foreign_command", "answer_version"]
)
def test_whoever_takes_a_foreign_answer_for_none_gets_his_own_by_asking_again(shop: Till, fault: str) -> None:
    foreign(shop, fault)
    (own,) = answers_of(shop.heard(shop.sent))
    assert (own.header.id, own.header.reqnum, own.message["command"]) == (shop.id, shop.reqnum, TICKET)
    assert own.header.token == FIRST_TOKEN + 1 and shop.documents() == SOLD


@pytest.mark.parametrize(
    ("fault", "params", "offset", "size", "value"),
    [
        ("answer_huge_size", {}, 4, 4, 0x7FFFFFFF),
        ("answer_huge_size", {"size": 2**32 - 1}, 4, 4, 2**32 - 1),
        ("answer_small_size", {}, 4, 4, 17),
        ("answer_small_size", {"size": 0}, 4, 4, 0),
        ("answer_wrong_appcode", {}, 0, 2, 0x81A3),
        ("answer_version", {}, 2, 2, 202),
    ],
)
def test_a_header_that_makes_no_sense(
    shop: Till, fault: str, params: dict[str, int], offset: int, size: int, value: int
) -> None:
    with shop.fault(fault, "SYSTEM", **params):
        shop.reqnum += 1
        came = shop.heard(shop.frame(SYSTEM))
    assert int.from_bytes(came[offset : offset + size], "little") == value


def test_two_messages_in_one_piece(shop: Till) -> None:
    shop.ask(SYSTEM)
    shop.reqnum += 1
    shop.server.faults.add("answers_glued")
    shop.line.open()
    shop.line.write(shop.frame(TICKET, ticket()))
    old, new = answers_of(shop.line.read(1))
    assert (old.message["command"], old.header.reqnum) == (SYSTEM, shop.reqnum - 1)
    assert (new.message["command"], new.header.reqnum) == (TICKET, shop.reqnum)


def test_an_answer_in_pieces_of_one_byte_is_the_same_answer(shop: Till) -> None:
    whole = shop.heard(shop.frame(SYSTEM))
    shop.reqnum += 1
    shop.server.faults.add("answer_in_pieces")
    shop.line.open()
    shop.line.write(shop.frame(SYSTEM))
    pieces = [shop.line.read(1) for _ in whole]
    assert {len(piece) for piece in pieces} == {1}
    assert next(answers_of(b"".join(pieces))).code == 0
    with shop.fault("answer_in_pieces", size=7):
        assert len(shop.heard(shop.sent)) == len(whole)


@pytest.mark.parametrize("header_bytes", range(1, HEADER.size))
def test_a_header_split_over_two_segments(shop: Till, header_bytes: int) -> None:
    frame = shop.frame(TICKET, ticket())
    shop.line.open()
    assert shop.kept(frame[:header_bytes], timeout_s=0.1) == b""
    (answer,) = answers_of(shop.kept(frame[header_bytes:]))
    assert answer.code == 0 and shop.documents() == SOLD


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("APPCODE", HEADER.pack(0x81A3, 203, 20, 203001, FIRST_TOKEN, 7)),
        ("SIZE", HEADER.pack(0x81A2, 203, 17, 203001, FIRST_TOKEN, 7)),
        ("SIZE", HEADER.pack(0x81A2, 203, SIZE_MAX + 1, 203001, FIRST_TOKEN, 7)),
        ("SIZE", HEADER.pack(0x81A2, 203, 2**32 - 1, 203001, FIRST_TOKEN, 7)),
    ],
)
def test_a_header_the_operator_cannot_follow_ends_the_connection_with_code_3(
    shop: Till, name: str, header: bytes
) -> None:
    (answer,) = answers_of(shop.heard(header + b"\x08\x00"))
    assert answer.code == 3 and name in answer.text and answer.header.reqnum == 7
    assert shop.server.hung_up
    assert shop.ask(TICKET, ticket()).code == 0


@pytest.mark.parametrize("size", [HEADER.size, SIZE_MAX])
def test_a_frame_of_the_least_and_the_greatest_size_is_taken_whole(shop: Till, size: int) -> None:
    header = HEADER.pack(0x81A2, 203, size, shop.id, FIRST_TOKEN, 7)
    (answer,) = answers_of(shop.heard(header + bytes(size - HEADER.size)))
    assert answer.code == 3 and not shop.server.hung_up


def test_another_version_of_the_protocol_is_answered_with_code_3(shop: Till) -> None:
    frame = framed(Header(202, shop.id, shop.token, 7), write("Request", {"command": SYSTEM}))
    (answer,) = answers_of(shop.heard(frame))
    assert (answer.code, answer.header.version, answer.text) == (3, 203, "VERSION 202")
    shop.console("rule versions 202,203")
    assert next(answers_of(shop.heard(frame))).code == 0


def test_a_command_nobody_knows_and_one_that_is_reserved(shop: Till) -> None:
    codes = [shop.ask(9).code, shop.ask(126).code, shop.ask(127).code, shop.ask(7).code]
    assert codes == [4, 4, 5, 10]
    shop.console("rule cancel_code 5")
    assert shop.ask(7).code == 5


@pytest.mark.parametrize("code", [254, 255])
def test_a_service_that_is_away_for_a_while_registers_nothing_and_then_drains_in_order(shop: Till, code: int) -> None:
    shop.server.faults.add("result_254", seconds=90, code=code)
    answer = shop.ask(TICKET, ticket())
    assert answer.code == code and answer.header.token == FIRST_TOKEN
    for _ in range(2):
        shop.clock.sleep(30)
        again = shop.again()
        assert again is not None and again.code == code
    assert shop.documents() == []
    shop.clock.sleep(31)
    queue = [(31, 1), (32, 2), (33, 3)]
    shop.reqnum -= 1
    for minute, number in queue:
        body = ticket(goods(100), total=100, date_time=at(9, minute), offline_ticket_number=number)
        sent = shop.ask(TICKET, body, service={"offline_period": period(at(9, 31), at(9, 40))})
        assert sent.code == 0
    assert [document.at_ns // 60_000_000_000 % 60 for document in shop.simulated.memory.documents] == [31, 32, 33]


@pytest.mark.parametrize("code", [1, 2, 3, 8, 9, 11, 13, 14, 15, 17, 18, 77])
def test_any_code_on_demand_with_nothing_registered(shop: Till, code: int) -> None:
    with shop.fault("result", "TICKET", code=code, text="because"):
        answer = shop.ask(TICKET, ticket())
    assert (answer.code, answer.text) == (code, "because")
    assert shop.documents() == [] and shop.token == FIRST_TOKEN


def test_the_wrong_word_after_the_right_deed(shop: Till) -> None:
    with shop.fault("result", "TICKET", code=254, register=1):
        assert shop.ask(TICKET, ticket()).code == 254
    assert shop.documents() == SOLD and shop.token == FIRST_TOKEN
    again = shop.again()
    assert again is not None and again.code == 0 and again.sign == shop.simulated.memory.documents[0].sign
    assert shop.documents() == SOLD


def test_a_refusal_in_the_middle_of_a_drain_leaves_the_rest_waiting(shop: Till) -> None:
    shop.server.faults.add("result", "TICKET", code=13, skip=1)
    codes = []
    for number in (1, 2, 3):
        body = ticket(goods(100), total=100, date_time=at(9, number), offline_ticket_number=number)
        codes.append(shop.ask(TICKET, body, service={"offline_period": period(at(9), at(10))}).code)
    assert codes == [0, 13, 0]
    assert len(shop.documents()) == 2


def test_a_late_answer_comes_to_whoever_still_holds_the_connection(shop: Till) -> None:
    shop.reqnum += 1
    shop.server.faults.add("answer_late", "TICKET", seconds=40)
    assert shop.heard(shop.frame(TICKET, ticket()), timeout_s=7) == b""
    shop.reqnum += 1
    shop.token += 1
    came = list(answers_of(shop.kept(shop.frame(SYSTEM), timeout_s=40)))
    assert [answer.message["command"] for answer in came] == [SYSTEM, TICKET]


def test_a_late_answer_dies_with_its_connection_and_the_repeat_is_served_from_store(shop: Till) -> None:
    with shop.fault("answer_late", "TICKET", seconds=40):
        assert shop.try_ask(TICKET, ticket()) is None
    came = list(answers_of(shop.heard(shop.sent, timeout_s=60)))
    assert [answer.code for answer in came] == [0]
    assert shop.documents() == SOLD


def test_an_answer_twice_is_the_same_answer_twice(shop: Till) -> None:
    with shop.fault("answer_twice"):
        shop.reqnum += 1
        first, second = answers_of(shop.heard(shop.frame(TICKET, ticket())))
    assert first == second and shop.documents() == SOLD


def test_every_fault_of_the_family_is_listed_with_what_it_does(shop: Till) -> None:
    listed = " ".join(shop.console("fault").split())
    for name, kind in KINDS.items():
        assert f"{name} " in listed and kind.about in listed
    assert "did you mean 'answer_foreign_id'" in shop.console("fault answer_foreign")


def test_noise_before_an_answer_is_not_an_answer(shop: Till) -> None:
    shop.reqnum += 1
    with shop.fault("noise", bytes="FF"):
        came = shop.heard(shop.frame(SYSTEM))
    assert came[0] == 0xFF and read("Response", came[1 + HEADER.size :])["command"] == SYSTEM


def test_garbage_may_be_lost_like_anything_else(shop: Till) -> None:
    with shop.fault("request_lost"):
        assert shop.heard(b"GET / HTTP/1.1\r\n\r\n") == b""
    assert not shop.server.hung_up
