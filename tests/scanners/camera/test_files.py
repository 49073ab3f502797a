"""Pictures as a scanner: each read once, in order, whatever lies in the folder."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from scanners.camera.files import ImageScanner
from scanners.scan import Health, HealthChange, Scan, Terminator

PACK = "(01)04870249811936(21)LxPk7Qb(93)dGVz"
PACK_BYTES = b"010487024981193621LxPk7Qb\x1d93dGVz"


@pytest.fixture
def png(symbol: Any, frame_of: Any) -> Callable[..., bytes]:
    def encode(content: str = PACK, *, gs1: bool = True, scale: int = 4) -> bytes:
        return cv2.imencode(".png", frame_of((symbol(content, gs1=gs1, scale=scale), 200, 150)))[1].tobytes()

    return encode


@pytest.fixture
def scanner_of(clock: Any, reader: Any) -> Callable[..., ImageScanner]:
    def make(source: Any, **options: Any) -> ImageScanner:
        return ImageScanner("pictures", source, reader, now=clock.now, monotonic=clock.monotonic, **options)

    return make


def events_of(scanner: ImageScanner, clock: Any, polls: int = 12) -> list[Any]:
    events = []
    for _ in range(polls):
        events += scanner.poll()
        clock.pass_ms(100)
    return events


def test_a_folder_is_read_by_name_and_then_again_for_what_is_new(
    scanner_of: Any, png: Any, tmp_path: Path, clock: Any
) -> None:
    for name, content in (("b.PNG", "second"), ("a.png", "first"), ("notes.txt", "third")):
        (tmp_path / name).write_bytes(png(content, gs1=False))
    (tmp_path / "inner.png").mkdir()
    scanner = scanner_of(tmp_path)
    scans = [event for event in events_of(scanner, clock) if isinstance(event, Scan)]
    assert [(scan.data, scan.source, scan.terminator) for scan in scans] == [
        (b"first", "pictures", Terminator.LENGTH),
        (b"second", "pictures", Terminator.LENGTH),
    ]
    (tmp_path / "c.png").write_bytes(png())
    (scan,) = [event for event in events_of(scanner, clock) if isinstance(event, Scan)]
    assert (scan.data, scan.symbology) == (PACK_BYTES, "]d2")


def test_a_picture_that_is_written_again_is_read_again(scanner_of: Any, png: Any, tmp_path: Path, clock: Any) -> None:
    file = tmp_path / "one.png"
    file.write_bytes(png()[:400])  # Still being copied.
    scanner = scanner_of(file)
    first = events_of(scanner, clock)
    assert [event.text for event in first if isinstance(event, HealthChange)][1:] == [
        f"{file}: damaged or cut short after 400 bytes"
    ]
    file.write_bytes(png())
    assert [event.data for event in events_of(scanner, clock) if isinstance(event, Scan)] == [PACK_BYTES]


def test_the_same_code_in_two_pictures_counts_twice(scanner_of: Any, png: Any, tmp_path: Path, clock: Any) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(png())
    assert [event.data for event in events_of(scanner_of(tmp_path), clock) if isinstance(event, Scan)] == [
        PACK_BYTES
    ] * 2


def test_standard_input_is_one_picture(scanner_of: Any, png: Any, clock: Any) -> None:
    stream = io.BytesIO(png())
    scanner = scanner_of(stream)
    assert [event.data for event in events_of(scanner, clock) if isinstance(event, Scan)] == [PACK_BYTES]
    assert not stream.closed


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_what_is_no_picture_is_a_notice_and_no_scan(scanner_of: Any, data: bytes, clock: Any) -> None:
    events = events_of(scanner_of(io.BytesIO(data)), clock)
    assert [event.health for event in events] == [Health.ONLINE, Health.ONLINE]
    assert "standard input" in events[1].text


def test_a_folder_that_is_not_there_is_offline_until_it_is(
    scanner_of: Any, png: Any, tmp_path: Path, clock: Any
) -> None:
    scanner = scanner_of(tmp_path / "later")
    assert [event.health for event in events_of(scanner, clock)] == [Health.OFFLINE]
    (tmp_path / "later").mkdir()
    (tmp_path / "later/a.png").write_bytes(png())
    health, scan = events_of(scanner, clock)
    assert (health.health, scan.data) == (Health.ONLINE, PACK_BYTES)


def test_gs1_data_with_a_wrong_check_digit_is_told_and_not_scanned(
    scanner_of: Any, png: Any, tmp_path: Path, clock: Any, reader: Any
) -> None:
    (tmp_path / "a.png").write_bytes(png())
    honest = reader.read

    def misread(gray: Any) -> Any:
        found = honest(gray)
        symbols = tuple(
            type(one)(b"01048702498119372", one.symbology, one.corners, one.step, 1.0) for one in found.symbols
        )
        return type(found)(symbols)

    reader.read = misread
    events = events_of(scanner_of(tmp_path), clock)
    assert not [event for event in events if isinstance(event, Scan)]
    assert events[-1].text.endswith("]d2 refused: check_digit")


def test_the_loop_reads_and_closes_what_belongs_to_it(scanner_of: Any, png: Any, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    closed: list[str] = []
    stop = threading.Event()
    seen: list[Any] = []

    def sink(event: Any) -> None:
        seen.append(event)
        if isinstance(event, Scan):
            stop.set()

    scanner_of(tmp_path, resources=[lambda: closed.append("libdmtx")]).run(stop, sink)
    assert isinstance(seen[-1], Scan)
    assert closed == ["libdmtx"]
