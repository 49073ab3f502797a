"""What this operator can do wrong beside the faults of every line. The names are the kinds of a fault queue."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hw_sim.faults import Fault, Kind, Place, finite
from hw_sim.ofd203.frames import HEADER, REQNUM_MOD, Header, framed

RESULT, UNAVAILABLE, GLUED, PIECES, SHORT = (
    "result",
    "result_254",
    "answers_glued",
    "answer_in_pieces",
    "answer_short_size",
)

_ABOUT: Mapping[str, str] = {
    RESULT: "the answer is `code` (13) with `text`; `register`=1: the request is carried out first",
    UNAVAILABLE: "every answer is `code` (254) for `seconds`; nothing is carried out",
    SHORT: "only the first `keep` bytes of the answer come (SIZE promises more), then the line is cut",
    GLUED: "the answer before this one comes once more, in one piece with the new one",
    PIECES: "the answer comes in pieces of `size` bytes (1)",
    "answer_foreign_id": "the answer names another device",
    "answer_foreign_reqnum": "the answer carries the REQNUM before",
    "answer_foreign_command": "the answer echoes `command` (0) instead of the command",
    "answer_huge_size": "SIZE is `size` (2147483647)",
    "answer_small_size": "SIZE is `size` (17), less than the header",
    "answer_wrong_appcode": "APPCODE is `appcode` (81A3h)",
    "answer_version": "VERSION is `version` (202)",
}


def _unsigned(bits: int) -> Callable[[Any], int]:
    """What reads a number of a field that has so many bits."""

    def read(value: Any) -> int:
        number = int(value)
        if not 0 <= number < 1 << bits:
            raise ValueError(f"a number from 0 to {(1 << bits) - 1} is wanted")
        return number

    return read


_PARAMS: Mapping[str, Mapping[str, Callable[[Any], object]]] = {
    RESULT: {"code": _unsigned(31), "text": str, "register": int},
    UNAVAILABLE: {"code": _unsigned(31), "seconds": finite},
    SHORT: {"keep": _unsigned(31)},
    PIECES: {"size": _unsigned(31)},
    "answer_foreign_command": {"command": _unsigned(7)},
    "answer_huge_size": {"size": _unsigned(32)},
    "answer_small_size": {"size": _unsigned(32)},
    "answer_wrong_appcode": {"appcode": _unsigned(16)},
    "answer_version": {"version": _unsigned(16)},
}
KINDS: Mapping[str, Kind] = {name: Kind(Place.POINT, "*", about, _PARAMS.get(name)) for name, about in _ABOUT.items()}

SPOILERS = tuple(name for name in _ABOUT if name not in (RESULT, UNAVAILABLE))
"""Kinds that change an answer which is ready."""

HUGE_SIZE, SMALL_SIZE, OTHER_APPCODE, OTHER_VERSION = 0x7FFF_FFFF, HEADER.size - 1, 0x81A3, 202


@dataclass(frozen=True, slots=True)
class Delivery:
    """An answer as it leaves: its pieces, and whether the line is cut behind them."""

    pieces: tuple[bytes, ...]
    cut: bool = False


def spoiled(answer: bytes, fault: Fault, before: bytes, rng: random.Random) -> Delivery:
    """What a fault makes of an answer. `before`: the answer said before this one, b"" when there is none."""
    number = {key: value for key, value in fault.params.items() if isinstance(value, int)}
    if fault.name == PIECES:
        size = max(1, number.get("size", 1))
        return Delivery(tuple(answer[at : at + size] for at in range(0, len(answer), size)))
    if fault.name == GLUED:
        return Delivery((before + answer,))
    if fault.name == SHORT:
        return Delivery((answer[: number.get("keep", len(answer) // 2)],), cut=True)
    return Delivery((_rewritten(answer, fault.name, number, rng),))


def _rewritten(answer: bytes, name: str, number: Mapping[str, int], rng: random.Random) -> bytes:
    appcode, version, size, device, token, reqnum = HEADER.unpack_from(answer)
    header, payload = Header(version, device, token, reqnum), answer[HEADER.size :]
    if name == "answer_foreign_command":
        # The command is field 1 and stands first: tag 08, then one byte.
        return framed(header, bytes((payload[0], number.get("command", 0))) + payload[2:])
    if name == "answer_foreign_id":
        return framed(replace(header, id=device ^ rng.randrange(1, 2**16)), payload)
    if name == "answer_foreign_reqnum":
        return framed(replace(header, reqnum=(reqnum - 1) % REQNUM_MOD), payload)
    if name == "answer_version":
        return framed(replace(header, version=number.get("version", OTHER_VERSION)), payload)
    if name == "answer_huge_size":
        size = number.get("size", HUGE_SIZE)
    elif name == "answer_small_size":
        size = number.get("size", SMALL_SIZE)
    else:
        appcode = number.get("appcode", OTHER_APPCODE)
    return HEADER.pack(appcode, version, size, device, token, reqnum) + payload
