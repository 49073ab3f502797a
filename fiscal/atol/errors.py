"""Error codes of ATOL registers as failures; the table is data: errors.toml. Pure.

A code that stands nowhere is a failure of the device: never a success, and what became of the order is looked up as
after any other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from fiscal.failures import Failure, FailureKind

FAMILY = "atol"
JSON_FAMILY = "atol-json"

OK = 0
NO_MORE_DATA = 0x18
WRONG_MODE = 0x66
NO_PAPER = 0x67
UNFINISHED = 0x76
RECEIPT_OPEN = 0x9B
NOT_IN_STORAGE = 0xDA

UNKNOWN = (FailureKind.DEVICE, "an error this program does not know")
Row = tuple[FailureKind, str]


@cache
def _table(name: str, base: int) -> Mapping[int, Row]:
    data = tomllib.loads(files(__package__).joinpath("errors.toml").read_text("utf-8"))
    return {int(code, base): (FailureKind(kind), text) for code, (kind, text) in data[name].items()}


def commands() -> Mapping[int, Row]:
    """Code of the command layer -> what to do, meaning."""
    return _table("command", 16)


def driver() -> Mapping[int, Row]:
    """Code of driver 10 -> what to do, meaning."""
    return _table("driver", 10)


def failure(code: int, place: str = "") -> Failure:
    """An error byte of the command layer."""
    kind, text = commands().get(code, UNKNOWN)
    return Failure(kind, f"{FAMILY}:{code:02X}", text, place)


def driver_failure(code: int, place: str = "", words: str = "") -> Failure:
    """An error number of driver 10; `words` are its own."""
    kind, text = driver().get(code, UNKNOWN)
    return Failure(kind, f"{JSON_FAMILY}:{code}", f"{text} ({words})" if words else text, place)
