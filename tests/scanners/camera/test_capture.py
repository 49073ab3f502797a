"""The capture hands over the newest frame, whatever the camera does."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from hw_sim.optics.camera import CameraFaults, VirtualCamera
from scanners.camera.capture import Capture
from scanners.camera.device import CameraOpener, CameraSettings, CameraUnavailable, Opened
from scanners.scan import Health


def noise(seed: int) -> Any:
    return np.random.default_rng(seed).integers(30, 220, (48, 64, 3), dtype=np.uint8)


def texts(capture: Capture) -> list[tuple[Health, str]]:
    return [(event.health, event.text) for event in capture.events()]


def test_a_slow_reader_gets_the_newest_frame_and_the_others_are_counted(camera: Any, capture_of: Any) -> None:
    device = camera([noise(seed) for seed in range(20)])
    capture = capture_of(device)
    for _ in range(6):  # The first step opens.
        capture.step()
    frame = capture.take(0)
    assert np.array_equal(frame.image, device.frames[5])
    assert (frame.number, capture.grabbed, capture.dropped) == (6, 6, 5)
    assert device.retrieved == 1  # Frames nobody waited for were not unpacked.


def test_a_frame_carries_the_time_it_was_taken(camera: Any, capture_of: Any, clock: Any) -> None:
    capture = capture_of(camera([noise(1)]))
    capture.step()
    at_ns = clock.now()
    assert capture.take(0).at_ns == at_ns


def test_an_unplugged_camera_is_offline_and_opened_again_with_growing_pauses(camera: Any, clock: Any) -> None:
    devices = [camera([noise(1), None])]
    attempts: list[float] = []

    def opener() -> Opened:
        attempts.append(clock.monotonic())
        if devices:
            return Opened(devices.pop(0))
        raise CameraUnavailable(Health.OFFLINE, "/dev/video0: not plugged in")

    capture = Capture("cam", opener, now=clock.now, monotonic=clock.monotonic)
    first = camera([noise(1), None])
    devices[:] = [first]
    capture.step()
    assert capture.take(0) is not None
    for _ in range(10):
        capture.take(0)
    assert texts(capture) == [(Health.ONLINE, ""), (Health.OFFLINE, "unplugged: gives no picture any more")]
    assert first.released == 1
    for _ in range(160):
        clock.pass_ms(100)
        capture.take(0)
    assert np.diff(attempts).round(1).tolist()[:5] == [0.5, 1.0, 2.0, 5.0, 5.0]
    assert texts(capture) == []  # Still offline: nothing new to tell.
    devices.append(camera([noise(2)]))
    clock.pass_ms(5000)
    capture.step()
    assert capture.take(0) is not None
    assert texts(capture) == [(Health.ONLINE, "")]
    capture.close()


def test_a_few_failed_grabs_are_no_unplugging(camera: Any, capture_of: Any) -> None:
    capture = capture_of(camera([None, None, None, noise(1)]))
    for _ in range(4):
        capture.take(0)
    assert capture.take(0) is not None
    assert texts(capture) == [(Health.ONLINE, "")]


def test_a_camera_that_opens_and_gives_nothing_is_not_opened_ten_times_a_second(clock: Any, camera: Any) -> None:
    attempts: list[float] = []

    def opener() -> Opened:
        attempts.append(clock.monotonic())
        return Opened(camera([None]))

    capture = Capture("cam", opener, now=clock.now, monotonic=clock.monotonic)
    for _ in range(900):
        clock.pass_ms(20)
        capture.take(0)
    assert len(attempts) < 9
    assert [health for health, _ in texts(capture)] == [Health.OFFLINE]
    capture.close()


@pytest.mark.parametrize("error", [cv2.error("ioctl"), OSError(19, "No such device")])
def test_an_error_of_the_driver_is_an_unplugging_not_a_crash(camera: Any, capture_of: Any, error: Exception) -> None:
    device = camera([noise(1)])
    capture = capture_of(device)
    capture.step()
    capture.take(0)
    device.error = error
    for _ in range(10):
        assert capture.take(0) is None
    assert capture.health is Health.OFFLINE


def test_a_driver_that_raises_at_a_frame_or_at_opening_is_survived(clock: Any) -> None:
    picture = np.full((48, 64), 90, np.uint8)
    faults = CameraFaults(raises_at=5)

    def factory(*_: Any) -> Any:
        return VirtualCamera(picture, clock.monotonic, lambda s: clock.pass_ms(s * 1000), faults=faults)

    capture = Capture("cam", CameraOpener(0, factory=factory), now=clock.now, monotonic=clock.monotonic)
    for _ in range(20):
        capture.take(0)
    # Ten failures in a row are an unplugging; the last one is told.
    assert texts(capture) == [(Health.ONLINE, ""), (Health.OFFLINE, "unplugged: the driver raised at frame 14")]
    faults.open_raises = True
    clock.pass_ms(1000)
    capture.take(0)
    assert capture.health is Health.OFFLINE
    faults.open_raises, faults.raises_at = False, None
    clock.pass_ms(6000)
    for _ in range(2):
        capture.take(0)
    assert capture.health is Health.ONLINE
    capture.close()


def test_frames_that_are_skipped_are_not_unpacked(camera: Any, capture_of: Any) -> None:
    device = camera([noise(seed) for seed in range(20)])
    capture = capture_of(device)
    capture.step()
    assert capture.take(0).number == 1
    for _ in range(5):
        capture.skip(0.05)
    assert (capture.grabbed, device.retrieved) == (6, 1)
    assert capture.take(0).number == 7


def test_settings_the_camera_refuses_are_told_with_what_it_does_instead(camera: Any) -> None:
    device = camera([noise(1)])
    device.properties = {cv2.CAP_PROP_FRAME_WIDTH: 640, cv2.CAP_PROP_FPS: 29.97}
    device.refuses = {cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FPS, cv2.CAP_PROP_FOCUS}
    settings = CameraSettings(width=1280, height=720, fps=30, fourcc="MJPG", exposure=50, focus=10)
    opened = CameraOpener(0, settings, "v4l2", factory=lambda *_: device)()
    assert opened.notices == ("width 1280 was refused: the camera says 640", "focus 10 was refused: the camera says 0")
    assert device.properties[cv2.CAP_PROP_AUTO_EXPOSURE] == 1  # V4L2_EXPOSURE_MANUAL.
    assert device.properties[cv2.CAP_PROP_AUTOFOCUS] == 0
    order = device.set_order
    assert order.index(cv2.CAP_PROP_FOURCC) < order.index(cv2.CAP_PROP_FRAME_WIDTH)
    assert order.index(cv2.CAP_PROP_AUTO_EXPOSURE) < order.index(cv2.CAP_PROP_EXPOSURE)


def test_nothing_is_set_that_is_not_configured(camera: Any) -> None:
    device = camera([noise(1)])
    CameraOpener(0, factory=lambda *_: device)()
    assert device.set_order == [cv2.CAP_PROP_BUFFERSIZE]


def test_refused_settings_come_with_the_first_picture(camera: Any, capture_of: Any) -> None:
    capture = capture_of(camera([noise(1)]), notices=("fps 60 was refused: the camera says 30",))
    capture.step()
    capture.take(0)
    assert texts(capture) == [(Health.ONLINE, ""), (Health.ONLINE, "fps 60 was refused: the camera says 30")]


@pytest.fixture
def closed_camera(camera: Any) -> Any:
    device = camera()
    device.opened = False
    return device


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("dev", "sys/class/video4linux/video0"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "sys/class/video4linux/video0/name").write_text("Counter Cam\n")
    return tmp_path


def test_a_camera_that_is_not_there_is_told_with_those_that_are(closed_camera: Any, root: Path) -> None:
    with pytest.raises(CameraUnavailable) as unavailable:
        CameraOpener(str(root / "dev/video4"), factory=lambda *_: closed_camera, root=root)()
    assert unavailable.value.health is Health.OFFLINE
    assert "video4: not plugged in" in unavailable.value.text
    assert "(Counter Cam)" in unavailable.value.text
    assert closed_camera.released == 1


def test_a_forbidden_camera_names_the_remedy(closed_camera: Any, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "dev/video0").touch()
    monkeypatch.setattr(os, "access", lambda *_: False)  # The test may run as root, who may everything.
    with pytest.raises(CameraUnavailable) as unavailable:
        CameraOpener(str(root / "dev/video0"), factory=lambda *_: closed_camera, root=root)()
    assert unavailable.value.health is Health.DENIED
    assert "group" in unavailable.value.text


def test_a_camera_of_another_program_is_busy(closed_camera: Any, root: Path) -> None:
    (root / "dev/video0").touch()
    with pytest.raises(CameraUnavailable) as unavailable:
        CameraOpener(str(root / "dev/video0"), factory=lambda *_: closed_camera, root=root)()
    assert unavailable.value.health is Health.BUSY
    assert "another program" in unavailable.value.text


def test_a_device_that_fails_in_its_settings_is_let_go(camera: Any) -> None:
    device = camera([noise(1)])

    def fail(*_: Any) -> bool:
        raise cv2.error("ioctl")

    device.set = fail
    with pytest.raises(CameraUnavailable):
        CameraOpener(0, factory=lambda *_: device)()
    assert device.released == 1


def test_opencv_itself_says_no_for_a_camera_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CameraUnavailable):
        CameraOpener(str(tmp_path / "video99"))()


def test_a_frozen_picture_is_noticed_once_and_its_end_too(camera: Any, capture_of: Any, clock: Any) -> None:
    device = camera([noise(1)])
    capture = capture_of(device)
    for _ in range(100):
        clock.pass_ms(100)
        capture.take(0)
    assert [text[:21] for _, text in texts(capture)] == ["", "the picture is frozen"]
    device.frames = [noise(2)]
    capture.take(0)
    assert texts(capture) == [(Health.ONLINE, "the picture is well again")]


def test_a_covered_camera_is_noticed_as_black(camera: Any, capture_of: Any, clock: Any) -> None:
    device = camera([np.random.default_rng(seed).integers(0, 6, (48, 64, 3), dtype=np.uint8) for seed in range(90)])
    capture = capture_of(device)
    for _ in range(40):
        clock.pass_ms(100)
        capture.take(0)
    assert [text[:20] for _, text in texts(capture)] == ["", "the picture is black"]


def test_empty_pictures_are_as_good_as_none(camera: Any, capture_of: Any) -> None:
    capture = capture_of(camera([np.zeros((0, 0, 3), np.uint8)]))
    for _ in range(11):
        assert capture.take(0) is None
    assert capture.health is Health.OFFLINE


def test_in_its_thread_it_gives_new_frames_and_stops_at_once(camera: Any, clock: Any) -> None:
    device = camera([noise(seed) for seed in range(1000)])
    capture = Capture("cam", lambda: Opened(device), now=clock.now, monotonic=time.monotonic)
    capture.start()
    numbers = [frame.number for _ in range(20) if (frame := capture.take(5.0)) is not None]
    capture.close()
    assert len(numbers) == 20
    assert numbers == sorted(set(numbers))
    assert device.released == 1
    assert not capture.is_running


def test_a_camera_that_hangs_in_its_driver_is_offline_after_a_while(camera: Any, clock: Any) -> None:
    device = camera([noise(seed) for seed in range(1000)])
    capture = Capture("cam", lambda: Opened(device), now=clock.now, monotonic=clock.monotonic)
    capture.start()
    assert capture.take(5.0) is not None
    capture.events()
    device.hanging = threading.Event()
    while capture.take(0.02) is not None:
        pass
    assert texts(capture) == []
    clock.pass_ms(3100)
    assert capture.take(0.0) is None
    assert texts(capture) == [(Health.OFFLINE, "no picture for 3 s")]
    device.hanging.set()
    assert capture.take(5.0) is not None
    assert texts(capture) == [(Health.ONLINE, "")]
    capture.close()


def test_two_threads_may_ask_for_events_and_frames(camera: Any, capture_of: Callable[..., Capture]) -> None:
    capture = capture_of(camera([noise(seed) for seed in range(1000)]))
    capture.start()
    asked = threading.Thread(target=lambda: [capture.events() for _ in range(200)])
    asked.start()
    assert capture.take(5.0) is not None
    asked.join()
