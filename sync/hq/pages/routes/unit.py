"""One unit's whole life, found by scanning or pasting a code: full, bare, or damaged."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from sync.hq.pages.codes import Found, find
from sync.hq.pages.queries import exceptions as queries
from sync.hq.pages.visits import Here, Signed

router = APIRouter()


@router.get("/unit")
def unit(request: Request, here: Here, visit: Signed) -> Response:
    typed = request.query_params.get("code", "")
    found = find(typed) if typed else Found()
    ki = found.kis[0] if len(found.kis) == 1 else ""
    events = here.ports.lives.events(ki) if here.ports.lives and ki else ()
    with here.engine.connect() as db:
        cases = queries.of_unit(db, ki) if ki else ()
    return here.page(
        request, visit, "unit.html", typed=typed, found=found, ki=ki, events=events, cases=cases,
        connected=here.ports.lives is not None, now_us=here.now() // 1000,
    )  # fmt: skip
