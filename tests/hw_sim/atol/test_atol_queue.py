"""The task buffer of the simulated ATOL register: every word and status of it, and what is left after a lost link."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from atol_host import (
    ABORT,
    ACKNOWLEDGE,
    ACKNOWLEDGE_AND_ADD,
    ADD,
    ALREADY_EXISTS,
    ASK,
    ERROR,
    EVENT_ERROR,
    EVENT_RESULT,
    ILLEGAL_VALUE,
    IN_PROGRESS,
    NOT_FOUND,
    OK,
    OVERFLOW,
    PENDING,
    RESULT,
    STOPPED,
    WAITING,
    Clock,
    Host,
    bcd,
    item,
    wrapped,
)

from hw_sim.device.machine import POWER_PAUSE_S
from hw_sim.device.simulated import Simulated

STATUS, OPEN_SHIFT, CANCEL, CLOSE = 0x3F, 0x9A, 0x59, 0x4A
DONE, ACCEPTED = bytes((RESULT,)) + OK, bytes((RESULT,))
CASH_300 = b"\0\x01" + bcd(30_000, 5)
NO_RECEIPT = bytes((ERROR,)) + b"\x55\x9a\0"


def event_of(task: int, status: int = EVENT_RESULT, result: bytes = OK) -> bytes:
    return bytes((status, task)) + result


def test_a_quick_task_is_answered_with_its_result_and_the_result_can_be_asked_for_again(host: Host) -> None:
    answer = host.add(STATUS)
    assert answer is not None
    assert answer[:2] == b"\xa3\x44"
    assert [host.ask(), host.ask()] == [answer, answer]


def test_a_slow_task_is_pending_then_at_work_then_done_and_tells_of_it_once(host: Host) -> None:
    assert host.add(OPEN_SHIFT, b"\0") == bytes((PENDING,))
    assert host.ask() == bytes((IN_PROGRESS,))
    host.heard(2.0)
    assert host.ask() == DONE
    assert host.ask() == DONE


def test_the_event_of_a_slow_task_carries_its_number_and_result(host: Host) -> None:
    host.add(OPEN_SHIFT, b"\0")
    assert host.heard(2.0) == [(0xF0, event_of(host.task))]
    host.add(OPEN_SHIFT, b"\0")
    assert host.heard(2.0) == [(0xF0, event_of(host.task, EVENT_ERROR, b"\x55\x9c\0"))]


def test_a_task_that_waits_for_data_says_so(host: Host) -> None:
    host.add(OPEN_SHIFT, b"\0", flags=5)
    assert host.ask() == bytes((WAITING,))


def test_a_task_whose_result_nobody_wants_leaves_nothing_behind(host: Host) -> None:
    assert host.add(OPEN_SHIFT, b"\0", flags=0) == bytes((PENDING,))
    assert host.heard(2.0) == []
    assert host.ask() == NOT_FOUND
    assert host.memory.shift is not None


def test_tasks_run_one_after_another_in_the_order_they_came(host: Host) -> None:
    host.add(OPEN_SHIFT, b"\0")
    host.add(0x49, b"\0" + bcd(5000, 5))
    assert host.add(STATUS) == bytes((PENDING,))
    assert [came[:2] for _, came in host.heard(2.0)] == [bytes((0xA6, host.task - back)) for back in (2, 1, 0)]


def test_a_failed_task_stops_those_behind_it_until_it_is_acknowledged(host: Host) -> None:
    assert host.add(CANCEL) == bytes((PENDING,))
    failed = host.task
    host.heard(1.0)
    assert host.ask() == NO_RECEIPT
    assert host.add(OPEN_SHIFT, b"\0") == bytes((STOPPED, failed))
    assert host.ask() == bytes((STOPPED, failed))
    assert host.memory.shift is None
    assert host.say(bytes((ACKNOWLEDGE, failed))) == ACCEPTED
    assert host.ask() == bytes((STOPPED, failed))  # What was stopped does not run later by itself.
    assert host.do(OPEN_SHIFT, b"\0") == OK


def test_a_task_behind_a_failing_one_is_stopped_while_it_waits(host: Host) -> None:
    host.add(CANCEL)
    assert host.add(OPEN_SHIFT, b"\0") == bytes((PENDING,))
    host.heard(2.0)
    assert host.ask() == bytes((STOPPED, host.task - 1))
    assert host.memory.shift is None


def test_a_failure_may_stop_only_what_stood_behind_it_already(
    build: Callable[..., Simulated], connect: Callable[..., Host]
) -> None:
    host = connect(build(lasting_stop=False))
    host.enter(1)
    host.add(CANCEL)
    host.add(OPEN_SHIFT, b"\0")
    host.heard(2.0)
    assert host.ask() == bytes((STOPPED, host.task - 1))
    assert host.add(OPEN_SHIFT, b"\0") == bytes((PENDING,))


def test_a_task_that_ignores_errors_runs_behind_a_failed_one(host: Host) -> None:
    host.add(CANCEL)
    host.heard(1.0)
    answer = host.add(STATUS, flags=3)
    assert answer is not None
    assert answer[:2] == b"\xa3\x44"


def test_acknowledging_and_adding_forgets_what_failed_before(host: Host) -> None:
    host.add(CANCEL)
    failed = host.task
    host.heard(1.0)
    answer = host.add(STATUS, word=ACKNOWLEDGE_AND_ADD)
    assert answer is not None
    assert answer[:2] == b"\xa3\x44"
    assert host.ask(failed) == NOT_FOUND


@pytest.mark.parametrize(
    "task",
    [
        bytes((ADD, 1, 0, 0, 0, STATUS)),  # Number 0.
        bytes((ADD, 1, 0xDF, 0, 0, STATUS)),  # Number above DEh.
        bytes((ADD, 0x81, 1, 0, 0, STATUS)),  # A flag nobody knows.
        bytes((ADD, 1, 1, 0, 0)),  # A password and no command.
        bytes((ADD,)),
        bytes((ASK,)),
        bytes((ASK, 1, 2)),
        b"\x00",
        b"\xcf\x01",
    ],
)
def test_what_is_no_task_is_an_illegal_value(host: Host, task: bytes) -> None:
    assert host.say(task) == ILLEGAL_VALUE


def test_the_numbers_run_to_de_and_are_free_again_once_acknowledged(host: Host) -> None:
    host.task = 0xDD
    first = host.add(STATUS)
    assert first is not None
    assert host.task == 0xDE
    for _ in range(0xDE - 1):
        host.add(STATUS)
    host.task = 0xDD
    assert host.add(STATUS) == ALREADY_EXISTS
    assert host.say(bytes((ACKNOWLEDGE, 0xDE))) == ACCEPTED
    host.task = 0xDD
    again = host.add(STATUS)
    assert again is not None
    assert again[0] == RESULT


def test_the_oldest_results_go_when_the_register_remembers_few(
    build: Callable[..., Simulated], connect: Callable[..., Host]
) -> None:
    host = connect(build(kept_results=2))
    for _ in range(3):
        host.add(STATUS)
    assert [host.ask(task) == NOT_FOUND for task in (1, 2, 3)] == [True, False, False]


def test_a_repeated_number_is_refused_and_its_command_is_not_done(host: Host) -> None:
    host.do(OPEN_SHIFT, b"\0")
    host.task -= 1
    assert host.add(0x49, b"\0" + bcd(5000, 5)) == ALREADY_EXISTS
    assert host.memory.cash_tiyn == 0


def test_a_full_buffer_takes_no_task(build: Callable[..., Simulated], connect: Callable[..., Host]) -> None:
    host = connect(build(buffer_tasks=2))
    host.enter(1)
    assert host.add(OPEN_SHIFT, b"\0") == bytes((PENDING,))
    assert host.add(STATUS) == bytes((PENDING,))
    assert host.add(STATUS) == OVERFLOW
    host.heard(2.0)
    assert host.ask() == NOT_FOUND
    assert host.do(STATUS)[:1] == b"\x44"


def test_abort_empties_the_buffer_and_what_is_at_work_is_done_all_the_same(host: Host) -> None:
    host.add(OPEN_SHIFT, b"\0")
    host.add(0x49, b"\0" + bcd(5000, 5))
    assert host.say(bytes((ABORT,))) == ACCEPTED
    assert [host.ask(host.task), host.ask(host.task - 1)] == [NOT_FOUND, NOT_FOUND]
    assert host.add(STATUS) == bytes((PENDING,))  # It waits for what is at work.
    assert [came[1] for _, came in host.heard(2.0)] == [host.task]
    assert host.memory.shift is not None
    assert host.memory.cash_tiyn == 0


def test_only_what_is_finished_can_be_acknowledged(host: Host) -> None:
    host.add(OPEN_SHIFT, b"\0")
    assert host.say(bytes((ACKNOWLEDGE, host.task))) == NOT_FOUND
    host.heard(2.0)
    assert host.say(bytes((ACKNOWLEDGE, host.task))) == ACCEPTED
    assert host.ask() == NOT_FOUND


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
