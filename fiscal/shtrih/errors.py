"""Error codes of Shtrih-M registers as failures; the table is data: errors.toml. Pure.

Models with a fiscal storage use the numbers 01 to 20, and a few others, for what the storage says. A code that stands
nowhere is a failure of the device: never a success, and what became of the order is looked up as after any other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from fiscal.failures import Failure, FailureKind

FAMILY = "shtrih"

OK = 0x00
STILL_PRINTING = 0x50
WAITS_TO_GO_ON = 0x58
OTHER_OPERATOR = 0x59
WRONG_SUBMODE = 0x72
WRONG_MODE = 0x73

Row = tuple[FailureKind, str]


@cache
def table(storage: bool) -> Mapping[int, Row]:
    """Code -> what to do, meaning. `storage`: of a model with a fiscal storage."""
    data = tomllib.loads(files(__package__).joinpath("errors.toml").read_text("utf-8"))
    rows = dict(data["register"])
    if storage:
        rows |= data["storage"]
    return {int(code, 16): (FailureKind(kind), text) for code, (kind, text) in rows.items()}


def failure(code: int, storage: bool, place: str = "") -> Failure:
    kind, text = table(storage).get(code, (FailureKind.DEVICE, "an error this program does not know"))
    return Failure(kind, f"{FAMILY}:{code:02X}", text, place)
