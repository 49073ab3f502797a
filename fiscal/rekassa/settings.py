"""Settings of one reKassa till, from its URL. Pure.

    rekassa+https://app.rekassa.kz/partner?number=RK00000001

The path is the vendor's: /partner in production. No specification is public, so what public clients leave open is an
option with the default most of them show; `OPTIONS` lists them all.
Sources: github abylalai/integration-with-reKassa (2022), github Odysseusex/New-OS (2026, tried on the test service),
github OlegSelamov/nika-crm (2026); each fact with its source: tests/vectors/rekassa.toml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult

from fiscal.cloud.settings import CLOUD_OPTIONS, CloudSettings, cloud_settings
from fiscal.https import address
from fiscal.options import Options, RegisterUrlError, refuse_secrets

FAMILY = "rekassa"
SCHEMES = ("rekassa+https", "rekassa+http")
NUMBER = re.compile(r"[A-Za-z0-9-]{4,32}")
DOMAINS: Mapping[str, str] = {"trading": "DOMAIN_TRADING", "services": "DOMAIN_SERVICES"}
# Field for marking codes -> whether it holds a list; where it holds one code, every unit is an item of its own.
MARK_FIELDS: Mapping[str, bool] = {"listExciseStamp": True, "exciseStamp": False, "excise_stamp": False}
_GEO = re.compile(r"(-?\d{1,2}(?:\.\d{1,8})?),(-?\d{1,3}(?:\.\d{1,8})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    base: str  # "https://app.rekassa.kz/partner".
    number: str  # Factory number of the till, which is also its login.
    till: int | None = None  # Its number at the service; None: as the login or the list of tills says.
    password_secret: str = "rekassa_password"  # noqa: S105 - the name of a secret, not the secret
    api_key_secret: str = "rekassa_api_key"  # noqa: S105 - the name of a secret, not the secret
    pin_secret: str = "rekassa_pin"  # noqa: S105 - the name of a secret, not the secret
    json_login: bool = True  # The login answers JSON; False: the bare token, as in the older client.
    token_m: int = 13  # Minutes; the token lives 15.
    keys_told: bool = True  # Documents name our key as externalId; False: they are told apart by what was made.
    marks: str = "listExciseStamp"
    short_gtin: bool = False  # GTIN as the barcode on the pack, not padded to 14 digits.
    taxation: int | None = None  # taxationType of every tax; two clients always send 100.
    percent_scale: int = 1000  # Units of 1 % of VAT: 16 % = 16000.
    section: str = "1"
    domain: str = "trading"
    geo: tuple[str, str] | None = None  # X-Geo-Latitude and X-Geo-Longitude of every receipt.
    cloud: CloudSettings = field(default_factory=CloudSettings)


OPTIONS = (
    "number", "till", "password_secret", "api_key_secret", "pin_secret", "login", "token_m", "keys", "marks", "gtin",
    "taxation", "percent", "section", "domain", "geo", *CLOUD_OPTIONS,
)  # fmt: skip


def parse(parts: SplitResult) -> Settings:
    """Settings from the parts of a URL. RegisterUrlError names the part that is wrong."""
    refuse_secrets(parts.query, "name it with password_secret, api_key_secret or pin_secret")
    o = Options.parse(parts.query, OPTIONS)
    number = o.text("number")
    if not NUMBER.fullmatch(number):
        raise RegisterUrlError("option number", "is not the number of a till such as RK00000001")
    defaults = Settings(address.base(parts), number)
    return Settings(
        base=defaults.base,
        number=number,
        till=o.integer("till", 1, 999_999_999),
        password_secret=o.text("password_secret", defaults.password_secret),
        api_key_secret=o.text("api_key_secret", defaults.api_key_secret),
        pin_secret=o.text("pin_secret", defaults.pin_secret),
        json_login=o.choice("login", ("json", "bare"), "json") == "json",
        token_m=o.integer("token_m", 1, 1440) or defaults.token_m,
        keys_told=o.choice("keys", ("externalId", "none"), "externalId") == "externalId",
        marks=o.choice("marks", MARK_FIELDS, defaults.marks),
        short_gtin=o.choice("gtin", ("14", "barcode"), "14") == "barcode",
        taxation=o.integer("taxation", 100, 103),
        percent_scale=int(o.choice("percent", ("1000", "100"), "1000")),
        section=o.text("section", defaults.section),
        domain=o.choice("domain", DOMAINS, defaults.domain),
        geo=_geo(o),
        cloud=cloud_settings(o),
    )


def _geo(o: Options) -> tuple[str, str] | None:
    text = o.optional("geo")
    if text is None:
        return None
    found = _GEO.fullmatch(text)
    if not found or abs(float(found[1])) > 90 or abs(float(found[2])) > 180:
        raise RegisterUrlError("option geo", "must be latitude,longitude in degrees, like 43.238949,76.889709")
    return found[1], found[2]
