"""Configuration: one TOML file, environment variables over it (`POS_AGENT__SYNC__URL`), defaults under both.

An unknown key is an error that names the nearest known one, in the file as in the environment; secrets are references
(sync/secret_reference.py). A variable holds plain text, or JSON where the key is a list or a table.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, PrivateAttr, ValidationError

from fiscal.register import Ability
from sync.configuration import ConfigError, SecretRef, Section, explained, nearest_key, place_of

ENVIRONMENT = "POS_AGENT__"
# Not keys of the configuration: variables of single commands, which may stand in the same environment.
OF_COMMANDS = frozenset({"POS_AGENT__CACHE_PATH"})
SECRET_NAMES = frozenset({"password", "passwd", "token", "secret", "api_key", "apikey", "key"})
TILL_NAME = re.compile(r"[A-Za-z0-9_-]{1,16}")  # Part of the register's key of at most 50 characters.


def _till_name(name: str) -> str:
    if not TILL_NAME.fullmatch(name):
        raise ValueError("1 to 16 of A-Z a-z 0-9 _ -")
    return name


def _offset(text: str) -> str:
    if not re.fullmatch(r"[+-](0[0-9]|1[0-4]):[0-5][0-9]", text):
        raise ValueError("an offset such as +05:00")
    return text


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    named = {name.lower() for name, _ in parse_qsl(parts.query)} & SECRET_NAMES
    if parts.password is not None or named:
        raise ValueError("a password, token or key does not belong into an address: name it under secrets")
    return url


def _word(text: str) -> str:
    if not re.fullmatch(r"\S{1,8}", text):
        raise ValueError("a word of 1 to 8 letters without blanks, such as тг or KZT")
    return text


Url = Annotated[str, AfterValidator(_without_secrets)]
Seconds = Annotated[float, Field(ge=0)]


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
    url: Url = ""  # webkassa+https://host?cashbox=SWK00000000&login=till@shop
    secrets: dict[str, SecretRef] = Field(default_factory=dict)  # Names the driver asks for: password, api_key.
    settle_every_s: float = Field(default=5.0, gt=0)  # How often an undecided document is asked about.
    doubt_wait_s: float = Field(default=60.0, ge=0)  # How long the register is asked before a person is.
    look_every_s: float = Field(default=60.0, ge=0)  # How often its state is looked at; 0: only when somebody asks.
    auto_z: bool = True  # Close a shift over 24 h on the way to a sale.
    clock_skew_max_s: float = Field(default=43_200.0, gt=0)  # A register whose clock is off by more sells nothing.
    marks: Literal["field", "text", "none"] = "field"  # How marking codes must reach the register at least.
    needs: tuple[Ability, ...] = ()  # Further abilities this shop relies on: a lack is told at the start.
    test_only: bool = False  # Allow a register that is for tests and certified integrators.


class ScannerSection(Section):
    name: str
    url: Url  # serial:///dev/ttyACM0?baud=9600


class PrinterSection(Section):
    url: Url = ""  # escpos+tcp://10.0.0.9:9100?profile=tm-t20 ; empty: no paper
    paper: str = ""  # Empty: what the printer itself has; where none of ours prints, 80.
    language: str = "kk+ru"


class IsMptSection(Section):
    url: Url = ""  # https://prod.markirovka.kz ; empty: never asked
    login: str = ""
    password: SecretRef | None = None
    deadline_s: float = Field(default=1.5, gt=0)
    recheck_after_s: tuple[Seconds, ...] = (600, 3_600, 21_600, 86_400)  # After the receipt; then daily.
    recheck_days_max: int = Field(default=30, ge=1)


class SyncSection(Section):
    url: Url = ""  # Headquarters; empty: rows stay on the till.
    token: SecretRef | None = None  # Used where there is no key.
    key: SecretRef | None = None  # PEM, made by `pos-agent sync-key`: signs each request.
    ca_file: str = ""  # PEM; empty: the public certificate authorities.
    certificate_file: str = ""  # PEM, certificate and its key, where headquarters asks for one.
    every_s: float = Field(default=5.0, gt=0)
    heartbeat_every_s: float = Field(default=60.0, ge=0)  # 0: none.


def _client_name(name: str) -> str:
    if not name or not name.isprintable() or ":" in name:
        raise ValueError("letters that print, without a colon")  # Basic authorization ends the name with it.
    return name


class ClientSection(Section):
    name: Annotated[str, AfterValidator(_client_name)]
    token: SecretRef


class ApiSection(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8765, ge=0, le=65_535)
    clients: tuple[ClientSection, ...] = ()
    origins: tuple[str, ...] = ()  # Pages besides our own that may call from a browser.
    body_bytes_max: int = Field(default=262_144, ge=1_024)
    calls_per_s: float = Field(default=50, gt=0)
    burst: int = Field(default=100, ge=1)


class PageSection(Section):
    green_s: float = Field(default=4.0, ge=1, le=60)  # How long the till page shows a green answer.


class ReceiptSection(Section):
    group_marks: bool = False  # Equal marked goods as one position with a list of marks.
    return_sends_marks: bool = True  # Whether a return repeats the codes is not stated by the vendor.
    mark_on_paper: Literal["full", "ki", "symbol", "none"] = "full"  # Whether it must stand there is not settled.
    tenge: Annotated[str, AfterValidator(_word)] = "тг"


class ScanSection(Section):
    join_ms: int = Field(default=50, ge=0)
    other_device_ms: int = Field(default=2_000, ge=0, le=10_000)
    suffixes: tuple[str, ...] = ()


HookEvent = Literal[
    "sale.fiscalised", "return.fiscalised", "sale.in_doubt", "doubt.handed_over", "doubt.settled", "unit.refused"
]
EVENTS: tuple[HookEvent, ...] = get_args(HookEvent)
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def _hook_url(url: str) -> str:
    parts = urlsplit(url)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    if not parts.hostname or not (plain or parts.scheme == "https") or not url.isascii() or parts.fragment:
        raise ValueError("https://..., or http:// to this machine alone (127.0.0.1, localhost)")
    return url


class WebhookSection(Section):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]  # Its place in the journal goes by it.
    url: Annotated[Url, AfterValidator(_hook_url)]
    secret: SecretRef  # Signs every body: HMAC-SHA256.
    events: Annotated[tuple[HookEvent, ...], Field(min_length=1)] = EVENTS
    ca_file: str = ""  # PEM; empty: the public certificate authorities.


@dataclass(frozen=True, slots=True)
class Written:
    """What a configuration was read from, to tell of each setting where it comes from. No two are unequal: the same
    settings are the same configuration wherever they stand."""

    name: str = field(default="", compare=False)  # Path of the file; empty: there is none.
    file: Mapping[str, Any] = field(default_factory=dict, compare=False)
    variables: tuple[str, ...] = field(default=(), compare=False)  # Of the environment, names alone.


class Config(Section):
    """The whole configuration of one till."""

    till: TillSection = TillSection()
    register_: RegisterSection = Field(default=RegisterSection(), alias="register")
    scanners: tuple[ScannerSection, ...] = ()
    printer: PrinterSection = PrinterSection()
    ismpt: IsMptSection = IsMptSection()
    sync: SyncSection = SyncSection()
    api: ApiSection = ApiSection()
    webhooks: tuple[WebhookSection, ...] = ()
    page: PageSection = PageSection()
    receipt: ReceiptSection = ReceiptSection()
    scan: ScanSection = ScanSection()
    policy: dict[str, Any] = Field(default_factory=dict)  # marking.policy.policy_from names and checks the keys.
    _written: Written = PrivateAttr(default_factory=lambda: Written())

    @property
    def written(self) -> Written:
        """What it was read from."""
        return self._written

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


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Config:
    """Read file and environment. Raises ConfigError with one line for each mistake. No file: defaults."""
    data: dict[str, Any] = {}
    if path is not None:
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Notepad may begin a file with a mark.
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: {error}") from error
    return from_mapping(data, str(path) if path else "configuration", environment)


def from_mapping(
    data: Mapping[str, Any], name: str = "configuration", environment: Mapping[str, str] = os.environ
) -> Config:
    """A configuration from data as TOML gives it, the environment over it. Raises ConfigError."""
    merged, over = overlaid(data, environment)
    try:
        config = Config(**merged)
    except ValidationError as error:
        # Neither the message nor its cause may carry the value: it could be the secret that must not stand there.
        lines = [_explained(name, over, fault) for fault in error.errors(include_input=False, include_context=False)]
    else:
        config._written = Written(name, dict(data), tuple(over))
        return config
    raise ConfigError("\n".join(lines))


def path_of_variable(variable: str) -> tuple[str, ...] | None:
    """The key a variable of the environment stands for, part by part; None: it is none of ours."""
    return tuple(_path(variable)) if _is_ours(variable) else None


def overlaid(data: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Data with the environment over it, and the place of each variable that is ours."""
    over = {variable: _path(variable) for variable in sorted(environment) if _is_ours(variable)}
    merged: dict[str, Any] = dict(data)
    for variable, place in over.items():
        merged = _with(merged, place, _value(environment[variable], place))
    return merged, over


def variable_at(place: Sequence[str], over: Mapping[str, Sequence[str]]) -> str | None:
    """The variable that a place comes from, or lies around or within; None: no variable speaks of it."""
    met = (known for known, path in over.items() if all(a == b for a, b in zip(place, path, strict=False)))
    return next(met, None)


def _is_ours(variable: str) -> bool:
    return variable.upper().startswith(ENVIRONMENT) and variable.upper() not in OF_COMMANDS


def _path(variable: str) -> list[str]:
    return variable[len(ENVIRONMENT) :].lower().split("__")


def _with(data: Mapping[str, Any], place: list[str], value: Any) -> dict[str, Any]:
    name, *rest = place
    if not rest:
        return {**data, name: value}
    inner = data.get(name, {})
    return {**data, name: _with(inner if isinstance(inner, Mapping) else {}, rest, value)}


def _value(text: str, place: list[str]) -> Any:
    """Lists and tables are written as JSON; what a scalar means is for its field to say."""
    if not text.startswith(("[", "{")) and place[0] != "policy":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _explained(name: str, over: Mapping[str, list[str]], fault: Any) -> str:
    place = place_of(fault)
    variable = variable_at(place, over)
    where = f"{name}: {'.'.join(place)}" if variable is None else f"environment: {variable}"
    near = nearest_key(Config, place)
    if near is not None and variable is not None:
        near = ENVIRONMENT + "__".join([*place[:-1], near]).upper()
    return explained(where, fault, near)


__all__ = ["Config", "ConfigError", "default_path", "from_mapping", "load", "overlaid", "variable_at"]
