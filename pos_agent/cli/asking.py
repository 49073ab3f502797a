"""Asks the running agent over its own API, as the first configured client."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from pos_agent.cli.failing import fail
from pos_agent.config import Config

TIMEOUT_S = 60.0  # A register that does not answer takes its time to say so.


class AgentApi:
    """Calls answer JSON; everything else is a text on standard error and exit 2."""

    def __init__(self, config: Config, timeout_s: float = TIMEOUT_S) -> None:
        if not config.api.clients:
            fail("api.clients is empty: no client, no way to ask (docs/integrate.md)")
        self._api = config.api
        self._timeout_s = timeout_s

    def get(self, path: str) -> dict[str, Any]:
        return self._call("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self._call("POST", path, body or {})

    def delete(self, path: str) -> dict[str, Any]:
        return self._call("DELETE", path, None)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        import httpx

        from sync.secret_reference import SecretMissing, read_secret

        api = self._api
        host = f"[{api.host}]" if ":" in api.host else api.host
        try:
            token = read_secret(api.clients[0].token)
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid.uuid4())}
            # Loopback: a proxy of the environment is for the internet.
            with httpx.Client(trust_env=False, timeout=self._timeout_s) as client:
                answer = client.request(method, f"http://{host}:{api.port}{path}", headers=headers, json=body)
            facts = answer.json()
        except (httpx.HTTPError, SecretMissing) as error:
            fail(f"the agent does not answer at {api.host}:{api.port}: {error}; is `pos-agent run` running?")
        except ValueError:
            fail(f"what answers at {api.host}:{api.port} is no agent")
        if answer.is_error or not isinstance(facts, dict):
            fail(_problem(facts) or f"what answers at {api.host}:{api.port} is no agent (HTTP {answer.status_code})")
        return facts


def _problem(facts: Any) -> str:
    if not isinstance(facts, dict) or "code" not in facts:
        return ""
    return f"{facts['code']}: {facts.get('title', '')} ({facts.get('detail', '')})"
