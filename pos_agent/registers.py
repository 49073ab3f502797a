"""The register of the configuration, opened: the same way for the agent and for commands that only look."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from fiscal.device.links import Opener, open_link
from fiscal.registry import OpenRegister, open_register
from pos_agent.clock import Clock
from pos_agent.config import ConfigError, RegisterSection


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
