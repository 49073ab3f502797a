"""The other end of a line to a Shtrih-M register: both link layers, and what goes wrong on them. Time passes only when
the host waits."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from shtrih_frames import crc, numbered_packet, standard_frame, unstuffed
from shtrih_machine import Machine


@dataclass
class Clock:
    at: float = 0.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class Peer:
    """The other end of a line, as a Link. A fault is named for a command and happens once, to the next such one.

    lose_request, lose_answer, damage_request, damage_answer, twice, late, cut (executed, then the line breaks),
    cut_before, off_on (executed, then switched off and on), dead (never answers anything again).
    """

    machine: Machine
    clock: Clock
    faults: dict[str, str] = field(default_factory=dict)
    out: deque[tuple[float, bytes]] = field(default_factory=deque)
    inbox: bytes = b""
    opens: int = 0
    refuses: int = 0  # So many times the line cannot be opened.
    broken: bool = False
    dead: bool = False
    wire: list[str] = field(default_factory=list)  # What came in, for the tests of the layers.
    late_s: float = 45.0
    chunk: int = 0  # Bytes a read gives at most.

    def open(self) -> None:
        self.opens += 1
        if self.refuses:
            self.refuses -= 1
            raise ConnectionRefusedError("refused")
        self.broken = False
        self.inbox = b""
        self.reopened()

    def reopened(self) -> None:
        self.out.clear()

    def write(self, data: bytes) -> None:
        if self.broken:
            raise ConnectionResetError("the line broke")
        if not self.dead:
            self.inbox += data
            self.process()

    def read(self, timeout_s: float) -> bytes:
        if self.broken:
            raise ConnectionResetError("the line broke")
        if self.out and self.out[0][0] <= self.clock.at + timeout_s:
            due, data = self.out.popleft()
            self.clock.at = max(self.clock.at, due)
            if self.chunk and len(data) > self.chunk:
                self.out.appendleft((due, data[self.chunk :]))
                data = data[: self.chunk]
            return data
        self.clock.at += timeout_s
        return b""

    def close(self) -> None:
        self.broken = True

    def send(self, data: bytes, delay_s: float = 0.0) -> None:
        """In the order of their times: a register that takes long still answers ENQ at once."""
        self.out = deque(sorted([*self.out, (self.clock.at + delay_s, data)], key=lambda one: one[0]))

    def process(self) -> None:
        raise NotImplementedError

    def fault_of(self, payload: bytes) -> str:
        return self.faults.pop(self.machine.code_of(payload), "")


def damaged(frame: bytes) -> bytes:
    return frame[:-1] + bytes((frame[-1] ^ 0x01,))


class StandardPeer(Peer):
    pending: bytes | None = None
    due: float = 0.0  # Before that it only says that an answer is being prepared.

    def reopened(self) -> None:
        self.out.clear()  # What the register prepared stays with it.

    def process(self) -> None:
        while self.inbox:
            first = self.inbox[0]
            if first == 2:
                if len(self.inbox) < 2 or len(self.inbox) < self.inbox[1] + 3:
                    return
                size = self.inbox[1] + 3
                frame, self.inbox = self.inbox[:size], self.inbox[size:]
                self.frame(frame)
                continue
            self.inbox = self.inbox[1:]
            self.wire.append({5: "ENQ", 6: "ACK", 0x15: "NAK"}[first])
            if first == 5 and self.pending is None:
                self.send(b"\x15")
            elif first == 5 and self.pending is not None:
                self.send(b"\x06")
                if self.clock.at >= self.due:
                    self.send(self.pending)
            elif first == 6:
                self.pending = None

    def frame(self, frame: bytes) -> None:
        payload = frame[2:-1]
        self.wire.append(self.machine.code_of(payload))
        fault = self.fault_of(payload)
        if fault == "lose_request":
            return
        if fault == "cut_before":
            self.broken = True
            return
        if fault == "damage_request" or standard_frame(payload) != frame:
            self.send(b"\x15")
            return
        self.send(b"\x06")
        answer = standard_frame(self.machine.execute(payload))
        self.pending = answer
        if fault == "cut":
            self.broken = True
        elif fault in ("dead", "off_on"):
            self.out.clear()
            self.pending, self.dead = None, fault == "dead"
        elif fault == "lose_ack":
            self.out.clear()
        elif fault == "late":
            self.due = self.clock.at + self.late_s
            self.send(answer, self.late_s)
        elif fault == "wrong_code":
            self.pending = None
            self.send(standard_frame(b"\x34\x00"))
        elif fault == "truncated":
            self.send(answer[: len(answer) // 2])
        elif fault != "lose_answer":
            self.send(damaged(answer) if fault == "damage_answer" else answer)
            if fault == "twice":
                self.send(answer)


class NumberedPeer(Peer):
    num: int = 1
    last: bytes = b""

    def process(self) -> None:
        while self.inbox:
            at = self.inbox.find(b"\x8f", 1)
            raw, self.inbox = (self.inbox, b"") if at < 0 else (self.inbox[:at], self.inbox[at:])
            packet = unstuffed(raw)
            if crc(packet[1:-2]) != int.from_bytes(packet[-2:], "little"):
                continue
            if packet[1:3] == b"\0\0":
                self.wire.append("ping")
                self.send(self.answer())
                continue
            self.packet(int.from_bytes(packet[3:5], "little"), packet[5:-2])

    def answer(self) -> bytes:
        return numbered_packet(self.num, self.last)

    def packet(self, num: int, payload: bytes) -> None:
        self.wire.append(f"{self.machine.code_of(payload)}#{num}")
        fault = self.fault_of(payload)
        if fault in ("lose_request", "damage_request"):
            return
        if fault == "cut_before":
            self.broken = True
            return
        if num == (self.num + 1) % 0x10000:
            self.last, self.num = self.machine.execute(payload), num
        if fault == "cut":
            self.broken = True
        elif fault in ("dead", "off_on"):
            self.num, self.last, self.dead = 1, b"", fault == "dead"
        elif fault == "late":
            self.send(self.answer(), self.late_s)
        elif fault == "damage_answer":
            self.send(damaged(self.answer()))
        elif fault == "truncated":
            self.send(self.answer()[:-3])
        elif fault != "lose_answer":
            self.send(self.answer())
            if fault == "twice":
                self.send(self.answer())
