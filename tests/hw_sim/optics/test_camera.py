"""The virtual camera keeps time, plays its pictures and fails on demand, as a video device does."""

from __future__ import annotations

import inspect

import cv2
import numpy as np
import pytest

from hw_sim.optics.camera import CameraFault, CameraFaults, Dwell, Source, VirtualCamera


class Clock:
    """Seconds that pass only when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.at += seconds


def tone(value: int) -> np.ndarray:
    return np.full((480, 640), value, np.uint8)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def opened(clock: Clock, source: Source, faults: CameraFaults | None = None, fps: float = 10.0) -> VirtualCamera:
    return VirtualCamera(source, clock, clock.sleep, fps=fps, gray=True, faults=faults or CameraFaults())


def tones(camera: VirtualCamera, count: int) -> list[int | None]:
    answers = [camera.read() for _ in range(count)]
    return [int(image[0, 0]) if ok and image is not None else None for ok, image in answers]


def test_it_has_the_methods_of_the_real_one_by_the_same_names() -> None:
    for name in ("isOpened", "read", "grab", "retrieve", "set", "get", "release"):
        assert callable(getattr(cv2.VideoCapture, name))
        assert inspect.isfunction(getattr(VirtualCamera, name))


def test_reads_wait_for_the_next_frame_of_the_frame_rate(clock: Clock) -> None:
    camera = opened(clock, lambda number: tone(number), fps=20.0)
    assert tones(camera, 5) == [0, 1, 2, 3, 4]
    assert clock.at == pytest.approx(100.2)


def test_frames_nobody_took_in_time_are_lost(clock: Clock) -> None:
    camera = opened(clock, lambda number: tone(number))
    assert tones(camera, 1) == [0]
    clock.at += 1.05
    assert tones(camera, 2) == [10, 11]


def test_a_sequence_plays_each_picture_for_its_time_and_the_last_for_ever(clock: Clock) -> None:
    camera = opened(clock, [Dwell(tone(10), 0.3), Dwell(tone(20), 0.1), Dwell(tone(30), 0.1)])
    assert tones(camera, 7) == [10, 10, 10, 20, 30, 30, 30]


def test_frames_are_bgr_unless_gray_is_asked_for_and_belong_to_the_caller(clock: Clock) -> None:
    still = tone(77)
    camera = VirtualCamera(still, clock, clock.sleep)
    ok, image = camera.read()
    assert ok
    assert image is not None
    assert image.shape == (480, 640, 3)
    image[:] = 0
    assert still[0, 0] == 77
    assert camera.read()[1][0, 0, 0] == 77  # type: ignore[index]


def test_grab_takes_and_retrieve_gives_what_was_taken(clock: Clock) -> None:
    camera = opened(clock, lambda number: tone(number))
    assert camera.retrieve() == (False, None)
    assert camera.grab()
    assert camera.grab()
    ok, image = camera.retrieve()
    assert ok
    assert image is not None
    assert image[0, 0] == 1


def test_an_unplugged_camera_answers_false_for_ever_and_does_not_wait(clock: Clock) -> None:
    camera = opened(clock, tone(5), CameraFaults(unplugged_at=2))
    assert tones(camera, 2) == [5, 5]
    before = clock.at
    assert tones(camera, 50) == [None] * 50
    assert clock.at == before


def test_a_camera_pulled_out_while_it_runs_stops_at_the_next_read(clock: Clock) -> None:
    camera = opened(clock, tone(5))
    assert tones(camera, 2) == [5, 5]
    camera.faults.unplugged_at = 0
    assert tones(camera, 1) == [None]


def test_a_frozen_camera_repeats_one_frame_byte_for_byte(clock: Clock) -> None:
    camera = opened(clock, lambda number: tone(number), CameraFaults(frozen_at=2))
    assert tones(camera, 5) == [0, 1, 2, 2, 2]
    camera.faults.frozen_at = None
    assert tones(camera, 2) == [5, 6]


def test_the_first_frames_are_black_and_then_grow_brighter(clock: Clock) -> None:
    camera = opened(clock, tone(200), CameraFaults(black_frames=2, exposure_frames=3))
    assert tones(camera, 7) == [0, 0, 50, 100, 150, 200, 200]


def test_a_dropped_frame_fails_alone(clock: Clock) -> None:
    camera = opened(clock, lambda number: tone(number), CameraFaults(dropped=frozenset({1, 3})))
    assert tones(camera, 5) == [0, None, 2, None, 4]


def test_a_driver_that_raises_raises_at_open_or_in_the_middle(clock: Clock) -> None:
    with pytest.raises(CameraFault, match="at open"):
        opened(clock, tone(1), CameraFaults(open_raises=True))
    camera = opened(clock, tone(1), CameraFaults(raises_at=1))
    assert tones(camera, 1) == [1]
    with pytest.raises(CameraFault, match="frame 1"):
        camera.read()


def test_a_camera_that_does_not_open_says_so_and_gives_nothing(clock: Clock) -> None:
    camera = opened(clock, tone(1), CameraFaults(open_fails=True))
    assert not camera.isOpened()
    assert camera.read() == (False, None)
    assert not camera.set(cv2.CAP_PROP_FPS, 5)
    assert clock.at == 100.0


def test_properties_are_recorded_and_answered_and_some_are_fixed(clock: Clock) -> None:
    camera = opened(clock, tone(1), CameraFaults(fixed=frozenset({cv2.CAP_PROP_AUTOFOCUS})))
    assert (camera.get(cv2.CAP_PROP_FRAME_WIDTH), camera.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (640.0, 480.0)
    assert camera.get(cv2.CAP_PROP_FPS) == 10.0
    assert camera.set(cv2.CAP_PROP_FRAME_WIDTH, 1280)
    assert not camera.set(cv2.CAP_PROP_AUTOFOCUS, 0)
    assert camera.get(cv2.CAP_PROP_FRAME_WIDTH) == 1280.0
    assert camera.get(cv2.CAP_PROP_AUTOFOCUS) == 0.0
    assert camera.properties == [(cv2.CAP_PROP_FRAME_WIDTH, 1280)]


def test_a_device_may_deliver_another_size_than_it_promised(clock: Clock) -> None:
    camera = opened(clock, tone(1), CameraFaults(wrong_size=(320, 200)))
    ok, image = camera.read()
    assert ok
    assert image is not None
    assert image.shape == (200, 320)


def test_a_released_camera_gives_nothing(clock: Clock) -> None:
    camera = opened(clock, tone(1))
    assert tones(camera, 1) == [1]
    camera.release()
    assert not camera.isOpened()
    assert camera.read() == (False, None)
