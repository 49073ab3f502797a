"""What the camera sees, on the page: a picture that renews itself, marks drawn in, counts of what became of frames."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from it_shop import Desk, ItShop, served
from playwright.sync_api import expect

from hw_sim.optics.camera import VirtualCamera
from hw_sim.optics.frames import one
from pos_agent.clock import SystemClock
from scanners.scan import Health

if TYPE_CHECKING:
    from .conftest import Visitor

PICTURE = "/it/devices/cameras/picture"
FRAME = one(7, "shelf", 3)
BLUE = np.array((178, 114, 0))  # How a read symbol is drawn, BGR.


def seen(number: int) -> Any:
    """The frame with the sensor's noise: the same pixels again and again would be a frozen camera."""
    noise = np.random.default_rng(number).integers(-2, 3, FRAME.image.shape, dtype=np.int16)
    return np.clip(FRAME.image.astype(np.int16) + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def eye(tmp_path: Path) -> Iterator[Desk]:
    """An agent with a camera that nobody reads yet."""
    clock = SystemClock()
    shop = ItShop(tmp_path / "till", camera=VirtualCamera(seen, time.monotonic, time.sleep), clock=clock)
    with served(shop) as desk:
        yield desk
    shop.agent.close()


def decoded(data: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def blue_dots(picture: Any) -> int:
    return int((np.abs(picture.astype(int) - BLUE).max(axis=2) < 40).sum())


def test_before_the_first_frame_there_is_no_picture_and_the_page_says_what_to_look_at(
    eye: Desk, visitor: Visitor
) -> None:
    assert eye.get(f"{PICTURE}?device=eye").status_code == 204
    page = visitor.visit(eye, "/it/devices/cameras")
    expect(page.get_by_text("No frame yet. See that the camera is plugged in")).to_be_visible()
    expect(page.locator("figure img")).to_be_hidden()


def test_the_page_shows_what_the_camera_sees_and_what_was_read_of_it(eye: Desk, visitor: Visitor) -> None:
    page = visitor.visit(eye, "/it/devices")
    page.get_by_role("link", name="What the camera sees").click()
    with eye.shop.reading():
        image = page.get_by_role("img", name="Picture of the camera eye")
        expect(image).to_be_visible()
        expect(page.get_by_role("row", name="eye")).to_contain_text("online")
        address = image.get_attribute("src")
        expect(image).not_to_have_attribute("src", address or "")  # It renews itself.
        assert image.evaluate("one => [one.naturalWidth, one.naturalHeight]") == [*FRAME.image.shape[::-1]]
        assert page.evaluate("document.documentElement.scrollWidth") <= 1024
        drawn = eye.get(f"{PICTURE}?device=eye")
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/jpeg")
    assert drawn.headers["cache-control"] == "no-store"
    assert blue_dots(decoded(drawn.content)) > blue_dots(cv2.cvtColor(FRAME.image, cv2.COLOR_GRAY2BGR)) + 100


def test_counts_of_frames_are_a_list_like_any_other(eye: Desk) -> None:
    with eye.shop.reading():
        camera = eye.shop.agent.scanners[0]
        until_s = time.monotonic() + 60
        while not (camera.counts.read and camera.counts.unchanged):  # type: ignore[attr-defined]
            assert time.monotonic() < until_s
            time.sleep(0.02)
    (row,) = eye.get("/it/export/cameras.json").json()["rows"]
    assert row["device"] == "eye"
    assert row["health"] == str(Health.ONLINE)
    counts = camera.counts  # type: ignore[attr-defined]
    told = {name.removeprefix("frames_"): value for name, value in row.items() if name.startswith("frames_")}
    assert told.pop("missed") == camera.dropped_frames  # type: ignore[attr-defined]
    assert told == {name: getattr(counts, name) for name in told}
    assert min(told["read"], told["unchanged"]) >= 1


@pytest.mark.parametrize("device", ["", "counter", "<b>"])
def test_a_picture_of_what_is_no_camera_is_not_there(eye: Desk, device: str) -> None:
    answer = eye.get(f"{PICTURE}?device={device}")
    assert (answer.status_code, "P-408" in answer.text, "<b>" in answer.text) == (404, True, False)


def test_a_till_without_a_camera_offers_no_picture(calm: Desk) -> None:
    assert "/it/devices/cameras" not in calm.get("/it/devices").text
    assert "The configuration names no camera" in calm.get("/it/devices/cameras").text
