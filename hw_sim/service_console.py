"""The hand at a simulated service: the words of every register, and the switches of its control path by word."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import Any

from hw_sim import options
from hw_sim.console import Hand
from hw_sim.listing import columns
from hw_sim.option_values import shown
from hw_sim.options import Option
from hw_sim.server import Server

LEDGER, TOTALS = "ledger", "totals"


class ServiceConsole(Hand):
    """Commands on one service. `profiles`: objects whose fields the switches set, so far as they do."""

    def __init__(self, server: Server, *profiles: Any) -> None:
        self._server = server
        self._profiles = profiles
        super().__init__(
            server.faults,
            server.views[LEDGER],
            server.views[TOTALS],
            lambda: list(server.journal),
            {"switches": self._switches, "switch": self._switch},
        )
        self._at_start = self._shown()

    def run(self, line: str) -> str:
        self._server.settle()  # What was due by now has happened before the hand comes.
        return super().run(line)

    def _fields(self) -> Mapping[str, Option]:
        return {option.name: option for profile in self._profiles for option in options.of(profile)}

    def _shown(self) -> Mapping[str, str]:
        """Every switch as it stands."""
        fields = self._fields()
        return {
            name: fields[name].default_text if name in fields else shown(self._server.switched[name]())
            for name in self._server.switches
        }

    def standing(self) -> Mapping[str, str]:
        changed = [f"{name} {text}" for name, text in self._shown().items() if text != self._at_start[name]]
        sums = self._sums()
        shifts = [till["shift"] for till in ([sums] if "shift" in sums else sums.values()) if till["shift"] is not None]
        numbers = [shift["number"] if isinstance(shift, Mapping) else shift for shift in shifts]
        return {
            "switched": ", ".join(changed) or "nothing",
            "shift": ", ".join(f"{number} is open" for number in numbers) or "none is open",
        }

    def _switches(self, _rest: list[str]) -> str:
        """switches: what can be switched, how it stands, and what it means"""
        fields = self._fields()
        return columns(
            (
                f"{name} {text}",
                fields[name].about if name in fields else inspect.getdoc(self._server.switches[name]) or "",
            )
            for name, text in self._shown().items()
        )

    def _switch(self, rest: list[str]) -> str:
        """switch NAME VALUE: set one of them"""
        name, text = rest[0], " ".join(rest[1:]) or rest[1]
        if name not in self._server.switches:
            near = difflib.get_close_matches(name, self._server.switches, 1)
            raise ValueError(f"no switch {name!r}" + (f", did you mean {near[0]!r}?" if near else ""))
        field = self._fields().get(name)
        self._server.switches[name]((field or Option(name, bool, None, "")).read(text))
        return f"{name} is {text}"
