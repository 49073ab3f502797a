from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hw_sim.scanner.hidpos import Faults, HidPosSim
from hw_sim.scanner.pty import PtyScanner
from scanners.address import ScannerAddressInvalid, Surroundings
from scanners.hidpos.driver import hidpos_scanner, layout_of
from scanners.hidpos.layouts import HONEYWELL, NEWLAND
from scanners.line import LineScanner
from scanners.nodes import NodeIdentity
from scanners.scan import DroppedRead, DropReason, Health, HealthChange, Scan, ScannerEvent, Signal, Terminator

FULL = "0104603276013765213A8B06OMH52K2\x1d91KZF0\x1d92THdacgzKM1saamrh6LNd8AazrDfKqJDZSE2BKKqk3so="
Poll = Callable[[LineScanner], list[ScannerEvent]]


def made(url: str, clock: Any, root: Path = Path("/")) -> LineScanner:
    scanner = hidpos_scanner(
        "left", urlsplit(url), Surroundings(clock.now, clock.monotonic, read_timeout_s=0.01, root=root)
    )
    assert isinstance(scanner, LineScanner)
    return scanner


@pytest.fixture
def device(tmp_path: Path) -> Iterator[PtyScanner]:
    with PtyScanner(link=tmp_path / "hidraw0", sleep=lambda _: None) as device:
        yield device


@pytest.fixture
def scanner(device: PtyScanner, clock: Any) -> Iterator[LineScanner]:
    scanner = made(f"hidpos://{device.path}?beep=refused,ask", clock)
    assert [event.health for event in scanner.poll() if isinstance(event, HealthChange)] == [Health.ONLINE]
    yield scanner
    scanner.close()


def test_a_code_over_two_reports_is_one_scan_with_its_symbology(
    scanner: LineScanner, device: PtyScanner, poll_until: Poll
) -> None:
    device.play(HidPosSim().scan(FULL))
    (scan,) = poll_until(scanner)
    assert isinstance(scan, Scan)
    assert (scan.data, scan.symbology, scan.terminator) == (FULL.encode(), "]d2", Terminator.LENGTH)
    assert scan.identified == b"]d2" + FULL.encode()


def test_an_answer_to_a_command_is_no_scan(scanner: LineScanner, device: PtyScanner, poll_until: Poll) -> None:
    device.play(HidPosSim().answer("REVINF."))
    (dropped,) = poll_until(scanner)
    assert isinstance(dropped, DroppedRead)
    assert (dropped.reason, dropped.scan.symbology) == (DropReason.COMMAND_ANSWER, "]Z6")


def test_an_unplugged_scanner_leaves_its_half_and_comes_back(
    scanner: LineScanner, device: PtyScanner, clock: Any, poll_until: Poll
) -> None:
    device.play(list(HidPosSim().scan(FULL))[:1])
    assert scanner.poll() == []
    device.unplug()
    partial, change = poll_until(scanner)
    assert isinstance(partial, Scan)
    assert (partial.data, partial.terminator) == (FULL[:56].encode(), Terminator.UNPLUG)
    assert isinstance(change, HealthChange)
    assert change.health is Health.OFFLINE
    device.replug()
    clock.pass_ms(500)
    assert [event.health for event in scanner.poll() if isinstance(event, HealthChange)] == [Health.ONLINE]
    device.play(HidPosSim().scan(FULL))
    assert [event.data for event in poll_until(scanner) if isinstance(event, Scan)] == [FULL.encode()]


def test_a_refusal_sounds_at_the_scanner(scanner: LineScanner, device: PtyScanner) -> None:
    sim = HidPosSim()
    for signal in (Signal.ACCEPTED, Signal.REFUSED, Signal.ASK):
        scanner.signal(signal)
    scanner.poll()
    sim.receive(device.received(timeout_s=0.2))
    assert sim.beeps == 2


def test_a_second_reader_is_refused_as_busy(scanner: LineScanner, device: PtyScanner, clock: Any) -> None:
    second = made(f"hidpos://{device.path}", clock)
    (change,) = second.poll()
    assert isinstance(change, HealthChange)
    assert change.health is Health.BUSY
    assert str(device.path) in change.text
    scanner.close()
    clock.pass_ms(500)
    (change,) = second.poll()
    assert isinstance(change, HealthChange)
    assert change.health is Health.ONLINE
    second.close()


def test_two_hundred_codes_with_faults_come_as_they_were_sent(
    scanner: LineScanner, device: PtyScanner, clock: Any
) -> None:
    sim = HidPosSim()
    sent: list[bytes] = []
    events: list[ScannerEvent] = []

    def whole() -> int:
        return sum(isinstance(event, Scan) for event in events)

    for number in range(200):
        code = f"{number:07d}" + FULL[7:]
        faults = Faults(lose=frozenset({1})) if number % 10 == 3 else Faults()
        device.play(sim.scan(code, faults=faults))
        if number % 10 != 3:
            sent.append(code.encode())
        for _ in range(200):
            if whole() == len(sent):
                break
            events += scanner.poll()
        for _ in range(5 if faults.lose else 0):  # 40 ms for the half to get through.
            events += scanner.poll()
        clock.pass_ms(250)  # That its rest is lost is known by the silence after it.
        events += scanner.poll() if faults.lose else []
    assert [event.data for event in events if isinstance(event, Scan)] == sent
    dropped = [event for event in events if isinstance(event, DroppedRead)]
    assert [event.reason for event in dropped] == [DropReason.INCOMPLETE] * 20


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("hidpos:///dev/hidraw0?profil=auto", "profil"),
        ("hidpos:///dev/hidraw0?profile=zebra", "profile"),
        ("hidpos:///dev/hidraw0?join_ms=9000", "join_ms"),
        ("hidpos:///dev/hidraw0?suffix=crr", "suffix"),
        ("hidpos:///dev/hidraw0?beep=loud", "beep"),
        ("hidpos:///dev/hidraw0?serial=S1", "address"),
        ("hidpos://usb/0c2e", "address"),
        ("hidpos://hidraw0", "address"),
        ("hidpos://", "address"),
    ],
)
def test_an_address_that_cannot_be_used_names_the_place(url: str, place: str, clock: Any) -> None:
    with pytest.raises(ScannerAddressInvalid) as refused:
        made(url, clock)
    assert refused.value.place == place


def test_the_layout_comes_from_the_option_else_from_the_vendor_else_from_the_report() -> None:
    assert layout_of({"profile": "newland"}, NodeIdentity(0x0C2E, 1)) is NEWLAND
    assert layout_of({}, NodeIdentity(0x0C2E, 1)) is HONEYWELL
    assert layout_of({}, NodeIdentity(0x1EAB, 1)) is NEWLAND
    assert layout_of({}, NodeIdentity(0x05E0, 1)) is None
    assert layout_of({}, "/dev/hidraw0") is None
