"""What a hand at a Datecs printer can do besides paper, cover and power: words for the console."""

from __future__ import annotations

from collections.abc import Mapping

from hw_sim.datecs import sales
from hw_sim.datecs.command import LONG_TIME
from hw_sim.datecs.machine import Datecs
from hw_sim.datecs.signs import BITS, SETTABLE
from hw_sim.device.console import Switch
from hw_sim.exchange import NS
from hw_sim.faults import finite, whole

SHOWN = 20


def switches(machine: Datecs) -> Mapping[str, Switch]:
    """age, clock, sign, ram, foreign, counter, forget, journal."""
    state = machine.state

    def age(rest: list[str]) -> str:
        """age HOURS: the shift was opened so long ago."""
        if state.memory.shift is None:
            return "no shift is open"
        state.memory.shift.opened_ns = state.now_ns() - int(finite(rest[0]) * 3600 * NS)
        return f"the shift is {rest[0]} h old"

    def clock(rest: list[str]) -> str:
        """clock [SECONDS]: put the clock forward, or back with a minus."""
        if rest:
            state.clock_offset_ns += int(finite(rest[0]) * NS)
        return f"{state.local():{LONG_TIME}}"

    def sign(rest: list[str]) -> str:
        """sign [NAME on|off]: a fault the status bytes show."""
        if not rest:
            return ", ".join(sorted(state.shown()))
        name, way = rest
        if name not in SETTABLE or way not in ("on", "off"):
            raise ValueError(f"NAME on|off, NAME one of {', '.join(sorted(SETTABLE))}")
        (state.signs.add if way == "on" else state.signs.discard)(name)
        return f"{name} {way}: bit {' / '.join(bit or '-' for bit in BITS[name])} of P / X"

    def ram(rest: list[str]) -> str:
        """ram reset: the RAM is gone."""
        if rest != ["reset"]:
            raise ValueError("only ram reset is known")
        state.reset_ram()
        machine.forget_answer()
        return "RAM is gone"

    def foreign(rest: list[str]) -> str:
        """foreign [TENGE]: another program sells something for cash."""
        sales.sell_elsewhere(state, int(finite(rest[0]) * 100) if rest else 50_000)
        state.paper.run(machine.now())
        return f"document {state.document} is another program's"

    def counter(rest: list[str]) -> str:
        """counter [+N|-N]: move the number of the last document."""
        if rest:
            state.document = max(0, state.document + whole(rest[0]))
        return f"last document {state.document}"

    def forget(_rest: list[str]) -> str:
        """forget: the answer kept for a repeat is gone."""
        machine.forget_answer()
        return "nothing is kept for a repeat"

    def journal(rest: list[str]) -> str:
        """journal [N]: the last documents of the electronic journal."""
        records = state.journal.records[-int(rest[0]) if rest else -SHOWN :]
        lines = [f"{record.document:07} {record.at:{LONG_TIME}} {record.kind.name.lower()}" for record in records]
        return "\n".join(lines) or "none"

    return {
        "age": age, "clock": clock, "sign": sign, "ram": ram, "foreign": foreign, "counter": counter,
        "forget": forget, "journal": journal,
    }  # fmt: skip
