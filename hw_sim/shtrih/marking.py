"""Checks of marking codes as the register makes them: FF61h, FF69h, FF67h, FF70h.

A check waits for its decision; an accepted one is kept until its receipt is closed or cancelled. Sources: vendor's
"Схемы работы с драйвером JPOS v.2", github shtrih-m/javapos_shtrih; types of codes and the block of the server as
captured in github shtrih-m/fr_drv_ng, issues 145 and 165. Which codes a server likes is the simulator's choice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from hw_sim.shtrih import errors, tlv
from hw_sim.shtrih.errors import Refused

GS = 0x1D
ALL_GOOD = 0b1111  # Checked with a key, positive, status checked online, planned status right (tag 2106).
ALONE = 0b10000  # Checked without a server.
TOBACCO_BYTES = 29
SAVED_MAX = 128


class CheckState(IntEnum):
    """First byte of the FF70h answer after the error."""

    FULL = 0
    NONE = 1
    CODE_PASSED = 2
    ANSWERED = 4


class Symbol(IntEnum):
    """Last byte of the short FF67h answer."""

    KM_88 = 0
    TOBACCO = 2
    KM_44 = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `server`: code of the storage, then cause or result, then TLV; b"": the register works alone."""

    km: bytes
    local: int
    reason: int
    km_type: int
    server: bytes
    result: int

    def answer(self) -> bytes:
        """As FF61h gives it after the error byte."""
        return bytes((self.local, self.reason, self.km_type, len(self.server))) + self.server


@dataclass(slots=True)
class Desk:
    """`alone`: no server is asked. `result`: what the server says of a code it was not told about in `verdicts`."""

    alone: bool = False
    result: int = ALL_GOOD
    verdicts: dict[bytes, int] = field(default_factory=dict)  # Result by code.
    pending: Check | None = None
    saved: dict[bytes, Check] = field(default_factory=dict)
    bound: int = 0

    def check(self, km: bytes, unix: int, trouble: bytes = b"") -> Check:
        """Ask about a code; `trouble` is what came of asking the server instead of its answer.

        Raises:
            Refused: another code still waits for its decision, or the table is full.
        """
        if self.pending is not None:
            raise Refused(errors.FS_MARK_ORDER)
        if len(self.saved) >= SAVED_MAX:
            raise Refused(errors.FS_MARKS_FULL)
        result = self.verdicts.get(km, self.result)
        server = trouble or (b"" if self.alone else _server_block(result, unix))
        # Nothing is checked with a key of its own: reason 1, as in the captures.
        known = 0 if trouble else ALONE if self.alone else result
        self.pending = Check(km, 0, 1, _km_type(km), server, known)
        return self.pending

    def decide(self, decision: int) -> int:
        """Accept (1) or reject (0) what waits; the result of the check.

        Raises:
            Refused: nothing waits, or it is no decision.
        """
        if decision > 1:
            raise Refused(errors.WRONG_PARAMETERS)
        if self.pending is None:
            raise Refused(errors.FS_MARK_ORDER)
        check, self.pending = self.pending, None
        if decision:
            self.saved[check.km] = check
        return check.result

    def clear(self) -> None:
        """Forget every check: FF69h with 2, and the end of a receipt."""
        self.pending = None
        self.saved.clear()
        self.bound = 0

    def bind(self, km: bytes, unix: int) -> bytes:
        """What FF67h answers after the error byte; a code not checked before is checked and accepted by the way."""
        symbol = _symbol(km)
        code = (0x0005 if symbol is Symbol.TOBACCO else 0x444D).to_bytes(2, "little")
        if km in self.saved:
            self.bound += 1
            return code + bytes((symbol,))
        check = self.check(km, unix)
        self.decide(1)
        self.bound += 1
        # Here the two bytes of the server are always there.
        block = check.server if len(check.server) >= 2 else bytes((0, check.result))
        return code + bytes((symbol, check.local, check.reason, check.km_type, len(block))) + block

    def state(self) -> CheckState:
        if len(self.saved) >= SAVED_MAX:
            return CheckState.FULL
        if self.pending is None:
            return CheckState.NONE
        return CheckState.ANSWERED if self.pending.server else CheckState.CODE_PASSED

    def lose_power(self) -> None:
        """What waited for a decision is gone; accepted checks are in the storage."""
        self.pending = None


def _server_block(result: int, unix: int) -> bytes:
    answered = tlv.number(tlv.SERVER_TIME, unix, 4) + tlv.number(tlv.SERVER_STATE, 0, 1)
    return bytes((errors.OK, result)) + answered + tlv.number(tlv.SERVER_RESULT, result, 1)


def _km_type(km: bytes) -> int:
    """Tag 2100: 1 for the 29 characters of a cigarette pack and 5 for a short check code, both as captured."""
    if not km.startswith(b"01") and len(km) == TOBACCO_BYTES:
        return 1
    parts = km.split(bytes((GS,)))[1:]
    ends = {part[:2] for part in parts}
    return 2 if b"92" in ends else 5 if b"93" in ends else 0


def _symbol(km: bytes) -> Symbol:
    if not km.startswith(b"01") and len(km) == TOBACCO_BYTES:
        return Symbol.TOBACCO
    last = km.split(bytes((GS,)))[-1]
    return Symbol.KM_88 if last.startswith(b"92") and len(last) > 80 else Symbol.KM_44
