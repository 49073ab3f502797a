"""The journal as a stream of server-sent events. `id` is the row number: a reader that comes back loses nothing."""

from __future__ import annotations

import asyncio
import base64
import binascii
import datetime as dt
import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from starlette.responses import StreamingResponse

from fiscal.receipt_link import read_link
from pos_agent.agent import Agent
from pos_agent.api.calls import AgentOf
from pos_agent.api.documented import told
from pos_agent.clock import iso_utc
from sync.wire import Row

router = APIRouter(prefix="/v1")

AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")  # May stand in front of any scan.
ROW_NUMBER = re.compile(r"[0-9]{1,18}")
HEARTBEAT_S = 15.0
CATCH_UP_ROWS = 500
PRIVATE = frozenset({"answered", "request_taken"})  # Other clients' requests and answers.
HEAVY = frozenset({"prepared", "baseline", "order", "data", "lines", "scans", "request", "seen"})


@router.get(
    "/events",
    summary="What happens at this till, as server-sent events",
    response_class=StreamingResponse,
    **told(None, media="text/event-stream"),
)
async def events(
    agent: AgentOf,
    last_event_id: Annotated[str | None, Header(description="Row number after which to go on.")] = None,
    after: Annotated[int | None, Query(ge=0, description="The same, for a first call.")] = None,
) -> StreamingResponse:
    start = int(last_event_id) if last_event_id and ROW_NUMBER.fullmatch(last_event_id) else after
    head, _ = agent.journal.head()
    return StreamingResponse(
        _stream(agent, head if start is None else min(start, head)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(agent: Agent, after: int) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    woken = asyncio.Event()

    def wake(_rows: Sequence[Row]) -> None:
        loop.call_soon_threadsafe(woken.set)

    leave = agent.journal.subscribe(wake)
    try:
        yield ": the journal of this till\n\n"
        while True:
            rows = await asyncio.to_thread(agent.journal.rows_after, after, CATCH_UP_ROWS)
            for row in rows:
                after = row.number
                if row.kind not in PRIVATE:
                    yield event_text(row, agent.config.till.zone)
            if rows:
                continue
            try:
                await asyncio.wait_for(woken.wait(), HEARTBEAT_S)
            except TimeoutError:
                yield ": still here\n\n"
            woken.clear()
    finally:
        leave()


def event_text(row: Row, zone: dt.tzinfo) -> str:
    kept: dict[str, Any] = json.loads(row.body)
    body: dict[str, Any] = {name: value for name, value in kept.items() if name not in HEAVY}
    link = _receipt_link(kept) if row.kind == "scan_judged" else ""
    if link and read_link(link, zone) is not None:  # Somebody brings goods back: the till page offers a return.
        body["receipt_link"] = link
    if "line" in body:  # The check part of a code is nobody's business but the register's.
        body["line"] = {name: value for name, value in body["line"].items() if name != "full"}
    text = json.dumps(
        {"number": row.number, "at": iso_utc(row.at_ns), "kind": row.kind, "body": body}, ensure_ascii=False
    )
    return f"id: {row.number}\nevent: {row.kind}\ndata: {text}\n\n"


def _receipt_link(body: dict[str, Any]) -> str:
    """The scan as text when it looks like an address."""
    try:
        text = base64.b64decode(str(body.get("data", ""))).decode("ascii").strip()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    text = AIM.sub("", text, count=1) if text.startswith("]") else text
    return text if text[:4].lower() == "http" else ""
