"""An agent's API on a socket of its own, for as long as a `with` lasts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from pos_agent.agent import Agent
from pos_agent.api.app import guarded
from pos_agent.api.guard import rules_for

TOKEN = "of-a-test"


@contextmanager
def api_of(
    agent: Agent, tokens: Mapping[str, str] | None = None, *, body_bytes_max: int = 65_536
) -> Iterator[httpx.Client]:
    """`tokens`: of the clients; the one that is given calls as the first of them."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # A call that comes before the server is ready waits instead of being refused.
        port = listening.getsockname()[1]
        rules = rules_for(
            tokens or {"test": TOKEN},
            "127.0.0.1",
            port,
            body_bytes_max=body_bytes_max,
            calls_per_s=1e6,
            burst=100_000,
        )
        app: Any = guarded(agent, rules)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=3))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            headers = {"Authorization": f"Bearer {next(iter((tokens or {TOKEN: TOKEN}).values()))}"}
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30, trust_env=False
            ) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(10)
