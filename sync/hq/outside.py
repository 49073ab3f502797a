"""What headquarters asks and tells the world outside: the registry, the register's vendor, webhooks."""

from __future__ import annotations

import datetime as dt
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine, select

from sync.hq.actions.filing import Filing
from sync.hq.background import Chore, repeated
from sync.hq.config import Config, ConfigError
from sync.hq.exports.schema import webhook
from sync.hq.exports.webhooks import Deliverer, WebhookRefused, add, switch
from sync.hq.imports import Imported, Progress, check_registry, codes_to_check, import_webkassa
from sync.hq.imports.webkassa_link import Access, WebkassaLink
from sync.hq.lake.layout import Lake
from sync.ismpt.client import IsMptClient
from sync.ismpt.documents import DocumentClient
from sync.secret_reference import read_secret
from sync.zone import ZONE

CONFIGURED = "configuration"  # Who entered a webhook that stands in the file.
log = logging.getLogger("pos-hq")
Told = Callable[[Progress], None]


def chores(engine: Engine, lake: Lake, config: Config) -> list[Chore]:
    """Those that the configuration asks for. Raises SecretMissing, ConfigError, ValueError."""
    found: list[Chore] = []
    if config.webhooks:
        found.append(_webhooks(engine, config))
    if config.ismpt.url:
        found.append(repeated("registry", config.ismpt.check_every_h * 3600, lambda _stop: check(engine, lake, config)))
        if config.ismpt.file_documents:
            found.append(_filing(engine, config))
    if config.webkassa.url:
        found.append(
            repeated("webkassa", config.webkassa.every_h * 3600, lambda _stop: list(vendor(engine, lake, config)))
        )
    return found


def check(engine: Engine, lake: Lake, config: Config, progress: Told | None = None) -> Imported:
    """Ask IS MPT about units sold lately and those in open cases. Raises ConfigError, SecretMissing."""
    section = config.ismpt
    if not section.url or section.password is None:
        raise ConfigError("ismpt.url, ismpt.login and ismpt.password are needed to ask the registry")
    today = dt.datetime.now(ZONE).date()
    codes = codes_to_check(engine, lake, [today - dt.timedelta(days=n) for n in range(section.check_days)])
    client = IsMptClient(
        section.url, section.login, read_secret(section.password), now=time.time_ns, monotonic=time.monotonic,
        sleep=time.sleep, rng=random.SystemRandom(),
    )  # fmt: skip
    try:
        done = check_registry(client, codes, engine=engine, lake=lake, now=time.time_ns, progress=progress)
    finally:
        client.close()
    log.info("registry: %d codes asked, %d told, %s %s", len(codes), done.taken, done.state, done.trouble)
    return done


def vendor(
    engine: Engine, lake: Lake, config: Config, cashboxes: Sequence[str] = (), progress: Told | None = None
) -> Iterator[Imported]:
    """Every new shift of every cashbox. Raises ConfigError, SecretMissing, VendorTrouble."""
    with webkassa_link(config) as link:
        for cashbox in cashboxes or config.webkassa.cashboxes:
            for done in import_webkassa(link, cashbox, engine=engine, lake=lake, now=time.time_ns, progress=progress):
                if not done.known:
                    log.info("webkassa: %s: %d receipts, %s %s", done.name, done.taken, done.state, done.trouble)
                yield done


@contextmanager
def webkassa_link(config: Config) -> Iterator[WebkassaLink]:
    section = config.webkassa
    if not section.url or section.password is None or section.api_key is None:
        raise ConfigError("webkassa.url, login, password and api_key are needed to ask the vendor")
    access = Access(section.url, section.login, read_secret(section.password), read_secret(section.api_key))
    link = WebkassaLink(access, monotonic=time.monotonic, sleep=time.sleep)
    try:
        yield link
    finally:
        link.close()


def _filing(engine: Engine, config: Config) -> Chore:
    section = config.ismpt
    if section.password is None:
        raise ConfigError("ismpt.password is needed to file documents")
    client = DocumentClient(
        section.url, section.login, read_secret(section.password), now=time.time_ns, monotonic=time.monotonic
    )
    filing = Filing(engine, client, now=time.time_ns, rng=random.SystemRandom(), terms=config.documents.terms)
    return Chore("filing", filing.run)


def _webhooks(engine: Engine, config: Config) -> Chore:
    """Those of the file are entered; one that left the file is switched off and keeps what waits for it."""
    guard = config.webhook_guard.guard
    with engine.connect() as db:
        known = {
            (row.url, row.secret): row
            for row in db.execute(select(webhook).where(webhook.c.created_by == CONFIGURED).order_by(webhook.c.id))
        }
    wanted = {(one.url, one.secret): one for one in config.webhooks}
    for key, one in wanted.items():
        if key not in known:
            try:
                add(
                    engine, one.url, secret=one.secret, events=one.events, who=CONFIGURED, now_ns=time.time_ns(),
                    guard=guard,
                )  # fmt: skip
            except WebhookRefused as error:
                raise ConfigError(f"webhooks: {one.url}: {error}") from error
    for key, row in known.items():
        if row.active != (key in wanted):
            switch(engine, row.id, active=key in wanted, now_ns=time.time_ns())
    deliverer = Deliverer(
        engine, guard, secret=lambda reference: read_secret(reference).encode(), now=time.time_ns,
        monotonic=time.monotonic, rng=random.SystemRandom(),
    )  # fmt: skip

    def run(stop: threading.Event) -> None:
        deliverer.run(stop)

    return Chore("webhooks", run)
