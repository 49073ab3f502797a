"""The task buffer of the simulated ATOL register: every word and status of it, its order and its limits."""

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
    Host,
    bcd,
)

from hw_sim.device.simulated import Simulated

STATUS, OPEN_SHIFT, CANCEL = 0x3F, 0x9A, 0x59
DONE, ACCEPTED = bytes((RESULT,)) + OK, bytes((RESULT,))
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


def test_the_numbers_may_run_one_further(build: Callable[..., Simulated], connect: Callable[..., Host]) -> None:
    host = connect(build(last_task=0xDF))
    assert host.say(bytes((ADD, 1, 0xE0, 0, 0, STATUS))) == ILLEGAL_VALUE
    answer = host.say(bytes((ADD, 1, 0xDF, 0, 0, STATUS)))
    assert answer is not None
    assert answer[:1] == bytes((RESULT,))


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
