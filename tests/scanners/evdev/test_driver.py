from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hw_sim.scanner.evdev import SHIFT, EvdevSim
from hw_sim.scanner.pty import PtyScanner
from hw_sim.scanner.script import Chunk
from scanners.address import ScannerAddressInvalid, Surroundings
from scanners.evdev.driver import GRABBED, evdev_scanner, settings_of
from scanners.evdev.finishing import Caps
from scanners.evdev.keys import ENTER, TAB
from scanners.evdev.protocol import EvdevProtocol
from scanners.line import LineScanner
from scanners.nodes import NodeOpener
from scanners.scan import DroppedRead, DropReason, Health, HealthChange, Scan, ScannerEvent, Terminator

FULL = "]d20104603276013765213A8B06OMH52K2\x1d91KZF0\x1d92THdacgzKM1saamrh6LNd8AazrDfKqJDZSE2BKKqk3so="
PACK = "04870249811936t1Xrb-xQWhpeGhG"
Poll = Callable[[LineScanner], list[ScannerEvent]]


def made(url: str, clock: Any) -> LineScanner:
    scanner = evdev_scanner("left", urlsplit(url), Surroundings(clock.now, clock.monotonic, read_timeout_s=0.01))
    assert isinstance(scanner, LineScanner)
    return scanner


@pytest.fixture
def device(tmp_path: Path) -> Iterator[PtyScanner]:
    with PtyScanner(link=tmp_path / "usb-Scanner-event-kbd", sleep=lambda _: None) as device:
        yield device


@pytest.fixture
def sim() -> EvdevSim:
    return EvdevSim()


@pytest.fixture
def scanner(device: PtyScanner, clock: Any) -> Iterator[LineScanner]:
    """Shared, since a terminal that stands for the node cannot be grabbed."""
    scanner = made(f"evdev://{device.path}?grab=0", clock)
    assert [event.health for event in scanner.poll() if isinstance(event, HealthChange)] == [Health.ONLINE]
    yield scanner
    scanner.close()


@pytest.fixture
def grabbed(device: PtyScanner, clock: Any) -> Iterator[tuple[LineScanner, list[int]]]:
    """A scanner whose grab is written down instead of done."""
    grabs: list[int] = []
    scanner = LineScanner(
        "left",
        NodeOpener(replace(GRABBED, claim=grabs.append), str(device.path), Path("/"), 0.01),
        EvdevProtocol(record_bytes=24),
        now=clock.now,
        monotonic=clock.monotonic,
    )
    yield scanner, grabs
    scanner.close()


def typed(scanner: LineScanner, device: PtyScanner, chunks: Iterable[Chunk], count: int = 1) -> list[ScannerEvent]:
    """Type, reading all the while as a terminal holds but a few thousand bytes; return what came, `count` at least."""
    events: list[ScannerEvent] = []
    for number, chunk in enumerate(chunks):
        device.play([chunk])
        if number % 20 == 19:
            events += scanner.poll()
    for _ in range(100):
        if len(events) >= count:
            break
        events += scanner.poll()
    assert device.overrun_bytes == 0
    return events


def test_a_typed_code_is_a_scan_with_gs_and_symbology(scanner: LineScanner, device: PtyScanner, sim: EvdevSim) -> None:
    (scan,) = typed(scanner, device, sim.scan(FULL))
    assert isinstance(scan, Scan)
    assert (scan.data, scan.symbology, scan.terminator) == (FULL.encode(), "]d2", Terminator.SUFFIX)


def test_the_grab_is_made_anew_at_every_opening_and_the_lamp_put_out(
    grabbed: tuple[LineScanner, list[int]], device: PtyScanner, sim: EvdevSim, clock: Any, poll_until: Poll
) -> None:
    scanner, grabs = grabbed
    for opening in (1, 2):
        sim.caps_lamp = True
        assert [event.health for event in scanner.poll() if isinstance(event, HealthChange)] == [Health.ONLINE]
        assert len(grabs) == opening
        sim.receive(device.received(timeout_s=0.2))
        assert not sim.caps_lamp
        device.unplug()
        poll_until(scanner)
        device.replug()
        clock.pass_ms(500)


def test_unplugging_inside_a_code_and_with_shift_down_spoils_nothing_after_it(
    grabbed: tuple[LineScanner, list[int]], device: PtyScanner, sim: EvdevSim, clock: Any, poll_until: Poll
) -> None:
    scanner, _ = grabbed
    scanner.poll()
    assert typed(scanner, device, [*sim.scan(PACK, end="none"), *sim.press((SHIFT, 1))], count=0) == []
    for _ in range(5):
        assert scanner.poll() == []
    device.unplug()
    partial, change = poll_until(scanner)
    assert isinstance(partial, Scan)
    assert (partial.data, partial.terminator) == (PACK.encode(), Terminator.UNPLUG)
    assert isinstance(change, HealthChange)
    device.replug()
    clock.pass_ms(500)
    assert [event.health for event in scanner.poll() if isinstance(event, HealthChange)] == [Health.ONLINE]
    (scan,) = typed(scanner, device, sim.scan(FULL))
    assert isinstance(scan, Scan)
    assert scan.data == FULL.encode()


def test_what_is_no_input_device_is_told_and_left_alone(device: PtyScanner, clock: Any) -> None:
    (change,) = made(f"evdev://{device.path}", clock).poll()
    assert isinstance(change, HealthChange)
    assert change.health is Health.OFFLINE
    assert "no keyboard scanner" in change.text


def test_typing_is_told_and_kept_only_where_configured(device: PtyScanner, sim: EvdevSim, clock: Any) -> None:
    dropping, keeping = (made(f"evdev://{device.path}?grab=0&typing={word}", clock) for word in ("drop", "keep"))
    for scanner, kind in ((dropping, DroppedRead), (keeping, Scan)):
        scanner.poll()
        (event,) = typed(scanner, device, sim.type_by_hand("4870249811936"))
        assert isinstance(event, kind)
        scanner.close()


def test_hundred_codes_with_faults_come_as_they_were_sent(
    scanner: LineScanner, device: PtyScanner, sim: EvdevSim, clock: Any
) -> None:
    sent: list[bytes] = []
    events: list[ScannerEvent] = []
    for number in range(100):
        code = f"{number:07d}" + PACK[7:]
        damaged = number % 10 == 3
        gs = "alt" if number % 2 else "ctrl"
        events += typed(scanner, device, sim.scan(code, lose_release_of=SHIFT if damaged else None, gs=gs))
        if not damaged:
            sent.append(code.encode())
        clock.pass_ms(250)
    assert [event.data for event in events if isinstance(event, Scan)] == sent
    dropped = [event.reason for event in events if isinstance(event, DroppedRead)]
    assert dropped == [DropReason.DAMAGED] * 10


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("evdev:///dev/input/event3?grabb=1", "grabb"),
        ("evdev:///dev/input/event3?grab=maybe", "grab"),
        ("evdev:///dev/input/event3?gs=", "gs"),
        ("evdev:///dev/input/event3?gs=%D0%96", "gs"),
        ("evdev:///dev/input/event3?gs=" + "x" * 17, "gs"),
        ("evdev:///dev/input/event3?suffix=cr", "suffix"),
        ("evdev:///dev/input/event3?caps=on", "caps"),
        ("evdev:///dev/input/event3?typing=yes", "typing"),
        ("evdev:///dev/input/event3?prefix=%0A", "prefix"),
        ("evdev:///dev/input/event3?location=x", "address"),
        ("evdev://usb/zz", "address"),
    ],
)
def test_an_address_that_cannot_be_used_names_the_place(url: str, place: str, clock: Any) -> None:
    with pytest.raises(ScannerAddressInvalid) as refused:
        made(url, clock)
    assert refused.value.place == place


def test_the_options_of_keys_are_read() -> None:
    assert settings_of({}).suffix_keys == ENTER | TAB
    assert settings_of({"suffix": "none"}).suffix_keys == frozenset()
    assert settings_of({"suffix": "tab"}).suffix_keys == TAB
    assert settings_of({"gs": "F8"}).gs_key == 66
    text = settings_of({"gs": "{GS}", "prefix": "~", "caps": "swap", "typing": "keep"})
    assert (text.gs_key, text.finishing.gs_text, text.finishing.prefix) == (None, b"{GS}", b"~")
    assert (text.finishing.caps, text.keep_typing) == (Caps.SWAP, True)
