"""The printer, sans I/O: bytes in; paper, answers and a log out.

The same bytes give the same paper however they are cut into reads, and any bytes at all give some paper and never an
exception. Nothing here reads a clock: a transport realises slowness (`condition.bytes_per_s`, `answer_delay_s`).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from hw_sim.printer import device_commands, image_commands, symbol_commands, text_commands
from hw_sim.printer.condition import Condition
from hw_sim.printer.grammar import TEXT, UNKNOWN, Command, Parser, name_of
from hw_sim.printer.machine import Machine
from hw_sim.printer.model import PrinterModel
from hw_sim.printer.pages import page_char
from hw_sim.printer.paper import Paper
from hw_sim.printer.text_commands import Handler

# A real-time command is obeyed wherever its bytes come by, also inside a picture, which has them as dots all the same
# (manuals of the Citizen CBM1000, Sewoo WTP-100, Posbank A10, on DLE EOT; Custom P80C, on DLE ENQ).
_REALTIME_INSIDE = re.compile(
    rb"\x10(?:\x04[\x01-\x04]|\x05[\x01\x02]|\x14\x01[\x00\x01][\x01-\x08]|\x14\x08\x01\x03\x14\x01\x06\x02\x08)"
)
LOG_MAX = 20_000
_HEX_SHOWN_BYTES = 16
_TEXT_ENTRY_BYTES_MAX = 256

HANDLERS: Mapping[str, Handler] = {
    **text_commands.HANDLERS,
    **image_commands.HANDLERS,
    **symbol_commands.HANDLERS,
    **device_commands.HANDLERS,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: what came at which byte of the stream and what the printer made of it."""

    offset: int
    name: str
    raw: bytes
    meaning: str

    def __str__(self) -> str:
        shown = self.raw[:_HEX_SHOWN_BYTES].hex(" ").upper()
        more = f" ... {len(self.raw)} bytes" if len(self.raw) > _HEX_SHOWN_BYTES else ""
        return f"{self.offset:06d}  {self.name:<8} {self.meaning}  [{shown}{more}]"


class Interpreter:
    """One printer. Not thread-safe: callers hold a lock.

    Args:
        model: the firmware.
        flow_control: True when the transport waits while `buffer_free` is 0 (TCP, USB, DTR); False loses what does not
            fit, as a serial line without handshake does, and counts it in `overrun_bytes`.

    Attributes:
        paper: what was printed.
        condition: the mechanics and the faults; after changing it call `settle()`.
        log: every command in order, with the latest LOG_MAX entries kept.
        unknown: commands this firmware does not know or that nothing here draws.
    """

    def __init__(self, model: PrinterModel, *, flow_control: bool = True) -> None:
        self.model = model
        self.flow_control = flow_control
        self.overrun_bytes = 0
        self.log: deque[Entry] = deque(maxlen=LOG_MAX)
        self.unknown: deque[Command] = deque(maxlen=LOG_MAX)
        self._machine = Machine(model)
        self._parser = Parser(model)
        self._queue: deque[Command] = deque()
        self._queued_bytes = 0

    @property
    def paper(self) -> Paper:
        return self._machine.paper

    @property
    def condition(self) -> Condition:
        return self._machine.condition

    @property
    def held_bytes(self) -> int:
        """Bytes taken but not yet printed, because the printer is offline or busy."""
        return self._queued_bytes

    @property
    def buffer_free(self) -> int:
        """How many bytes the receive buffer still takes."""
        return max(0, self.model.buffer_bytes - self._queued_bytes)

    @property
    def ready(self) -> bool:
        """It prints what it gets."""
        c = self.condition
        return c.powered and not c.busy and not c.offline

    def receive(self, data: bytes) -> None:
        """Take bytes from the line and print as far as the printer is able to."""
        if not self.condition.powered:
            return
        self.settle()
        self._parser.receive(data)
        while (command := self._parser.next_command()) is not None:
            if command.name in device_commands.REALTIME:
                self._execute_now(command)
            else:
                self._obey_inside(command)
                self._hold(command)
            self.settle()

    def take_reply(self) -> bytes:
        """Everything answered since the last call."""
        self.settle()
        answers, self._machine.answers = self._machine.answers, []
        return b"".join(answers)

    def settle(self) -> None:
        """Go on with what was held, if nothing holds it any more, and report changes if the host asked for that."""
        while self._queue and self.ready:
            command = self._queue.popleft()
            self._queued_bytes -= len(command.raw)
            self._execute(command)
        self._machine.report_change()

    def power_off(self) -> None:
        """Pull the plug: unprinted bytes, modes, page and glyphs are gone. Paper and the drawer stay as they are."""
        self.condition.powered = False
        self._parser = Parser(self.model)
        self._forget_held()
        self._machine.reset()
        self._machine.answers.clear()
        self._machine.automatic = 0

    def power_on(self) -> None:
        """Start again with the firmware's own settings."""
        self.condition.powered = True
        self.settle()

    def power_cut(self) -> None:
        """Power off and on again at once."""
        self.power_off()
        self.power_on()

    def _forget_held(self) -> None:
        self._queue.clear()
        self._queued_bytes = 0

    def _execute_now(self, command: Command) -> None:
        meaning = device_commands.REALTIME[command.name](self._machine, command.args)
        if (command.name, command.args) in (("DLE ENQ", b"\x02"), ("DLE DC4", device_commands.CLEAR_BUFFERS)):
            self._forget_held()
        self._write(command, meaning)

    def _obey_inside(self, command: Command) -> None:
        for found in _REALTIME_INSIDE.finditer(command.args):
            raw, at = found[0], command.offset + len(command.raw) - len(command.args) + found.start()
            self._execute_now(Command(name_of(raw[:2]), raw, raw[2:], at))

    def _hold(self, command: Command) -> None:
        size = len(command.raw)
        # A printer that is able to print empties its buffer as fast as we fill it.
        if not self.flow_control and not (self.ready and not self._queue) and size > self.buffer_free:
            kept = self.buffer_free if command.name == TEXT else 0
            self.overrun_bytes += size - kept
            if not kept:
                return
            command = Command(TEXT, command.raw[:kept], b"", command.offset)
        self._queue.append(command)
        self._queued_bytes += len(command.raw)

    def _hold_again(self, command: Command) -> None:
        self._queue.appendleft(command)
        self._queued_bytes += len(command.raw)

    def _execute_text(self, command: Command) -> None:
        printed = 0
        while printed < len(command.raw) and self.ready:
            printed += self._machine.put_text(command.raw, printed)
        self._write_text(command.raw[:printed], command.offset)
        if printed < len(command.raw):
            self._hold_again(Command(TEXT, command.raw[printed:], b"", command.offset + printed))

    def _execute(self, command: Command) -> None:
        if command.name == TEXT:
            self._execute_text(command)
            return
        self._machine.end_of_text()
        handler = HANDLERS.get(command.name)
        if handler is None:
            self.unknown.append(command)
            self._write(command, "unknown to this model" if command.name == UNKNOWN else "known, not simulated")
            return
        self._write(command, handler(self._machine, command.args))
        if self.condition.cutter_jammed:
            # The blade is still to fall: DLE ENQ 1 lets it, DLE ENQ 2 forgets it. The feed before it has been done.
            self._hold_again(Command("GS V", b"\x1dV\x00", b"\x00", command.offset))

    def _write(self, command: Command, meaning: str) -> None:
        self.log.append(Entry(command.offset, command.name, command.raw, meaning))

    def _write_text(self, raw: bytes, offset: int) -> None:
        """Log bytes of text; runs are joined and cut here so that reads leave no trace in the log."""
        page = self._machine.page
        under = f"{page}: "
        while raw:
            last = self.log[-1] if self.log else None
            room = _TEXT_ENTRY_BYTES_MAX - len(last.raw) if last is not None and last.name == TEXT else 0
            if last is not None and room > 0 and last.meaning.startswith(under):
                part = raw[:room]
                self.log[-1] = Entry(last.offset, TEXT, last.raw + part, last.meaning + _shown(page, part))
            else:
                part = raw[:_TEXT_ENTRY_BYTES_MAX]
                self.log.append(Entry(offset, TEXT, part, under + _shown(page, part)))
            raw, offset = raw[len(part) :], offset + len(part)


def _shown(page: str, raw: bytes) -> str:
    return "".join(chr(byte) if byte < 0x7F else page_char(page, byte) for byte in raw)
