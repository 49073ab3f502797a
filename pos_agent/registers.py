"""The register of the configuration: opened, alike for the agent and for commands that only look, or examined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from fiscal import options
from fiscal.device.links import LineAddress, Opener, open_link
from fiscal.register import Capabilities
from fiscal.registry import OpenRegister, open_register
from pos_agent.clock import Clock
from pos_agent.config import ConfigError, RegisterSection

STORES: Final = frozenset({"ofd+tcp"})  # Registers in software: opening one opens its fiscal memory, and writes to it.
_STAND_IN: Final = "1"  # For secrets: digits are what every driver takes for one.


class _NotAsked(Exception):
    """A driver wanted to talk to its register."""


class _NoLine:
    """A line that is never opened."""

    def __init__(self, _address: LineAddress) -> None:
        """Nothing is kept."""

    def open(self) -> None:
        raise _NotAsked

    def write(self, data: bytes) -> None:
        raise _NotAsked

    def read(self, timeout_s: float) -> bytes:
        raise _NotAsked

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What an address alone tells of a register."""

    capabilities: Capabilities | None  # None: only the register itself knows (model=auto).
    secrets: tuple[str, ...]  # Names that its driver asks for.


def examine(url: str, clock: Clock) -> Examined:
    """Read an address as its driver does. No register is asked, no secret read, no file opened.

    Raises ValueError for an address that cannot be used.
    """
    asked: list[str] = []

    def secret(name: str) -> str:
        asked.append(name)
        return _STAND_IN

    parts = options.split(url)
    if parts.scheme in STORES:
        from fiscal.ofd import examine_ofd

        return Examined(examine_ofd(parts, secret), tuple(asked))
    try:
        register = open_register(
            url, secret=secret, transport=None, now=clock.now_ns, monotonic=clock.monotonic, sleep=clock.sleep,
            link=_NoLine,
        )  # fmt: skip
    except _NotAsked:
        return Examined(None, tuple(asked))
    register.close()
    return Examined(register.capabilities, tuple(dict.fromkeys(asked)))


def open_configured(
    section: RegisterSection,
    *,
    secret: Callable[[str], str],  # Reference -> value.
    transport: httpx.BaseTransport | None,  # None: the real network.
    clock: Clock,
    link: Opener = open_link,  # Lines to registers that speak bytes.
) -> OpenRegister:
    """Raises ConfigError with the key that is wrong, and whatever `secret` raises."""

    def named(name: str) -> str:
        if name not in section.secrets:
            raise ConfigError(f"register.secrets.{name}: the register's driver needs it, as env:, file: or credential:")
        return secret(section.secrets[name])

    try:
        return open_register(
            section.url,
            secret=named,
            transport=transport,
            now=clock.now_ns,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
            link=link,
        )
    except ValueError as error:
        raise ConfigError(f"register.url: {error}") from error
