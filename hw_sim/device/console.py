"""The hand at a simulated register: one line of text in, what happened out. Family switches come in as a table.

help                          this list
paper out | paper low | paper load
cover open | cover close
power off [SECONDS] | power on
fault NAME [MATCH] [count=N] [skip=N] [key=value ...]
faults | clear                what waits to go wrong; forget it
documents [N] | totals        the fiscal memory
frames [N]                    the journal of frames, both ways
quit
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from hw_sim.device.machine import Machine
from hw_sim.device.memory import FiscalMemory

SHOWN = 20

Switch = Callable[[list[str]], str]


class Console:
    """Commands on one register. `switches` are the family's own words, told by the first lines of their docstrings."""

    def __init__(self, machine: Machine, memory: FiscalMemory, switches: Mapping[str, Switch] | None = None) -> None:
        self._machine = machine
        self._memory = memory
        self._switches = dict(switches or {})
        self._words: dict[str, Switch] = {
            "help": self._help,
            "paper": self._paper,
            "cover": self._cover,
            "power": self._power,
            "fault": self._fault,
            "faults": self._faults,
            "clear": self._clear,
            "documents": self._documents,
            "totals": lambda _rest: json.dumps(memory.totals(), ensure_ascii=False, indent=2),
            "frames": self._frames,
            **self._switches,
        }

    def run(self, line: str) -> str:
        """Carry out one line; what went wrong is said, never raised."""
        word, *rest = line.split() or ["help"]
        command = self._words.get(word)
        if command is None:
            return f"{word}: no such command; known: {', '.join(self._words)}"
        try:
            return command(rest)
        except (ValueError, TypeError, IndexError) as error:
            return f"{word}: {error}"

    def _help(self, _rest: list[str]) -> str:
        lines = [(__doc__ or "").strip()]
        if self._switches:
            lines.append(f"    of this family: {', '.join(self._switches)}")
            lines += [told.splitlines()[0] for switch in self._switches.values() if (told := switch.__doc__)]
        return "\n".join(lines)

    def _paper(self, rest: list[str]) -> str:
        verbs: dict[str, Callable[[], object]] = {
            "out": self._machine.end_paper,
            "load": self._machine.load_paper,
            "low": lambda: setattr(self._machine.mechanics, "paper_low", True),
        }
        return _one_of(verbs, rest)

    def _cover(self, rest: list[str]) -> str:
        return _one_of({"open": self._machine.open_cover, "close": self._machine.close_cover}, rest)

    def _power(self, rest: list[str]) -> str:
        back = float(rest[1]) if len(rest) > 1 else None
        verbs: dict[str, Callable[[], object]] = {
            "off": lambda: self._machine.power_off(back),
            "on": self._machine.power_on,
        }
        return _one_of(verbs, rest)

    def _fault(self, rest: list[str]) -> str:
        if not rest:
            return "\n".join(f"{name:<20} {kind.about}" for name, kind in self._machine.faults.kinds.items())
        name, *words = rest
        match = words.pop(0) if words and "=" not in words[0] else ""
        params: dict[str, Any] = {}
        for word in words:
            key, _, value = word.partition("=")
            params[key] = _number(value)
        self._machine.faults.add(name, match, **params)
        return f"{name} waits"

    def _faults(self, _rest: list[str]) -> str:
        return "\n".join(json.dumps(fault) for fault in self._machine.faults.waiting()) or "none"

    def _clear(self, _rest: list[str]) -> str:
        self._machine.faults.clear()
        return "cleared"

    def _documents(self, rest: list[str]) -> str:
        rows = self._memory.rows()[-int(rest[0]) if rest else -SHOWN :]
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) or "none"

    def _frames(self, rest: list[str]) -> str:
        notes = list(self._machine.frames)[-int(rest[0]) if rest else -SHOWN :]
        return "\n".join(note.text() for note in notes) or "none"


def _one_of(verbs: Mapping[str, Callable[[], object]], rest: list[str]) -> str:
    if not rest or rest[0] not in verbs:
        raise ValueError(f"one of {', '.join(verbs)}")
    verbs[rest[0]]()
    return "done"


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
