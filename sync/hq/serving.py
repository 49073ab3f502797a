"""The collector as a service: one port, TLS, and as many processes as the machine has cores for.

`run_collector` is what `python -m sync.hq` and `pos-hq serve` call. Each worker process opens the database for itself;
all of them accept from one socket. PostgreSQL lets one batch of a till in at a time, whichever process has it.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import make_url
from uvicorn.supervisors import Multiprocess

from sync.hq.app import create_app
from sync.hq.callers import Callers, Credentials
from sync.hq.engine import open_engine
from sync.hq.fleet.standing import Thresholds
from sync.hq.store import Collector

BACKLOG = 2_048
GRACE_S = 10
HEALTH_S = 30  # A worker that is only busy must not be taken for a dead one.


class ServingUnfit(Exception):
    """The collector cannot be served so; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Tls:
    certificate: Path  # PEM, the chain with the server's own first.
    key: Path  # PEM, without a password.
    client_ca: Path | None = None  # Only who shows a certificate of this CA may speak at all.


@dataclass(frozen=True, slots=True)
class Serving:
    """Everything a worker process needs to know; it is handed over by value."""

    database: str  # sqlite:///FILE or postgresql://...
    credentials: Credentials
    host: str = "127.0.0.1"
    port: int = 8780  # 0: any free one.
    workers: int = 1
    tls: Tls | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    log_level: str = "info"


def collector_app(serving: Serving) -> Any:
    """The ASGI application of one worker process. Raises DatabaseUnfit."""
    collector = Collector(open_engine(serving.database), time.time_ns)
    held = serving.credentials
    return create_app(collector, held.tills, held.readers, keys=held.keys, thresholds=serving.thresholds)


def run_collector(
    serving: Serving,
    app: Callable[[Serving], Any] = collector_app,
    listening: Callable[[int], object] = lambda port: None,
) -> None:
    """Serve until SIGINT or SIGTERM. Raises ServingUnfit, DatabaseUnfit, KeyInvalid before anything is served.

    `app` makes the application in each process, from values alone: a function of a module, so that it can be handed
    over. `listening` is told the port once it is taken.
    """
    Callers(serving.credentials)
    if serving.workers > 1 and make_url(serving.database).get_backend_name() == "sqlite":
        raise ServingUnfit("more than one worker needs PostgreSQL: SQLite lets one process write at a time")
    config = _config(serving, app)
    # Once here, so that what is unfit is said by one process, and before the port is taken.
    engine = open_engine(serving.database)
    try:
        Collector(engine, time.time_ns)
    finally:
        engine.dispose()
    with closing(_socket(serving)) as taken:
        listening(taken.getsockname()[1])
        if serving.workers == 1:
            uvicorn.Server(config).run(sockets=[taken])
        else:
            Multiprocess(config, sockets=[taken]).run()


def _config(serving: Serving, app: Callable[[Serving], Any]) -> uvicorn.Config:
    options: dict[str, Any] = {}
    if serving.tls is not None:
        _checked(serving.tls)
        options = {"ssl_certfile": str(serving.tls.certificate), "ssl_keyfile": str(serving.tls.key)}
        if serving.tls.client_ca is not None:
            options |= {"ssl_ca_certs": str(serving.tls.client_ca), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return uvicorn.Config(
        partial(_made, app, serving),
        factory=True,
        workers=serving.workers,
        log_level=serving.log_level,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=GRACE_S,
        timeout_worker_healthcheck=HEALTH_S,
        **options,
    )


def _made(app: Callable[[Serving], Any], serving: Serving) -> Any:
    """The application, in the process that serves it. A worker ends with the process that started it: one that was
    killed would leave its workers on the port, and nobody could start it again."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), name="parent", daemon=True).start()
    made = app(serving)
    gc.freeze()  # Modules and tables live as long as the process: batches must not make the collector walk them.
    return made


def _end_after(parent: Any) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _checked(tls: Tls) -> None:
    """Read the files now: a worker that cannot would be started again and again."""
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.certificate, tls.key)
        if tls.client_ca is not None:
            context.load_verify_locations(tls.client_ca)
    except OSError as error:  # ssl.SSLError is one.
        files = ", ".join(str(path) for path in (tls.certificate, tls.key, tls.client_ca) if path is not None)
        raise ServingUnfit(f"TLS with {files}: {error}") from error


def _socket(serving: Serving) -> socket.socket:
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    try:
        taken = socket.create_server((serving.host, serving.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ServingUnfit(f"{serving.host}:{serving.port} cannot be listened on: {error.strerror}") from error
    taken.set_inheritable(True)
    return taken
