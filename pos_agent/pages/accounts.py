"""Calls about signed-in pages: a code for a new one, the list, signing one out. For programs and for store IT."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from pos_agent.api.calls import AgentOf
from pos_agent.api.documented import told
from pos_agent.clock import iso_utc
from pos_agent.pages.sessions import CODE_TTL_S, Role, Session

router = APIRouter(prefix="/v1/pages")

Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$")]


class NewCode(BaseModel):
    """Who will sign in with the code."""

    model_config = ConfigDict(extra="forbid")

    role: Role = Field(description="`till`: the cashier's page; `it`: also the pages for store IT.")
    name: Name = Field(description="For the list of signed-in pages.", examples=["Касса 1"])


class Code(BaseModel):
    code: str = Field(description="Eight digits; signs one browser in, once.", examples=["01234567"])
    valid_s: int


class Page(BaseModel):
    name: str
    role: Role
    client: str = Field(description="Name of this browser among the callers of the API.")
    since: str = Field(description="ISO 8601.")
    seen: str = Field(description="ISO 8601, renewed once a day.")


class Pages(BaseModel):
    pages: list[Page]


class Revoked(BaseModel):
    revoked: int = Field(description="How many browsers were signed out.")


@router.post(
    "/codes",
    summary="A code that signs one browser in. Needs no Idempotency-Key: every code is a new one",
    **told(Code),
)
def offer(body: NewCode, agent: AgentOf) -> Code:
    return Code(code=agent.sessions.offer(body.role, body.name), valid_s=CODE_TTL_S)


@router.get("/sessions", summary="Browsers that are signed in", **told(Pages))
def listed(agent: AgentOf) -> Pages:
    return Pages(pages=[Page(**_facts(session)) for session in agent.sessions.all()])


@router.delete("/sessions/{name}", summary="Sign out every browser of that name", **told(Revoked))
def revoke(name: Annotated[str, Path(min_length=1, max_length=40)], agent: AgentOf) -> Revoked:
    return Revoked(revoked=agent.sessions.revoke(name=name))


def _facts(session: Session) -> dict[str, Any]:
    return {
        "name": session.name,
        "role": session.role,
        "client": session.client,
        "since": iso_utc(session.since_ns),
        "seen": iso_utc(session.seen_ns),
    }
