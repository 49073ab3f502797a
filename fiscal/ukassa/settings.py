"""Settings of one uKassa till, from its URL. Pure.

    ukassa+https://ukassa.kz?hashline=UK00000001&kassa=3868&section=5&email=till@shop.kz

No specification is public, so what public clients leave open is an option with the default most of them show;
`OPTIONS` lists them all.
Sources: github nikolablin/serviceaccio and github Slonexx/ukassa (both in production), github madiyarb/pawnshop; each
fact with its source: tests/vectors/ukassa.toml.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult

from fiscal.cloud.settings import CLOUD_OPTIONS, CloudSettings, cloud_settings
from fiscal.https import address
from fiscal.options import Options, RegisterUrlError, refuse_secrets

FAMILY = "ukassa"
SCHEMES = ("ukassa+https", "ukassa+http")
HASHLINE = re.compile(r"[A-Za-z0-9-]{4,32}")
KEY_HEADERS = ("IDEMPOTENCY-KEY", "IDEMPOTENCE-KEY")
ID_MAX = 999_999_999


@dataclass(frozen=True, slots=True)
class Settings:
    origin: str  # "https://ukassa.kz", no path.
    hashline: str  # Factory number of the till, part of the login.
    email: str
    kassa: int  # Number of the till at the service.
    section: int | None = None  # Number of the department every line is sold in; needed for v2.
    password_secret: str = "ukassa_password"  # noqa: S105 - the name of a secret, not the secret
    form_login: bool = False  # The login as a form, as in older clients, and not as JSON.
    v1: bool = False  # Receipts in the older body, in which nobody has sent marks.
    key_header: str = KEY_HEADERS[0]
    need_mark_code: bool = True  # Sent beside marks; its meaning is not published.
    vat_bp: int = 1600  # The rate the service applies to a taxed line: a line only says that it is taxed.
    shift_h: int = 24  # A refusal in a shift older than this means the shift.
    cloud: CloudSettings = field(default_factory=CloudSettings)


OPTIONS = (
    "hashline", "email", "kassa", "section", "password_secret", "login", "receipt", "key_header", "need_mark_code",
    "vat", "shift_h", *CLOUD_OPTIONS,
)  # fmt: skip


def parse(parts: SplitResult) -> Settings:
    """Settings from the parts of a URL. RegisterUrlError names the part that is wrong."""
    refuse_secrets(parts.query, "name it with password_secret")
    o = Options.parse(parts.query, OPTIONS)
    hashline = o.text("hashline")
    if not HASHLINE.fullmatch(hashline):
        raise RegisterUrlError("option hashline", "is not the number of a till such as UK00000001")
    v1 = o.choice("receipt", ("v2", "v1"), "v2") == "v1"
    section = o.integer("section", 0, ID_MAX)
    if section is None and not v1:
        raise RegisterUrlError("option section", "is required: the number of the department of the lines")
    defaults = Settings(address.origin(parts), hashline, o.text("email"), 0)
    return Settings(
        origin=defaults.origin,
        hashline=hashline,
        email=defaults.email,
        kassa=_needed(o, "kassa"),
        section=section,
        password_secret=o.text("password_secret", defaults.password_secret),
        form_login=o.choice("login", ("json", "form"), "json") == "form",
        v1=v1,
        key_header=o.choice("key_header", KEY_HEADERS, defaults.key_header),
        need_mark_code=o.yes("need_mark_code", defaults.need_mark_code),
        vat_bp=(o.integer("vat", 1, 99) or defaults.vat_bp // 100) * 100,
        shift_h=o.integer("shift_h", 1, 24) or defaults.shift_h,
        cloud=cloud_settings(o),
    )


def _needed(o: Options, name: str) -> int:
    value = o.integer(name, 1, ID_MAX)
    if value is None:
        raise RegisterUrlError(f"option {name}", "is required")
    return value
