"""Settings of a register in software, from its URL. Pure.

    ofd+tcp://xml.oofd.kz:7777?id=203001&serial=00012345&rnm=010100000001&store=/var/lib/pos-agent/ofd.sqlite

The token the operator gave out comes as the secret `ofd_token`. What the sources leave open is an option with the
default they argue for; `OPTIONS` lists them all.
Source: github texport/ofd-kt-proto; KGD protocol 2.0.2 (github texport/FiscalSerializationLib_v2).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import SplitResult

from fiscal.device.links import CONNECT_TIMEOUT_S, LineAddress
from fiscal.ofd.words import DOMAINS
from fiscal.options import KAZAKHSTAN, Options, RegisterUrlError, refuse_secrets

FAMILY = "ofd"
PORT = 7777
UINT32_MAX = 2**31 - 1
TOKEN_SECRET = "ofd_token"  # noqa: S105 - the name of a secret, not the secret

QR_BASES = {
    "oofd": "http://consumer.oofd.kz",
    "test-oofd": "http://consumer.test-oofd.kz",
    "wofd": "http://cabinet.wofd.kz/consumer",
}


class MarkForm(StrEnum):
    FULL = "full"
    KI = "ki"


@dataclass(frozen=True, slots=True)
class Settings:
    address: LineAddress
    device: int  # ID from the registration at the operator.
    serial: str  # Factory number.
    registration_number: str  # RNM of the tax body.
    store: Path
    token_secret: str = TOKEN_SECRET
    xin: str = ""
    title: str = ""
    address_text: str = ""
    address_kk: str = ""
    okved: str = ""
    ofd_name: str = ""
    ofd_host: str = ""
    qr_base: str = QR_BASES["oofd"]
    operator: int = 1
    section: str = "1"
    domain: str = "trading"
    taxation: int | None = None  # taxation_type of every tax: 100 simplified, 101 general, 102 farms, 103 patent.
    percent_scale: int = 1000  # Units of 1 %: the official text says 12 % = 12 000; a public codec writes 1200.
    keep_gs: bool = True  # GS inside a mark: the message definitions say nothing.
    mark_form: MarkForm = MarkForm.FULL
    mark_on_return: bool = True
    short_gtin: bool = True  # GTIN as the barcode on the pack, not padded to 14 digits.
    geo: tuple[int, int] | None = None  # Latitude and longitude as whole numbers; their scale is not published.
    geo_source: str = "STATIC"
    utc_offset: dt.timedelta = KAZAKHSTAN
    answer_s: float = 7.0  # For one answer.
    total_s: float = 10.0  # "Total transaction time": repeats of one request; at least 5 by the protocol's text.
    again_s: float = 60.0  # Pause between attempts to restore the link; at least 60 by the protocol's text.
    offline_h: int = 72
    shift_h: int = 24


OPTIONS = (
    "id", "serial", "rnm", "store", "token_secret", "xin", "title", "address", "address_kk", "okved", "ofd_name",
    "ofd_host", "qr", "operator", "section", "domain", "taxation", "percent", "gs", "mark_form", "mark_on_return",
    "gtin", "geo", "geo_source", "utc_offset", "connect_s", "answer_s", "total_s", "again_s", "offline_h", "shift_h",
)  # fmt: skip


def parse(parts: SplitResult) -> Settings:
    """Settings from the parts of a URL. RegisterUrlError names the part that is wrong."""
    refuse_secrets(parts.query, f"give the token as register.secrets.{TOKEN_SECRET}")
    o = Options.parse(parts.query, OPTIONS)
    if not parts.hostname:
        raise RegisterUrlError("host", "is missing")
    if parts.path not in ("", "/"):
        raise RegisterUrlError("host", "must not be followed by a path")
    port = parts.port or PORT
    address = LineAddress(
        f"{parts.hostname}:{port}",
        host=parts.hostname,
        tcp_port=port,
        connect_s=o.seconds("connect_s", CONNECT_TIMEOUT_S, 60),
    )
    device = o.integer("id", 1, UINT32_MAX)
    if device is None:
        raise RegisterUrlError("option id", "is required")
    defaults = Settings(address, device, "", "", Path())
    return Settings(
        address=address,
        device=device,
        serial=_serial(o),
        registration_number=_digits(o, "rnm"),
        store=_store(o),
        token_secret=o.text("token_secret", TOKEN_SECRET),
        xin=_digits(o, "xin", required=False),
        title=o.text("title", ""),
        address_text=o.text("address", ""),
        address_kk=o.text("address_kk", ""),
        okved=o.text("okved", ""),
        ofd_name=o.text("ofd_name", ""),
        ofd_host=o.text("ofd_host", ""),
        qr_base=_qr_base(o),
        operator=o.integer("operator", 0, UINT32_MAX) or defaults.operator,
        section=o.text("section", defaults.section),
        domain=o.choice("domain", DOMAINS, defaults.domain),
        taxation=o.integer("taxation", 100, 103),
        percent_scale=int(o.choice("percent", ("1000", "100"), "1000")),
        keep_gs=o.choice("gs", ("keep", "strip"), "keep") == "keep",
        mark_form=MarkForm(o.choice("mark_form", MarkForm, defaults.mark_form)),
        mark_on_return=o.yes("mark_on_return", defaults.mark_on_return),
        short_gtin=o.choice("gtin", ("barcode", "14"), "barcode") == "barcode",
        geo=_geo(o),
        geo_source=o.text("geo_source", defaults.geo_source),
        utc_offset=o.utc_offset("utc_offset", defaults.utc_offset),
        answer_s=o.seconds("answer_s", defaults.answer_s, 60),
        total_s=o.seconds("total_s", defaults.total_s, 300),
        again_s=o.seconds("again_s", defaults.again_s, 3600),
        offline_h=o.integer("offline_h", 1, 72) or defaults.offline_h,
        shift_h=o.integer("shift_h", 1, 24) or defaults.shift_h,
    )


def _serial(o: Options) -> str:
    text = o.text("serial")
    if not re.fullmatch(r"[A-Za-z0-9-]{1,40}", text):
        raise RegisterUrlError("option serial", "is not a factory number")
    return text


def _digits(o: Options, name: str, *, required: bool = True) -> str:
    text = o.text(name) if required else o.text(name, "")
    if text and not re.fullmatch(r"\d{12}", text, re.ASCII):
        raise RegisterUrlError(f"option {name}", "must be 12 digits")
    return text


def _store(o: Options) -> Path:
    path = Path(o.text("store"))
    if not path.is_absolute():
        raise RegisterUrlError("option store", "must be a whole path: this file is the register's fiscal memory")
    return path


def _qr_base(o: Options) -> str:
    text = o.text("qr", "oofd")
    if text in QR_BASES:
        return QR_BASES[text]
    if not re.fullmatch(r"https?://[A-Za-z0-9./:_-]+", text):
        raise RegisterUrlError("option qr", f"is neither an address nor one of {', '.join(QR_BASES)}")
    return text


def _geo(o: Options) -> tuple[int, int] | None:
    text = o.optional("geo")
    if text is None:
        return None
    found = re.fullmatch(r"(-?\d{1,10}),(-?\d{1,10})", text)
    if not found or any(abs(int(one)) > UINT32_MAX for one in found.groups()):
        raise RegisterUrlError("option geo", "must be two whole numbers: latitude,longitude")
    return int(found[1]), int(found[2])
