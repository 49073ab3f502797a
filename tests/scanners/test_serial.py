from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from scanners.duplicates import DuplicateFilter
from scanners.framing import SUFFIXES, Framing
from scanners.line import LineScanner
from scanners.plain import PlainText, parity_of
from scanners.ports import LineSettings, PortUnavailable, SerialOpener
from scanners.scan import DroppedRead, DropReason, Health, HealthChange, Scan, ScannerEvent, Terminator

CODE = b"]d20104870000000104213kZ7q_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
PACK = b"04870249811936t1Xrb-xQWhpeGhG"
SETTINGS = LineSettings(read_timeout_s=0.02)


@pytest.fixture
def scanner(line: Any, clock: Any) -> Any:
    scanner = LineScanner(
        "left", SerialOpener(str(line.path), SETTINGS), PlainText(Framing()), now=clock.now, monotonic=clock.monotonic
    )
    yield scanner
    scanner.close()


@pytest.fixture
def online(scanner: LineScanner, line: Any) -> LineScanner:
    line.plug()
    assert [event.health for event in scanner.poll() if isinstance(event, HealthChange)] == [Health.ONLINE]
    return scanner


Poll = Callable[[LineScanner], list[ScannerEvent]]


def test_a_scan_carries_the_bytes_as_they_came_and_its_symbology(
    online: LineScanner, line: Any, clock: Any, poll_until: Poll
) -> None:
    line.send(CODE + b"\r")
    assert poll_until(online) == [
        Scan(CODE, "]d2", "left", clock.utc_ns, Terminator.SUFFIX, first_at_ns=clock.utc_ns),
    ]


def test_setting_the_clock_does_not_cut_a_code(
    online: LineScanner, line: Any, clock: Any, poll_until: Poll, data_of: Any
) -> None:
    line.send(PACK[:10])
    assert online.poll() == []
    clock.utc_ns += 3_600_000_000_000
    line.send(PACK[10:] + b"\r")
    assert data_of(poll_until(online)) == [PACK]


def test_a_program_that_was_held_up_between_two_looks_does_not_cut_a_code(
    online: LineScanner, line: Any, clock: Any, poll_until: Poll, data_of: Any
) -> None:
    line.send(PACK[:10])
    online.poll()
    line.send(PACK[10:] + b"\r")  # Came at once, and is read two seconds later.
    clock.pass_ms(2000)
    assert data_of(poll_until(online)) == [PACK]


def test_unfinished_characters_are_given_after_the_silence(
    online: LineScanner, line: Any, clock: Any, poll_until: Poll
) -> None:
    line.send(PACK)
    assert online.poll() == []
    clock.pass_ms(301)
    (scan,) = poll_until(online)
    assert isinstance(scan, Scan)
    assert (scan.data, scan.terminator, clock.utc_ns - scan.at_ns) == (PACK, Terminator.GAP, 301_000_000)


def test_a_missing_port_is_told_once_and_tried_again_ever_more_slowly(
    scanner: LineScanner, line: Any, clock: Any
) -> None:
    (change,) = scanner.poll()
    assert isinstance(change, HealthChange)
    assert (change.health, change.source) == (Health.OFFLINE, "left")
    assert str(line.path) in change.text
    for wait_ms in (500, 1000, 2000, 5000, 5000):
        line.plug()
        clock.pass_ms(wait_ms - 1)
        assert scanner.poll() == []
        assert not scanner.is_open
        line.unplug()
        clock.pass_ms(1)
        assert scanner.poll() == []
    line.plug()
    clock.pass_ms(5000)
    (change,) = scanner.poll()
    assert isinstance(change, HealthChange)
    assert change.health is Health.ONLINE


def test_an_unplugged_scanner_leaves_its_partial_frame_and_comes_back(
    online: LineScanner, line: Any, clock: Any, poll_until: Poll, data_of: Any
) -> None:
    line.send(CODE[:40])
    assert online.poll() == []
    line.unplug()
    partial, change = poll_until(online)
    assert isinstance(partial, Scan)
    assert (partial.data, partial.terminator) == (CODE[:40], Terminator.UNPLUG)
    assert isinstance(change, HealthChange)
    assert change.health is Health.OFFLINE
    line.plug()
    clock.pass_ms(500)
    (change,) = online.poll()
    assert isinstance(change, HealthChange)
    assert change.health is Health.ONLINE
    line.send(CODE + b"\r")
    assert data_of(poll_until(online)) == [CODE]


def test_closing_hands_over_what_stood_unfinished(online: LineScanner, line: Any) -> None:
    line.send(PACK[:9])
    assert online.poll() == []
    (partial,) = online.close()
    assert isinstance(partial, Scan)
    assert (partial.data, partial.terminator) == (PACK[:9], Terminator.UNPLUG)
    assert online.close() == []


def test_no_scan_is_lost_or_doubled_over_two_hundred_scans_and_many_unplugs(
    scanner: LineScanner, line: Any, clock: Any, poll_until: Poll
) -> None:
    rng = random.Random(20260301)
    sent: list[bytes] = []
    events: list[ScannerEvent] = []
    partials: list[bytes] = []

    def whole() -> int:
        return sum(isinstance(event, Scan) and event.terminator is Terminator.SUFFIX for event in events)

    def fetch_all() -> None:
        """The kernel hands bytes over when it finds the time, and drops what nobody fetched before the hang-up."""
        for _ in range(200):
            if whole() == len(sent):
                return
            events.extend(scanner.poll())

    line.plug()
    events += scanner.poll()
    for number in range(200):
        fetch_all()  # Before time passes: a late half of a code would look like silence inside it.
        clock.pass_ms(rng.randrange(5, 400))
        code = PACK[:14] + b"%07d" % number + PACK[21:]
        if rng.random() < 0.1:
            cut = rng.randrange(1, len(code))
            line.send(code[:cut])
            partials.append(code[:cut])
            for _ in range(5):  # 100 ms for the half to get through.
                events += scanner.poll()
            line.unplug()
            events += poll_until(scanner)
            line.plug()
            clock.pass_ms(500)
            events += poll_until(scanner)
        rest = code + b"\r"
        while rest:
            size = rng.randrange(1, 12)
            line.send(rest[:size])
            rest = rest[size:]
            if rng.random() < 0.5:
                events += scanner.poll()
        sent.append(code)
    fetch_all()
    scans = [event for event in events if isinstance(event, Scan)]
    assert [scan.data for scan in scans if scan.terminator is Terminator.SUFFIX] == sent
    assert [scan.data for scan in scans if scan.terminator is not Terminator.SUFFIX] == partials
    assert len(partials) > 5
    assert not [event for event in events if isinstance(event, DroppedRead)]


def test_a_code_sent_twice_at_once_is_one_scan_and_one_told_drop(
    online: LineScanner, line: Any, poll_until: Poll
) -> None:
    line.send(PACK + b"\r" + PACK + b"\r")
    scan, dropped = poll_until(online)
    assert isinstance(scan, Scan)
    assert isinstance(dropped, DroppedRead)
    assert (scan.data, dropped.scan.data, dropped.reason) == (PACK, PACK, DropReason.DUPLICATE)


@pytest.mark.parametrize("answer", [b"]X0\x06", b"]Z6READY"])
def test_an_answer_to_a_command_is_no_scan(answer: bytes, online: LineScanner, line: Any, poll_until: Poll) -> None:
    line.send(answer + b"\r")
    (dropped,) = poll_until(online)
    assert isinstance(dropped, DroppedRead)
    assert (dropped.scan.data, dropped.reason) == (answer, DropReason.COMMAND_ANSWER)


def test_a_port_that_another_program_holds_is_busy(online: LineScanner, line: Any, clock: Any) -> None:
    second = LineScanner(
        "right", SerialOpener(str(line.path), SETTINGS), PlainText(Framing()), now=clock.now, monotonic=clock.monotonic
    )
    (change,) = second.poll()
    assert isinstance(change, HealthChange)
    assert change.health is Health.BUSY
    assert str(line.path) in change.text


def test_any_bytes_keep_the_scanner_running(online: LineScanner, line: Any, data_of: Any) -> None:
    rng = random.Random(7)
    for _ in range(40):
        line.send(rng.randbytes(90))
        online.poll()
    online.poll()
    line.send(b"\r" + PACK + b"\r")
    assert data_of(online.poll() + online.poll())[-1] == PACK
    assert online.is_open


def even_parity(text: bytes) -> bytes:
    return bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in text)


def test_parity_bits_are_told_once_and_left_in_the_data(online: LineScanner, line: Any, poll_until: Poll) -> None:
    assert even_parity(b"1\x1d") == b"\xb1\x1d"  # The pair every 7E1 scanner shows.
    line.send(even_parity(PACK) + b"\r" + even_parity(PACK[::-1]) + b"\r")
    hint, first, second = poll_until(online)
    assert isinstance(hint, HealthChange)
    assert hint.health is Health.ONLINE
    assert "even parity" in hint.text
    assert isinstance(first, Scan)
    assert first.data == even_parity(PACK)
    assert isinstance(second, Scan)


def test_parity_bits_are_masked_where_configured(line: Any, clock: Any, poll_until: Poll, data_of: Any) -> None:
    line.plug()
    scanner = LineScanner(
        "left",
        SerialOpener(str(line.path), SETTINGS),
        PlainText(Framing(), mask_parity=True),
        now=clock.now,
        monotonic=clock.monotonic,
    )
    scanner.poll()
    assert even_parity(b"\r") == b"\x8d"  # The suffix has its parity too.
    line.send(even_parity(PACK + b"\r" + PACK[::-1] + b"\r"))
    first, second = (event for event in poll_until(scanner) if isinstance(event, Scan))
    assert [first.data, second.data] == [PACK, PACK[::-1]]
    assert first.terminator is second.terminator is Terminator.SUFFIX
    scanner.close()


@pytest.mark.parametrize(
    ("data", "parity"),
    [
        (PACK, None),
        (even_parity(PACK), "even"),
        (bytes(byte ^ 0x80 for byte in even_parity(PACK)), "odd"),
        ("Молоко цельное".encode(), None),
        ("Молоко цельное".encode("cp1251"), None),
        (b"\xb1\x1d", None),
    ],
)
def test_parity_is_seen_only_where_every_byte_has_it(data: bytes, parity: str | None) -> None:
    assert parity_of(data) == parity


def test_the_thread_delivers_what_it_reads_and_stops_with_the_rest(line: Any) -> None:
    line.plug()
    scanner = LineScanner(
        "left",
        SerialOpener(str(line.path), SETTINGS),
        PlainText(Framing(suffixes=SUFFIXES["cr"], gap_ms=10_000)),
        now=time.time_ns,
        monotonic=time.monotonic,
        duplicates=DuplicateFilter(0),
    )
    events: list[ScannerEvent] = []
    arrived = threading.Semaphore(0)
    stop = threading.Event()

    def sink(event: ScannerEvent) -> None:
        events.append(event)
        arrived.release()

    thread = threading.Thread(target=scanner.run, args=(stop, sink))
    thread.start()
    try:
        assert arrived.acquire(timeout=10)  # ONLINE: what is sent before would be flushed at opening.
        for number in range(20):
            line.send(b"%07d\r" % number)
        for _ in range(20):
            assert arrived.acquire(timeout=10)
    finally:
        stop.set()
        thread.join(timeout=10)
    assert not thread.is_alive()
    assert not scanner.is_open
    scans = [event for event in events if isinstance(event, Scan)]
    assert [scan.data for scan in scans] == [b"%07d" % number for number in range(20)]
    assert all(scan.first_at_ns <= scan.at_ns <= time.time_ns() for scan in scans)


def test_a_port_of_any_other_make_can_be_plugged_in(clock: Any, data_of: Any) -> None:
    class Memory:
        """A line in memory, as a test of the till would bring one: one chunk a read, then a fault."""

        def __init__(self) -> None:
            self.chunks = [PACK[:5], b"", PACK[5:] + b"\r"]

        def read(self, max_bytes: int) -> bytes:
            if not self.chunks:
                raise OSError(5, "Input/output error")
            return self.chunks.pop(0)

        def close(self) -> None:
            self.chunks = []

    scanner = LineScanner("left", Memory, PlainText(Framing()), now=clock.now, monotonic=clock.monotonic)
    events = [event for _ in range(4) for event in scanner.poll()]
    assert data_of(events) == [PACK]
    assert scanner.health is Health.OFFLINE


def test_a_refused_port_is_told_with_its_remedy(clock: Any) -> None:
    def opener() -> Any:
        raise PortUnavailable(Health.DENIED, "add the user to dialout")

    scanner = LineScanner("left", opener, PlainText(Framing()), now=clock.now, monotonic=clock.monotonic)
    assert scanner.poll() == [HealthChange("left", Health.DENIED, clock.utc_ns, "add the user to dialout")]


def test_another_reason_for_the_same_state_is_told_once(clock: Any) -> None:
    texts = ["not plugged in", "not plugged in", "fits /dev/ttyACM0, /dev/ttyACM1: add serial="]

    def opener() -> Any:
        raise PortUnavailable(Health.OFFLINE, texts.pop(0))

    scanner = LineScanner("left", opener, PlainText(Framing()), now=clock.now, monotonic=clock.monotonic)
    told = []
    for _ in range(3):
        told.append([event.text for event in scanner.poll() if isinstance(event, HealthChange)])
        clock.pass_ms(5000)
    assert told == [["not plugged in"], [], ["fits /dev/ttyACM0, /dev/ttyACM1: add serial="]]


def test_a_line_that_dies_in_its_closing_is_a_line_that_died(clock: Any) -> None:
    class Torn:
        """The last error of a device may come at the very end: close(2) gives EIO."""

        def read(self, max_bytes: int) -> bytes:
            raise OSError(5, "Input/output error")

        def close(self) -> None:
            raise OSError(5, "Input/output error")

    scanner = LineScanner("left", Torn, PlainText(Framing()), now=clock.now, monotonic=clock.monotonic)
    assert [event.health for event in scanner.poll() if isinstance(event, HealthChange)] == [
        Health.ONLINE,
        Health.OFFLINE,
    ]
    assert not scanner.is_open
    assert scanner.close() == []
