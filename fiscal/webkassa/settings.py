"""Settings of one Webkassa cashbox, from its URL. Pure.

    webkassa+https://kkm.webkassa.kz?cashbox=SWK00000001&login=till7@shop.kz

Options whose meaning the vendor has not published are settings with the safest default; `OPTIONS` lists them all.
Source: Webkassa API v4 (public collection, protocol 2.0.3).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult

from fiscal.https import address
from fiscal.options import KAZAKHSTAN, Options, RegisterUrlError, refuse_secrets

FAMILY = "webkassa"
SCHEMES = ("webkassa+https", "webkassa+http")
CASHBOX = re.compile(r"[A-Za-z0-9]{4,32}")

PAPER_KINDS = {"80": 0, "58": 3, "a4": 12, "a4-landscape": 13}


class MarkForm(StrEnum):
    FULL = "full"  # The whole code with its check part.
    KI = "ki"  # The registry key only.


class BasisTime(StrEnum):
    LOCAL = "local"  # "2026-07-15 10:30:00": accepted in live tests.
    UTC = "utc"  # "2026-07-15T05:30:00.000Z": the vendor's sample.


@dataclass(frozen=True, slots=True)
class Settings:
    origin: str  # "https://kkm.webkassa.kz", no path.
    cashbox: str  # Factory number: SWK00000000.
    login: str  # One user per till: a second login of the same user ends the first one's session.
    password_secret: str = "webkassa_password"  # noqa: S105 - the name of a secret, not the secret
    api_key_secret: str = "webkassa_api_key"  # noqa: S105 - the name of a secret, not the secret
    keep_gs: bool = False  # GS inside a mark; the vendor's samples carry none.
    mark_form: MarkForm = MarkForm.FULL
    mark_on_return: bool = True  # Whether a return repeats the codes is not documented.
    mark_list: bool = True  # False for a cashbox still on protocol 2.0.2.
    short_gtin: bool = True  # GTIN as the barcode on the pack (4870249811936), not padded to 14 digits.
    round_type: int = 0  # 0 none, 2 positions, 3 total. 1 is contradictory in the vendor's own texts and never sent.
    section: str | None = None
    warehouse: int | None = None
    paper_kind: int | None = None
    position_type: int | None = None  # Demanded by the "2.0.4" collection only.
    basis_time: BasisTime = BasisTime.LOCAL
    utc_offset: dt.timedelta = KAZAKHSTAN  # Of the cashbox's clock, where an answer names none.
    auto_z: bool = True  # Close a shift older than 24 h on the way to a sale instead of refusing the sale.
    alternates: bool = True  # Follow AlternativeDomainNames.
    yields: bool = False  # Ended by another login of the user: stop, do not take the session back.
    connect_s: float = 3.0
    write_s: float = 25.0
    read_s: float = 10.0
    login_h: int = 20  # Log in again before the vendor's limit of a day.
    tls_seclevel: int | None = None  # OpenSSL security level, for builds that fail with "wrong signature type".
    env_proxy: bool = False  # Use the proxy of the environment.


OPTIONS = (
    "cashbox", "login", "password_secret", "api_key_secret", "gs", "mark_form", "mark_on_return", "mark_list", "gtin",
    "round", "section", "warehouse", "paper", "position_type", "basis_time", "utc_offset", "auto_z", "alternates",
    "session", "connect_s", "write_s", "read_s", "login_h", "tls_seclevel", "env_proxy",
)  # fmt: skip


def parse(parts: SplitResult) -> Settings:
    """Settings from the parts of a URL. RegisterUrlError names the part that is wrong."""
    refuse_secrets(parts.query, "name it with password_secret or api_key_secret")
    o = Options.parse(parts.query, OPTIONS)
    cashbox = o.text("cashbox")
    if not CASHBOX.fullmatch(cashbox):
        raise RegisterUrlError("option cashbox", "is not a factory number such as SWK00000001")
    defaults = Settings(address.origin(parts), cashbox, o.text("login"))
    return Settings(
        origin=defaults.origin,
        cashbox=cashbox,
        login=defaults.login,
        password_secret=o.text("password_secret", defaults.password_secret),
        api_key_secret=o.text("api_key_secret", defaults.api_key_secret),
        keep_gs=o.choice("gs", ("keep", "strip"), "strip") == "keep",
        mark_form=MarkForm(o.choice("mark_form", MarkForm, defaults.mark_form)),
        mark_on_return=o.yes("mark_on_return", defaults.mark_on_return),
        mark_list=o.yes("mark_list", defaults.mark_list),
        short_gtin=o.choice("gtin", ("barcode", "14"), "barcode") == "barcode",
        round_type=int(o.choice("round", ("0", "2", "3"), "0")),
        section=o.optional("section"),
        warehouse=o.integer("warehouse", 0, 1),
        paper_kind=PAPER_KINDS[o.choice("paper", PAPER_KINDS, "80")] if o.optional("paper") else None,
        position_type=o.integer("position_type", 0, 99),
        basis_time=BasisTime(o.choice("basis_time", BasisTime, defaults.basis_time)),
        utc_offset=o.utc_offset("utc_offset", defaults.utc_offset),
        auto_z=o.yes("auto_z", defaults.auto_z),
        alternates=o.yes("alternates", defaults.alternates),
        yields=o.choice("session", ("keep", "yield"), "keep") == "yield",
        connect_s=o.seconds("connect_s", defaults.connect_s, 60),
        write_s=o.seconds("write_s", defaults.write_s, 300),
        read_s=o.seconds("read_s", defaults.read_s, 300),
        login_h=o.integer("login_h", 1, 24) or defaults.login_h,
        tls_seclevel=o.integer("tls_seclevel", 0, 5),
        env_proxy=o.yes("env_proxy", defaults.env_proxy),
    )
