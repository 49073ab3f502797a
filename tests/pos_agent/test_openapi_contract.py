"""The OpenAPI document against the running API: whatever is sent, what comes back is what the document says.

Schemathesis makes the calls, right ones and wrong ones, from one seed; a simulated register makes the receipts.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as of_openapi
from shop_till import ShopTill

from pos_agent.api.app import create_app, guarded
from pos_agent.api.guard import OPEN_PATHS, rules_for

TOKEN = "of-the-contract"
ADDRESS, CALLER = "http://localhost", {"Authorization": f"Bearer {TOKEN}"}
ENDLESS = "/v1/events"  # A stream without an end: tests/pos_agent/test_api_events.py.
CHECKS = [
    not_a_server_error,
    of_openapi.status_code_conformance,
    of_openapi.content_type_conformance,
    of_openapi.response_schema_conformance,
    of_openapi.response_headers_conformance,
    of_openapi.negative_data_rejection,
    of_openapi.unsupported_method,
    of_openapi.ignored_auth,
]
EXAMPLES = 5
QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


class Door:
    """Where the schema finds the application: a till that is opened when the tests begin."""

    def __init__(self) -> None:
        self.app: Any = None
        self.till: ShopTill | None = None
        self.bodies = 0
        self.likely = 2  # Every so many bodies hold what will do.

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)

    def filled(self, body: Any) -> Any:
        """With a code, number or payment that will do."""
        self.bodies += 1
        if self.till is None or self.bodies % self.likely or not isinstance(body, dict):
            return body
        if isinstance(body.get("code"), str):
            return {**body, "code": self.till.unit().text}
        if isinstance(body.get("payments"), list):
            return {**body, "payments": [{"kind": "cash", "sum_tiyn": 10**9}]}
        if isinstance(body.get("number"), str):
            return {**body, "number": self.till.plain_gtin(), "quantity_milli": 1_000}
        return body


DOOR = Door()
API = schemathesis.openapi.from_dict(create_app(SimpleNamespace()).openapi())  # type: ignore[arg-type]
API.app = DOOR
ASKED = API.exclude(path=ENDLESS)


@API.hook
def map_body(_context: Any, body: Any) -> Any:
    return DOOR.filled(body)


@pytest.fixture(scope="module", autouse=True)
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopTill]:
    till = ShopTill(tmp_path_factory.mktemp("till"), printer=True)
    rules = rules_for({"contract": TOKEN}, "localhost", 80, body_bytes_max=1_000_000, calls_per_s=1e6, burst=1_000_000)
    DOOR.app, DOOR.till = guarded(till.agent, rules), till
    yield till
    till.close()


@ASKED.parametrize()
@QUICK
def test_every_answer_is_one_of_those_the_document_tells(case: schemathesis.Case) -> None:
    # What needs no token is looked at only: any other method is a stranger's (P-402), whether there is one or not.
    checks = [one for one in CHECKS if case.path not in OPEN_PATHS or one is not of_openapi.unsupported_method]
    if case.path == "/-/ready":  # Its 503 is an answer: the till cannot sell now.
        checks.remove(not_a_server_error)
    case.call_and_validate(base_url=ADDRESS, headers=CALLER, checks=checks)


def test_the_calls_of_a_sale_follow_each_other_as_the_document_links_them() -> None:
    class Steps(ASKED.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, _transition: Any) -> dict[str, Any]:
            return {"base_url": ADDRESS, "headers": CALLER}

        def validate_response(self, response: Any, case: schemathesis.Case, **_more: Any) -> None:
            case.validate_response(response, checks=CHECKS)

    DOOR.likely = 1
    Steps.run(settings=settings(parent=QUICK, max_examples=10, stateful_step_count=14))
    assert DOOR.till is not None
    kinds = {row.kind for row in DOOR.till.agent.journal.rows_after(0, 100_000)}
    assert kinds >= {"sale_opened", "line_added", "document_made", "request_taken"}
