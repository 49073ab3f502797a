"""/it/devices/test: what scanners send, shown as it comes and sold to nobody; a pasted code; a scanner that types."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from marking.code import Source
from pos_agent.agent import Agent
from pos_agent.api.calls import AgentOf
from pos_agent.journal.database import JournalUnusable
from pos_agent.pages.it.formats import Formats
from pos_agent.pages.it.reads import SeenRead, pasted, seen_read
from pos_agent.pages.it.shell import formats_of, led, shown
from pos_agent.pages.kit import environment
from pos_agent.scan_test import TestRead

log = logging.getLogger(__name__)

router = APIRouter(prefix="/it/devices/test")

HERE = "/it/devices/test"
CODE_CHARS_MAX = 4_096
HEARTBEAT_S = 10.0
SOURCES = (Source.SCANNER, Source.MANUAL)


@router.get("")
def tester(request: Request, agent: AgentOf) -> Response:
    return _tester(request, agent)


@router.post("/start")
def start(request: Request, agent: AgentOf) -> Response:
    session = getattr(request.state, "session", None)
    began = agent.scan_test.start(session.name if session is not None else request.state.client)
    return led(HERE, "test_started" if began else "test_on")


@router.post("/stop")
def stop(agent: AgentOf) -> Response:
    return led(HERE, "test_stopped" if agent.scan_test.stop() else "test_off")


@router.post("/code")
def code(
    request: Request,
    agent: AgentOf,
    code: Annotated[str, Form(max_length=CODE_CHARS_MAX)] = "",
    source: Annotated[Source, Form()] = Source.SCANNER,
    fragment: Annotated[bool, Form()] = False,
) -> Response:
    """What a pasted code means. `fragment`: only the part a script puts into its page."""
    formats = formats_of(request, agent)
    if not code:
        return _tester(request, agent)
    read = pasted(agent, code, source, formats.lang, whole=agent.scan_test.left_s is not None)
    if fragment:
        return HTMLResponse(_fragment(read, formats))
    return _tester(request, agent, read, code if agent.scan_test.left_s is not None else "")


@router.get("/events")
async def events(request: Request, agent: AgentOf) -> Response:
    """Reads as server-sent events; when the last reader of this stream leaves, the test ends."""
    return StreamingResponse(
        _stream(agent, formats_of(request, agent)),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _stream(agent: Agent, formats: Formats) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    woken = asyncio.Event()
    leave = agent.scan_test.watch(lambda: loop.call_soon_threadsafe(woken.set))
    after = 0
    try:
        while (left_s := agent.scan_test.left_s) is not None:
            woken.clear()
            for read in agent.scan_test.reads(after):
                after = read.number
                html = await asyncio.to_thread(_described, agent, read, formats)
                yield _event("read", {"html": html})
            yield _event("left", {"left_s": round(left_s)})
            try:
                await asyncio.wait_for(woken.wait(), min(HEARTBEAT_S, left_s + 0.05))
            except TimeoutError:
                continue
        yield _event("over", {})
    finally:
        # In a task of its own: this one is cancelled when the page is gone, and a journal row takes a moment.
        await asyncio.shield(asyncio.to_thread(_left, leave))


def _left(leave: Callable[[], None]) -> None:
    try:
        leave()
    except JournalUnusable as error:
        log.error("the end of a scan test was not kept: %s", error)  # noqa: TRY400 - the text says it all


def _described(agent: Agent, read: TestRead, formats: Formats) -> str:
    return _fragment(seen_read(agent, read, formats.lang, whole=True), formats)


def _fragment(read: SeenRead, formats: Formats) -> str:
    return environment().get_template("it/_read.html").render(read=read, f=formats, t=formats.text)


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _tester(request: Request, agent: Agent, read: SeenRead | None = None, code: str = "") -> Response:
    formats = formats_of(request, agent)
    reads = [seen_read(agent, one, formats.lang, whole=True) for one in reversed(agent.scan_test.reads())]
    return shown(
        request, agent, "scan_test", reads=reads, pasted=read, code=code, sources=SOURCES, scanners=agent.scanners
    )
