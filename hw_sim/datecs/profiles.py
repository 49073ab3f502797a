"""The models as a table, and as switches everything the public papers leave open.

The papers describe Bulgarian firmware; what a model registered in Kazakhstan does is not published. Widths of fields
and paper and limits are the vendor's (sources in hw_sim.datecs.framing); serials, firmware strings and tax rates are
made up, the rates after the Kazakh ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Protocol(StrEnum):
    P = "p"
    X = "x"


class Amounts(StrEnum):
    """How sums are written where a model may do it either way (4Ch, totals, cash)."""

    MINOR = "minor"  # 000090000: tiyn, with leading zeros.
    POINT = "point"  # 900.00


# Percent in hundredths of the groups A to H (1 to 8); None: the group is switched off.
KAZAKH_TAXES: tuple[int | None, ...] = (1600, 1200, 1000, 500, 0, 0, None, None)


@dataclass(frozen=True, slots=True)
class Profile:
    """One model and its settings. Money in tiyn."""

    protocol: Protocol
    name: str  # Model as it tells it.
    firmware: str  # Version and country, date, time, as 5Ah tells them.
    serial: str  # Factory number.
    fiscal_memory: str  # Number of the fiscal memory.
    columns: int  # Width of the paper in characters.
    name_max: int  # P: bytes of each of two lines; X: characters.
    price_max: int  # Of a price, and of a price times a quantity.
    passwords: Mapping[int, str]  # Of operators, by number.
    quantity_max: int = 99_999_999  # Thousandths.
    items_max: int = 512  # Positions of one receipt.
    total_max: int = 999_999_999  # Of a receipt.
    # Of the groups A to H (1 to 8), in hundredths of a percent; none: switched off.
    taxes: tuple[int | None, ...] = KAZAKH_TAXES
    code_page: str = "cp1251"  # Of names and texts.
    amounts: Amounts = Amounts.POINT
    utc_offset_h: int = 5  # Zone of its clock.
    shift_limit_s: float | None = 24 * 3600.0  # Above it a receipt does not open: 1.1. None: no limit.
    # Open questions of the papers.
    keeps_answer: bool = False  # Whether the last answer, kept for a repeat, survives power-off.
    exact_payment: str = "D"  # Code of a payment that is exactly the rest: D with 0, or R with 0.
    short_storno_opens: bool = False  # P, 2Eh with a number alone: opens a receipt, or (False) issues all of it.
    slip_is_document: bool = False  # X, SlipNumber: True the global document number, False receipts since the last Z.
    refusals_have_code: bool = True  # X: a negative code in the data; False: empty data and status bits.
    cash_after_z: bool = False  # Whether the drawer's sum outlives a Z-report.
    empty_z: bool = True  # Whether a Z-report without anything in it is printed and takes a number.
    voltage_drop: bool = False  # Prints VOLTAGE DROP after a power loss in the middle of a printout.
    # Marking codes as text lines (36h): no public command carries them.
    mark_prefix: str = "M:"  # A text line that begins so holds a mark.
    mark_more: str = "M+"  # A line right after it that begins so goes on with the same mark.
    # Speed. SYN is sent while a command runs.
    busy_s: Mapping[str, float] = field(default_factory=lambda: {"45": 0.2})  # By command, in hexadecimal.
    line_s: float = 0.0  # Printing of one line.
    header: tuple[str, ...] = ("ТОО Дүкен", "г. Алматы, ул. Абая, 1", "", "")  # First lines of a receipt.
    taxpayer: str = "000000000000"  # BIN or IIN.

    @property
    def text_max(self) -> int:
        """Characters of a free text line; two columns are taken by its number signs."""
        return self.columns - 2


def _p(name: str, serial: str, columns: int) -> Profile:
    return Profile(
        Protocol.P, name, "1.00KZ 23NOV18 1000", serial, f"02{serial[2:]}", columns,
        name_max=42, price_max=99_999_999, passwords={1: "0000", 2: "0002"}, amounts=Amounts.MINOR, voltage_drop=True,
    )  # fmt: skip


def _x(name: str, serial: str, columns: int) -> Profile:
    return Profile(
        Protocol.X, name, "2.02KZ 14JUN19 0930", serial, f"50{serial[2:]}", columns,
        name_max=72, price_max=999_999_999, passwords={1: "1", 2: "2"}, quantity_max=999_999_999,
    )  # fmt: skip


MODELS: Mapping[str, Profile] = {
    "fp-800": _p("FP-800", "DT000600", 42),
    "fp-650": _p("FP-650", "DT000650", 42),
    "fmp-10": _p("FMP-10", "DT000010", 32),
    "fp-700x": _x("FP-700X", "DT700001", 42),
    "fmp-350x": _x("FMP-350X", "DT350001", 48),
    "fmp-55x": _x("FMP-55X", "DT055001", 32),
    "dp-150x": _x("DP-150X", "DT150001", 42),
}
USUAL: Mapping[Protocol, str] = {Protocol.P: "fp-800", Protocol.X: "fp-700x"}
