"""A Webkassa cashbox at the simulated service on a socket, and the command line in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from webkassa_desk import SECRETS
from webkassa_shop import Clock, Shop, service_at

from hw_sim.http import serve
from pos_agent.cli.webkassa import app


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A Webkassa cashbox at the simulated service on a socket, and the till that sells there."""
    clock = Clock()
    service = service_at(clock)
    with serve(service) as serving:
        shop = Shop(serving.url, None, service, clock)
        yield shop
        shop.close()


@pytest.fixture
def config(tmp_path: Path) -> Callable[[str], Path]:
    """A configuration file that names a register."""

    def write(url: str) -> Path:
        secrets = {"webkassa_password": "env:WK_PASSWORD", "webkassa_api_key": "env:WK_KEY"}
        lines = ["[register]", f'url = "{url}"', "[register.secrets]", *(f'{k} = "{v}"' for k, v in secrets.items())]
        path = tmp_path / "agent.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write


@pytest.fixture
def command(shop: Shop, config: Callable[[str], Path]) -> Callable[..., Result]:
    """`pos-agent webkassa ...` at that shop, without the pauses between pages."""
    path = config(shop.url)

    def run(*arguments: object) -> Result:
        pause = ["--pause-s", "0"] if arguments[0] in ("shifts", "receipts", "z") else []
        words = [str(one) for one in (*arguments, *pause, "--config", path)]
        return CliRunner().invoke(app, words, env=SECRETS)

    return run
