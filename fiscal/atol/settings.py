"""Settings of one ATOL register on a line, from its URL. Pure.

    atol+serial:///dev/ttyACM0?tax_16=1&baud=115200
    atol+tcp://192.168.1.60:5555?tax_16=1&marks=tag

What the public sources leave open is an option; `OPTIONS` lists them all. All of them describe Russian firmware.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult

from fiscal.atol.packets import CrcOver
from fiscal.device.settings import DEVICE_OPTIONS, DeviceSettings, device_settings
from fiscal.options import Options, RegisterUrlError, refuse_secrets
from fiscal.orders import PaymentKind

TCP_PORT = 5555
RATES = (1600, 1200, 1000, 500, 0)  # Rates of the last years and of the next, in hundredths of a percent.
CASH_TYPE = 1


class Format(StrEnum):
    """Version of the fiscal data format, which decides how an item is given."""

    FFD10 = "ffd10"  # E6: one command, names of 64 letters, no tags.
    FFD105 = "ffd105"  # EA, tags, EB.


class Marks(StrEnum):
    NONE = "none"  # A line with codes is refused: the register would not tell them to anybody.
    TAG = "tag"  # E8 inside the item.


class MarkForm(StrEnum):
    """What stands in the tag."""

    FULL = "full"  # The code as scanned, GS included.
    KI = "ki"
    FFD105 = "ffd105"  # A prefix of two bytes, the GTIN in six, the serial number.


@dataclass(frozen=True, slots=True)
class MarkSettings:
    marks: Marks = Marks.NONE
    tag: int = 1162
    form: MarkForm = MarkForm.FULL
    prefix: bytes = b"\x44\x4d"  # Of FFD105.
    flags: int = 0  # Of E8.


@dataclass(frozen=True, slots=True)
class Settings:
    device: DeviceSettings
    format: Format = Format.FFD105
    password_secret: str | None = None  # Names of secrets; None: the factory password.
    operator_secret: str | None = None
    admin_secret: str | None = None
    tax_codes: Mapping[int | None, int] = field(default_factory=lambda: {None: 0})  # VAT rate -> code of the register.
    section: int = 0
    subject: int = 1  # Of settlement, tag 1212: 1 goods.
    payment_types: Mapping[PaymentKind, int] = field(
        default_factory=lambda: {PaymentKind.CASH: CASH_TYPE, PaymentKind.CARD: 2, PaymentKind.MOBILE: 2}
    )
    marks: MarkSettings = MarkSettings()
    name_max: int = 128
    crc: CrcOver = CrcOver.STUFFED
    registers: bool = True  # Sums and counts of the shift can be read by 91h.
    drawer: bool = False  # The model opens a drawer by 80h.
    registration_number: str = ""
    answer_s: float = 5.0  # For the answer to a packet.
    poll_s: float = 1.0  # Between two questions about a task that runs.


def _tax_option(rate_bp: int | None) -> str:
    return "tax_none" if rate_bp is None else f"tax_{rate_bp // 100}"


TAX_OPTIONS = tuple(_tax_option(rate) for rate in (*RATES, None))
OPTIONS = (
    *DEVICE_OPTIONS, "format", "password_secret", "operator_secret", "admin_secret", *TAX_OPTIONS, "section",
    "subject", "card", "mobile", "marks", "mark_tag", "mark_form", "mark_prefix", "tag_flags", "name_max", "crc",
    "registers", "drawer", "rnm", "answer_s", "poll_s",
)  # fmt: skip


def parse(parts: SplitResult) -> Settings:
    """Settings from the parts of a URL. RegisterUrlError names the part that is wrong."""
    refuse_secrets(parts.query, "name it with password_secret, operator_secret or admin_secret")
    o = Options.parse(parts.query, OPTIONS)
    version = Format(o.choice("format", Format, Format.FFD105))
    return Settings(
        device=device_settings(parts, o, tcp_port=TCP_PORT),
        format=version,
        password_secret=o.optional("password_secret"),
        operator_secret=o.optional("operator_secret"),
        admin_secret=o.optional("admin_secret"),
        tax_codes=_tax_codes(o),
        section=_number(o, "section", 0, 99, 0),
        subject=_number(o, "subject", 1, 99, 1),
        payment_types={
            PaymentKind.CASH: CASH_TYPE,
            PaymentKind.CARD: _number(o, "card", 2, 10, 2),
            PaymentKind.MOBILE: _number(o, "mobile", 2, 10, 2),
        },
        marks=_marks(o, version),
        name_max=_number(
            o, "name_max", 16, 64 if version is Format.FFD10 else 255, 64 if version is Format.FFD10 else 128
        ),
        crc=CrcOver(o.choice("crc", CrcOver, CrcOver.STUFFED)),
        registers=o.yes("registers", True),
        drawer=o.yes("drawer", False),
        registration_number=_digits(o, "rnm"),
        answer_s=o.seconds("answer_s", 5.0, 60),
        poll_s=o.seconds("poll_s", 1.0, 60),
    )


def _number(o: Options, name: str, least: int, most: int, default: int) -> int:
    value = o.integer(name, least, most)
    return default if value is None else value


def _digits(o: Options, name: str) -> str:
    value = o.optional(name) or ""
    if value and not (value.isascii() and value.isdigit()):
        raise RegisterUrlError(f"option {name}", "must be digits")
    return value


def _tax_codes(o: Options) -> dict[int | None, int]:
    """Only what is named: a wrong code would be a wrong rate on every receipt, and nobody would see it."""
    codes: dict[int | None, int] = {None: 0}
    named = False
    for rate in (*RATES, None):
        code = o.integer(_tax_option(rate), 0, 255)
        if code is not None:
            codes[rate], named = code, True
    if not named:
        text = "is required: the register's code of that rate (tax_none=0 alone in a shop without VAT)"
        raise RegisterUrlError(f"option {_tax_option(RATES[0])}", text)
    return codes


def _marks(o: Options, version: Format) -> MarkSettings:
    marks = Marks(o.choice("marks", Marks, Marks.NONE))
    if marks is Marks.TAG and version is Format.FFD10:
        raise RegisterUrlError("option marks", "an item of format ffd10 takes no tags")
    prefix = o.text("mark_prefix", "444D")
    if not re.fullmatch("[0-9A-Fa-f]{4}", prefix):
        raise RegisterUrlError("option mark_prefix", "must be four hexadecimal digits")
    return MarkSettings(
        marks,
        int(o.choice("mark_tag", ("1162", "1163"), "1162")),
        MarkForm(o.choice("mark_form", MarkForm, MarkForm.FULL)),
        bytes.fromhex(prefix),
        _number(o, "tag_flags", 0, 255, 0),
    )
