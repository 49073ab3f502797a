"""Simulated devices behind the ports of the product, in virtual time: no thread, no socket."""

from __future__ import annotations

from collections.abc import Callable

from fiscal.escpos.links import Link, LinkFailed
from fiscal.escpos.printer import Printer
from fiscal.escpos.profiles import profile
from hw_sim.printer.inprocess import InProcessPrinter
from hw_sim.printer.interpreter import Interpreter
from hw_sim.scanner.memory import MemoryLine
from scanners.framing import Framing
from scanners.line import LineScanner
from scanners.plain import PlainText
from scanners.ports import Port, PortUnavailable
from scanners.scan import Health

PRINTER_PROFILE = "epson-tm-t20"


class LineToPrinter:
    """What the printer driver takes for a connection."""

    one_way = False
    paperless = False

    def __init__(self, printer: InProcessPrinter) -> None:
        self._printer = printer

    def open(self) -> Link:
        return self

    def write(self, data: bytes) -> None:
        try:
            self._printer.write(data)
        except ConnectionError as error:
            raise LinkFailed("closed", str(error)) from error

    def settle(self) -> None:
        """Every byte has arrived when `write` returns."""

    def read(self, timeout_s: float) -> bytes:
        return self._printer.read(64, timeout_s)

    def close(self) -> None:
        """The line stays; a job is a conversation on it."""


def printer_on(paper: Interpreter, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> Printer:
    """The product's driver, talking to a simulated printer."""
    line = LineToPrinter(InProcessPrinter(paper, monotonic, sleep))
    return Printer(line, profile(PRINTER_PROFILE), monotonic=monotonic, sleep=sleep)


class PortOnLine:
    """What the scanner driver takes for an open port."""

    def __init__(self, line: MemoryLine) -> None:
        self._line = line

    def read(self, max_bytes: int) -> bytes:
        return self._line.read(max_bytes)

    def write(self, data: bytes) -> None:
        self._line.write(data)

    def close(self) -> None:
        """A memory line holds nothing that must be given back."""


def scanner_on(
    line: MemoryLine, name: str, framing: Framing, now: Callable[[], int], monotonic: Callable[[], float]
) -> LineScanner:
    """The product's driver on a simulated line."""

    def opener() -> Port:
        if not line.plugged:
            raise PortUnavailable(Health.OFFLINE, "not plugged in")
        return PortOnLine(line)

    return LineScanner(name, opener, PlainText(framing), now=now, monotonic=monotonic)
