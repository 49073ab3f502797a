"""The pages, served for real: a database of PostgreSQL and a server for each module, one browser, every role."""

from __future__ import annotations

import itertools
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import hq_chain
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect
from real_browser import PATIENCE_MS, chromium
from sqlalchemy import Engine, make_url, text

from sync.hq.engine import open_engine
from sync.hq.lake.layout import Lake
from sync.hq.pages.accounts import Accounts
from sync.hq.pages.app import create_pages
from sync.hq.pages.settings import PagesSettings

PASSWORD = "correct horse battery"
ROLES = {"viewer": "viewer", "aigerim": "controller", "root": "administrator"}
_numbers = itertools.count(1)

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Clock:
    now_ns: int = hq_chain.NOW_NS

    def __call__(self) -> int:
        return self.now_ns


@dataclass
class Office:
    """A running server."""

    engine: Engine
    url: str
    accounts: Accounts
    clock: Clock
    browser: Browser | None = None
    opened: list[BrowserContext] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)  # Dialogs, script errors, refused scripts, requests to elsewhere.

    def visit(self, name: str | None, path: str = "/fleet", *, language: str = "ru", scripts: bool = True) -> Page:
        """A new browser session, signed in under this name; None: at the form."""
        assert self.browser is not None
        context = self.browser.new_context(
            viewport={"width": 1366, "height": 768}, locale=language, base_url=self.url, java_script_enabled=scripts
        )
        self.opened.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        self._watch(page)
        if name is None:
            page.goto(path)
            return page
        self.accounts.choose_language(name, language)
        cookie = self.accounts.sign_in(name, PASSWORD, "test")
        kept = {"name": "hq", "value": cookie, "url": self.url, "httpOnly": True, "sameSite": "Strict"}
        context.add_cookies([kept])  # type: ignore[list-item]
        page.goto(path)
        return page

    def _watch(self, page: Page) -> None:
        page.on("dialog", lambda dialog: (self.trouble.append(f"dialog {dialog.message}"), dialog.dismiss())[0])
        page.on("pageerror", lambda error: self.trouble.append(f"script {error}"))
        page.on("console", lambda told: self.trouble.append(told.text) if "Content Security" in told.text else None)
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((self.url, "data:")) else self.trouble.append(asked.url),
        )

    def close_sessions(self) -> None:
        while self.opened:
            self.opened.pop().close()


@contextmanager
def serving(url: str, fill: Callable[[Engine], None], lake: Lake) -> Iterator[Office]:
    """A database of its own on the server at `url`, and the pages over it."""
    name = f"pages_{os.getpid()}_{next(_numbers)}"
    root = open_engine(url)
    with root.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    engine = open_engine(make_url(url).set(database=name).render_as_string(hide_password=False))
    listener = socket.create_server(("127.0.0.1", 0))
    host = f"127.0.0.1:{listener.getsockname()[1]}"
    clock = Clock()
    settings = PagesSettings("Дүкен Plus", frozenset({host}), secure=False, scrypt_cost=4, refresh_s=1)
    app = create_pages(engine, settings, hq_chain.ports(engine, lake), now=clock)
    accounts: Accounts = app.state.office.accounts
    for person, role in ROLES.items():
        accounts.create(person, person.title(), role, PASSWORD, by="test", address="")
    fill(engine)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield Office(engine, f"http://{host}", accounts, clock)
    finally:
        server.should_exit = True
        thread.join(60)
        listener.close()
        engine.dispose()
        with root.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        root.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    found = Lake(Path(tmp_path_factory.mktemp("lake")))
    hq_chain.fill_lake(found)
    return found


@pytest.fixture(scope="module")
def chain_server(postgresql_url: str, browser: Browser, lake: Lake) -> Iterator[Office]:
    with serving(postgresql_url, hq_chain.fill, lake) as office:
        office.browser = browser
        yield office


@pytest.fixture
def office(chain_server: Office) -> Iterator[Office]:
    """The chain made by hand. Whatever a page did that no page may do fails the test at its end."""
    chain_server.trouble.clear()
    chain_server.clock.now_ns = hq_chain.NOW_NS
    yield chain_server
    chain_server.close_sessions()
    assert chain_server.trouble == []
