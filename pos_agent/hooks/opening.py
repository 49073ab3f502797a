"""Webhooks as configured: where each may go, whom it trusts, what signs for it."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pos_agent.config import Config, ConfigError, WebhookSection
from pos_agent.hooks.outbox import HookOutbox
from pos_agent.hooks.worker import HookWorker
from pos_agent.journal.journal import Journal
from pos_agent.till import Till
from sync.ismpt.deadline import DeadlineTransport

if TYPE_CHECKING:
    from pos_agent.wiring import World


def open_hooks(config: Config, world: World, journal: Journal, till: Till) -> tuple[HookWorker, ...]:
    """Raises ConfigError, SecretMissing."""
    names = [section.name for section in config.webhooks]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"webhooks: two are called {twice}: each needs a name of its own")
    prepared = [(section, world.secret(section.secret), trusted_by(section)) for section in config.webhooks]
    return tuple(
        HookWorker(
            section.name,
            section.url,
            secret.encode(),
            HookOutbox(journal, till, section.name, section.events),
            DeadlineTransport(world.clock.monotonic, admits=_admits(section.url), context=tls),
            now=world.clock.now_ns,
            monotonic=world.clock.monotonic,
            rng=world.rng,
        )
        for section, secret, tls in prepared
    )


def _admits(url: str) -> Callable[[str], bool]:
    """Without TLS only this machine itself, whatever its name leads to."""
    plain = urlsplit(url).scheme == "http"
    return lambda address: not plain or ipaddress.ip_address(address.partition("%")[0]).is_loopback


def trusted_by(section: WebhookSection) -> ssl.SSLContext | None:
    """Whom a webhook trusts; None: the public certificate authorities. Raises ConfigError."""
    if not section.ca_file:
        return None
    try:
        return ssl.create_default_context(cafile=section.ca_file)
    except OSError as error:
        raise ConfigError(f"webhooks.{section.name}.ca_file: {section.ca_file}: {error}") from error
