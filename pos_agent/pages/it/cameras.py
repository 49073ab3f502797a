"""/it/devices/cameras: what each camera sees, with what was found drawn in, and what became of its frames."""

from __future__ import annotations

from typing import Annotated, Final, Protocol, runtime_checkable

from fastapi import APIRouter, Request
from fastapi import Query as Parameter
from starlette.responses import Response

from pos_agent.agent import Agent
from pos_agent.api.calls import AgentOf
from pos_agent.pages.it.listing import COUNT, Col, Listing, Query
from pos_agent.pages.it.shell import shown
from pos_agent.problems import Problem

router = APIRouter(prefix="/it/devices/cameras")

NO_CONTENT: Final = 204
NAME_CHARS_MAX: Final = 200
COUNTS: Final = ("read", "empty", "blurred", "unchanged", "repeated", "refused")  # Of a camera's `counts`.
CAMERAS: Final = (
    Col("device"),
    Col("health", look="badge"),
    Col("text"),
    *(Col(f"frames_{name}", COUNT) for name in COUNTS),
    Col("frames_missed", COUNT),
)


@runtime_checkable
class Camera(Protocol):
    """A scanner that has a picture. Named here by what it does: its own module wants OpenCV."""

    @property
    def name(self) -> str: ...

    @property
    def counts(self) -> object: ...

    @property
    def dropped_frames(self) -> int: ...

    def last_picture(self) -> bytes | None: ...


@router.get("")
def cameras(request: Request, agent: AgentOf) -> Response:
    return shown(request, agent, "cameras", cameras=cameras_of(agent), frames=camera_list(agent, {}))


@router.get("/picture")
def picture(agent: AgentOf, device: Annotated[str, Parameter(max_length=NAME_CHARS_MAX)] = "") -> Response:
    """The newest frame as JPEG; 204 before the first. Drawn when it is asked for, never otherwise."""
    camera = next((one for one in cameras_of(agent) if one.name == device), None)
    if camera is None:
        raise Problem("P-408", f"no camera is called {device!r}")
    seen = camera.last_picture()
    return Response(status_code=NO_CONTENT) if seen is None else Response(seen, media_type="image/jpeg")


def cameras_of(agent: Agent) -> list[Camera]:
    return [scanner for scanner in agent.scanners if isinstance(scanner, Camera)]


def camera_list(agent: Agent, _query: Query) -> Listing:
    health = agent.intake.health
    rows = []
    for camera in cameras_of(agent):
        seen = health.get(camera.name)
        rows.append(
            (
                camera.name,
                None if seen is None else str(seen.health),
                None if seen is None else seen.text or None,
                *(getattr(camera.counts, name) for name in COUNTS),
                camera.dropped_frames,
            )
        )
    return Listing("cameras", CAMERAS, rows)
