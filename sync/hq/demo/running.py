"""The demo's headquarters: a database in a folder, collector and pages on a port of this machine, in this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import Engine

from sync.hq.callers import Credentials
from sync.hq.embedded import EmbeddedPostgres, EmbeddedUnfit
from sync.hq.headquarters import EMBEDDED, engine_of, make_tables, whole_app
from sync.hq.lake.layout import Lake
from sync.hq.pages.accounts import Accounts
from sync.hq.pages.roles import Role
from sync.hq.pages.settings import PagesSettings

HOST = "127.0.0.1"
START_S = 60.0
CHAIN = "Көрме дүкендері"
PEOPLE = ((Role.ADMINISTRATOR, "Әсел"), (Role.CONTROLLER, "Бауыржан"), (Role.VIEWER, "Вера"))
PASSWORD = "demo-pos-hq"  # noqa: S105 -- of pages on loopback with nothing real behind them.


@dataclass(frozen=True, slots=True)
class Running:
    engine: Engine
    lake: Lake
    url: str
    fallback: str  # Why there is no PostgreSQL; "" there is.


@contextmanager
def running(
    folder: Path, credentials: Credentials, now: Callable[[], int], *, port: int = 0, sqlite: bool = False
) -> Iterator[Running]:
    """Where the embedded PostgreSQL cannot be used (root in a closed folder) SQLite stands in, and the reason is told.

    Raises OSError when the port is taken.
    """
    with ExitStack() as held:
        url, fallback = _database(held, folder, sqlite=sqlite)
        engine = held.enter_context(engine_of(url))
        make_tables(engine)
        lake = Lake(folder / "lake")
        taken = held.enter_context(socket.create_server((HOST, port)))
        address = f"{HOST}:{taken.getsockname()[1]}"
        hosts = frozenset({address, f"localhost:{taken.getsockname()[1]}"})
        settings = PagesSettings(chain=CHAIN, hosts=hosts, secure=False)
        _people(engine, settings, now)
        app = whole_app(engine, lake, credentials, settings, now=now)
        held.enter_context(_served(app, taken))
        yield Running(engine, lake, f"http://{address}", fallback)


def _database(held: ExitStack, folder: Path, *, sqlite: bool) -> tuple[str, str]:
    file = f"sqlite:///{folder / 'hq.sqlite'}"
    if sqlite:
        return file, ""
    try:
        return held.enter_context(EmbeddedPostgres(folder / EMBEDDED)).url, ""
    except EmbeddedUnfit as error:
        return file, str(error)


def _people(engine: Engine, settings: PagesSettings, now: Callable[[], int]) -> None:
    accounts = Accounts(engine, settings, now, _no_chance)
    for role, name in PEOPLE:
        accounts.create(str(role), name, str(role), PASSWORD, by="demo", address=HOST)


def _no_chance(count: int) -> bytes:
    """The demo's password is printed; its salt may be known too."""
    return bytes(count)


@contextmanager
def _served(app: Any, taken: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, name="headquarters", daemon=True)
    thread.start()
    until = time.monotonic() + START_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("headquarters did not start to listen")
        thread.join(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(START_S)
