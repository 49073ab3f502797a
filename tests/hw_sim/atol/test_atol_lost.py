"""What is left of a task of level 3 after a lost link, a lost packet or lost power, and what its number then tells."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from atol_host import (
    ADD,
    ASK,
    EVENT_RESULT,
    ILLEGAL_VALUE,
    IN_PROGRESS,
    NOT_FOUND,
    OK,
    OVERFLOW,
    PENDING,
    RESULT,
    Clock,
    Host,
    bcd,
    item,
    wrapped,
)

from hw_sim.device.machine import POWER_PAUSE_S
from hw_sim.device.simulated import Simulated

STATUS, OPEN_SHIFT, CLOSE = 0x3F, 0x9A, 0x4A
DONE = bytes((RESULT,)) + OK
CASH_300 = b"\0\x01" + bcd(30_000, 5)


def event_of(task: int, status: int = EVENT_RESULT, result: bytes = OK) -> bytes:
    return bytes((status, task)) + result


@pytest.mark.parametrize(
    ("fault", "asked", "sold"),
    [
        ("hang_up_before", NOT_FOUND, 0),  # Never received.
        ("hang_up_added", bytes((IN_PROGRESS,)), 0),  # In the buffer, at work.
        ("hang_up_after", DONE, 1),  # The lost result.
        ("power_off_before", NOT_FOUND, 0),
        ("power_off_during", NOT_FOUND, 1),  # The buffer went with the power; the document did not.
        ("power_off_after", NOT_FOUND, 1),
    ],
)
def test_what_the_task_number_tells_after_a_lost_link(
    host: Host, clock: Clock, fault: str, asked: bytes, sold: int
) -> None:
    begin_receipt(host)
    host.register.faults.add(fault, "4A")
    with pytest.raises(ConnectionResetError):
        host.add(CLOSE, CASH_300)
        host.heard(5.0)
    if fault.startswith("power"):
        host.register.power_on()
        clock.sleep(POWER_PAUSE_S)
    host.line.open()
    assert host.ask() == asked
    assert len(host.memory.documents) == sold


def test_a_task_found_at_work_after_a_lost_link_ends_in_an_event(host: Host) -> None:
    begin_receipt(host)
    host.register.faults.add("hang_up_added", "4A")
    with pytest.raises(ConnectionResetError):
        host.add(CLOSE, CASH_300)
    host.line.open()
    assert host.ask() == bytes((IN_PROGRESS,))
    assert host.heard(2.0) == [(0xF0, event_of(host.task))]
    assert host.ask() == DONE
    assert len(host.memory.documents) == 1


def test_a_task_done_while_nobody_was_there_is_told_only_when_asked(host: Host, clock: Clock) -> None:
    begin_receipt(host)
    host.register.faults.add("hang_up_added", "4A")
    with pytest.raises(ConnectionResetError):
        host.add(CLOSE, CASH_300)
    clock.sleep(5.0)
    host.line.open()
    assert host.heard(5.0) == []
    assert host.ask() == DONE


@pytest.mark.parametrize(("fault", "match"), [("answer_lost", "4A"), ("answer_damaged", "4A"), ("answer_cut", "4A")])
def test_a_lost_promise_leaves_the_task_at_work(host: Host, fault: str, match: str) -> None:
    begin_receipt(host)
    host.register.faults.add(fault, match, **({"bit": 40} if fault == "answer_damaged" else {}))
    host.line.write(wrapped(9, bytes((ADD, 1, host.next_task(), 0, 0, CLOSE)) + CASH_300))
    host.line.read(0.1)
    assert host.ask() == bytes((IN_PROGRESS,))
    assert host.do(STATUS)[:1] == b"\x44"
    assert host.ask(host.task - 1) == DONE


def test_a_lost_event_leaves_the_result_in_the_buffer(host: Host) -> None:
    begin_receipt(host)
    host.register.faults.add("answer_lost", "F0")
    assert host.add(CLOSE, CASH_300) == bytes((PENDING,))
    assert host.heard(20.0) == []
    assert host.ask() == DONE


def test_a_result_asked_for_may_get_lost_too(host: Host) -> None:
    host.add(STATUS)
    host.register.faults.add("answer_lost", "C3")
    assert host.ask() is None
    assert host.ask() is not None


def test_a_request_lost_on_the_way_is_a_task_nobody_knows(host: Host) -> None:
    begin_receipt(host)
    host.register.faults.add("request_lost", "4A")
    assert host.add(CLOSE, CASH_300) is None
    assert host.ask() == NOT_FOUND
    assert host.memory.documents == []


def test_a_buffer_may_be_lost_without_the_link(host: Host) -> None:
    begin_receipt(host)
    host.register.faults.add("task_forgotten", "4A")
    assert host.add(CLOSE, CASH_300) == bytes((PENDING,))
    assert host.heard(20.0) == []
    assert host.ask() == NOT_FOUND
    assert len(host.memory.documents) == 1


@pytest.mark.parametrize(("fault", "status"), [("buffer_full", OVERFLOW), ("illegal_value", ILLEGAL_VALUE)])
def test_a_task_can_be_refused_on_command(host: Host, fault: str, status: bytes) -> None:
    host.register.faults.add(fault, "9A")
    assert host.add(OPEN_SHIFT, b"\0") == status
    assert host.ask() == NOT_FOUND
    assert host.memory.shift is None


def test_a_task_may_take_longer(host: Host) -> None:
    host.register.faults.add("slow", "3F", seconds=20)
    assert host.add(STATUS) == bytes((PENDING,))
    assert host.heard(19.0) == []
    assert [came[:2] for _, came in host.heard(2.0)] == [bytes((0xA6, host.task))]


def test_a_late_event_comes_late(host: Host) -> None:
    host.register.faults.add("answer_late", "F0", seconds=40)
    host.add(OPEN_SHIFT, b"\0")
    assert host.heard(40.0) == []
    assert host.heard(2.0) == [(0xF0, event_of(host.task))]


def test_a_packet_may_come_twice(host: Host) -> None:
    host.register.faults.add("answer_twice", "3F")
    host.line.write(wrapped(5, bytes((ADD, 1, host.next_task(), 0, 0, STATUS))))
    first, second = host.heard(0.1)
    assert first == second


def test_a_packet_with_a_wrong_crc_is_met_with_silence(host: Host) -> None:
    frame = bytearray(wrapped(9, bytes((ADD, 1, host.next_task(), 0, 0, OPEN_SHIFT, 0))))
    frame[-1] ^= 1
    host.line.write(bytes(frame))
    assert host.heard(20.0) == []
    assert host.ask() == NOT_FOUND


def test_a_register_that_asks_again_sends_an_empty_packet(
    build: Callable[..., Simulated], connect: Callable[..., Host]
) -> None:
    host = connect(build(asks_again=True))
    frame = bytearray(wrapped(9, bytes((ASK, 1))))
    frame[-1] ^= 1
    host.line.write(bytes(frame))
    assert host.heard(1.0) == [(9, b"")]


def test_an_empty_packet_is_not_answered(host: Host) -> None:
    host.line.write(wrapped(9, b""))
    assert host.heard(1.0) == []


def test_half_a_packet_is_forgotten_with_its_connection(host: Host) -> None:
    frame = wrapped(9, bytes((ASK, 1)))
    host.line.write(frame[:5])
    host.line.close()
    host.line.open()
    host.line.write(frame[5:])
    assert host.heard(1.0) == []
    assert host.ask(1) is not None


def test_a_new_connection_never_gets_the_answer_of_an_old_one(host: Host) -> None:
    host.line.write(wrapped(9, bytes((ASK, 1))))
    host.line.close()
    host.line.open()
    assert host.heard(1.0) == []


def test_a_cable_hands_over_what_was_said_before(build: Callable[..., Simulated], connect: Callable[..., Host]) -> None:
    host = connect(build(network=False), drops=False)
    host.line.write(wrapped(9, bytes((ASK, 1))))
    host.line.close()
    host.line.open()
    assert host.heard(1.0) == [(9, NOT_FOUND)]


def begin_receipt(host: Host) -> None:
    """A receipt of 300.00, not closed."""
    assert host.do(0x92, b"\0\x01") == OK
    assert host.do(0xEA, b"\0\x01\0") == OK
    assert host.do(0xEB, item(30_000)) == OK
