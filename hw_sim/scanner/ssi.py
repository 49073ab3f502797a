"""A scanner that speaks Zebra SSI, as a state machine: what it is sent and the time in, what it sends out. No clock.

    length | opcode | source | status | data | checksum, two bytes       length: everything but the checksum

A read goes out as one or more decode packets (F3). Each waits for the host's ACK (D0); after `answer_s` without one, or
at a NAK with cause 1 (D1 01), it goes out again with status bit 0, twice at most; then the read has failed. A host's
command is carried out and acknowledged, a bad frame of the host is refused with cause 1.

Sources: Zebra DS2208 and Symbol SE-923 manuals, chapters on the simple serial interface.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

ACK, NAK = 0xD0, 0xD1
DECODE, EVENT = 0xF3, 0xF6
BEEP, LED_ON, LED_OFF, SCAN_ON, SCAN_OFF = 0xE6, 0xE7, 0xE8, 0xE9, 0xEA
ASK_REVISION, REVISION = 0xA3, 0xA4
NAK_AGAIN, NAK_CONTEXT, NAK_DENIED = 1, 2, 6

SENT_AGAIN, MORE_FOLLOWS = 1, 2  # Status bits.
FROM_HOST = 4
BEEP_MAX = 26
DATA_MAX = 250  # Data of one decode packet beside its type byte.
QUIET_S = 0.2  # After so much silence a half-received frame of the host is forgotten.


def frame(opcode: int, data: bytes = b"", status: int = 0, source: int = 0) -> bytes:
    """One frame with its checksum."""
    body = bytes([len(data) + 4, opcode, source, status]) + data
    check = 0x10000 - sum(body)
    return body + bytes([check >> 8 & 0xFF, check & 0xFF])


def sums_to_zero(whole: bytes) -> bool:
    """Whether the checksum of a frame is right."""
    total = sum(whole[:-2]) + 256 * whole[-2] + whole[-1]
    return total % 0x10000 == 0


@dataclass(frozen=True, slots=True)
class Command:
    """A good frame of the host."""

    opcode: int
    status: int
    data: bytes


@dataclass
class Troubles:
    """How this scanner misbehaves from now on. Numbers count down as they are used up."""

    deaf_to_acks: int = 0  # So many ACKs of the host are not heard.
    silent_to_commands: int = 0  # So many commands get no answer and are not carried out.
    mute_after_commands: int = 0  # So many are carried out but their ACK is lost.
    nak_commands: int = 0  # So many are refused with `nak_cause`.
    nak_cause: int = NAK_AGAIN
    flip_bits: deque[int] = field(default_factory=deque)  # One bit of each of the next decode frames arrives inverted.
    cut_to: deque[int] = field(default_factory=deque)  # Of the next decode frames only so many bytes ever come.
    swallow: int = 0  # So many decode frames never come at all.
    never_again: bool = False  # What was damaged is not sent again, neither after a NAK nor after the time-out.


class SsiScanner:
    """One scanner. `scan` pulls the trigger, `receive` and `poll` are the line. Times in seconds, of one clock.

    Attributes:
        delivered, failed: reads the host acknowledged, and reads given up after the third try, in order.
        beeps, leds, enabled: what the host has made it do; `leds` are the bits now lit.
        commands: every good frame the host sent, ACK and NAK included.
    """

    def __init__(
        self,
        answer_s: float = 2.0,
        packet_bytes: int = DATA_MAX,
        *,
        type_in_every_packet: bool = False,
        status: int = 0,
        revision: bytes = b"SIM00001-001-R00 00 17",
        bell_on_wire: bool = False,
    ) -> None:
        """`packet_bytes`: data in one packet at most. `status`: further bits it sets in every frame, as real ones do.
        `bell_on_wire`: tells every read with an event (F6) before it, which the host has to acknowledge too."""
        self.answer_s = answer_s
        self.packet_bytes = packet_bytes
        self.type_in_every_packet = type_in_every_packet
        self.status = status
        self.revision = revision
        self.bell_on_wire = bell_on_wire
        self.troubles = Troubles()
        self.delivered: list[bytes] = []
        self.failed: list[bytes] = []
        self.refused_triggers = 0
        self.beeps: list[int] = []
        self.leds = 0
        self.enabled = True
        self.commands: list[Command] = []
        self.bad_frames = 0
        self._reads: deque[tuple[bytes, list[tuple[int, bytes]]]] = deque()  # A code and its packets: opcode, data.
        self._packets: deque[tuple[int, int, bytes]] = deque()  # Of the read being sent: opcode, status, data.
        self._code = b""
        self._tries = 0
        self._due_s: float | None = None  # When the packet at the front goes out (again).
        self._incoming = bytearray()
        self._heard_s = 0.0
        self._answers = bytearray()
        self._last_command: Command | None = None

    def scan(self, code: bytes | str, kind: int = 0x1B) -> None:
        """Read one symbol. `kind` is the type byte: 1B Data Matrix, C1 GS1 Data Matrix, 0B EAN-13, ..."""
        if not self.enabled:
            self.refused_triggers += 1
            return
        data = code.encode("latin-1") if isinstance(code, str) else code
        pieces = [data[at : at + self.packet_bytes] for at in range(0, len(data), self.packet_bytes)] or [b""]
        packets = [
            (DECODE, (bytes([kind]) if self.type_in_every_packet or not number else b"") + piece)
            for number, piece in enumerate(pieces)
        ]
        self._reads.append((data, ([(EVENT, b"\x01")] if self.bell_on_wire else []) + packets))

    @property
    def busy(self) -> bool:
        """Reads are still to be sent or acknowledged."""
        return bool(self._reads or self._packets)

    @property
    def next_s(self) -> float | None:
        """When `poll` has something to send at the earliest; None: not before the host sends something."""
        if self._answers or (self._reads and not self._packets):
            return float("-inf")
        return self._due_s

    def receive(self, data: bytes, now_s: float) -> None:
        """Bytes of the host have come."""
        if data:
            self._forget_half_a_frame(now_s)
            self._heard_s = now_s
            self._incoming += data
        while self._incoming:
            size = self._incoming[0] + 2
            if size < 6:
                del self._incoming[:1]
                self.bad_frames += 1
                continue
            if len(self._incoming) < size:
                return
            whole = bytes(self._incoming[:size])
            del self._incoming[:size]
            if sums_to_zero(whole) and whole[2] == FROM_HOST:
                self._obey(Command(whole[1], whole[3], whole[4:-2]), now_s)
            else:
                self.bad_frames += 1
                self._incoming.clear()
                self._answer(NAK, bytes([NAK_AGAIN]))

    def poll(self, now_s: float) -> bytes:
        """What goes on the line now."""
        self._forget_half_a_frame(now_s)
        out = bytes(self._answers)
        self._answers.clear()
        if not self._packets and self._reads:
            self._begin(now_s)
        if self._due_s is not None and now_s >= self._due_s:
            out += self._transmit(now_s)
        return out

    def power_off(self) -> None:
        """Unplugged, and fed over the same cable: everything it had in mind is gone. A read on its way has failed."""
        if self._packets:
            self.failed.append(self._code)
        self.failed.extend(code for code, _ in self._reads)
        self._reads.clear()
        self._packets.clear()
        self._due_s = None
        self._incoming.clear()
        self._answers.clear()
        self._last_command = None
        self.leds = 0
        self.enabled = True

    def _begin(self, now_s: float) -> None:
        self._code, packets = self._reads.popleft()
        decodes = sum(opcode == DECODE for opcode, _ in packets)
        for opcode, data in packets:
            if opcode == DECODE:
                decodes -= 1
            more = MORE_FOLLOWS if opcode == DECODE and decodes else 0
            self._packets.append((opcode, self.status | more, data))
        self._tries = 0
        self._due_s = now_s

    def _transmit(self, now_s: float) -> bytes:
        if self._tries == 3 or (self._tries and self.troubles.never_again):
            self.failed.append(self._code)
            self._packets.clear()
            self._due_s = None
            return b""
        opcode, status, data = self._packets[0]
        whole = frame(opcode, data, status | (SENT_AGAIN if self._tries else 0))
        self._tries += 1
        self._due_s = now_s + self.answer_s
        return self._harmed(whole) if opcode == DECODE else whole

    def _harmed(self, whole: bytes) -> bytes:
        if self.troubles.swallow:
            self.troubles.swallow -= 1
            return b""
        if self.troubles.flip_bits:
            bit = self.troubles.flip_bits.popleft() % (8 * len(whole))
            return bytes(byte ^ (0x80 >> bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(whole))
        return whole[: self.troubles.cut_to.popleft()] if self.troubles.cut_to else whole

    def _obey(self, command: Command, now_s: float) -> None:
        self.commands.append(command)
        if command.opcode == ACK:
            self._acknowledged(now_s)
        elif command.opcode == NAK:
            if command.data[:1] == bytes([NAK_AGAIN]) and self._packets and self._tries:
                self._due_s = now_s
        elif self.troubles.silent_to_commands:
            self.troubles.silent_to_commands -= 1
        elif self.troubles.nak_commands:
            self.troubles.nak_commands -= 1
            self._answer(NAK, bytes([self.troubles.nak_cause]))
        else:
            self._carry_out(command)

    def _acknowledged(self, now_s: float) -> None:
        if self.troubles.deaf_to_acks:
            self.troubles.deaf_to_acks -= 1
            return
        if not self._packets or not self._tries:
            return
        self._packets.popleft()
        self._tries = 0
        self._due_s = now_s if self._packets else None
        if not self._packets:
            self.delivered.append(self._code)

    def _carry_out(self, command: Command) -> None:
        # A command sent again because only its answer was lost is acknowledged, not done twice.
        known = self._last_command
        repeated = (
            command.status & SENT_AGAIN and known and (known.opcode, known.data) == (command.opcode, command.data)
        )
        self._last_command = command
        refusal = None if repeated else self._done(command)
        if self.troubles.mute_after_commands:
            self.troubles.mute_after_commands -= 1
        elif refusal is not None:
            self._answer(NAK, bytes([refusal]))
        elif command.opcode == ASK_REVISION:
            self._answer(REVISION, self.revision)
        else:
            self._answer(ACK)

    def _done(self, command: Command) -> int | None:
        """Carry a command out; return the cause of a refusal, or None."""
        if command.opcode in (BEEP, LED_ON, LED_OFF) and len(command.data) != 1:
            return NAK_DENIED
        if command.opcode == BEEP:
            if command.data[0] > BEEP_MAX:
                return NAK_DENIED
            self.beeps.append(command.data[0])
        elif command.opcode == LED_ON:
            self.leds |= command.data[0]
        elif command.opcode == LED_OFF:
            self.leds &= ~command.data[0]
        elif command.opcode in (SCAN_ON, SCAN_OFF):
            self.enabled = command.opcode == SCAN_ON
        elif command.opcode != ASK_REVISION:
            return NAK_CONTEXT
        return None

    def _answer(self, opcode: int, data: bytes = b"") -> None:
        self._answers += frame(opcode, data, self.status)

    def _forget_half_a_frame(self, now_s: float) -> None:
        if self._incoming and now_s - self._heard_s > QUIET_S:
            self.bad_frames += 1
            self._incoming.clear()
            self._answer(NAK, bytes([NAK_AGAIN]))


def converse(scanner: SsiScanner, read: Callable[[int], bytes], write: Callable[[bytes], object], now_s: float) -> bool:
    """Give the scanner what its end of a line holds and send what it says; False: nothing happened.

    `read` never waits: `hw_sim.line.End.read`, or that of a `PtyPort` with no time-out.
    """
    heard = b""
    while piece := read(4096):
        heard += piece
    scanner.receive(heard, now_s)
    said = scanner.poll(now_s)
    if said:
        write(said)
    return bool(heard or said)
