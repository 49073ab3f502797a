"""Every mistake of a configuration, with its line: what `config check` tells, before anything is opened.

Beside the shape this tries the addresses with the drivers they name, the policy, and what the configuration expects of
the register. No device and no server is asked, and no secret is read.
"""

from __future__ import annotations

import random
import re
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from marking.groups import standard
from marking.policy import PolicyError, policy_from
from pos_agent.clock import SystemClock
from pos_agent.config import Config, ConfigError, ScannerSection, WebhookSection, overlaid, variable_at
from pos_agent.config_lines import Place, line_of, lines_of
from pos_agent.registers import examine
from pos_agent.requirements import unmet
from sync.configuration import explained, nearest_key, place_of

_SYNTAX_LINE: Final = re.compile(r"line (\d+)")
_STAND_IN: Final = "-"  # For secrets, which are not read.


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, or only to be looked at (`serious` False: the agent starts all the same)."""

    place: Place
    text: str
    line: int | None = None  # Of the file; None: it does not stand there.
    variable: str | None = None  # Environment variable it comes from.
    serious: bool = True

    def told(self, path: Path | None) -> str:
        """`agent.toml:14: till.nmae: there is no such key; did you mean name?`"""
        if self.variable is not None:
            return f"{self.variable}: {self.text}"
        where = ".".join(self.place)
        file = "" if path is None else f"{path}:" + (f"{self.line}:" if self.line else "")
        return " ".join(part for part in (file, f"{where}:" if where else "", self.text) if part)


@dataclass(frozen=True, slots=True)
class Checked:
    mistakes: tuple[Mistake, ...]
    config: Config | None  # None: its shape is wrong, and nothing more could be tried.

    @property
    def is_usable(self) -> bool:
        return not any(mistake.serious for mistake in self.mistakes)


def check_file(path: Path, environment: Mapping[str, str]) -> Checked:
    """Raises OSError: it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return Checked((Mistake((), f"not UTF-8 text: {error.reason} at byte {error.start}"),), None)
    return check(text, environment)


def check(text: str, environment: Mapping[str, str]) -> Checked:
    """Every mistake of the text of a configuration, in the order of the file."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _SYNTAX_LINE.search(str(error))
        return Checked((Mistake((), str(error), int(line[1]) if line else None),), None)
    merged, over = overlaid(data, environment)
    lines = lines_of(text)
    config: Config | None = None
    try:
        config = usable = Config(**merged)
    except ValidationError as error:
        found = [_of_shape(fault) for fault in error.errors(include_input=False, include_context=False)]
    else:
        found = [mistake for look in LOOKS for mistake in look(usable)]
    placed = [
        Mistake(one.place, one.text, line_of(one.place, lines), variable_at(one.place, over), one.serious)
        for one in found
    ]
    return Checked(tuple(sorted(placed, key=lambda one: one.line or 0)), config)


def _of_shape(fault: Any) -> Mistake:
    place = place_of(fault)
    return Mistake(tuple(place), explained("", fault, nearest_key(Config, place)).removeprefix(": "))


def _register(config: Config) -> Iterator[Mistake]:
    section = config.register_
    if not section.url:
        yield Mistake(("register", "url"), "no cash register yet: the agent does not start without one", serious=False)
        return
    try:
        found = examine(section.url, SystemClock())
    except ValueError as error:
        yield Mistake(("register", "url"), str(error))
        return
    for name in found.secrets:
        if name not in section.secrets:
            text = "the register's driver needs it, as env:, file: or credential:"
            yield Mistake(("register", "secrets", name), text)
    for line in unmet(config, found.capabilities) if found.capabilities is not None else ():
        yield _keyed(line, ("register", "url"))


def _scanners(config: Config) -> Iterator[Mistake]:
    from scanners.registry import ScannerAddressInvalid, Surroundings, open_scanner

    around = Surroundings(now=time.time_ns, monotonic=time.monotonic, discovery=list)
    yield from _twice("scanners", config.scanners)
    for number, section in enumerate(config.scanners):
        try:
            open_scanner(section.name, section.url, around)
        except ScannerAddressInvalid as error:
            yield Mistake(("scanners", str(number), "url"), str(error))


def _printer(config: Config) -> Iterator[Mistake]:
    from fiscal.escpos.printer import open_printer
    from fiscal.escpos.raster import FontMissing
    from pos_agent.stationery import stationery

    try:
        printer = None
        if config.printer.url:
            printer = open_printer(config.printer.url, monotonic=time.monotonic, sleep=time.sleep)
        stationery(config, printer)
    except ConfigError as error:
        yield _keyed(str(error), ("printer",))
    except (ValueError, FontMissing) as error:
        yield Mistake(("printer", "url"), str(error))


def _ismpt(config: Config) -> Iterator[Mistake]:
    from sync.ismpt.client import IsMptClient

    section = config.ismpt
    if not section.url:
        return
    if section.password is None:
        yield Mistake(("ismpt", "password"), "the login needs one, as env:, file: or credential:")
    try:
        IsMptClient(
            section.url, section.login, _STAND_IN, now=time.time_ns, monotonic=time.monotonic, sleep=time.sleep,
            rng=random.Random(0),  # noqa: S311 - nothing is sent
        ).close()  # fmt: skip
    except ValueError as error:
        yield Mistake(("ismpt", "url"), str(error))


def _sync(config: Config) -> Iterator[Mistake]:
    from pos_agent.to_headquarters import tls_of
    from sync.credential import Bearer
    from sync.delivery_state import DeliverySettings
    from sync.headquarters import Headquarters

    section = config.sync
    if not section.url:
        return
    if section.token is None and section.key is None:
        yield Mistake(("sync", "token"), "headquarters needs one, or sync.key, as env:, file: or credential:")
    try:
        Headquarters(
            section.url, Bearer(_STAND_IN), DeliverySettings(), till=config.till.name, transport=None,
            monotonic=time.monotonic, tls=tls_of(section),
        ).close()  # fmt: skip
    except ValueError as error:
        yield Mistake(("sync", "url"), str(error))
    except ConfigError as error:
        yield _keyed(str(error), ("sync",))


def _webhooks(config: Config) -> Iterator[Mistake]:
    from pos_agent.hooks.opening import trusted_by

    yield from _twice("webhooks", config.webhooks)
    for number, section in enumerate(config.webhooks):
        try:
            trusted_by(section)
        except ConfigError as error:
            yield Mistake(("webhooks", str(number), "ca_file"), str(error).partition(": ")[2])


def _twice(name: str, sections: Sequence[ScannerSection | WebhookSection]) -> Iterator[Mistake]:
    """Sections of a list that are called like one before them."""
    names = [section.name for section in sections]
    for number, own in enumerate(names):
        if own in names[:number]:
            yield Mistake((name, str(number), "name"), f"two {name} are called {own}")


def _policy(config: Config) -> Iterator[Mistake]:
    try:
        policy_from(config.policy, standard())
    except PolicyError as error:
        yield Mistake(("policy", *error.key.split(".")), str(error).removeprefix(f"{error.key}: "))


def _clients(config: Config) -> Iterator[Mistake]:
    if not config.api.clients:
        yield Mistake(("api", "clients"), "none: no program can sell, and `pos-agent status` cannot ask", serious=False)


Look = Callable[[Config], Iterator[Mistake]]
LOOKS: Final[Sequence[Look]] = (_register, _scanners, _printer, _ismpt, _sync, _clients, _webhooks, _policy)


def _keyed(line: str, usual: Place) -> Mistake:
    """A line that begins with its key: "register.secrets.x: needed"."""
    key, colon, text = line.partition(": ")
    if not colon or not re.fullmatch(r"[\w.]+(, [\w.]+)*", key):
        return Mistake(usual, line)
    return Mistake(tuple(key.split(", ")[0].split(".")), text)
