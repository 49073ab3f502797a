"""The camera rests before a picture that stays as it is, and still sees a pack at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from hw_sim.optics.camera import Dwell
from hw_sim.optics.frames import one
from scanners.camera.change import blocks, differ
from scanners.camera.pace import AGAIN_S, BURST_S, REST_S_MAX, Pace, Sight
from scanners.camera.reading import Found, Symbol
from scanners.duplicates import DuplicateFilter
from scanners.scan import DroppedRead, Scan

PACK = "(01)04870249811936(21)LxPk7Qb(93)dGVz"
PACK_BYTES = b"010487024981193621LxPk7Qb\x1d93dGVz"
SQUARE = ((5.0, 5.0), (90.0, 5.0), (90.0, 90.0), (5.0, 90.0))
FPS = 30.0


def grey(level: int) -> Any:
    return blocks(np.full((480, 640), level, np.uint8))


def driven(pace: Pace, pictures: Iterator[Any], read_s: float, sight: Sight, seconds: float) -> list[float]:
    """When frames were read by a worker that takes `read_s` for each; frames come at 30 a second."""
    reads, now_s = [], 0.0
    while now_s < seconds:
        picture = next(pictures)
        if pace.rest_s(now_s) == 0 and pace.is_due(picture, now_s):
            reads.append(now_s)
            pace.has_read(picture, sight, now_s, now_s + read_s)
            now_s += read_s
        now_s = (int(now_s * FPS + 1e-6) + 1) / FPS
    return reads


@pytest.mark.parametrize("sight", [Sight.NOTHING, Sight.IN_VIEW, Sight.BLURRED])
def test_a_still_picture_is_read_again_after_a_while_and_not_before(sight: Sight) -> None:
    reads = driven(Pace(), itertools.repeat(grey(90)), 0.01, sight, 20)
    assert min(np.diff(reads)) >= AGAIN_S[sight][0]
    assert max(np.diff(reads)) <= AGAIN_S[sight][-1] + 0.12


def test_what_was_not_read_many_times_is_read_ever_less_until_it_changes() -> None:
    pace = Pace()
    reads = driven(pace, itertools.repeat(grey(90)), 0.01, Sight.NOTHING, 20)
    assert len(reads) < 28
    assert pace.is_due(grey(120), 20.1)
    pace.has_read(grey(120), Sight.NOTHING, 20.1, 20.2)
    assert not pace.is_due(grey(120), 20.4)
    assert pace.is_due(grey(120), 20.55)


def test_a_lively_picture_is_read_without_rest_at_first_and_then_half_of_the_time() -> None:
    lively = itertools.cycle([grey(90), grey(120)])
    reads = driven(Pace(), lively, 0.1, Sight.NOTHING, 20)
    busy = [sum(start <= at < start + 1 for at in reads) * 0.1 for start in range(20)]
    assert busy[0] >= 0.7  # At 30 frames a second a read of 100 ms waits for the fourth frame.
    assert max(busy[2:]) < 0.65
    assert 0.4 * 18 < sum(busy[2:]) < 0.51 * 18


def test_credit_comes_back_before_a_quiet_picture() -> None:
    pace = Pace()
    lively = itertools.cycle([grey(90), grey(120)])
    driven(pace, lively, 0.1, Sight.NOTHING, 10)
    assert pace.rest_s(10 + REST_S_MAX) == 0
    ended_s = 12.0
    while pace.rest_s(ended_s) == 0:
        assert pace.is_due(next(lively), ended_s)
        pace.has_read(next(lively), Sight.NOTHING, ended_s, ended_s + 0.1)
        ended_s += 0.1
    assert ended_s - 12 == pytest.approx(2 * BURST_S, abs=0.11)


def test_nobody_waits_longer_than_a_second_whatever_a_read_took() -> None:
    pace = Pace(0.05)
    pace.has_read(grey(90), Sight.NOTHING, 0.0, 60.0)
    assert pace.rest_s(60.0) == pytest.approx(REST_S_MAX)
    assert pace.is_due(grey(120), 60.0 + REST_S_MAX)


def test_with_a_duty_of_one_every_frame_is_read() -> None:
    reads = driven(Pace(1.0), itertools.repeat(grey(90)), 0.01, Sight.NOTHING, 2)
    assert len(reads) == pytest.approx(60, abs=1)


def test_a_candidate_is_looked_at_again_at_once_but_one_that_never_holds_must_pay() -> None:
    pace = Pace()
    pace.has_read(grey(90), Sight.NOTHING, 0.0, 2.0)  # Deep in debt.
    assert pace.rest_s(2.0) > 0.3
    pace.has_read(grey(90), Sight.CANDIDATE, 3.0, 3.4)
    assert pace.rest_s(3.4) == 0
    assert pace.is_due(grey(90), 3.43)
    pace.has_read(grey(90), Sight.CANDIDATE, 3.43, 3.83)
    assert pace.rest_s(3.83) > 0.2


def noisy(gray: Any, sigma: float, seed: int) -> Any:
    return np.clip(gray + np.random.default_rng(seed).normal(0, sigma, gray.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shape", [(480, 640), (720, 1280), (1080, 1920)])
@pytest.mark.parametrize("kind", ["text_page", "packaging", "clean"])
def test_the_noise_of_a_sensor_is_no_change(shape: tuple[int, int], kind: str) -> None:
    scene = cv2.resize(one(3, kind, 0).image, shape[::-1])
    for sigma in (1, 5, 12):
        assert not differ(blocks(noisy(scene, sigma, 1)), blocks(noisy(scene, sigma, 2)))


@pytest.mark.parametrize("seed", range(5))
def test_a_pack_a_move_of_the_hand_and_the_light_are_changes(seed: int, symbol: Any) -> None:
    counter = noisy(one(seed, "text_page", 0).image // 2 + 60, 2, seed)
    drawn = symbol(PACK, gs1=True, scale=2)
    high, wide = drawn.shape

    def shown(x: int, y: int) -> Any:
        frame = noisy(counter, 2, seed + 99)
        frame[y : y + high, x : x + wide] = np.where(drawn < 128, 40, 200)
        return frame

    assert differ(blocks(counter), blocks(shown(300, 200)))
    assert differ(blocks(shown(300, 200)), blocks(shown(304, 200)))
    assert differ(blocks(counter), blocks(cv2.add(counter, np.full_like(counter, 5))))


def test_pictures_of_any_size_have_blocks_and_another_size_is_a_change() -> None:
    shapes = [(1, 1), (2, 2000), (2000, 2), (79, 81), (480, 640), (3000, 4000)]
    for shape in shapes:
        rows, columns = blocks(np.zeros(shape, np.uint8)).shape
        assert 1 <= min(rows, columns) <= max(rows, columns) <= 80
    assert differ(blocks(np.zeros((480, 640), np.uint8)), blocks(np.zeros((720, 1280), np.uint8)))


class Slow:
    """A reader that takes its time, in virtual milliseconds."""

    def __init__(self, reader: Any, clock: Any, ms: float) -> None:
        self.reader = reader
        self.clock = clock
        self.ms = ms

    def read(self, gray: Any) -> Found:
        self.clock.pass_ms(self.ms)
        found: Found = self.reader.read(gray)
        return found


@pytest.fixture
def slow(reader: Any, clock: Any) -> Callable[[float], Slow]:
    return lambda ms: Slow(reader, clock, ms)


def polled_for(scanner: Any, clock: Any, seconds: float) -> list[Any]:
    until_s = clock.monotonic() + seconds
    events = []
    while clock.monotonic() < until_s:
        events += scanner.poll()
    return events


def scans(events: list[Any]) -> list[bytes]:
    return [event.data for event in events if isinstance(event, Scan)]


def live(picture: Any, seed: int = 0) -> list[Any]:
    """A few frames of what stays before a lens."""
    gray = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return [cv2.cvtColor(noisy(gray, 2, seed + number), cv2.COLOR_GRAY2BGR) for number in range(5)]


@pytest.fixture
def page() -> Any:
    return live(one(11, "text_page", 2).image)


def test_a_page_that_lies_there_costs_a_few_reads_a_second(page: Any, scanner_of: Any, reader: Any, clock: Any) -> None:
    scanner = scanner_of(lambda number: page[number % 5])
    polled_for(scanner, clock, 10)
    assert 8 < reader.pictures < 20
    eager = scanner_of(lambda number: page[number % 5], pace=Pace(1.0))
    before = reader.pictures
    polled_for(eager, clock, 1)
    assert reader.pictures - before > 27


@pytest.mark.parametrize("at_s", [4.0, 4.05, 4.11, 4.2, 4.29])
def test_a_pack_shown_for_a_moment_before_a_quiet_counter_is_read_at_once(
    at_s: float, page: Any, scanner_of: Any, symbol: Any, frame_of: Any, clock: Any, slow: Any
) -> None:
    pack = live(frame_of((symbol(PACK, gs1=True), 300, 200)))

    def shown(number: int) -> Any:
        return (pack if at_s <= number / FPS < at_s + 0.7 else page)[number % 5]

    started_s = clock.monotonic()
    events = polled_for(scanner_of(shown, reader=slow(60)), clock, 6)
    (scan,) = [event for event in events if isinstance(event, Scan)]
    shown_for_s = clock.monotonic() - started_s - at_s - (clock.now() - scan.at_ns) / 1e9
    assert shown_for_s < 0.3


def test_a_pack_shown_for_a_moment_before_a_crowd_is_read(
    scanner_of: Any, symbol: Any, frame_of: Any, clock: Any, slow: Any
) -> None:
    crowd = [one(5, "packaging", index).image for index in range(4)]
    pack = live(frame_of((symbol(PACK, gs1=True), 300, 200)))
    scanner = scanner_of(lambda number: pack[number % 5] if 300 <= number < 321 else crowd[number % 4], reader=slow(80))
    assert scans(polled_for(scanner, clock, 12)) == [PACK_BYTES]
    assert scanner.counts.read * 0.08 < 0.5 * 12 + BURST_S


def test_a_linear_code_that_lies_still_is_a_scan_after_its_second_frame(
    scanner_of: Any, symbol: Any, frame_of: Any, clock: Any
) -> None:
    frames = live(frame_of((symbol("4870249811936", kind="EAN13", scale=2)[:100], 200, 200)))
    scanner = scanner_of(lambda number: frames[number % 5])
    assert scans(polled_for(scanner, clock, 0.1)) == [b"4870249811936"]
    assert scanner.counts.read == 2


def told(*symbols: Symbol) -> Any:
    class Told:
        def read(self, gray: Any) -> Found:
            return Found(symbols)

    return Told()


GS1 = Symbol(PACK_BYTES, "]d2", SQUARE, "zxing", 1.0)


@pytest.mark.parametrize("window_ms", [0, 200, 1500])
def test_a_pack_that_lies_there_is_one_scan_however_short_the_window_and_long_the_rest(
    window_ms: int, scanner_of: Any, page: Any, clock: Any, slow: Any
) -> None:
    reader = slow(400)
    reader.reader = told(GS1)
    scanner = scanner_of(
        lambda number: page[number % 5], reader=reader, duplicates=DuplicateFilter(window_ms), pace=Pace(0.2)
    )
    events = polled_for(scanner, clock, 12)
    assert scans(events) == [PACK_BYTES]
    assert not [event for event in events if isinstance(event, DroppedRead)]


def test_the_same_goods_again_after_an_empty_counter_are_a_second_scan(
    scanner_of: Any, symbol: Any, frame_of: Any, clock: Any
) -> None:
    ean = frame_of((symbol("4870249811936", kind="EAN13", scale=2)[:100], 200, 200))
    bare = frame_of()  # Too even to be sharp: not read at all.
    scanner = scanner_of([Dwell(ean, 1.0), Dwell(bare, 3.0), Dwell(ean, 1.0)])
    assert scans(polled_for(scanner, clock, 6)) == [b"4870249811936"] * 2


def test_the_same_digits_in_two_symbologies_are_two_scans(scanner_of: Any, page: Any) -> None:
    symbols = [Symbol(b"4870249811936", name, SQUARE, "zxing", 1.0) for name in ("]E0", "]d1")]
    scanner = scanner_of(lambda number: page[number % 5], reader=told(*symbols))
    events = [event for _ in range(60) for event in scanner.poll()]
    assert [event.symbology for event in events if isinstance(event, Scan)] == ["]E0", "]d1"]
