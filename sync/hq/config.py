"""Configuration of headquarters: one TOML file, defaults under it.

An unknown key is an error that names the nearest known one; secrets are references (sync/secret_reference.py). Every
key stands in docs/hq.toml.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from sync.configuration import ConfigError, SecretRef, Section, explained, nearest_key, place_of
from sync.hq.config_documents import DocumentsSection, GroupSection
from sync.hq.config_values import (
    Address,
    Hours,
    Minutes,
    Name,
    NetworkText,
    TimeOfDay,
)
from sync.hq.exports.guard import Guard
from sync.hq.fleet.standing import Thresholds as FleetThresholds
from sync.hq.reconcile.facts import HOUR_US, MINUTE_US, Thresholds

__all__ = ["Config", "ConfigError", "DocumentsSection", "GroupSection", "from_mapping", "load"]

DEFAULT_PATH = Path("/etc/pos-hq/hq.toml")
CONFIG_VARIABLE = "POS_HQ_CONFIG"


class HqSection(Section):
    data: Path = Path("/var/lib/pos-hq")  # Lake, embedded PostgreSQL, fetched files.
    chain: Name = "pos-hq"  # Name of the chain, on every page.
    tidy_every_h: Hours = 1.0  # Small files of the lake become one for each day and bucket.


class DatabaseSection(Section):
    url: Address = ""  # postgresql://user@host/hq or sqlite:////file; empty: the embedded PostgreSQL.
    dsn: SecretRef | None = None  # The same, with a password in it.

    @model_validator(mode="after")
    def _one_of_them(self) -> DatabaseSection:
        if self.url and self.dsn is not None:
            raise ValueError("url and dsn are two ways to say the same: give one")
        return self


class ListenSection(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8780, ge=0, le=65_535)
    certificate: Path | None = None  # PEM, the chain with the server's own first.
    key: Path | None = None
    client_ca: Path | None = None  # Only who shows a certificate of this CA may speak.
    workers: int = Field(default=1, ge=1, le=64)

    @model_validator(mode="after")
    def _whole(self) -> ListenSection:
        if (self.certificate is None) != (self.key is None) or (self.client_ca and self.certificate is None):
            raise ValueError("certificate and key belong together, and client_ca to both")
        return self


class TillsSection(Section):
    credentials: Path = Path("/etc/pos-hq/tills.toml")  # [tills], [keys], [readers]: digests and public keys.
    late_after_s: float = Field(default=180.0, gt=0)
    silent_after_s: float = Field(default=600.0, gt=0)

    @property
    def thresholds(self) -> FleetThresholds:
        return FleetThresholds(late_s=self.late_after_s, silent_s=self.silent_after_s)


class PlaceSection(Section):
    till: Name
    shop: Name
    shop_name: Name
    region: Name
    business_place_id: int | None = None  # Place of business at IS MPT; needed for documents.


class ReconcileSection(Section):
    engine: Literal["duckdb", "polars", "spark"] = "duckdb"
    daily_at: TimeOfDay = "05:30"  # In Kazakhstan: all days of `look_back_days`.
    look_back_days: int = Field(default=35, ge=1)
    on_arrival_min: Minutes = 15.0  # Days that something arrived for are compared again so often.
    withdrawal_grace_h: Hours = 24.0
    operator_grace_h: Hours = 1.0
    late_h: Hours = 75.0
    skew_min: Minutes = 10.0
    drift_min: Minutes = 5.0
    silent_h: Hours = 24.0
    trust_where_operator_is_silent: bool = False
    term_working_days: int = Field(default=3, ge=1)

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(
            withdrawal_grace_us=round(self.withdrawal_grace_h * HOUR_US),
            operator_grace_us=round(self.operator_grace_h * HOUR_US),
            late_us=round(self.late_h * HOUR_US),
            skew_us=round(self.skew_min * MINUTE_US),
            drift_us=round(self.drift_min * MINUTE_US),
            silent_us=round(self.silent_h * HOUR_US),
            term_working_days=self.term_working_days,
            trust_where_operator_is_silent=self.trust_where_operator_is_silent,
        )

    @property
    def at(self) -> dt.time:
        return dt.time.fromisoformat(self.daily_at)


class ImportsSection(Section):
    mappings: Path | None = None  # TOML: which column of an operator's file means what.


class WebkassaSection(Section):
    url: Address = ""  # https://kkm.webkassa.kz ; empty: never asked
    login: str = ""
    password: SecretRef | None = None
    api_key: SecretRef | None = None
    cashboxes: tuple[str, ...] = ()
    every_h: Hours = 6.0


class IsMptSection(Section):
    url: Address = ""  # https://prod.markirovka.kz ; empty: never asked
    login: str = ""
    password: SecretRef | None = None
    check_every_h: Hours = 6.0  # Statuses of what was sold lately, and of every open case.
    check_days: int = Field(default=3, ge=1)
    file_documents: bool = False  # Send what a person approved. Off: they stay approved.
    exports_are_whole: bool = False  # A file of codes from the cabinet holds every code of ours; others are unknown.
    export_age_h: float = Field(default=24.0, ge=0)  # How old such a file may be when it is imported.

    @property
    def export_age_us(self) -> int | None:
        """None: exports are not whole."""
        return round(self.export_age_h * HOUR_US) if self.exports_are_whole else None


class WebhookGuardSection(Section):
    internal_networks: tuple[NetworkText, ...] = ()  # Inside the house, and webhooks may go there.
    plain_hosts: tuple[str, ...] = ()  # May be spoken to without TLS.

    @property
    def guard(self) -> Guard:
        networks = tuple(ipaddress.ip_network(one) for one in self.internal_networks)
        return Guard(networks, frozenset(self.plain_hosts))


class WebhookSection(Section):
    url: Address
    secret: SecretRef
    events: tuple[str, ...]


class PagesSection(Section):
    hosts: tuple[str, ...] = ()  # Names they answer to, as browsers say them; empty: the listening address.
    behind_tls: bool = False  # Something in front of us speaks TLS.
    language: Literal["kk", "ru", "en"] = "ru"
    session_h: Hours = 12.0
    idle_min: Minutes = 60.0
    four_eyes: bool = False  # Who prepared a document may not approve it.


class ExportsSection(Section):
    epcis_base: Address = "urn:x-pos-agent"  # What names of our own begin with; better an address of the chain.


class Config(Section):
    """The whole configuration of headquarters."""

    hq: HqSection = HqSection()
    database: DatabaseSection = DatabaseSection()
    listen: ListenSection = ListenSection()
    tills: TillsSection = TillsSection()
    places: tuple[PlaceSection, ...] = ()
    reconcile: ReconcileSection = ReconcileSection()
    imports: ImportsSection = ImportsSection()
    webkassa: WebkassaSection = WebkassaSection()
    ismpt: IsMptSection = IsMptSection()
    documents: DocumentsSection = DocumentsSection()
    webhooks: tuple[WebhookSection, ...] = ()
    webhook_guard: WebhookGuardSection = WebhookGuardSection()
    pages: PagesSection = PagesSection()
    exports: ExportsSection = ExportsSection()

    @field_validator("places")
    @classmethod
    def _each_till_once(cls, places: tuple[PlaceSection, ...]) -> tuple[PlaceSection, ...]:
        names = [place.till for place in places]
        twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
        if twice:
            raise ValueError(f"till {', '.join(twice)} stands in two places")
        return places

    @property
    def lake(self) -> Path:
        return self.hq.data / "lake"


def load(path: Path | None) -> Config:
    """Raises ConfigError with one line for each mistake. No file: defaults."""
    if path is None:
        return from_mapping({})
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return from_mapping(content, str(path))


def from_mapping(data: Mapping[str, Any], name: str = "configuration") -> Config:
    """A configuration from data as TOML gives it. Raises ConfigError."""
    try:
        return Config(**data)
    except ValidationError as error:
        # Neither the message nor its cause may carry the value: it could be the secret that must not stand there.
        lines = [_explained(name, fault) for fault in error.errors(include_input=False, include_context=False)]
    raise ConfigError("\n".join(lines))


def _explained(name: str, fault: Any) -> str:
    place = place_of(fault)
    return explained(f"{name}: {'.'.join(place)}" if place else name, fault, nearest_key(Config, place))
