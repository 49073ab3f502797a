"""What every route needs of a request: the agent, the client, and for changing calls the key and its fingerprint."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request

from pos_agent.agent import Agent
from pos_agent.api.answers import language_of
from pos_agent.api.idempotency import KEY_LENGTH_MAX, Call, fingerprint
from pos_agent.problems import Problem


def the_agent(request: Request) -> Agent:
    agent: Agent = request.app.state.agent
    return agent


async def changing_call(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(description="Chosen by the caller, new for each intention; a repeat returns the first answer."),
    ] = None,
) -> Call:
    """Raises P-403 without a usable key."""
    if not idempotency_key or len(idempotency_key) > KEY_LENGTH_MAX:
        raise Problem("P-403", f"1 to {KEY_LENGTH_MAX} characters")
    body = await request.body()
    path = request.url.path
    return Call(
        client=request.state.client,
        key=idempotency_key,
        fingerprint=fingerprint(request.method, path, body),
        language=language_of(request.headers.get("accept-language", "")),
    )


AgentOf = Annotated[Agent, Depends(the_agent)]
CallOf = Annotated[Call, Depends(changing_call)]
