"""The family's own words at the console of a Shtrih-M register: what a hand can do beside paper, cover and power."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from hw_sim.device.console import Switch
from hw_sim.exchange import NS
from hw_sim.faults import finite, whole
from hw_sim.shtrih import status, strangers
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.machine import ShtrihMachine
from hw_sim.shtrih.storage import Current, Storage

DONE = "done"
HOUR_NS = 3600 * NS


class Switches:
    """Everything a hand can do to this register beside paper, cover and power."""

    def __init__(self, machine: ShtrihMachine) -> None:
        self._machine = machine
        self._register = machine.register

    def words(self) -> Mapping[str, Switch]:
        """By their names at the console."""
        return {
            "clock": self._clock,
            "shift": self._shift,
            "mode": self._mode,
            "foreign": self._foreign,
            "jump": self._jump,
            "back": self._back,
            "serial": self._serial,
            "storage": self._storage_number,
            "ofd": self._ofd,
            "server": self._server,
            "verdict": self._verdict,
            "stuck": self._stuck,
            "drawer": self._drawer,
        }

    def _clock(self, rest: list[str]) -> str:
        """clock +SECONDS|-SECONDS: the clock of the register runs so much further ahead, or behind"""
        self._register.clock.offset_s += finite(rest[0])
        return f"{self._register.clock.moment()}"

    def _shift(self, rest: list[str]) -> str:
        """shift age HOURS: the open shift is so old"""
        shift = self._register.memory.shift
        if rest[0] != "age":
            raise ValueError("shift age HOURS")
        if shift is None:
            raise ValueError("no shift is open")
        shift.opened_ns = self._register.now() - int(finite(rest[1]) * HOUR_NS)
        return status.in_words(self._register)

    def _mode(self, rest: list[str]) -> str:
        """mode [MODE [SUBMODE]|off]: what it is in; let it show any (hex, 5 is locked); its own again"""
        if rest == ["off"]:
            self._register.forced = None
        elif rest:
            mode, submode = int(rest[0], 16), int(rest[1]) if len(rest) > 1 else 0
            if not (0 <= mode <= 0xFF and 0 <= submode <= 0xFF):
                raise ValueError("mode and submode are one byte each")
            self._register.forced = (mode, submode)
        return f"{status.in_words(self._register)}, flags {status.flags(self._register):04X}"

    def _foreign(self, rest: list[str]) -> str:
        """foreign [OPERATOR]: a receipt of another operator is open"""
        if self._register.receipt is not None:
            raise ValueError("a receipt is open already")
        return self._tried(lambda: strangers.foreign_receipt(self._register, *map(whole, rest[:1])))

    def _jump(self, rest: list[str]) -> str:
        """jump [TIYN]: another program makes a sale of so much"""
        return self._tried(lambda: strangers.another_program(self._register, *map(whole, rest[:1])))

    def _back(self, rest: list[str]) -> str:
        """back [N]: the counters show N less"""
        strangers.turn_back(self._register, *map(whole, rest[:1]))
        return DONE

    def _serial(self, rest: list[str]) -> str:
        """serial NUMBER: another register stands here"""
        memory = self._register.memory
        memory.identity = replace(memory.identity, serial=rest[0])
        return DONE

    def _storage_number(self, rest: list[str]) -> str:
        """storage NUMBER: another fiscal storage is in it"""
        self._storage().serial = rest[0]
        return DONE

    def _ofd(self, rest: list[str]) -> str:
        """ofd up|down: the operator of fiscal data"""
        self._storage().deliver()  # Until now he could be reached, or could not.
        self._storage().ofd_up = _is_up(rest)
        return f"{len(self._storage().waiting())} documents wait"

    def _server(self, rest: list[str]) -> str:
        """server up|down: the server that knows marking codes"""
        self._register.marks.alone = not _is_up(rest)
        return DONE

    def _verdict(self, rest: list[str]) -> str:
        """verdict RESULT [CODE]: what that server says of a code, of all codes: 15 is good"""
        result = int(rest[0])
        if not 0 <= result <= 0xFF:
            raise ValueError("a result is one byte")
        if len(rest) > 1:
            self._register.marks.verdicts[rest[1].replace("<GS>", "\x1d").encode("latin-1")] = result
        else:
            self._register.marks.result = result
        return DONE

    def _stuck(self, _rest: list[str]) -> str:
        """stuck: the document in the fiscal storage stays open"""
        self._storage().current = Current.RECEIPT
        return DONE

    def _drawer(self, rest: list[str]) -> str:
        """drawer close: push the drawer in"""
        if rest != ["close"]:
            raise ValueError("drawer close")
        self._machine.mechanics.drawer_open = False
        return DONE

    def _storage(self) -> Storage:
        if self._register.storage is None:
            raise ValueError("this model has no fiscal storage")
        return self._register.storage

    def _tried(self, work: Callable[[], object]) -> str:
        try:
            work()
        except Refused as refused:
            return f"refused with {refused.code:02X}"
        return DONE


def _is_up(rest: list[str]) -> bool:
    if rest not in (["up"], ["down"]):
        raise ValueError("up or down")
    return rest == ["up"]
