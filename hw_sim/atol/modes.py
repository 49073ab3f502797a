"""Modes of the command layer: which one is on, what it takes, and the sub-mode while a Z report is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from hw_sim.exchange import NS


class Mode(IntEnum):
    """Low half of the mode byte."""

    IDLE = 0
    REGISTRATION = 1
    X_REPORTS = 2
    Z_REPORTS = 3
    PROGRAMMING = 4
    TAX_INSPECTOR = 5
    FISCAL_STORAGE = 6
    ADDITIONAL = 7


ANY_MODE = frozenset(Mode)
_SALE = frozenset({Mode.REGISTRATION})
MODES_OF: Mapping[int, frozenset[Mode]] = {
    0x56: frozenset({Mode.IDLE}),
    0x9A: _SALE,
    0x92: _SALE,
    0xEA: _SALE,
    0xEB: _SALE,
    0xE6: _SALE,
    0xE8: _SALE,
    0x99: _SALE,
    0x4A: _SALE,
    0x59: _SALE,
    0x49: _SALE,
    0x4F: _SALE,
    0x67: frozenset({Mode.X_REPORTS}),
    0x5A: frozenset({Mode.Z_REPORTS}),
}


@dataclass(slots=True)
class Modes:
    """The mode, and until when the Z report runs: the first half of that shows mode 3/2, the second 7/1."""

    mode: Mode = Mode.IDLE
    _z_from_ns: int = 0
    _z_until_ns: int = 0

    def print_z(self, at_ns: int, for_s: float) -> None:
        """The report is on its way to the paper."""
        self._z_from_ns, self._z_until_ns = at_ns, at_ns + round(for_s * NS)

    def busy(self, at_ns: int) -> bool:
        """Whether the Z report is still being printed."""
        return at_ns < self._z_until_ns

    def byte(self, at_ns: int) -> int:
        """Low half mode, high half sub-mode."""
        if not self.busy(at_ns):
            return int(self.mode)
        late = at_ns - self._z_from_ns >= (self._z_until_ns - self._z_from_ns) // 2
        return 1 << 4 | Mode.ADDITIONAL if late else 2 << 4 | Mode.Z_REPORTS

    def power_lost(self) -> None:
        self.mode = Mode.IDLE
        self._z_from_ns = self._z_until_ns = 0
