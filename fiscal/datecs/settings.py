"""Settings of one Datecs printer, from its URL. Pure.

    datecs-p+serial:///dev/ttyUSB0?baud=115200&password_secret=datecs_password
    datecs-x+tcp://192.168.1.70:3999?tax_16=2&tax_none=1

Everything the public papers leave open for printers registered in Kazakhstan is an option with a named default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult

from fiscal.datecs.text import GsForm
from fiscal.datecs.values import Bare
from fiscal.device.settings import DEVICE_OPTIONS, DeviceSettings, device_settings
from fiscal.options import Options, RegisterUrlError, refuse_secrets
from fiscal.orders import PaymentKind

TCP_PORT = 3999  # Factory value of LANport_fpCommands (protocol X); P has none in its paper.
NO_PAYMENT = "none"


class Units(StrEnum):
    """Which positions name their unit of measure."""

    SOME = "some"  # Every unit but the piece.
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Habits:
    """What an option means differently on P and on X."""

    family: str
    groups: str  # Of tax, in order.
    tax_16: str
    tax_none: str
    card: str
    mobile: str
    payments: str  # Codes a payment may have beside cash.
    password: str  # Of every operator, from the factory.
    operators: int


HABITS: Mapping[str, Habits] = {
    "P": Habits("datecs-p", "ABCDEFGH", "B", "A", "D", "I", "NCDIJKLijklmnopqrs", "0000", 16),
    "X": Habits("datecs-x", "12345678", "2", "1", "2", "3", "12345", "1", 30),
}
# VAT in hundredths of a percent, None without VAT -> option. The groups of a printer are set up by its service.
TAX_OPTIONS: Mapping[int | None, str] = {
    1600: "tax_16", 1200: "tax_12", 1000: "tax_10", 500: "tax_5", 0: "tax_0", None: "tax_none",
}  # fmt: skip

OPTIONS = (
    *DEVICE_OPTIONS, "password_secret", "operator", "till", "registration", *TAX_OPTIONS.values(), "rates", "pay_card",
    "pay_mobile", "units", "marks", "mark_on_return", "gs", "columns", "codepage", "bare", "answer_s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    device: DeviceSettings
    password_secret: str | None  # None: the factory's password.
    operator: int
    till: int  # Number of the point of sale, as the printer prints it.
    registration: str  # RNM; "" where the fiscal memory number stands for it.
    groups: Mapping[int | None, str]  # VAT in hundredths of a percent -> tax group.
    compare_rates: bool  # Read the printer's rates and refuse a receipt whose groups have others.
    payments: Mapping[PaymentKind, str]
    units: Units
    marks: bool  # Marking codes as text lines.
    mark_on_return: bool
    gs: GsForm
    columns: int  # Of the paper; free text has two less.
    codepage: str
    bare: Bare
    answer_s: float  # To the first byte, and from one byte to the next.

    def group_index(self, group: str) -> int:
        """Place of a tax group among the eight."""
        return next(habits.groups.index(group) for habits in HABITS.values() if group in habits.groups)

    @property
    def text_width(self) -> int:
        return self.columns - 2


def parse(parts: SplitResult, protocol: str) -> Settings:
    """Settings from the parts of a URL. RegisterUrlError names the part that is wrong."""
    refuse_secrets(parts.query, "name it with password_secret")
    habits = HABITS[protocol]
    o = Options.parse(parts.query, OPTIONS)
    registration = o.text("registration", "")
    if registration and not re.fullmatch(r"\d{1,64}", registration, re.ASCII):
        raise RegisterUrlError("option registration", "must be digits")
    return Settings(
        device=device_settings(parts, o, tcp_port=TCP_PORT),
        password_secret=o.optional("password_secret"),
        operator=o.integer("operator", 1, habits.operators) or 1,
        till=o.integer("till", 1, 99999) or 1,
        registration=registration,
        groups=_groups(o, habits),
        compare_rates=o.choice("rates", ("compare", "trust"), "compare") == "compare",
        payments=_payments(o, habits),
        units=Units(o.choice("units", Units, Units.SOME)),
        marks=o.choice("marks", ("text", "none"), "text") == "text",
        mark_on_return=o.yes("mark_on_return", True),
        gs=GsForm(o.choice("gs", GsForm, GsForm.STRIP)),
        columns=o.integer("columns", 24, 64) or 42,
        codepage=o.choice("codepage", ("cp1251", "kz1048"), "cp1251"),
        bare=Bare(o.choice("bare", Bare, Bare.TIYN)),
        answer_s=o.seconds("answer_s", 0.5, 5),
    )


def _groups(o: Options, habits: Habits) -> dict[int | None, str]:
    defaults = {"tax_16": habits.tax_16, "tax_none": habits.tax_none}
    found = {}
    for rate, name in TAX_OPTIONS.items():
        if o.optional(name) is not None or name in defaults:
            found[rate] = o.choice(name, habits.groups, defaults.get(name, ""))
    if len(set(found.values())) != len(found):
        raise RegisterUrlError("option tax_16", "two rates have one tax group: " + _listed(found))
    return found


def _listed(groups: Mapping[int | None, str]) -> str:
    return ", ".join(f"{TAX_OPTIONS[rate]}={group}" for rate, group in groups.items())


def _payments(o: Options, habits: Habits) -> dict[PaymentKind, str]:
    wanted = {PaymentKind.CARD: ("pay_card", habits.card), PaymentKind.MOBILE: ("pay_mobile", habits.mobile)}
    found = {PaymentKind.CASH: "P" if habits.family == "datecs-p" else "0"}
    for kind, (name, default) in wanted.items():
        code = o.choice(name, (*habits.payments, NO_PAYMENT), default)
        if code != NO_PAYMENT:
            found[kind] = code
    return found
