"""One task of an ATOL register from its adding to its end, with all the queue offers against loss.

    C1 -> A3, A4               the result
    C1 -> A1, A2, A8           it runs: the event (F0) or the next C3 tells when it has ended
    C1 -> silence, a bad CRC   C3 under the same number; after a broken connection as well, never C4
    C3 -> B3                   it never came, or the register has lost its memory: its last task before tells which

A task is added again, under the same number, only when it merely reads or when the register still knows the task before
it: then ours has not come. Should the lost one come late all the same, the register answers "exists already". C4 clears
the queue, results and all, and is never sent: an order may be in doubt.
Source: github Zzzzipper/projects, firmware-usbhost/common/fiscal_register/atol/AtolTaskLayer.cpp; the empty packet that
asks for a repeat: github kurbatov/atol4j, TransportProtocolV3.java.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fiscal.atol import packets, tasks
from fiscal.atol.packets import CrcOver, Packet
from fiscal.atol.tasks import State, Word
from fiscal.device.family import Silence
from fiscal.device.links import Link
from fiscal.failures import Failure, FailureKind

# Numbers of tasks: those that make a document have a range of their own, and the journal holds which one it is.
DECISIVE_FIRST, DECISIVE_LAST = 0xC9, tasks.TASK_LAST
OTHERS_LAST = DECISIVE_FIRST - 1
_DECISIVE = range(DECISIVE_FIRST, DECISIVE_LAST + 1)

ADDS_MAX = 3
ASKS_MAX = 3  # Without any answer: no link.
TURNS_MAX = 1000  # Of one task.
REPEATS_MAX = 2  # Of a packet the register asks for again.
OWED_MAX = 100  # Numbers of packets whose answers may still come.
QUIET_S = 0.05
DRAIN_MAX = 64  # Reads of what belongs to nobody.


@dataclass(frozen=True, slots=True)
class Tempo:
    answer_s: float  # For the answer to a packet.
    poll_s: float  # Between two questions about a task that runs.


def silent(code: str, text: str, *, sent: bool) -> Silence:
    return Silence(Failure(FailureKind.NO_ANSWER, code, text), sent=sent)


class TaskWire:
    """One register on one line."""

    def __init__(self, link: Link, tempo: Tempo, crc_over: CrcOver, monotonic: Callable[[], float]) -> None:
        self._link = link
        self._tempo = tempo
        self._crc_over = crc_over
        self._monotonic = monotonic
        self._decoder = packets.Decoder(crc_over)
        self._packet = 0
        self._task = 0
        self._finished: dict[int, None] = {}  # Not acknowledged yet, oldest first.
        self._left_behind = False  # The numbers to come are likely those of a process before us.
        self._owed: dict[int, None] = {}
        self._events: dict[int, Word] = {}
        self._reserved: int | None = None
        self._used = False

    @property
    def reserved(self) -> int:
        """The number the next document's task will have: the register does not know a task of this number."""
        if self._reserved is None:
            raise silent("line", "the line was never opened", sent=False)
        return self._reserved

    def close(self) -> None:
        self._link.close()

    def connect(self) -> None:
        """Open anew and read away what belongs to earlier packets. Silence(sent=False) when nobody answers."""
        try:
            self._open()
            self._drain()
            number = self._first() if self._reserved is None else self._reserved
            self._reserve(_after(number) if self._used else number)
        except OSError as error:
            raise silent("line", str(error), sent=False) from error
        except _NoAnswer as quiet:
            raise silent("timeout", str(quiet), sent=False) from quiet

    def exchange(self, command: bytes, *, timeout_s: float, reads: bool, task: int | None = None) -> Word:
        """Carry a command out as a task: its result, its error, or a refusal of the queue (STOPPED, OVERFLOW, ILLEGAL).

        `task`: its number, of the range for documents; None: the next of the others. Silence when nothing can be said.
        """
        exchange = _Exchange(command, reads, task, self._monotonic() + timeout_s)
        self._used = self._used or (task is not None and task == self._reserved)
        reopened = False
        while True:
            try:
                if exchange.task is None:
                    exchange.task = self._next_task()
                return self._carried_out(exchange, exchange.task)
            except _NoAnswer as quiet:
                raise silent("timeout", str(quiet), sent=exchange.sent) from quiet
            except OSError as error:
                # One new connection: the result is asked for there. A second failure is told.
                if reopened:
                    raise silent("line", str(error), sent=exchange.sent) from error
                reopened = True
                try:
                    self._open()
                except OSError as again:
                    raise silent("line", str(again), sent=exchange.sent) from again

    def state_of(self, task: int) -> State:
        """How a task stands. Changes nothing. Silence when nothing can be said."""
        try:
            return self._asked(task).state
        except _NoAnswer as quiet:
            raise silent("timeout", str(quiet), sent=False) from quiet
        except OSError as error:
            raise silent("line", str(error), sent=False) from error

    def reserve(self) -> None:
        """Choose the number of the next document's task when the last one is used."""
        if not self._used:
            return
        try:
            self._reserve(_after(self.reserved))
        except _NoAnswer as quiet:
            raise silent("timeout", str(quiet), sent=False) from quiet
        except OSError as error:
            raise silent("line", str(error), sent=False) from error

    def forget(self, task: int) -> None:
        """Let the register forget a task that failed, so that its number can be given once more."""
        try:
            self._acknowledge(task)
        except OSError as error:
            raise silent("line", str(error), sent=True) from error

    def _open(self) -> None:
        self._link.open()
        self._decoder.reset()

    def _carried_out(self, exchange: _Exchange, task: int) -> Word:
        if exchange.sent:
            exchange.lost = True
            word = None
        else:
            word = self._add(exchange, task)
        for _ in range(TURNS_MAX):
            if word is None:
                exchange.lost = True
                word = self._asked(task)
            state = word.state
            if state.is_final:
                self._events.pop(task, None)
                self._finished[task] = None
                return word
            if state.is_running:
                word = self._ended(exchange, task)
            elif state is State.UNKNOWN:
                if exchange.adds >= ADDS_MAX or not (exchange.reads or self._memory_is_whole()):
                    raise _NoAnswer("the register does not know the task")
                word = self._add(exchange, task)
            elif state is State.EXISTS:
                # Ours, come late; or, when nothing was lost, one that somebody left under this number.
                if not exchange.lost:
                    if task >= DECISIVE_FIRST or exchange.adds >= ADDS_MAX:
                        raise _NoAnswer(f"the register knows another task {task}")
                    self._acknowledge(task)
                    self._left_behind = True
                    word = self._add(exchange, task)
                else:
                    word = self._asked(task)
            elif state is State.OVERFLOW and exchange.adds < ADDS_MAX:
                self._make_room()
                word = self._add(exchange, task)
            else:
                return word
        raise _NoAnswer("the register goes round in circles")

    def _add(self, exchange: _Exchange, task: int) -> Word | None:
        exchange.sent, exchange.adds = True, exchange.adds + 1
        self._events.pop(task, None)
        return self._say(tasks.add(task, exchange.command))

    def _ended(self, exchange: _Exchange, task: int) -> Word:
        """How a task that runs stands when its event has come, or after a while. The event is only the bell: one that
        comes very late could be of an older task of this number."""
        event = self._event_of(task, exchange.until)
        word = self._asked(task)
        if word.state is State.UNKNOWN and event is not None:
            return event  # A register that forgets what it has told.
        if word.state.is_running and self._monotonic() >= exchange.until:
            raise _NoAnswer("it works on the command for too long")
        return word

    def _event_of(self, task: int, until: float) -> Word | None:
        until = min(until, self._monotonic() + self._tempo.poll_s)
        while task not in self._events and (left := until - self._monotonic()) > 0:
            event = self._event(left)
            if event is None or isinstance(event, packets.Damaged):
                break
            self._keep(event)
        return self._events.pop(task, None)

    def _memory_is_whole(self) -> bool:
        """Whether the register still knows the last task it finished for us: then it has lost none."""
        witness = next(reversed(self._finished), None)
        return witness is not None and self._asked(witness).state.is_final

    def _make_room(self) -> None:
        """Give up results we have had; where there are none, give the register time."""
        for task in list(self._finished):
            self._acknowledge(task)
        self._event_of(0, self._monotonic() + self._tempo.poll_s)

    def _asked(self, task: int) -> Word:
        for _ in range(ASKS_MAX):
            word = self._say(tasks.ask(task))
            if word is not None:
                return word
        raise _NoAnswer("nobody answers")

    def _acknowledge(self, task: int) -> Word | None:
        # Which answer this gets is not published: any will do.
        self._finished.pop(task, None)
        return self._say(tasks.acknowledge(task))

    def _next_task(self) -> int:
        self._task = self._task % OTHERS_LAST + 1
        if self._task in self._finished or self._left_behind:
            word = self._acknowledge(self._task)
            self._left_behind = self._left_behind and word is not None and word.state is not State.UNKNOWN
        return self._task

    def _first(self) -> int:
        """Where a process begins that knows nothing: behind the numbers the register knows."""
        known = [self._asked(number).state is not State.UNKNOWN for number in _DECISIVE]
        behind = [number for number, before in zip(_DECISIVE, (known[-1], *known), strict=False) if before]
        free = [number for number in behind if not known[number - DECISIVE_FIRST]]
        return free[0] if free else DECISIVE_FIRST

    def _reserve(self, number: int) -> None:
        """The first free number from `number` on; `number` itself, given up, where none is free. The one behind it is
        made free, so that there is one next time, and for another process to see where we are. What is given up is the
        oldest result, of an order that was decided twenty orders ago."""
        oldest = number
        while self._asked(number).state is not State.UNKNOWN:
            number = _after(number)
            if number == oldest:
                self._acknowledge(oldest)
                if self._asked(oldest).state is not State.UNKNOWN:
                    raise _NoAnswer("every number for a document is taken")
                break
        if self._asked(_after(number)).state is not State.UNKNOWN:
            self._acknowledge(_after(number))
        self._reserved, self._used = number, False

    def _say(self, data: bytes) -> Word | None:
        """One packet and what is answered to it; None after silence or rubbish."""
        number = self._next_packet()
        packet = packets.encode(number, data, self._crc_over)
        self._owed[number] = None
        self._link.write(packet)
        until, repeats = self._monotonic() + self._tempo.answer_s, 0
        while (left := until - self._monotonic()) > 0:
            event = self._event(left)
            if event is None or isinstance(event, packets.Damaged):
                return None
            if event.id != number:
                self._keep(event)
            elif event.data or repeats >= REPEATS_MAX:
                del self._owed[number]
                return tasks.read(event)
            else:
                repeats += 1
                self._link.write(packet)
        return None

    def _keep(self, packet: Packet) -> None:
        """An event; any other packet answers something we no longer wait for."""
        self._owed.pop(packet.id, None)
        word = tasks.read(packet) if packet.id == packets.ID_EVENT else None
        if word is not None and word.task is not None:
            self._events[word.task] = word

    def _next_packet(self) -> int:
        """Never a number whose answer may still come: it would be taken for another's."""
        if len(self._owed) > OWED_MAX:
            del self._owed[next(iter(self._owed))]
        while True:
            self._packet = self._packet % packets.ID_LAST + 1
            if self._packet not in self._owed:
                return self._packet

    def _event(self, wait_s: float) -> packets.Event | None:
        """The next event; None after silence."""
        until = self._monotonic() + wait_s
        while (event := self._decoder.next_event()) is None:
            data = self._link.read(max(until - self._monotonic(), 0.0))
            if not data:
                return None
            self._decoder.receive(data)
        return event

    def _drain(self) -> None:
        """Let what was on the way to somebody before us go by."""
        for _ in range(DRAIN_MAX):
            if not self._link.read(QUIET_S):
                break
        self._decoder.reset()


def _after(number: int) -> int:
    return number + 1 if number < DECISIVE_LAST else DECISIVE_FIRST


class _NoAnswer(Exception):
    """The layer has done what it can."""


@dataclass(slots=True)
class _Exchange:
    command: bytes
    reads: bool
    task: int | None
    until: float
    sent: bool = False  # Bytes of it may have left.
    lost: bool = False  # An answer has been missing since it was first added.
    adds: int = 0
