"""What is done to the characters of a read once it is whole: prefix, substitutes of GS, case. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from scanners import aim
from scanners.framing import LINE_ENDS

CASE_RULE: Final = "D6"  # Letter case swapped by a Caps Lock.
GS: Final = b"\x1d"
SWAPPED: Final = (
    "the scanner sends letters with their case swapped, and that is undone: set its Caps Lock handling to ignore, "
    "or add caps=swap to its address so that codes without an AIM identifier are put right too"
)


class Caps(StrEnum):
    """The scanner's own Caps Lock; that of the desktop never matters."""

    AUTO = "auto"  # Undone where the AIM identifier shows it: ]D2 is ]d2.
    SWAP = "swap"  # Always undone.


@dataclass(frozen=True, slots=True)
class Finished:
    data: bytes
    repairs: tuple[str, ...] = ()
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Finishing:
    prefix: bytes = b""  # Text the scanner was set to put in front; taken off where it is there.
    gs_text: bytes = b""  # What the scanner types instead of GS.
    caps: Caps = Caps.AUTO

    def finish(self, data: bytes) -> Finished:
        data = data.rstrip(LINE_ENDS)
        repairs: tuple[str, ...] = ()
        notice = ""
        if self.caps is Caps.SWAP:
            data, repairs = data.swapcase(), (CASE_RULE,)
        elif _is_swapped(data.removeprefix(self.prefix.swapcase())):
            data, repairs, notice = data.swapcase(), (CASE_RULE,), SWAPPED
        data = data.removeprefix(self.prefix)
        if self.gs_text:
            data = data.replace(self.gs_text, GS)
        return Finished(data, repairs, notice)


def _is_swapped(data: bytes) -> bool:
    """Whether the AIM identifier in front is known only with its case swapped.

    >>> _is_swapped(b"]D20104"), _is_swapped(b"]d20104"), _is_swapped(b"]e00104")
    (True, False, False)
    """
    seen = aim.recognise(data)
    meant = aim.recognise(data[: aim.PREFIX_LENGTH].swapcase())
    return (
        seen is not None
        and meant is not None
        and seen.kind is aim.AimKind.UNKNOWN
        and meant.kind not in (aim.AimKind.UNKNOWN, aim.AimKind.COMMAND)
    )
