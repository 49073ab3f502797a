"""Headquarters opened: its database, embedded or named, its lake, and the one application on its one port.

/v1/..., /healthz     the collector
everything else       the pages
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, make_url
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.hq.app import create_app
from sync.hq.callers import Credentials
from sync.hq.comparing import fill_places
from sync.hq.config import Config, DocumentsSection
from sync.hq.embedded import EmbeddedPostgres
from sync.hq.engine import open_engine
from sync.hq.fleet.standing import Thresholds
from sync.hq.imports.ledger import Ledger
from sync.hq.lake.layout import Lake
from sync.hq.lake.memory import prepare
from sync.hq.pages.app import create_pages
from sync.hq.pages.joined import LedgerImports, OutboxDocuments
from sync.hq.pages.lake_ports import LakeCoverage, LakeLives
from sync.hq.pages.ports import Ports
from sync.hq.pages.settings import PagesSettings
from sync.hq.pages.tables import create_tables
from sync.hq.store import Collector
from sync.secret_reference import read_secret

EMBEDDED = "postgres"  # Folder of the embedded server, in the data folder.


@dataclass(frozen=True, slots=True)
class Held:
    """What is open."""

    engine: Engine
    lake: Lake
    url: str  # Of the database: what another process opens.


@contextmanager
def opened(config: Config) -> Iterator[Held]:
    """Open for one command. Raises EmbeddedUnfit, DatabaseUnfit, SecretMissing, SQLAlchemyError."""
    with database(config) as url, engine_of(url) as engine:
        lake = Lake(config.lake)
        make_tables(engine)
        fill_places(engine, [place.model_dump() for place in config.places])
        yield Held(engine, lake, url)


@contextmanager
def database(config: Config) -> Iterator[str]:
    """The database's address; the embedded server runs as long as somebody uses it."""
    named = config.database.url if config.database.dsn is None else read_secret(config.database.dsn)
    if named:
        make_url(named)  # Raises ArgumentError before anything is opened.
        yield named
        return
    with EmbeddedPostgres(config.hq.data / EMBEDDED) as server:
        yield server.url


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def make_tables(engine: Engine) -> None:
    """Everything of every room that is not there yet."""
    Collector(engine, time.time_ns)
    create_tables(engine)
    prepare(engine)
    Ledger(engine, time.time_ns).create()


def ports_of(
    engine: Engine, lake: Lake, now: Callable[[], int] = time.time_ns, settings: DocumentsSection | None = None
) -> Ports:
    """Raises ConfigError."""
    said = settings or DocumentsSection()
    documents = OutboxDocuments(engine, now, terms=said.terms, group_of=said.read_groups().of)
    return Ports(LakeLives(lake, engine), LedgerImports(engine), documents, LakeCoverage(lake))


@dataclass(frozen=True, slots=True)
class Whole:
    """An ASGI application of two."""

    collector: ASGIApp
    pages: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        chosen = self.collector if path.startswith("/v1/") or path == "/healthz" else self.pages
        await chosen(scope, receive, send)


def whole_app(
    engine: Engine,
    lake: Lake,
    credentials: Credentials,
    settings: PagesSettings,
    *,
    thresholds: Thresholds | None = None,
    documents: DocumentsSection | None = None,
    now: Callable[[], int] = time.time_ns,
) -> Any:
    """Collector and pages over one database. Raises KeyInvalid, DatabaseUnfit, ConfigError."""
    known = credentials
    collector = create_app(Collector(engine, now), known.tills, known.readers, keys=known.keys, thresholds=thresholds)
    return Whole(collector, create_pages(engine, settings, ports_of(engine, lake, now, documents), now=now))


def pages_settings(config: Config, port: int) -> PagesSettings:
    """`port`: the one that is listened on."""
    listen, pages = config.listen, config.pages
    secure = pages.behind_tls or listen.certificate is not None
    named = pages.hosts or tuple(f"{host}:{port}" for host in dict.fromkeys((listen.host, "127.0.0.1", "localhost")))
    return PagesSettings(
        chain=config.hq.chain,
        hosts=frozenset(named),
        secure=secure,
        language=pages.language,
        session_s=round(pages.session_h * 3600),
        idle_s=round(pages.idle_min * 60),
        thresholds=config.tills.thresholds,
        four_eyes=pages.four_eyes,
    )
