"""A register's queue of tasks at the end of a line, for tests of the wire alone: it obeys a plan of faults."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from atol_host import ACKNOWLEDGE, ADD, ASK, EVENT_ID, EVENT_RESULT, PENDING, RESULT, unwrapped, wrapped

from fiscal.atol.packets import CrcOver
from fiscal.atol.wire import TaskWire, Tempo

ANSWER_S, POLL_S = 5.0, 1.0
WORK_S = 2.0
LATE_S = 7.0
OK = b"\x55\x00\x00"
UNKNOWN, EXISTS, OVERFLOW, ILLEGAL, STOPPED = b"\xb3", b"\xb2", b"\xb1", b"\xb4", b"\xa5\x01"
REFUSALS = {"overflow": OVERFLOW, "illegal": ILLEGAL, "stopped": STOPPED, "nonsense": b"\x00\x01"}


@dataclass
class Clock:
    at_s: float = 0.0

    def monotonic(self) -> float:
        return self.at_s


@dataclass
class Peer:
    """Carries every command out at once, unless the plan for its word ("C1", "C2", "C3") says otherwise."""

    clock: Clock = field(default_factory=Clock)
    plans: dict[str, deque[str]] = field(default_factory=dict)
    results: dict[str, bytes] = field(default_factory=dict)  # Command -> the result of its task.
    known: dict[int, bytes] = field(default_factory=dict)  # Task -> what is said when it is asked for.
    ready_at: dict[int, float] = field(default_factory=dict)  # Task -> when its work ends.
    forgets: set[int] = field(default_factory=set)  # Tasks whose result is gone once it was told.
    seen: list[str] = field(default_factory=list)  # Words that arrived: "C1 92 #5", "C3 #5".
    done: list[str] = field(default_factory=list)  # Commands carried out.
    ids: list[int] = field(default_factory=list)
    opens: int = 0
    refuses: int = 0  # Connections that fail before one is made.
    dead: bool = False
    broken: bool = False
    _came: list[tuple[float, bytes]] = field(default_factory=list)

    def plan(self, word: str, *faults: str) -> None:
        self.plans[word] = deque(faults)

    # A line, as the driver sees it

    def open(self) -> None:
        self.opens += 1
        if self.refuses:
            self.refuses -= 1
            raise OSError("refused")
        self.broken = False

    def close(self) -> None:
        self.broken = True

    def read(self, timeout_s: float) -> bytes:
        if self.broken:
            raise OSError("cut")
        until = self.clock.at_s + timeout_s
        due = min((row for row in self._came if row[0] <= until), default=None)
        if due is None:
            self.clock.at_s = until
            return b""
        self._came.remove(due)
        self.clock.at_s = max(self.clock.at_s, due[0])
        return due[1]

    def write(self, data: bytes) -> None:
        if self.broken:
            raise OSError("cut")
        if self.dead:
            return
        for number, words in unwrapped(data):
            self.ids.append(number)
            self._word(number, words)

    # The queue

    def comes(self, data: bytes, after_s: float = 0.0) -> None:
        """Bytes on their way to the host."""
        self._came.append((self.clock.at_s + after_s, data))

    def event(self, task: int, result: bytes = OK, after_s: float = 0.0) -> None:
        self.comes(wrapped(EVENT_ID, bytes((EVENT_RESULT, task)) + result), after_s)

    def _word(self, number: int, data: bytes) -> None:
        word, rest = data[0], data[1:]
        if word == ADD:
            self.seen.append(f"C1 {rest[4:5].hex().upper()} #{rest[1]}")
        else:
            self.seen.append(f"{word:02X} #{rest[0]}")
        plan = self.plans.get(f"{word:02X}")
        fault = plan.popleft() if plan else ""
        if fault == "lose_request":
            return
        if fault == "cut_before":
            self.broken = True
            return
        if fault == "off_on_before":
            self.known.clear()
            return
        if fault == "empty":
            self.comes(wrapped(number, b""))
            return
        answer = REFUSALS.get(fault) or self._answer(word, rest, fault)
        self._say(number, answer, fault)

    def _answer(self, word: int, rest: bytes, fault: str) -> bytes:
        if word == ASK:
            return self._state(rest[0])
        if word == ACKNOWLEDGE:
            return bytes((RESULT,)) if self.known.pop(rest[0], None) else UNKNOWN
        task, code = rest[1], rest[4:5].hex().upper()
        if task in self.known:
            return EXISTS
        result = bytes((RESULT,)) + self.results.get(code, OK)
        if fault == "endless":
            self.known[task] = bytes((PENDING,))
            return bytes((PENDING,))
        self.done.append(code)
        self.known[task] = result
        if fault not in ("pending", "pending_mute", "pending_told"):
            return result
        self.ready_at[task] = self.clock.at_s + WORK_S
        if fault == "pending_told":
            self.forgets.add(task)
        if fault != "pending_mute":
            self.event(task, result[1:], WORK_S)
        return bytes((PENDING,))

    def _state(self, task: int) -> bytes:
        if task in self.known and self.clock.at_s < self.ready_at.get(task, 0.0):
            return bytes((PENDING,))
        if task in self.forgets:
            return UNKNOWN
        return self.known.get(task, UNKNOWN)

    def _say(self, number: int, answer: bytes, fault: str) -> None:
        packet = wrapped(number, answer)
        if fault == "lose_answer":
            return
        if fault == "off_on":
            self.known.clear()
            return
        if fault == "cut":
            self.broken = True
            return
        if fault == "damage_answer":
            packet = packet[:-1] + bytes((packet[-1] ^ 0x01,))
        if fault == "half":
            packet = packet[:-2]
        if fault == "noise":
            packet = b"\x00\xfe\x01" + packet
        if fault == "foreign_event":
            self.event(0x77)
        self.comes(packet, LATE_S if fault == "late" else 0.0)
        if fault == "twice":
            self.comes(packet)


def wire_of(peer: Peer) -> TaskWire:
    """A wire that has found its line."""
    wire = TaskWire(peer, Tempo(ANSWER_S, POLL_S), CrcOver.STUFFED, peer.clock.monotonic)
    wire.connect()
    peer.seen.clear()
    return wire
