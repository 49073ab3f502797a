"""Commands of the host to an SSI scanner: one at a time, sent once more where no answer comes, told when lost. Pure.

Sources: Motorola SE955 Integration Guide, chapter 10 (CMD_ACK, CMD_NAK: a resent message carries the retransmission
bit, data in answer to a command stands for its ACK); the 2 s are the Serial Response Time-out's default.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from scanners.line_protocol import Notice
from scanners.ssi.codec import NakCause, Opcode, Packet, Status, encode

ANSWER_MS: Final = 2000
TRIES_MAX: Final = 2

_CAUSES: Final[dict[int, str]] = {
    NakCause.RESEND: "it did not understand what it received",
    NakCause.BAD_CONTEXT: "it does not know this command, or not now",
    NakCause.DENIED: "it is not able or not allowed to",
    NakCause.CANCEL: "cancelled",
}


@dataclass(frozen=True, slots=True)
class Command:
    opcode: Opcode
    data: bytes
    name: str  # For a person: "beep 15".
    answer: Opcode = Opcode.CMD_ACK
    stale_with: str = ""  # Waiting, it gives way to a newer command of the same word: a beep for a later read.


SCAN_ENABLE: Final = Command(Opcode.SCAN_ENABLE, b"", "enable scanning")
SCAN_DISABLE: Final = Command(Opcode.SCAN_DISABLE, b"", "disable scanning")
REQUEST_REVISION: Final = Command(Opcode.REQUEST_REVISION, b"", "tell the revision", Opcode.REPLY_REVISION)


def beep(pattern: int) -> Command:
    return Command(Opcode.BEEP, bytes((pattern,)), f"beep {pattern}", stale_with="beep")


def led(mask: int, *, on: bool) -> Command:
    opcode = Opcode.LED_ON if on else Opcode.LED_OFF
    return Command(opcode, bytes((mask,)), f"LED {mask} {'on' if on else 'off'}", stale_with="led")


class Commands:
    """What is still to be sent, and what is waited for."""

    def __init__(self, answer_ms: int = ANSWER_MS) -> None:
        self._answer_ns = answer_ms * 1_000_000
        self._waiting: deque[Command] = deque()
        self._sent: Command | None = None
        self._tries = 0
        self._again = False  # The command in `_sent` is to go out once more.
        self._due_ns = 0
        self._told: set[tuple[str, str]] = set()  # Command and what went wrong, until it succeeds.
        self._notices: deque[Notice] = deque()

    @property
    def expecting(self) -> bool:
        """An answer is due."""
        return self._sent is not None and not self._again

    def restart(self, first: Iterable[Command]) -> None:
        """The line was opened: nothing of before is waited for."""
        self._waiting = deque(first)
        self._sent = None
        self._told.clear()

    def put(self, commands: Iterable[Command]) -> None:
        """Queue commands; each takes the place of what it makes stale."""
        for new in commands:
            if new.stale_with:
                self._waiting = deque(old for old in self._waiting if old.stale_with != new.stale_with)
            self._waiting.append(new)

    def outgoing(self, at_ns: int) -> bytes:
        """Return the next frame to send at `at_ns`, b"" for nothing."""
        if self._sent is None and self._waiting:
            self._sent, self._tries, self._again = self._waiting.popleft(), 0, True
        if self._sent is None or not self._again:
            return b""
        status = Status.RETRANSMISSION if self._tries else 0
        self._tries += 1
        self._again = False
        self._due_ns = at_ns + self._answer_ns
        return encode(self._sent.opcode, self._sent.data, status)

    def answered(self, packet: Packet) -> bool:
        """Take an ACK, a NAK or a reply; False: nothing waits for it (it came late, or was never asked for)."""
        command = self._sent
        if command is None:
            return False
        if packet.opcode == Opcode.CMD_NAK:
            cause = packet.data[0] if packet.data else 0
            if cause == NakCause.RESEND and self._tries < TRIES_MAX:
                self._again = True
                return True
            why = _CAUSES.get(cause, "for a reason of its own")
            self._give_up(
                command, f"refused the command to {command.name}: {why} (NAK cause {cause})", packet.last_at_ns
            )
            return True
        if packet.opcode not in (command.answer, Opcode.CMD_ACK):
            return False
        if packet.opcode == Opcode.REPLY_REVISION:
            self._notices.append(Notice(f"the scanner is {_printable(packet.data)}", packet.last_at_ns))
        self._told = {told for told in self._told if told[0] != command.name}
        self._sent = None  # Even where the second try was due: the answer came late.
        return True

    def tick(self, at_ns: int) -> None:
        """Say that no answer had come by `at_ns`."""
        command = self._sent
        if command is None or self._again or at_ns - self._due_ns <= 0:
            return
        if self._tries < TRIES_MAX:
            self._again = True
            return
        self._give_up(command, f"did not answer the command to {command.name}", at_ns)

    def next_notice(self) -> Notice | None:
        return self._notices.popleft() if self._notices else None

    def _give_up(self, command: Command, why: str, at_ns: int) -> None:
        """Go on without it, and tell it once, not at every beep."""
        self._sent = None
        if (command.name, why) not in self._told:
            self._told.add((command.name, why))
            self._notices.append(Notice(f"the scanner {why}", at_ns))


def _printable(data: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else " " for byte in data).strip() or "silent about its revision"
