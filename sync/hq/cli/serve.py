"""`pos-hq serve`: collector, pages and everything headquarters does by itself, until SIGTERM or Ctrl+C."""

from __future__ import annotations

import fcntl
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sync.hq.cli.options import ConfigOption, configured, fail, opened
from sync.hq.cli.stopping import until_told

if TYPE_CHECKING:
    from sync.hq.config import Config
    from sync.hq.serving import Serving

LOG_FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"


def serve_command(
    config: ConfigOption = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Instead of the configured port.")] = None,
) -> None:
    """Serve the tills and the pages, land, compare, tidy, file approved documents, tell webhooks."""
    from sync.hq.background import background, comparing, landing, tidying
    from sync.hq.outside import chores
    from sync.hq.serving import ServingUnfit, run_collector

    logging.basicConfig(level=logging.INFO, format=LOG_FORM)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # A line for each request otherwise.
    settings = configured(config)
    if port is not None:
        port = port or _free_port(settings.listen.host)
        settings = settings.model_copy(update={"listen": settings.listen.model_copy(update={"port": port})})
    with until_told(), _alone(settings.hq.data), opened(settings) as held:
        try:
            serving = _serving(settings, held.url)
            settings.documents.read_groups()  # Once here: a worker that cannot would be started again and again.
            work = [landing(held.engine, held.lake), comparing(held.engine, held.lake, settings)]
            work.append(tidying(held.lake, settings))
            work += chores(held.engine, held.lake, settings)
            with background(work):
                run_collector(serving, partial(application, config=settings), _listening)
        except (ServingUnfit, ValueError) as error:
            fail(str(error))
    logging.getLogger("pos-hq").info("stopped")


def application(serving: Serving, config: Config) -> Any:
    """The application of one worker process."""
    from sync.hq.engine import open_engine
    from sync.hq.headquarters import pages_settings, whole_app
    from sync.hq.lake.layout import Lake

    engine, lake = open_engine(serving.database), Lake(config.lake)
    pages = pages_settings(config, config.listen.port)
    return whole_app(
        engine, lake, serving.credentials, pages, thresholds=serving.thresholds, documents=config.documents
    )


def _serving(config: Config, database: str) -> Serving:
    """Raises ServingUnfit."""
    from sync.hq.serving import Serving, ServingUnfit, Tls
    from sync.hq.tokens import TokensInvalid, read_tokens

    listen = config.listen
    tls = None
    if listen.certificate is not None and listen.key is not None:
        tls = Tls(listen.certificate, listen.key, listen.client_ca)
    path = config.tills.credentials
    try:
        credentials = read_tokens(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ServingUnfit(f"tills.credentials: {path}: {error.strerror}") from error
    except TokensInvalid as error:
        raise ServingUnfit(f"{path}: {error}") from error
    return Serving(database, credentials, listen.host, listen.port, listen.workers, tls, config.tills.thresholds)


def _free_port(host: str) -> int:
    """The pages answer only to names with the right port, so it must be known before they are made."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as taken:
        return int(taken.getsockname()[1])


def _listening(port: int) -> None:
    logging.getLogger("pos-hq").info("listening on port %d", port)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One service on a data folder: two would land and compare the same. Other commands may run beside it."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        file = (data / "serve.lock").open("w")
    except OSError as error:
        fail(f"hq.data: {data}: {error.strerror}")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fail(f"another pos-hq serves from {data}")
        yield
