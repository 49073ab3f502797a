"""A Shtrih-M register behind a line of bytes: its link layer, its faults, its power and its paper. A test tool only."""

from __future__ import annotations

import random

from hw_sim.device.machine import Machine
from hw_sim.exchange import NS, Clock
from hw_sim.faults import Fault
from hw_sim.shtrih import dispatch
from hw_sim.shtrih.catalogue import code_of
from hw_sim.shtrih.dispatch import Outcome
from hw_sim.shtrih.faults import GROUPS, SHTRIH_KINDS
from hw_sim.shtrih.link import Link
from hw_sim.shtrih.numbered_link import STX as NUMBERED_STX
from hw_sim.shtrih.numbered_link import NumberedLink
from hw_sim.shtrih.options import LayerName, Options
from hw_sim.shtrih.register import Register
from hw_sim.shtrih.standard_link import ENQ, STX, StandardLink

_STANDARD_STARTS = (STX, ENQ)


class ShtrihMachine(Machine):
    """`register` is everything behind the link layer."""

    def __init__(self, now: Clock, rng: random.Random, options: Options) -> None:
        super().__init__(now, rng, SHTRIH_KINDS)
        self.byte_gap_s = options.byte_gap_s
        self.register = Register(now, rng, self.mechanics, options)
        self._options = options
        self._link: Link = self._numbered() if options.layer is LayerName.NUMBERED else self._standard()
        self.register.line.is_new = options.layer is LayerName.AUTO

    # What a link layer asks

    @property
    def byte_timeout_ns(self) -> int:
        return int(self.register.line.byte_timeout_s * NS)

    def fault(self, name: str, code: str) -> Fault | None:
        """Take one waiting fault of a name if it meets this command, or its group."""
        return self.faults.draw_point(name, code, GROUPS.get(code, ""))

    def words(self, data: bytes) -> str:
        return dispatch.in_words(self.register, data)

    def perform(self, data: bytes) -> Outcome:
        code = code_of(data)

        def draw(name: str) -> Fault | None:
            fault = self.fault(name, code)
            if fault is not None:
                self.note("!", name)
            return fault

        return dispatch.perform(self.register, data, draw)

    # What the machine asks

    def take_bytes(self, data: bytes) -> None:
        for byte in data:
            if self.register.line.is_new and self._link.at_rest:
                self._choose(byte)
            self._link.received(byte)
            if not self.powered or self.hung_up:
                return  # A fault has struck in the middle: nobody hears the rest.

    def lose_power(self) -> None:
        self._link.lose_power()
        self.register.lose_power()
        self.register.line.is_new = self.register.line.is_new or self._options.layer is LayerName.AUTO

    def line_opened(self) -> None:
        self._link.line_opened()

    def line_dropped(self) -> None:
        self._link.forget_half()

    def paper_loaded(self) -> None:
        self.register.printer.settle()

    def paper_ended(self) -> None:
        self.register.printer.settle()

    def cover_moved(self) -> None:
        self.register.printer.settle()

    def time_passed(self) -> None:
        self.register.printer.settle()
        self._link.time_passed()

    def wakes_ns(self) -> int | None:
        return self._link.wakes_ns()

    def _choose(self, byte: int) -> None:
        """The first byte after a service run or 14h says which layer it is; any other byte says nothing."""
        if byte == NUMBERED_STX and self.register.profile.numbered_layer:
            if not isinstance(self._link, NumberedLink):
                self._link = self._numbered()
        elif byte in _STANDARD_STARTS:
            if not isinstance(self._link, StandardLink):
                self._link = self._standard()
        else:
            return
        self.register.line.is_new = False

    def _standard(self) -> StandardLink:
        return StandardLink(self, idle_ff=self._options.idle_ff)

    def _numbered(self) -> NumberedLink:
        return NumberedLink(self, self._options.first_num, per_connection=self._options.num_per_connection)
