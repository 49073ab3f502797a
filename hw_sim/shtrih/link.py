"""What both link layers share: a frame that has come whole is heard, obeyed and answered, or meets a fault."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from hw_sim.faults import Fault
from hw_sim.shtrih.catalogue import code_of
from hw_sim.shtrih.dispatch import Outcome
from hw_sim.shtrih.faults import bytes_of

NO_CODE = "none"  # For frames too short to have a command code.


class Station(Protocol):
    """The register as its link layer sees it: the machine, with its faults, its line and its journal."""

    @property
    def byte_timeout_ns(self) -> int: ...
    def now(self) -> int: ...
    def heard(self, name: str, frame: bytes, about: str = "") -> bool: ...
    def executed(self, name: str) -> bool: ...
    def say(self, name: str, data: bytes, after_s: float = 0.0, about: str = "") -> None: ...
    def say_plainly(self, data: bytes, after_s: float = 0.0) -> None: ...
    def note(self, way: str, name: str, data: bytes = b"", about: str = "") -> None: ...
    def fault(self, name: str, code: str) -> Fault | None: ...
    def words(self, data: bytes) -> str: ...
    def perform(self, data: bytes) -> Outcome: ...


class Link(ABC):
    """One link layer. `received` takes the bytes of the host one by one."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def obey(self, frame: bytes, data: bytes) -> None:
        """A good frame has come: hear it, do it, answer it."""
        code = code_of(data) or NO_CODE
        station = self._station
        if not station.heard(code, frame, station.words(data)) or not self.takes(code):
            return
        outcome = station.perform(data)
        answer = self.keep(code, outcome)
        if station.executed(code):
            station.say(code, answer, outcome.seconds, outcome.about)

    def stale(self, fault: Fault, last: bytes) -> bytes:
        """The payload of an answer to something asked before; without one, of a short status."""
        return bytes_of(fault, "bytes") or last or self._station.perform(bytes.fromhex("101E000000")).payload

    @abstractmethod
    def received(self, byte: int) -> None:
        """The next byte of the host."""

    @property
    @abstractmethod
    def at_rest(self) -> bool:
        """No frame of the host is half received."""

    @abstractmethod
    def takes(self, code: str) -> bool:
        """Acknowledge a frame as far as the layer does that; False: it is not taken after all."""

    @abstractmethod
    def keep(self, code: str, outcome: Outcome) -> bytes:
        """Remember an answer as long as the layer does; its frame."""

    @abstractmethod
    def forget_half(self) -> None:
        """The line has dropped: half a frame of the host is gone."""

    @abstractmethod
    def lose_power(self) -> None:
        """Everything it had in mind is gone."""

    @abstractmethod
    def line_opened(self) -> None:
        """A host has connected."""

    @abstractmethod
    def time_passed(self) -> None:
        """Give up a frame whose next byte is late."""

    @abstractmethod
    def wakes_ns(self) -> int | None:
        """When that has to be done."""
