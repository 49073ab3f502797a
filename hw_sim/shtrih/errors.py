"""Error codes a register answers with, and what they mean in words (errors.toml, which names its source)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

_TABLES = tomllib.loads(Path(__file__).with_name("errors.toml").read_text(encoding="utf-8"))


def _codes(table: str) -> dict[int, tuple[str, str]]:
    return {int(code, 16): (english, russian) for code, (english, russian) in _TABLES[table].items()}


REGISTER: Mapping[int, tuple[str, str]] = _codes("register")
STORAGE: Mapping[int, tuple[str, str]] = {**REGISTER, **_codes("storage")}

OK = 0x00
DATE_BEFORE_LAST = 0x13
STORNO_ABOVE_SECTION, NO_CASH_FOR_CHANGE = 0x2D, 0x46
LOCKED, WRONG_PARAMETERS, NOT_SUPPORTED = 0x30, 0x33, 0x37
SHIFT_OPEN, SHIFT_NOT_OPEN = 0x3C, 0x3D
PAID_TOO_LITTLE, TOTAL_RANGE, WRONG_KIND, RECEIPT_OPEN, CASHLESS_ABOVE_TOTAL = 0x45, 0x48, 0x49, 0x4A, 0x4D
SHIFT_TOO_LONG, WRONG_PASSWORD, PRINTING, NOTHING_TO_REPEAT = 0x4E, 0x4F, 0x50, 0x56
WAITS_FOR_CONTINUE, OTHER_OPERATOR, DISCOUNT_ABOVE_RECEIPT = 0x58, 0x59, 0x5A
NO_TABLE, NEGATIVE_TOTAL = 0x5D, 0x5F
MULTIPLICATION, PRICE_RANGE, QUANTITY_RANGE, DEPARTMENT_RANGE, NO_PAPER = 0x60, 0x61, 0x62, 0x63, 0x6B
WRONG_SUBMODE, WRONG_MODE = 0x72, 0x73
DATES_DIFFER, DATE_FORM, WRONG_LENGTH, ZERO_TOTAL, TOO_MANY_ITEMS = 0x7C, 0x7D, 0x7E, 0x8E, 0x94
CONFIRM_DATE, MARK_FORGED = 0xC0, 0xD4

FS_WRONG_STATE, FS_DATE, FS_NO_DATA, FS_TLV_SIZE = 0x02, 0x07, 0x08, 0x10
FS_UNSENT, FS_SHIFT_TOO_LONG, FS_CLOCK, FS_MESSAGE, FS_TIMEOUT = 0x15, 0x16, 0x17, 0x20, 0xFF
FS_MARK_ORDER, FS_MARKS_FULL = 0xA1, 0xA3


class Refused(Exception):
    """The register answers a command with this code and does nothing."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code:02X}")
        self.code = code


def words(code: int, *, storage: bool) -> str:
    """What a code means, in English; "" for one that is in no document."""
    return (STORAGE if storage else REGISTER).get(code, ("", ""))[0]


def name_ru(code: int, *, storage: bool) -> str:
    """The text a register gives for 6Bh."""
    return (STORAGE if storage else REGISTER).get(code, ("", f"Неизвестная ошибка {code:02X}"))[1]
