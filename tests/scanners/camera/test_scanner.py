"""A camera as a scanner: what is before the lens becomes scans, once each, and nothing else does."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from hw_sim.optics.camera import CameraFaults, Dwell
from hw_sim.optics.frames import CODE_KINDS, EMPTY_KINDS, one
from scanners.camera.acceptance import Acceptance, Judgement
from scanners.camera.capture import Capture
from scanners.camera.device import Opened
from scanners.camera.keep import KeptFrames
from scanners.camera.reading import Found, Symbol
from scanners.camera.scanner import CameraScanner
from scanners.camera.sharpness import SHARP_MIN, sharpness
from scanners.scan import DroppedRead, DropReason, Health, HealthChange, Scan, Signal, Terminator

PACK = "(01)04870249811936(21)LxPk7Qb(93)dGVz"
PACK_BYTES = b"010487024981193621LxPk7Qb\x1d93dGVz"
OTHER = "(01)04870249811936(21)Zz9(93)dGVz"
OTHER_BYTES = b"010487024981193621Zz9\x1d93dGVz"
WRONG = Symbol(b"010487024981193721LxPk7Qb", "]d2", ((5, 5), (9, 5), (9, 9), (5, 9)), "libdmtx", 2.0)


class Told:
    """A reader that finds what it is told, frame by frame; the last again and again."""

    def __init__(self, *found: Found) -> None:
        self.found = list(found)
        self.shapes: list[tuple[int, ...]] = []

    def read(self, gray: Any) -> Found:
        self.shapes.append(gray.shape)
        return self.found.pop(0) if len(self.found) > 1 else self.found[0]


def polled(scanner: CameraScanner, times: int) -> list[Any]:
    return [event for _ in range(times) for event in scanner.poll()]


def scans(events: list[Any]) -> list[bytes]:
    return [event.data for event in events if isinstance(event, Scan)]


def test_a_pack_held_before_the_camera_is_one_scan(scanner_of: Any, symbol: Any, frame_of: Any, clock: Any) -> None:
    scanner = scanner_of(frame_of((symbol(PACK, gs1=True), 300, 200)))
    events = polled(scanner, 120)
    (scan,) = [event for event in events if isinstance(event, Scan)]
    assert (scan.data, scan.symbology, scan.source, scan.step) == (PACK_BYTES, "]d2", "counter", "zxing")
    assert scan.terminator is Terminator.LENGTH
    assert scan.identified == b"]d2" + PACK_BYTES
    assert 0 < scan.first_at_ns <= scan.at_ns <= clock.now()
    assert not [event for event in events if isinstance(event, DroppedRead)]
    assert scanner.counts.repeated == scanner.counts.read - 1 > 10


def test_all_codes_of_a_frame_are_scans(scanner_of: Any, symbol: Any, frame_of: Any) -> None:
    frame = frame_of((symbol(PACK, gs1=True), 60, 60), (symbol(OTHER, gs1=True), 400, 250))
    assert set(scans(polled(scanner_of(frame), 5))) == {PACK_BYTES, OTHER_BYTES}


def test_a_pack_that_comes_back_within_the_window_is_told_as_a_double(
    scanner_of: Any, symbol: Any, frame_of: Any
) -> None:
    pack, empty = frame_of((symbol(PACK, gs1=True), 300, 200)), frame_of((symbol(OTHER, gs1=True), 100, 100))
    scanner = scanner_of([Dwell(pack, 0.5), Dwell(empty, 0.5), Dwell(pack, 0.5), Dwell(empty, 2.0), Dwell(pack, 0.5)])
    events = polled(scanner, 118)
    assert scans(events) == [PACK_BYTES, OTHER_BYTES, PACK_BYTES]  # The last after more than 1.5 s without.
    dropped = [event for event in events if isinstance(event, DroppedRead)]
    assert [(event.scan.data, event.reason) for event in dropped] == [
        (PACK_BYTES, DropReason.DUPLICATE),
        (OTHER_BYTES, DropReason.DUPLICATE),
    ]


@pytest.mark.parametrize(
    ("kind", "content", "data", "symbology"),
    [("EAN13", "4870249811936", b"4870249811936", "]E0"), ("DataMatrix", "ALC-0042", b"ALC-0042", "]d1")],
)
def test_a_symbol_without_a_gs1_check_digit_needs_two_frames_in_a_row(
    scanner_of: Any, symbol: Any, frame_of: Any, kind: str, content: str, data: bytes, symbology: str
) -> None:
    drawn = symbol(content, kind=kind, scale=2)[:120]
    with_it, without = frame_of((drawn, 200, 200)), frame_of((symbol(OTHER, gs1=True), 100, 100))
    scanner = scanner_of(lambda number: without if number % 2 else with_it)
    assert scans(polled(scanner, 20)) == [OTHER_BYTES]
    steady = scanner_of(with_it)
    assert scans(polled(steady, 1)) == []
    (scan,) = polled(steady, 1)
    assert (scan.data, scan.symbology) == (data, symbology)


def test_gs1_data_with_a_wrong_check_digit_is_never_a_scan(scanner_of: Any, symbol: Any, frame_of: Any) -> None:
    scanner = scanner_of(frame_of((symbol("x"), 99, 99)), reader=Told(Found((WRONG,))))
    assert scans(polled(scanner, 90)) == []
    assert scanner.counts.refused == scanner.counts.read > 5
    assert scanner.last_picture()


@pytest.mark.parametrize(
    ("symbology", "data", "expected"),
    [
        ("]d2", b"010487024981193621a", Judgement.ACCEPTED),
        ("]d8", b"010487024981193621a", Judgement.ACCEPTED),
        ("]C1", b"00106141412345678908", Judgement.ACCEPTED),  # Sample SSCC of GS1 US.
        ("]d2", b"010487024981193721a", Judgement.CHECK_DIGIT),
        ("]d2", b"0104870249", Judgement.CHECK_DIGIT),
        ("]d2", b"01\xd9\xa0870249811936", Judgement.CHECK_DIGIT),
        ("]C1", b"00106141412345678907", Judgement.CHECK_DIGIT),
        ("]d2", b"21abc", Judgement.UNCONFIRMED),
        ("]d1", b"010487024981193621a", Judgement.UNCONFIRMED),
        ("]E0", b"4870249811936", Judgement.UNCONFIRMED),
        ("]q9", b"0104870249811936", Judgement.UNCONFIRMED),
    ],
)
def test_acceptance_by_symbology_and_check_digit(symbology: str, data: bytes, expected: Judgement) -> None:
    symbol = Symbol(data, symbology, ((0, 0),) * 4, "zxing", 1.0)
    assert Acceptance().judge([symbol])[0].judgement is expected


def test_only_the_region_of_interest_is_read_and_drawn_in_its_place(
    scanner_of: Any, symbol: Any, frame_of: Any
) -> None:
    frame = frame_of((symbol(PACK, gs1=True), 60, 60), (symbol(OTHER, gs1=True), 400, 250))
    scanner = scanner_of(frame, region=(350, 200, 250, 200))
    assert scans(polled(scanner, 5)) == [OTHER_BYTES]
    picture: Any = cv2.imdecode(np.frombuffer(scanner.last_picture(), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (480, 640, 3)
    blue = (picture[..., 0].astype(int) - picture[..., 2]) > 60  # The line of a read symbol.
    rows, cols = np.nonzero(blue[:335])  # The label stands below.
    assert min(cols.min() - 370, rows.min() - 220) > 0  # The frame would put it at 50 and 50.


def test_a_region_outside_the_frame_is_told_once_and_reads_nothing(scanner_of: Any, symbol: Any, frame_of: Any) -> None:
    scanner = scanner_of(frame_of((symbol(PACK, gs1=True), 60, 60)), region=(700, 0, 100, 100))
    notices = [event.text for event in polled(scanner, 10) if isinstance(event, HealthChange)]
    assert notices == ["", "roi=700,0,100,100 lies outside the frame of 640x480 pixels"]


def test_a_blurred_frame_is_not_given_to_the_reader(scanner_of: Any, symbol: Any, frame_of: Any, reader: Any) -> None:
    frame = cv2.GaussianBlur(frame_of((symbol(PACK, gs1=True), 300, 200)), (0, 0), 30)
    scanner = scanner_of(frame)
    assert scans(polled(scanner, 15)) == []
    assert reader.pictures == 0
    assert scanner.counts.blurred > 1
    assert scanner.last_picture()
    polled(scanner_of(frame, sharp_min=0.0), 1)
    assert reader.pictures == 1


@pytest.mark.parametrize("kind", sorted(CODE_KINDS))
def test_no_frame_that_can_be_read_is_refused_as_blurred(kind: str, reader: Any) -> None:
    for index in range(3):
        image = one(41, kind, index).image
        if reader.read(image).symbols:
            assert sharpness(image) > SHARP_MIN


@pytest.mark.parametrize("kind", sorted(EMPTY_KINDS))
def test_frames_without_a_data_matrix_give_none(kind: str, scanner_of: Any) -> None:
    pictures = [one(43, kind, index).image for index in range(4)]
    scanner = scanner_of([Dwell(picture, 0.1) for picture in pictures])
    found = [event for event in polled(scanner, 12) if isinstance(event, Scan)]
    assert [scan for scan in found if str(scan.symbology).startswith("]d")] == []


def test_sharpness_of_pictures_without_an_edge_or_without_room_is_nothing() -> None:
    assert sharpness(np.full((480, 640), 90, np.uint8)) == 0
    for shape in ((1, 1), (2, 2), (1, 5000), (5000, 1)):
        assert sharpness(np.zeros(shape, np.uint8)) == 0
    step = np.zeros((90, 90), np.uint8)
    step[:, 45:] = 200
    assert sharpness(step) == 100  # Half of the step at each of its two pixels.


def test_faults_of_the_camera_give_no_scan_and_no_crash(scanner_of: Any, symbol: Any, frame_of: Any) -> None:
    frame = frame_of((symbol(PACK, gs1=True), 300, 200))
    faults = CameraFaults(black_frames=5, exposure_frames=5, dropped=frozenset({7, 8}), unplugged_at=30)
    scanner = scanner_of(frame, faults)
    events = polled(scanner, 60)
    assert scans(events) == [PACK_BYTES]
    assert [event.health for event in events if isinstance(event, HealthChange)] == [Health.ONLINE, Health.OFFLINE]
    assert scanner.health is Health.OFFLINE
    assert scanner.last_picture() is None  # What it saw last is not what it sees.


def test_the_picture_writes_no_more_of_a_code_than_its_serial_number(
    scanner_of: Any, symbol: Any, frame_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(
        "scanners.camera.scanner.annotated",
        lambda picture, marks, **_: written.extend(mark.text for mark in marks) or picture,
    )
    scanner = scanner_of(frame_of((symbol(PACK, gs1=True), 300, 200)))
    polled(scanner, 5)
    assert scanner.last_picture()
    (text,) = written
    head, _gs, check_part = PACK_BYTES.partition(b"\x1d")
    assert head.decode() in text
    assert check_part and check_part.decode() not in text


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((1, 1, 3), np.uint8),
        np.full((48, 64, 3), np.nan, np.float32),
        np.zeros((48, 64, 7), np.uint8),
        np.zeros((48, 64), np.complex64),
        np.zeros((3, 4000), np.uint8),
        np.random.default_rng(1).integers(0, 65535, (60, 80, 4), dtype=np.uint16),
    ],
)
def test_frames_that_are_no_pictures_are_told_and_survived(
    image: Any, scanner_of: Any, camera: Any, clock: Any, reader: Any
) -> None:
    capture = Capture("odd", lambda: Opened(camera([image])), now=clock.now, monotonic=clock.monotonic)
    scanner = CameraScanner("odd", capture, reader, now=clock.now, monotonic=clock.monotonic, sharp_min=0.0)
    assert scans(polled(scanner, 5)) == []
    assert scanner.last_picture() is None or scanner.last_picture()
    scanner.close()


def test_a_frame_the_reader_stumbles_over_is_told_and_the_next_one_is_read(
    scanner_of: Any, symbol: Any, frame_of: Any, reader: Any
) -> None:
    honest = reader.read

    def stumbling(gray: Any) -> Any:
        if reader.pictures == 0:
            reader.pictures += 1
            raise cv2.error("resize")
        return honest(gray)

    reader.read = stumbling
    events = polled(scanner_of(frame_of((symbol(PACK, gs1=True), 300, 200))), 30)
    assert any("could not be read" in event.text for event in events if isinstance(event, HealthChange))
    assert scans(events) == [PACK_BYTES]


def failed(seen: int = 1) -> Found:
    return Found((), (((10.0, 10.0), (90.0, 10.0), (90.0, 90.0), (10.0, 90.0)),) * seen, 3.0, ("zxing", "grid"))


def kept_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_failed_frames_are_kept_as_they_were_up_to_the_limit(
    scanner_of: Any, symbol: Any, frame_of: Any, tmp_path: Path, clock: Any
) -> None:
    folder = tmp_path / "сәтсіз"
    folder.mkdir()
    (folder / "mine.png").write_bytes(b"not ours")
    kept = KeptFrames(folder, 3, monotonic=clock.monotonic)
    frame = frame_of((symbol(PACK, gs1=True), 300, 200))
    scanner = scanner_of(frame, reader=Told(failed()), kept=kept)
    polled(scanner, 30 * 6)
    names = kept_in(folder)
    assert len(names) == 4  # One a second for six seconds, three of them kept, and a stranger.
    assert names[-1] == "mine.png"
    assert all(name.startswith("failed-20") and name.endswith("Z.png") for name in names[:3])
    stored: Any = cv2.imdecode(np.frombuffer((folder / names[0]).read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(stored, cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))


def test_frames_that_look_like_nothing_are_not_kept(
    scanner_of: Any, symbol: Any, frame_of: Any, tmp_path: Path, clock: Any
) -> None:
    kept = KeptFrames(tmp_path, 3, monotonic=clock.monotonic)
    polled(scanner_of(frame_of((symbol("x"), 9, 9)), reader=Told(failed(0)), kept=kept), 90)
    assert kept_in(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_told_once(
    scanner_of: Any, symbol: Any, frame_of: Any, tmp_path: Path, clock: Any
) -> None:
    (tmp_path / "file").touch()
    kept = KeptFrames(tmp_path / "file", 3, monotonic=clock.monotonic)
    events = polled(scanner_of(frame_of((symbol("x"), 9, 9)), reader=Told(failed()), kept=kept), 90)
    notices = [event.text for event in events if isinstance(event, HealthChange) and event.text]
    assert len(notices) == 1
    assert "failed frames are not kept" in notices[0]


def test_there_is_no_picture_before_the_first_frame(scanner_of: Any) -> None:
    scanner = scanner_of(np.zeros((48, 64), np.uint8), CameraFaults(open_fails=True))
    polled(scanner, 3)
    assert scanner.last_picture() is None
    scanner.signal(Signal.REFUSED)


def test_in_threads_it_reads_the_newest_frame_and_gives_everything_back(
    camera: Any, symbol: Any, frame_of: Any, reader: Any
) -> None:
    frames = [frame_of((symbol(PACK, gs1=True), 300, 200), seed=seed) for seed in range(4)] * 500
    device = camera(frames)
    closed: list[str] = []
    capture = Capture("live", lambda: Opened(device), now=time.time_ns, monotonic=time.monotonic)
    clocks = {"now": time.time_ns, "monotonic": time.monotonic}
    scanner = CameraScanner("live", capture, reader, **clocks, resources=[lambda: closed.append("libdmtx")])
    stop = threading.Event()
    events: list[Any] = []

    def sink(event: Any) -> None:
        events.append(event)
        if isinstance(event, Scan):
            stop.set()

    thread = threading.Thread(target=scanner.run, args=(stop, sink))
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert scans(events) == [PACK_BYTES]
    assert device.released == 1
    assert closed == ["libdmtx"]


def test_a_sink_that_fails_ends_the_loop_with_the_camera_let_go(
    camera: Any, symbol: Any, frame_of: Any, reader: Any
) -> None:
    device = camera([frame_of((symbol(PACK, gs1=True), 300, 200))])
    capture = Capture("live", lambda: Opened(device), now=time.time_ns, monotonic=time.monotonic)
    scanner = CameraScanner("live", capture, reader, now=time.time_ns, monotonic=time.monotonic)

    def sink(event: Any) -> None:
        raise RuntimeError("full")

    with pytest.raises(RuntimeError, match="full"):
        scanner.run(threading.Event(), sink)
    assert device.released == 1
