"""The task buffer of level 3: what the host adds under a number of its own, and what has become of it.

A task that failed stops every later one that does not ignore errors (flag 02h), until it is acknowledged or the buffer
is cleared: the client of github Zzzzipper/projects (AtolProtocol.h, AtolTaskLayer.cpp), which never acknowledges, sets
that flag always. Results stay until then too; the life time the vendor gives them is not published.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum, auto

from hw_sim.atol.packets import LAST_ID


class Word(IntEnum):
    """First byte of a packet from the host."""

    ADD = 0xC1
    ACKNOWLEDGE = 0xC2
    ASK = 0xC3
    ABORT = 0xC4
    ACKNOWLEDGE_AND_ADD = 0xC5


class Status(IntEnum):
    """First byte of a packet to the host."""

    PENDING = 0xA1
    IN_PROGRESS = 0xA2
    RESULT = 0xA3
    ERROR = 0xA4
    STOPPED = 0xA5
    ASYNC_RESULT = 0xA6
    ASYNC_ERROR = 0xA7
    WAITING = 0xA8
    OVERFLOW = 0xB1
    ALREADY_EXISTS = 0xB2
    NOT_FOUND = 0xB3
    ILLEGAL_VALUE = 0xB4


WANTS_RESULT, IGNORES_ERRORS, WAITS_FOR_DATA = 0x01, 0x02, 0x04
KNOWN_FLAGS = WANTS_RESULT | IGNORES_ERRORS | WAITS_FOR_DATA


class Stage(Enum):
    PENDING = auto()
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()
    STOPPED = auto()


ENDED = (Stage.DONE, Stage.FAILED, Stage.STOPPED)


@dataclass(slots=True)
class Task:
    """One task. `command` is the password and the command; `stopped_by` the number of the task that failed before."""

    number: int
    flags: int
    command: bytes
    stage: Stage = Stage.PENDING
    result: bytes = b""
    stopped_by: int = 0

    @property
    def code(self) -> int:
        """The command byte, behind two of password."""
        return self.command[2]

    @property
    def name(self) -> str:
        """As faults name it: "4A"."""
        return f"{self.code:02X}"

    @property
    def finished(self) -> bool:
        return self.stage in ENDED

    def stop(self, by: int) -> None:
        """It will not run: a task before it has failed."""
        self.stage, self.stopped_by = Stage.STOPPED, by

    def answer(self) -> bytes:
        """What C3 is told about it."""
        if self.stage is Stage.PENDING:
            return bytes((Status.PENDING,))
        if self.stage is Stage.RUNNING:
            return bytes((Status.WAITING if self.flags & WAITS_FOR_DATA else Status.IN_PROGRESS,))
        if self.stage is Stage.STOPPED:
            return bytes((Status.STOPPED, self.stopped_by))
        return bytes((Status.RESULT if self.stage is Stage.DONE else Status.ERROR,)) + self.result

    def event(self) -> bytes:
        """What the host is told unasked."""
        status = Status.ASYNC_RESULT if self.stage is Stage.DONE else Status.ASYNC_ERROR
        return bytes((status, self.number)) + self.result


class TaskBuffer:
    """Tasks in the order they came.

    Args:
        unfinished_max: so many fill it (B1).
        kept: so many finished ones are remembered.
        lasting_stop: a failure stops also what is added later; False: only what was in the buffer already.
    """

    def __init__(
        self, unfinished_max: int, kept: int, *, lasting_stop: bool = True, last_number: int = LAST_ID
    ) -> None:
        self._unfinished_max = unfinished_max
        self._last_number = last_number
        self._kept = kept
        self._lasting_stop = lasting_stop
        self._tasks: dict[int, Task] = {}

    def add(self, flags: int, number: int, command: bytes) -> Task | Status:
        """A new task, or why it is none."""
        if not 1 <= number <= self._last_number or flags & ~KNOWN_FLAGS or len(command) < 3:
            return Status.ILLEGAL_VALUE
        if number in self._tasks:
            return Status.ALREADY_EXISTS
        finished = [known for known, task in self._tasks.items() if task.stage in ENDED]
        if len(self._tasks) - len(finished) >= self._unfinished_max:
            return Status.OVERFLOW
        for known in finished[: max(0, len(finished) - self._kept + 1)]:
            del self._tasks[known]
        task = self._tasks[number] = Task(number, flags, command)
        return task

    def get(self, number: int) -> Task | None:
        return self._tasks.get(number)

    def acknowledge(self, number: int) -> bool:
        """Forget a finished task. False: there is none."""
        task = self._tasks.get(number)
        if task is None or not task.finished:
            return False
        del self._tasks[number]
        return True

    def acknowledge_finished(self) -> None:
        """Forget every finished task: what C5 does before it adds."""
        self._tasks = {number: task for number, task in self._tasks.items() if not task.finished}

    def clear(self) -> None:
        self._tasks.clear()

    def next(self) -> Task | None:
        """The first task that may run. Tasks behind a failure are stopped on the way."""
        failed = 0
        for task in self._tasks.values():
            if task.stage is Stage.FAILED and self._lasting_stop:
                failed = failed or task.number
            elif task.stage is Stage.PENDING:
                if not failed or task.flags & IGNORES_ERRORS:
                    return task
                task.stop(failed)
        return None

    def holds(self, task: Task) -> bool:
        """Whether this very task is still in the buffer."""
        return self._tasks.get(task.number) is task

    def finish(self, task: Task, result: bytes, *, failed: bool) -> None:
        """Keep what came of a task; one whose result nobody wanted is forgotten when it went well."""
        task.stage, task.result = (Stage.FAILED if failed else Stage.DONE), result
        if not self.holds(task):
            return
        if failed:
            for waiting in self._tasks.values():
                if waiting.stage is Stage.PENDING and not waiting.flags & IGNORES_ERRORS:
                    waiting.stop(task.number)
        elif not task.flags & WANTS_RESULT:
            del self._tasks[task.number]
