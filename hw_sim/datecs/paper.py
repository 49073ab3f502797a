"""The print buffer: lines that wait for the head, documents that are not yet whole on paper.

A command is done when its lines are in the buffer; they come out at the speed of the head, and only with paper and a
closed cover. Documents reach `memory.papers` when their last line is out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hw_sim.device.machine import Mechanics
from hw_sim.device.memory import FiscalMemory
from hw_sim.exchange import NS


@dataclass(slots=True)
class Paper:
    """`line_s` is the time of one line; 0 prints at once."""

    mechanics: Mechanics
    memory: FiscalMemory
    line_s: float
    lines: int = 0  # Still to come out.
    printed_lines: int = 0  # Since the printer was made.
    _documents: list[str] = field(default_factory=list)
    _at_ns: int = 0

    def put(self, lines: int, document: str = "") -> None:
        """Lines for the head; `document` names what is whole after them."""
        self.lines += lines
        if document:
            self._documents.append(document)

    def run(self, now_ns: int) -> None:
        """Let the head print what it can by now."""
        if self.mechanics.can_print:
            ready = self.lines if self.line_s == 0 else int((now_ns - self._at_ns) / NS / self.line_s)
            done = min(self.lines, ready)
            self.lines -= done
            self.printed_lines += done
            self._at_ns = self._at_ns + int(done * self.line_s * NS) if self.lines else now_ns
        else:
            self._at_ns = now_ns
        if self.lines == 0:
            self.memory.papers += self._documents
            self._documents.clear()

    @property
    def left_s(self) -> float:
        """How long until the buffer is empty; 0 also when it cannot empty."""
        return self.lines * self.line_s if self.mechanics.can_print else 0.0

    @property
    def interrupted(self) -> bool:
        return self.lines > 0

    def resume(self, now_ns: int, heading: str) -> None:
        """Power is back in the middle of a printout; `heading` is printed first when there is one."""
        self._at_ns = now_ns
        if heading:
            self._documents.insert(0, heading)
            self.lines += 1
        self.run(now_ns)

    def clear(self) -> None:
        """RAM is gone: what was not printed never will be."""
        self.lines = 0
        self._documents.clear()
