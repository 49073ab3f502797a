"""The printing mechanism of a register: what is on its way to paper, and the submode that follows from it.

    0 at rest, with paper          3 paper is back, waits for B0
    1 at rest, without paper       5 printing
    2 paper ran out while printing: leads to 3 only

Source: vendor's "Протокол работы ККТ 2.0", appendix 1. How long printing takes is a choice of the simulator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from hw_sim.device.machine import Mechanics
from hw_sim.exchange import NS, Clock


class Submode(IntEnum):
    """The byte after the mode."""

    AT_REST = 0
    NO_PAPER = 1
    PAPER_RAN_OUT = 2
    WAITS = 3
    PRINTS = 5


class LastPrint(IntEnum):
    """Byte 15 of the 10h answer of newer registers."""

    DONE = 0
    PAPER = 1
    PRINTER = 2
    GOING_ON = 5


@dataclass(slots=True)
class Printer:
    """`on_paper` is told what has come out, in whole documents."""

    now: Clock
    mechanics: Mechanics
    on_paper: Callable[[str], object]
    last: LastPrint = LastPrint.DONE
    _submode: Submode = Submode.AT_REST
    _names: list[str] = field(default_factory=list)
    _ends_ns: int = 0
    _left_ns: int = 0  # Still to print when it has stopped.

    def submode(self) -> Submode:
        """The state at this moment."""
        self.settle()
        if self._submode is Submode.AT_REST and not self.mechanics.can_print:
            return Submode.NO_PAPER
        return self._submode

    def print(self, name: str, seconds: float) -> None:
        """Begin to print a document, or add it to what is printing. `name` "" leaves no trace of its own."""
        self.settle()
        start = self._ends_ns if self._submode is Submode.PRINTS else self.now()
        if name:
            self._names.append(name)
        self._ends_ns = start + int(seconds * NS)
        self._submode, self.last = Submode.PRINTS, LastPrint.GOING_ON
        self.settle()

    def settle(self) -> None:
        """Let happen what has happened by now: the end of printing, the end of paper, paper put in."""
        if self._submode is Submode.PRINTS:
            if self.now() >= self._ends_ns:
                self._finish()
            elif not self.mechanics.can_print:
                self._stop(Submode.PAPER_RAN_OUT, LastPrint.PAPER)
        elif self._submode is Submode.PAPER_RAN_OUT and self.mechanics.can_print:
            self._submode = Submode.WAITS

    def go_on(self) -> bool:
        """B0; False: it is not waiting for that."""
        if self.submode() is not Submode.WAITS or not self.mechanics.can_print:
            return False
        self._submode, self.last = Submode.PRINTS, LastPrint.GOING_ON
        self._ends_ns = self.now() + self._left_ns
        self.settle()
        return True

    def fail(self) -> None:
        """The mechanism gives up in the middle of a document; it waits for B0."""
        self.settle()
        if self._submode is Submode.PRINTS:
            self._stop(Submode.WAITS, LastPrint.PRINTER)

    def lose_power(self) -> None:
        """What was not on paper yet waits for B0 when the power is back."""
        self.settle()
        if self._submode is Submode.PRINTS:
            self._stop(Submode.WAITS, LastPrint.PRINTER)
        elif self._submode is Submode.PAPER_RAN_OUT:
            self._submode = Submode.WAITS

    def _stop(self, submode: Submode, why: LastPrint) -> None:
        self._left_ns = max(0, self._ends_ns - self.now())
        self._submode, self.last = submode, why

    def _finish(self) -> None:
        for name in self._names:
            self.on_paper(name)
        self._names.clear()
        self._submode, self.last = Submode.AT_REST, LastPrint.DONE
