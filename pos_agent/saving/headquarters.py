"""What headquarters holds of a till, asked before a copy is put back."""

from __future__ import annotations

import httpx

from pos_agent.clock import SystemClock
from pos_agent.config import Config, ConfigError
from pos_agent.saving.restore import Unanswered
from pos_agent.saving.standing import Seen
from pos_agent.to_headquarters import credential_of, tls_of
from sync.batch import BatchError, cursor_from_json
from sync.delivery_state import DeliverySettings
from sync.headquarters import Headquarters
from sync.link import Broken
from sync.secret_reference import read_secret

_LATER = (
    "try again when it answers, or take sync.url out of agent.toml for the time being if you know that it holds no more"
)


def ask(config: Config, till: str, transport: httpx.BaseTransport | None = None) -> Seen | None:
    """None: no headquarters is configured. Raises Unanswered, ConfigError, SecretMissing. No transport: the network."""
    section = config.sync
    if not section.url:
        return None
    try:
        line = Headquarters(
            section.url,
            credential_of(section, read_secret),
            DeliverySettings(),
            till=till,
            transport=transport,
            monotonic=SystemClock().monotonic,
            tls=tls_of(section),
        )
    except ValueError as error:
        raise ConfigError(f"sync.url: {error}") from error
    try:
        answer = line.cursor()
    finally:
        line.close()
    if isinstance(answer, Broken):
        raise Unanswered(f"headquarters does not say what it holds of this till: {answer.text}; {_LATER}")
    if answer.status != 200:
        raise Unanswered(f"headquarters does not say what it holds of this till: HTTP {answer.status}; {_LATER}")
    try:
        cursor = cursor_from_json(answer.body)
    except BatchError as error:
        raise Unanswered(f"what answers at {section.url} is no headquarters: {error}") from error
    if cursor.till != till:
        raise Unanswered(f"headquarters knows this till's key as {cursor.till!r}, not as {till!r}: correct it there")
    return Seen(cursor.through, cursor.hash)
