"""What can go wrong between a host and a register, as a table. A family adds its own kinds.

A fault acts at one of three moments of a command, and `match` names the command it meets ("*": any):

    heard     the frame has come whole; nothing is done yet
    executed  the work is done; nothing has been said yet
    said      the answer is on its way to the host (a repeated answer is said again, and may be hit again)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from hw_sim.faults import Kind, Place


class Moment(StrEnum):
    HEARD = "heard"
    EXECUTED = "executed"
    SAID = "said"


_ABOUT: Mapping[Moment, Mapping[str, str]] = {
    Moment.HEARD: {
        "request_lost": "the frame never comes: nothing is done, nothing is said",
        "hang_up_before": "the line is cut before anything is done",
        "power_off_before": "the power goes before anything is done; `seconds`: it comes back by itself",
        "paper_out_before": "the roll ends before anything is done",
    },
    Moment.EXECUTED: {
        "power_off_after": "done, then the power goes; `seconds`: it comes back by itself",
        "hang_up_after": "done, then the line is cut",
        "paper_out_after": "done, then the roll ends",
    },
    Moment.SAID: {
        "answer_lost": "the answer never comes",
        "answer_late": "the answer comes `seconds` later",
        "answer_twice": "the answer comes twice",
        "answer_damaged": "one bit of the answer is wrong; `bit` counts from the top bit of the first byte",
        "answer_cut": "only the first `keep` bytes of the answer come",
        "noise": "`bytes` (hex) come before the answer",
    },
}


def _hexadecimal(value: object) -> str:
    bytes.fromhex(str(value))
    return str(value)


_PARAMS: Mapping[str, Mapping[str, Callable[[Any], object]]] = {"noise": {"bytes": _hexadecimal}}
MOMENTS: Mapping[str, Moment] = {name: moment for moment, kinds in _ABOUT.items() for name in kinds}
DEVICE_KINDS: Mapping[str, Kind] = {
    name: Kind(Place.POINT, "*", f"{moment}: {about}", _PARAMS.get(name))
    for moment, kinds in _ABOUT.items()
    for name, about in kinds.items()
}
