"""The line to headquarters, as configured: who we are there, whom we trust, and the two workers on it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from pos_agent.config import Config, ConfigError, SyncSection
from pos_agent.heartbeat import Vitals
from pos_agent.queue import JournalQueue
from sync.credential import Bearer, Credential
from sync.delivery import DeliveryWorker
from sync.pulse import HeartbeatWorker

if TYPE_CHECKING:
    from pos_agent.wiring import World


def open_delivery(config: Config, world: World, queue: JournalQueue) -> DeliveryWorker | None:
    """None: no headquarters is configured. Raises ConfigError, SecretMissing."""
    section = config.sync
    if not section.url:
        return None
    return DeliveryWorker(
        section.url,
        credential_of(section, world.secret),
        queue,
        till=config.till.name,
        transport=world.hq_transport,
        now=world.clock.now_ns,
        monotonic=world.clock.monotonic,
        sleep=world.clock.sleep,
        rng=world.rng,
        every_s=section.every_s,
        tls=tls_of(section),
    )


def open_heartbeat(config: Config, world: World, vitals: Vitals) -> HeartbeatWorker | None:
    """None: `sync.heartbeat_every_s` is 0. Raises ConfigError, SecretMissing."""
    section = config.sync
    if section.heartbeat_every_s == 0:
        return None
    return HeartbeatWorker(
        section.url,
        credential_of(section, world.secret),
        vitals,
        till=config.till.name,
        transport=world.hq_transport,
        now=world.clock.now_ns,
        monotonic=world.clock.monotonic,
        rng=world.rng,
        every_s=section.heartbeat_every_s,
        tls=tls_of(section),
    )


def credential_of(section: SyncSection, secret: Callable[[str], str]) -> Credential:
    """Who we are at headquarters. Raises ConfigError, and whatever `secret` raises."""
    if section.key is None:
        if section.token is None:
            raise ConfigError("sync.token: headquarters needs one, or sync.key, as env:, file: or credential:")
        return Bearer(secret(section.token))
    from sync.signing import KeyInvalid, Signer  # Only a till that signs needs cryptography in its memory.

    try:
        return Signer.from_pem(secret(section.key))
    except KeyInvalid as error:
        raise ConfigError(f"sync.key: {error}; `pos-agent sync-key` makes one") from error


def tls_of(section: SyncSection) -> ssl.SSLContext | None:
    """None: the public certificate authorities, and no certificate of our own."""
    if not section.ca_file and not section.certificate_file:
        return None
    try:
        context = ssl.create_default_context(cafile=section.ca_file or None)
        if section.certificate_file:
            context.load_cert_chain(section.certificate_file)
    except OSError as error:  # ssl.SSLError is one.
        named = ", ".join(path for path in (section.ca_file, section.certificate_file) if path)
        raise ConfigError(f"sync.ca_file, sync.certificate_file: {named}: {error}") from error
    return context
