"""/it/pages: browsers that are let in, a code for a new one, and sending one out."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from pos_agent.agent import Agent
from pos_agent.api.calls import AgentOf
from pos_agent.pages.it.listing import MOMENT, Col, Listing, Query
from pos_agent.pages.it.shell import led, must_be_sure, shown
from pos_agent.pages.sessions import CODE_TTL_S, Role

router = APIRouter(prefix="/it/pages")

HERE: Final = "/it/pages"
BROWSERS: Final = (
    Col("name"), Col("role", look="word"), Col("since", MOMENT), Col("seen", MOMENT), Col("client", look="code"),
)  # fmt: skip
Name = Annotated[str, Form(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$")]


@router.get("")
def browsers(request: Request, agent: AgentOf) -> Response:
    return _page(request, agent)


@router.post("/code")
def code(request: Request, agent: AgentOf, name: Name, role: Annotated[Role, Form()] = Role.TILL) -> Response:
    """Shown once, on this answer alone. Asked again it is another code, and the first stays good for its minutes."""
    return _page(request, agent, code=agent.sessions.offer(role, name), minutes=CODE_TTL_S // 60, name=name)


@router.post("/revoke")
def revoke(
    agent: AgentOf,
    client: Annotated[str, Form(max_length=40)] = "",
    sure: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    must_be_sure(sure)
    gone = agent.sessions.revoke(client=client) if client else 0
    return led(HERE, "revoked" if gone else "nobody")


def browser_list(agent: Agent, _query: Query) -> Listing:
    rows = [(one.name, str(one.role), one.since_ns, one.seen_ns, one.client) for one in agent.sessions.all()]
    return Listing("browsers", BROWSERS, rows)


def _page(request: Request, agent: Agent, code: str = "", minutes: int = 0, name: str = "") -> Response:
    session = getattr(request.state, "session", None)
    return shown(
        request,
        agent,
        "browsers",
        browsers=browser_list(agent, {}),
        me=None if session is None else session.client,
        code=code,
        minutes=minutes,
        name=name,
        roles=tuple(Role),
    )
