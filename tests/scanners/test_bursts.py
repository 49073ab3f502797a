from __future__ import annotations

from typing import Any

import pytest

from scanners.bursts import BurstWatch
from scanners.framing import Framing
from scanners.line import LineScanner
from scanners.plain import PlainText
from scanners.registry import Surroundings, open_scanner
from scanners.scan import Health, HealthChange, Scan, ScannerEvent

MS = 1_000_000
WORDS = "a memory scanner sent its stored reads; check the receipt"


def told(watch: BurstWatch, *reads_ms: int, until_ms: int) -> list[tuple[int, str]]:
    """What was told and when, with a look every 50 ms and before every read."""
    texts = []
    for at_ms in sorted({*range(0, until_ms, 50), *reads_ms}):
        if (text := watch.tick(at_ms * MS)) is not None:
            texts.append((at_ms, text))
        for _ in range(reads_ms.count(at_ms)):
            watch.read(at_ms * MS)
    return texts


def test_six_reads_in_a_second_are_told_when_the_burst_is_over() -> None:
    assert told(BurstWatch(), 0, 200, 400, 600, 800, 1000, until_ms=3000) == [
        (2050, f"6 reads in 1.0 seconds: {WORDS}")
    ]


def test_five_reads_a_second_are_hands() -> None:
    assert told(BurstWatch(), *range(0, 20_000, 201), until_ms=25_000) == []


def test_a_burst_is_told_once_with_all_its_reads_and_without_those_of_the_hands_before() -> None:
    hands, burst = (0, 900, 1800), tuple(range(2700, 4700, 50))
    assert told(BurstWatch(), *hands, *burst, until_ms=8000) == [(5700, f"40 reads in 1.9 seconds: {WORDS}")]


def test_reads_that_come_in_one_piece_are_a_burst() -> None:
    assert told(BurstWatch(), *[100] * 12, until_ms=2000) == [(1150, f"12 reads in 0.1 seconds: {WORDS}")]


def test_two_bursts_are_told_twice_and_an_endless_one_once() -> None:
    two = told(BurstWatch(), *range(0, 1000, 100), *range(3000, 4000, 100), until_ms=8000)
    assert [at_ms for at_ms, _ in two] == [1950, 4950]
    endless = told(BurstWatch(), *range(0, 60_000, 100), until_ms=65_000)
    assert endless == [(10_050, f"101 reads in 10.0 seconds: {WORDS}")]


def test_a_closed_line_ends_the_burst() -> None:
    watch = BurstWatch()
    for number in range(7):
        watch.read(number * 100 * MS)
    assert watch.close() == f"7 reads in 0.6 seconds: {WORDS}"
    assert watch.close() is None


@pytest.mark.parametrize(("per_s", "reads", "count"), [(0, 100, 0), (1, 2, 1), (20, 20, 0), (20, 21, 1)])
def test_the_limit_can_be_set_and_turned_off(per_s: int, reads: int, count: int) -> None:
    assert len(told(BurstWatch(per_s), *[100] * reads, until_ms=3000)) == count


def test_stored_reads_after_a_reconnect_all_come_and_are_told_once(line: Any, clock: Any) -> None:
    line.plug()
    scanner = open_scanner("left", f"serial://{line.path}", around(clock))
    events: list[ScannerEvent] = scanner.poll()
    codes = [b"0487024981193%d1Xrb-xQWhpeGhG" % number for number in range(9)]
    for code in codes:
        line.send(code + b"\r")
        events += scanner.poll()
        clock.pass_ms(60)
    for _ in range(30):
        clock.pass_ms(60)
        events += scanner.poll()
    assert [event.data for event in events if isinstance(event, Scan)] == codes
    _, notice = [event for event in events if isinstance(event, HealthChange)]
    assert (notice.source, notice.health) == ("left", Health.ONLINE)
    assert notice.text == f"9 reads in 0.5 seconds: {WORDS}"
    scanner.close()


def around(clock: Any) -> Surroundings:
    return Surroundings(now=clock.now, monotonic=clock.monotonic, discovery=list, read_timeout_s=0.02)


def test_a_pack_lying_before_a_presentation_scanner_is_no_burst(line: Any, clock: Any) -> None:
    line.plug()
    scanner = open_scanner("left", f"serial://{line.path}", around(clock))
    events = scanner.poll()
    for _ in range(40):
        line.send(b"04870249811936t1Xrb-xQWhpeGhG\r")
        events += scanner.poll()
        clock.pass_ms(60)
    clock.pass_ms(2000)
    events += scanner.poll() + scanner.close()
    assert [event.text for event in events if isinstance(event, HealthChange)] == [""]
    assert len([event for event in events if isinstance(event, Scan)]) == 1


def test_the_option_turns_it_off(line: Any, clock: Any) -> None:
    line.plug()
    scanner = open_scanner("left", f"serial://{line.path}?burst_per_s=0&duplicate_ms=0", around(clock))
    events = scanner.poll()
    line.send(b"a\r" * 50)
    for _ in range(5):
        events += scanner.poll()
    events += scanner.close()
    assert len([event for event in events if isinstance(event, Scan)]) == 50
    assert len(events) == 51


def test_a_line_scanner_made_without_a_watch_tells_nothing(clock: Any) -> None:
    class Full:
        def read(self, max_bytes: int) -> bytes:
            return b"".join(b"%d\r" % number for number in range(50))

        def write(self, data: bytes) -> None: ...

        def close(self) -> None: ...

    scanner = LineScanner("left", Full, PlainText(Framing()), now=clock.now, monotonic=clock.monotonic)
    events = scanner.poll()
    clock.pass_ms(5000)
    assert [event.text for event in events + scanner.close() if isinstance(event, HealthChange)] == [""]
