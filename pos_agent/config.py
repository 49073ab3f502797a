"""Configuration: one TOML file, environment variables over it (`POS_AGENT__SYNC__URL`), defaults under both.

An unknown key is an error that names the nearest known one; secrets are references (pos_agent/secrets.py).
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from pos_agent.secrets import check_reference

TILL_NAME = re.compile(r"[A-Za-z0-9_-]{1,16}")  # Part of the register's key of at most 50 characters.


class ConfigError(Exception):
    """The configuration cannot be used; one line for each mistake, with its key."""


def _till_name(name: str) -> str:
    if not TILL_NAME.fullmatch(name):
        raise ValueError("1 to 16 of A-Z a-z 0-9 _ -")
    return name


def _offset(text: str) -> str:
    if not re.fullmatch(r"[+-]\d\d:\d\d", text):
        raise ValueError("an offset such as +05:00")
    return text


SecretRef = Annotated[str, AfterValidator(check_reference)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TillSection(Section):
    name: Annotated[str, AfterValidator(_till_name)] = "till-1"
    data: Path = Path("C:/ProgramData/PosAgent" if sys.platform == "win32" else "/var/lib/pos-agent")
    utc_offset: Annotated[str, AfterValidator(_offset)] = "+05:00"  # All of Kazakhstan since 01.03.2024.
    cashier: str = "Кассир"  # Printed when a call names nobody.

    @property
    def zone(self) -> dt.tzinfo:
        sign = -1 if self.utc_offset[0] == "-" else 1
        hours, minutes = int(self.utc_offset[1:3]), int(self.utc_offset[4:])
        return dt.timezone(sign * dt.timedelta(hours=hours, minutes=minutes))


class RegisterSection(Section):
    url: str = ""  # webkassa+https://host?cashbox=SWK00000000&login=till@shop
    secrets: dict[str, SecretRef] = Field(default_factory=dict)  # Names the driver asks for: password, api_key.
    settle_every_s: float = Field(default=5.0, gt=0)  # How often an undecided document is asked about.


class ScannerSection(Section):
    name: str
    url: str  # serial:///dev/ttyACM0?baud=9600


class PrinterSection(Section):
    url: str = ""  # escpos+tcp://10.0.0.9:9100?profile=tm-t20 ; empty: no paper
    paper: str = "80"  # 58, 80, 80-42
    language: str = "kk+ru"


class IsMptSection(Section):
    url: str = ""  # https://prod.markirovka.kz ; empty: never asked
    login: str = ""
    password: SecretRef | None = None
    deadline_s: float = Field(default=1.5, gt=0)
    recheck_after_s: tuple[float, ...] = (600, 3_600, 21_600, 86_400)  # After the receipt; then daily.
    recheck_days_max: int = Field(default=30, ge=1)


class SyncSection(Section):
    url: str = ""  # Headquarters; empty: rows stay on the till.
    token: SecretRef | None = None
    every_s: float = Field(default=5.0, gt=0)


class ClientSection(Section):
    name: str
    token: SecretRef


class ApiSection(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8765, ge=0, le=65_535)
    clients: tuple[ClientSection, ...] = ()
    origins: tuple[str, ...] = ()  # Pages besides our own that may call from a browser.
    body_bytes_max: int = Field(default=262_144, ge=1_024)
    calls_per_s: float = Field(default=50, gt=0)
    burst: int = Field(default=100, ge=1)


class ReceiptSection(Section):
    group_marks: bool = False  # Equal marked goods as one position with a list of marks.
    return_sends_marks: bool = True  # Whether a return repeats the codes is not stated by the vendor.


class ScanSection(Section):
    duplicate_window_ms: int = Field(default=500, ge=0)
    join_ms: int = Field(default=50, ge=0)
    suffixes: tuple[str, ...] = ()


class Config(BaseSettings):
    """The whole configuration of one till."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix="POS_AGENT__", env_nested_delimiter="__")

    till: TillSection = TillSection()
    register_: RegisterSection = Field(default=RegisterSection(), alias="register")
    scanners: tuple[ScannerSection, ...] = ()
    printer: PrinterSection = PrinterSection()
    ismpt: IsMptSection = IsMptSection()
    sync: SyncSection = SyncSection()
    api: ApiSection = ApiSection()
    receipt: ReceiptSection = ReceiptSection()
    scan: ScanSection = ScanSection()
    policy: dict[str, Any] = Field(default_factory=dict)  # marking.policy.policy_from names and checks the keys.

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)

    @property
    def journal_path(self) -> Path:
        return self.till.data / "journal.sqlite"

    @property
    def cache_path(self) -> Path:
        return self.till.data / "cache.sqlite"


def default_path() -> Path:
    """Where the configuration lies unless `--config` says otherwise."""
    if sys.platform == "win32":
        return Path("C:/ProgramData/PosAgent/agent.toml")
    return Path("/etc/pos-agent/agent.toml")


def load(path: Path | None) -> Config:
    """Read file and environment. Raises ConfigError with one line for each mistake. No file: defaults."""
    data: dict[str, Any] = {}
    if path is not None:
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: {error}") from error
    return from_mapping(data, str(path) if path else "configuration")


def from_mapping(data: dict[str, Any], name: str = "configuration") -> Config:
    try:
        return Config(**data)
    except ValidationError as error:
        raise ConfigError("\n".join(_explained(name, fault) for fault in error.errors())) from error


def _explained(name: str, fault: Any) -> str:
    place = [str(part) for part in fault["loc"]]
    where = ".".join(place)
    if fault["type"] != "extra_forbidden":
        return f"{name}: {where}: {fault['msg']}"
    near = difflib.get_close_matches(place[-1], _known_keys(place[:-1]), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{name}: {where}: there is no such key{hint}"


def _known_keys(path: list[str]) -> list[str]:
    model: Any = Config
    for part in path:
        if part.isdigit():
            continue
        field = next((f for key, f in model.model_fields.items() if part in (key, f.alias)), None)
        found = _model_in(field.annotation) if field is not None else None
        if found is None:
            return []
        model = found
    return [field.alias or key for key, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None


__all__ = ["Config", "ConfigError", "default_path", "from_mapping", "load"]
