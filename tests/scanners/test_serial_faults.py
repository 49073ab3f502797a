"""A serial scanner against noise and faults of its line: nothing is lost, split, glued or doubled without a word."""

from __future__ import annotations

import gc
import random
import tracemalloc
from typing import Any

import pytest
from serial_made import CODE, PACK, SETTINGS, healths, made

from hw_sim.scanner.memory import MemoryLine
from hw_sim.scanner.script import Chunk, Wire
from hw_sim.scanner.sim import ScannerSim
from scanners.duplicates import DuplicateFilter
from scanners.line import LineScanner
from scanners.ports import PortUnavailable, SerialOpener
from scanners.scan import DroppedRead, Health, Scan, ScannerEvent, Terminator


def in_memory(clock: Any, **options: Any) -> tuple[MemoryLine, LineScanner]:
    memory = MemoryLine(clock.monotonic, lambda seconds: clock.pass_ms(seconds * 1000))

    class Held:
        """The memory line as a port; it is given back by nobody."""

        def read(self, max_bytes: int) -> bytes:
            return memory.read(max_bytes)

        def write(self, data: bytes) -> None:
            memory.write(data)

        def close(self) -> None: ...

    def opener() -> Any:
        if not memory.plugged:
            raise PortUnavailable(Health.OFFLINE, "not plugged in")
        return Held()

    return memory, made(opener, clock, **options)


def played(memory: MemoryLine, scanner: LineScanner, clock: Any, step_ms: float = 5) -> list[ScannerEvent]:
    """Poll until everything fed was read, and half a second on."""
    events = []
    end_s = max(memory.next_at or 0.0, clock.monotonic()) + 0.5
    while clock.monotonic() < end_s or memory.next_at is not None:
        events += scanner.poll()
        clock.pass_ms(step_ms)
    return events


def test_ten_megabytes_without_an_end_are_told_and_take_no_memory(clock: Any) -> None:
    noise = random.Random(1).randbytes(4096).translate(bytes(byte | 0x20 for byte in range(256)))

    class Endless:
        """A device that is no scanner: ten megabytes, then a code."""

        def __init__(self) -> None:
            self.left = 10_000_000 // len(noise)

        def read(self, max_bytes: int) -> bytes:
            self.left -= 1
            clock.pass_ms(1)
            return noise if self.left > 0 else b"\r" + PACK + b"\r" if self.left == 0 else b""

        def write(self, data: bytes) -> None: ...

        def close(self) -> None: ...

    scanner = made(Endless, clock)
    events: list[ScannerEvent] = []
    tracemalloc.start()
    for _ in range(10_000_000 // len(noise) + 3):
        events += scanner.poll()
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 200_000
    online, overflow, notice, scan = events
    assert (overflow.data, overflow.terminator) == (noise[:512], Terminator.OVERFLOW)  # type: ignore[union-attr]
    assert "no end of a code came within 512 bytes" in notice.text  # type: ignore[union-attr]
    assert scan.data == PACK  # type: ignore[union-attr]
    assert healths(events) == [Health.ONLINE, Health.ONLINE]
    assert online is events[0]


def test_overflow_is_explained_once_an_opening(clock: Any) -> None:
    memory, scanner = in_memory(clock)
    memory.feed([Chunk(0.01, b"x" * 600 + b"\r") for _ in range(5)])
    events = played(memory, scanner, clock)
    assert len([event for event in events if isinstance(event, Scan)]) == 5
    assert len(healths(events)) == 2
    memory.unplug()
    events = scanner.poll()
    memory.replug()
    clock.pass_ms(500)
    memory.feed([Chunk(0.01, b"x" * 600 + b"\r")])
    assert len(healths(played(memory, scanner, clock))) == 2


@pytest.mark.parametrize("seed", range(3))
def test_random_bytes_neither_crash_nor_leak_and_every_byte_is_accounted_for(seed: int, clock: Any) -> None:
    rng = random.Random(seed)
    memory, scanner = in_memory(clock)
    received = 0

    def minute() -> None:
        nonlocal received
        for _ in range(600):
            memory.feed([Chunk(0.01, rng.randbytes(rng.randrange(200)))])
            clock.pass_ms(100 if rng.random() < 0.9 else 700)
            for event in scanner.poll():
                scan = event.scan if isinstance(event, DroppedRead) else event
                received += len(scan.data) if isinstance(scan, Scan) else 0

    minute()
    tracemalloc.start()
    minute()
    gc.collect()
    first_bytes, _ = tracemalloc.get_traced_memory()
    for _ in range(4):
        minute()
    gc.collect()
    last_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert last_bytes - first_bytes < 50_000
    assert received > 200_000
    assert scanner.health is Health.ONLINE
    memory.feed([Chunk(1.0, PACK + b"\r")])
    assert PACK in [event.data for event in played(memory, scanner, clock) if isinstance(event, Scan)]


def test_a_scanner_that_repeats_one_code_for_ever_is_one_scan_and_takes_no_memory(clock: Any) -> None:
    memory, scanner = in_memory(clock)
    scans = drops = 0

    def minutes(count: int) -> int:
        nonlocal scans, drops
        for _ in range(count * 60 * 10):
            memory.feed([Chunk(0.0, CODE + b"\r")])
            clock.pass_ms(100)
            for event in scanner.poll():
                scans += isinstance(event, Scan)
                drops += isinstance(event, DroppedRead)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    early_bytes = minutes(1)
    late_bytes = minutes(5)
    tracemalloc.stop()
    assert (scans, drops) == (1, 6 * 600 - 1)
    assert late_bytes - early_bytes < 10_000


def test_the_same_text_of_another_symbology_is_another_scan(clock: Any) -> None:
    memory, scanner = in_memory(clock)
    memory.feed([Chunk(0.01, b"]E04870249811936\r]d14870249811936\r]E04870249811936\r")])
    events = played(memory, scanner, clock)
    assert [event.data for event in events if isinstance(event, Scan)] == [b"]E04870249811936", b"]d14870249811936"]
    assert len([event for event in events if isinstance(event, DroppedRead)]) == 1


# Every fault the simulator has: what comes out is known beforehand.

Fault = tuple[dict[str, Any], list[tuple[bytes, Terminator]]]
WHOLE, GAP, UNPLUG = Terminator.SUFFIX, Terminator.GAP, Terminator.UNPLUG
FAULTS: dict[str, Fault] = {
    "none": ({}, [(PACK, WHOLE)]),
    "AIM identifier": ({"aim": "]d1"}, [(b"]d1" + PACK, WHOLE)]),
    "one byte a piece": ({"chunk": 1}, [(PACK, WHOLE)]),
    "a pause inside that is short": ({"chunk": 10, "gap_ms": 250}, [(PACK, WHOLE)]),
    "a pause inside that is long": (
        {"chunk": 16, "gap_ms": 400},
        [(PACK[:16], GAP), (PACK[16:], WHOLE)],
    ),
    "no suffix": ({"suffix": b""}, [(PACK, GAP)]),
    "two line ends": ({"suffix": b"\r\n"}, [(PACK, WHOLE)]),
    "cut": ({"cut_at": 20}, [(PACK[:20], GAP)]),
    "glued": ({"glue": (PACK,)}, [(PACK + PACK, WHOLE)]),
    "bit flipped": ({"flip_bit": 7}, [(b"1" + PACK[1:], WHOLE)]),
    # What comes in the very moment of the unplugging dies with the kernel's buffer.
    "unplugged inside": ({"chunk": 6, "unplug_after": 12}, [(PACK[:6], UNPLUG)]),
    "read twice": ({"repeat": 2, "repeat_gap_ms": 900}, [(PACK, WHOLE), (PACK, WHOLE)]),
    "read twice at once": ({"repeat": 2, "repeat_gap_ms": 100}, [(PACK, WHOLE)]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_the_line_gives_what_it_must(fault: str, clock: Any) -> None:
    options, expected = FAULTS[fault]
    memory, scanner = in_memory(clock)
    scanner.poll()
    memory.feed(ScannerSim(**options).scan(PACK))
    events = read_out(memory, scanner, clock)
    assert [(event.data, event.terminator) for event in events if isinstance(event, Scan)] == expected
    dropped = sum(isinstance(event, DroppedRead) for event in events)
    assert dropped == (fault == "read twice at once")


def read_out(memory: MemoryLine, scanner: LineScanner, clock: Any) -> list[ScannerEvent]:
    """A cable that came out gives what the kernel had handed over by then: poll often enough to have it."""
    events: list[ScannerEvent] = []
    for _ in range(6000):
        events += scanner.poll()
        clock.pass_ms(0.5)
    return events


def test_a_burst_of_stored_scans_loses_none_and_doubles_none(line: Any, clock: Any) -> None:
    line.plug()
    scanner = made(SerialOpener(str(line.path), SETTINGS), clock, duplicates=DuplicateFilter())
    events = scanner.poll()
    codes = [PACK[:14] + b"%07d" % number + PACK[21:] for number in range(120)]
    for code in codes:
        line.send(code + b"\r")
    for _ in range(20):
        events += scanner.poll()
    scanner.close()
    assert [event.data for event in events if isinstance(event, Scan)] == codes


@pytest.mark.parametrize("size", [1, 2, 3, 20, 63, 64, 127])
def test_any_chunks_of_a_radio_give_the_same_scans(size: int, clock: Any) -> None:
    memory, scanner = in_memory(clock)
    sim = ScannerSim(Wire(packet_bytes=size), suffix=b"\r\n")
    events: list[ScannerEvent] = []
    for code in (CODE, PACK, CODE[3:]):
        memory.feed(sim.scan(code))
        memory.feed([Chunk(1.0, b"")])
        events += played(memory, scanner, clock)
    assert [event.data for event in events if isinstance(event, Scan)] == [CODE, PACK, CODE[3:]]
    assert healths(events) == [Health.ONLINE]
