"""Routes of ATOL's web server. A request is taken at once and carried out in its turn; its state is asked for."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from pos_agent import __version__
from pos_agent.api import told as forms
from pos_agent.api.atol.bodies import RequestBody
from pos_agent.api.atol.front import CLAIMED
from pos_agent.api.calls import AgentOf
from pos_agent.api.documented import told
from pos_agent.api.idempotency import fingerprint
from pos_agent.clock import iso_utc
from pos_agent.problems import Problem

UUID = {"uuid": "$response.body#/uuid"}
DEVICES = frozenset({"", "default", "1"})
Device = Annotated[str, Query(alias="deviceID", max_length=40, description="This agent has one: nothing, default or 1")]


def named(request: Request, device: Device = "") -> str:
    """The client. Raises P-401 when a Basic authorization names another one than its token's, P-408."""
    client: str = request.state.client
    if getattr(request.state, CLAIMED, client) != client:
        raise Problem("P-401", "the token is not that of this name")
    if device not in DEVICES:
        raise Problem("P-408", f"deviceID {device}")
    return client


async def sent(request: Request) -> str:
    """The body as it came. Raises P-421."""
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError as error:
        raise Problem("P-421", "the body is not UTF-8") from error


Client = Annotated[str, Depends(named)]
Sent = Annotated[str, Depends(sent)]
# That server never asked for a content type, and clients of it send none.
router = APIRouter(prefix="/api/v2", strict_content_type=False)


@router.post(
    "/requests",
    summary="Hand in tasks of ATOL's driver 10",
    **told(
        forms.Taken,
        "P-404",
        "P-408",
        "P-421",
        "S-301",
        status=201,
        leads=dict.fromkeys(("see_request", "cancel_request"), UUID),
    ),
)
def take_request(body: RequestBody, text: Sent, agent: AgentOf, client: Client) -> dict[str, Any]:
    mark = fingerprint("POST", "/api/v2/requests", text.encode())
    number = agent.requests.take(client, body.uuid, mark, text)
    return {**agent.requests.state(), "number": number, "uuid": body.uuid}


@router.get(
    "/requests/{uuid}", summary="How far the tasks of a request are", **told(forms.TaskStates, "P-408", "P-421")
)
def see_request(uuid: str, agent: AgentOf, client: Client) -> dict[str, Any]:
    return {"results": agent.requests.results(client, uuid)}


@router.delete(
    "/requests/{uuid}",
    summary="Drop a request that has not begun",
    **told(forms.Nothing, "P-408", "P-421", "P-422", "S-301"),
)
def cancel_request(uuid: str, agent: AgentOf, client: Client) -> dict[str, Any]:
    agent.requests.cancel(client, uuid)
    return {}


@router.get(
    "/getRequestsQueueStatus",
    summary="How many requests wait, and what they wait for",
    **told(forms.QueueState, "P-408", "P-421"),
)
def see_queue(agent: AgentOf, _client: Client) -> dict[str, Any]:
    return agent.requests.state()


@router.get("/serverInfo", summary="Which server this is", **told(forms.ServerInfo, "P-408", "P-421"))
def see_server(agent: AgentOf, _client: Client) -> dict[str, Any]:
    return {"product": "pos-agent", "serverVersion": __version__, "currentDateTime": iso_utc(agent.clock.now_ns())}
