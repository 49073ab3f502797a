"""Lines of text that came through a keyboard: from a FIFO, a file, the standard input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from hw_sim.scanner.keyboard import Layout, typed
from marking import parse
from scanners.address import Scanner, ScannerAddressInvalid, Surroundings
from scanners.ports import LineClosed, Port, PortUnavailable
from scanners.scan import DroppedRead, Health, HealthChange, Scan, ScannerEvent, Terminator
from scanners.text import repairs_of, text_scanner
from scanners.text_ports import StandardInputOpener, path_of

FULL = "0104870000000104213kZ7q_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
PACK = "04870249811936t1Xrb-xQWhpeGhG"
OPENER = Callable[[str], Scanner]


@pytest.fixture
def open_text(clock: Any) -> Iterator[Callable[[str], Scanner]]:
    opened = []

    def make(url: str) -> Scanner:
        around = Surroundings(now=clock.now, monotonic=clock.monotonic, read_timeout_s=0.02)
        opened.append(text_scanner("desk", urlsplit(url), around))
        return opened[-1]

    yield make
    for scanner in opened:
        scanner.close()


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "codes"
    os.mkfifo(path)
    return path


def all_of(scanner: Scanner) -> list[ScannerEvent]:
    """Everything up to the end of the file."""
    events: list[ScannerEvent] = []
    for _ in range(1000):
        events += scanner.poll()
        if scanner.health is Health.OFFLINE:
            return events
    return events


def scans(events: list[ScannerEvent]) -> list[Scan]:
    return [event for event in events if isinstance(event, Scan)]


# The rule is that of the damage table: layout, Caps Lock, and whether anything in the code shows Caps Lock.
LAYOUTS = [
    (PACK, Layout.US, False, ()),
    (PACK, Layout.US, True, ()),  # No letter of a pack has a case one could know: it reads, as another unit.
    (PACK, Layout.RU, False, ("D7",)),
    (PACK, Layout.RU, True, ("D7",)),  # The same in Russian.
    (PACK, Layout.KZ, False, ("D9",)),
    (PACK, Layout.KZ, True, ("D10",)),  # Digits arrive as capitals: certain.
    (FULL, Layout.US, False, ()),
    (FULL, Layout.US, True, ("D6",)),  # The key KZF1 arrives as kzf1.
    (FULL, Layout.RU, False, ("D7",)),
    (FULL, Layout.RU, True, ("D10",)),
    (FULL, Layout.KZ, False, ("D9",)),
    (FULL, Layout.KZ, True, ("D10",)),
]


@pytest.mark.parametrize(("code", "layout", "caps", "repairs"), LAYOUTS)
def test_a_line_of_any_layout_keeps_its_bytes_and_names_its_repairs(
    code: str, layout: Layout, caps: bool, repairs: tuple[str, ...], fifo: Path, open_text: OPENER, poll_until: Any
) -> None:
    scanner = open_text(f"text://{fifo}")
    scanner.poll()
    line = typed(code, layout, caps=caps).encode()
    fifo.write_bytes(line + b"\r")
    (scan,) = poll_until(scanner)
    assert (scan.data, scan.repairs, scan.terminator) == (line, repairs, Terminator.SUFFIX)
    if layout is not Layout.US and not caps:
        assert parse(scan.data).text == code


def test_cp1251_names_its_rule_too() -> None:
    assert repairs_of(typed(PACK, Layout.RU).encode("cp1251")) == ("D16", "D7")


def test_a_line_that_is_no_code_needs_no_repair() -> None:
    assert repairs_of("04870249811936е1Чки;".encode()) == ()
    assert repairs_of(b"") == ()
    assert repairs_of(b"\xff\xfe\x98") == ()


def test_any_line_end_ends_a_line_and_empty_lines_are_nothing(tmp_path: Path, open_text: OPENER) -> None:
    path = tmp_path / "codes.txt"
    path.write_bytes(b"one\rtwo\nthree\r\nfour\n\n\r\n five \nlast")
    events = all_of(open_text(f"text://{path}"))
    assert [scan.data for scan in scans(events)] == [b"one", b"two", b"three", b"four", b" five ", b"last"]
    assert [(event.health, event.text) for event in events if isinstance(event, HealthChange)] == [
        (Health.ONLINE, ""),
        (Health.OFFLINE, "end of file"),
    ]


def test_a_file_is_read_once_only(tmp_path: Path, open_text: OPENER, clock: Any) -> None:
    path = tmp_path / "codes.txt"
    path.write_bytes(b"one\n")
    scanner = open_text(f"text://{path}")
    assert len(scans(all_of(scanner))) == 1
    for _ in range(5):
        clock.pass_ms(6000)
        assert scanner.poll() == []


def test_every_line_of_a_file_is_a_scan_even_the_same_again(tmp_path: Path, open_text: OPENER) -> None:
    path = tmp_path / "codes.txt"
    path.write_bytes((PACK + "\n").encode() * 300)
    events = all_of(open_text(f"text://{path}"))
    assert len(scans(events)) == 300
    assert len(events) == 302  # Neither drops nor notices.


def test_doubles_are_dropped_where_asked_for(tmp_path: Path, open_text: OPENER) -> None:
    path = tmp_path / "codes.txt"
    path.write_bytes(f"{PACK}\n{typed(PACK, Layout.RU)}\n".encode())
    events = all_of(open_text(f"text://{path}?duplicate_ms=500"))
    assert len(scans(events)) == 1
    (dropped,) = [event for event in events if isinstance(event, DroppedRead)]
    assert dropped.text == "same unit 0 ms before"


def test_a_large_file_and_one_of_noise_are_read_to_the_end(tmp_path: Path, open_text: OPENER) -> None:
    path = tmp_path / "noise"
    path.write_bytes(b"\x00\xff" * 200_000 + b"\n" + PACK.encode())
    noise, code = scans(all_of(open_text(f"text://{path}")))
    assert (noise.terminator, noise.repairs, len(noise.data)) == (Terminator.OVERFLOW, (), 512)
    assert code.data == PACK.encode()


def test_an_empty_file_ends_at_once(tmp_path: Path, open_text: OPENER) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert [event.text for event in all_of(open_text(f"text://{path}")) if isinstance(event, HealthChange)] == [
        "", "end of file",
    ]  # fmt: skip


def test_a_fifo_is_followed_from_writer_to_writer(fifo: Path, open_text: OPENER, poll_until: Any) -> None:
    scanner = open_text(f"text://{fifo}")
    assert [event.text for event in scanner.poll() if isinstance(event, HealthChange)] == [""]
    for number in range(5):
        fifo.write_bytes(b"code %d\n" % number)
        (scan,) = poll_until(scanner)
        assert scan.data == b"code %d" % number
        assert scanner.poll() == []
    assert scanner.health is Health.ONLINE


def test_what_a_writer_left_unfinished_is_told_after_the_silence(
    fifo: Path, open_text: OPENER, clock: Any, poll_until: Any
) -> None:
    scanner = open_text(f"text://{fifo}")
    scanner.poll()
    fifo.write_bytes(b"0487")
    assert scanner.poll() == []
    clock.pass_ms(2001)
    (scan,) = poll_until(scanner)
    assert (scan.data, scan.terminator) == (b"0487", Terminator.GAP)


def test_waiting_for_a_fifo_costs_no_processor_time(fifo: Path, open_text: OPENER) -> None:
    scanner = open_text(f"text://{fifo}")
    scanner.poll()
    fifo.write_bytes(b"one\n")  # The writer has come and gone, which is when a careless reader begins to spin.
    scanner.poll()
    polls = 10
    began_s = time.monotonic()
    for _ in range(polls):
        assert scanner.poll() == []
    assert time.monotonic() - began_s >= polls * 0.02 * 0.9  # Each waited for its whole time-out.


def test_a_fifo_that_another_one_replaces_is_opened_again(
    fifo: Path, open_text: OPENER, clock: Any, poll_until: Any
) -> None:
    scanner = open_text(f"text://{fifo}")
    scanner.poll()
    fifo.unlink()
    (change,) = poll_until(scanner)
    assert (change.health, change.text) == (Health.OFFLINE, f"{fifo} was removed")
    os.mkfifo(fifo)
    clock.pass_ms(500)
    scanner.poll()
    fifo.write_bytes(b"again\n")
    assert [scan.data for scan in scans(poll_until(scanner))] == [b"again"]


def test_a_missing_file_is_offline_until_it_comes(tmp_path: Path, open_text: OPENER, clock: Any) -> None:
    path = tmp_path / "later.txt"
    scanner = open_text(f"text://{path}")
    (change,) = scanner.poll()
    assert (change.health, change.text) == (Health.OFFLINE, f"{path}: there is no such file")  # type: ignore[union-attr]
    path.write_bytes(b"one\n")
    clock.pass_ms(500)
    assert [scan.data for scan in scans(scanner.poll())] == [b"one"]


def test_a_folder_is_offline_with_its_reason(tmp_path: Path, open_text: OPENER) -> None:
    (change,) = open_text(f"text://{tmp_path}").poll()
    assert isinstance(change, HealthChange)
    assert "neither a file nor a FIFO" in change.text


def test_a_path_with_blanks_and_cyrillic_is_found(tmp_path: Path, open_text: OPENER) -> None:
    path = tmp_path / "коды сканера.txt"
    path.write_bytes(b"one\n")
    assert len(scans(all_of(open_text(f"text://{quote(str(path))}")))) == 1


@pytest.mark.parametrize(("path", "expected"), [("/C:/shop/codes.txt", "C:/shop/codes.txt"), ("/run/c", "/run/c")])
def test_the_slash_before_a_windows_drive_is_not_of_the_path(path: str, expected: str) -> None:
    assert path_of(path) == expected


@pytest.mark.parametrize(
    ("url", "place"),
    [("text:", "address"), ("text:///", "address"), ("text://host/file", "address"), ("text:-?suffix=cr", "suffix")],
)
def test_a_wrong_address_names_the_place(url: str, place: str, open_text: OPENER) -> None:
    with pytest.raises(ScannerAddressInvalid) as wrong:
        open_text(url)
    assert wrong.value.place == place


PROGRAM = """
import json, sys, threading, time
from urllib.parse import urlsplit
from scanners.address import Surroundings
from scanners.scan import Health, HealthChange, Scan
from scanners.text import text_scanner

stop = threading.Event()
def sink(event):
    if isinstance(event, Scan):
        print(json.dumps([event.data.hex(), event.repairs]), flush=True)
    if isinstance(event, HealthChange):
        print(json.dumps([event.health, event.text]), flush=True)
        if event.health is Health.OFFLINE:
            stop.set()
scanner = text_scanner("desk", urlsplit("text:-"), Surroundings(now=time.time_ns, monotonic=time.monotonic))
if "stop" in sys.argv:
    threading.Timer(0.2, stop.set).start()
scanner.run(stop, sink)
"""


def test_standard_input_gives_its_lines_as_they_come_and_then_ends() -> None:
    child = subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    with child:
        assert json.loads(child.stdout.readline()) == ["online", ""]
        for layout, repairs in ((Layout.US, []), (Layout.RU, ["D7"]), (Layout.KZ, ["D9"])):
            line = typed(PACK, layout).encode()
            child.stdin.write(line + b"\r\n")
            child.stdin.flush()
            assert json.loads(child.stdout.readline()) == [line.hex(), repairs]
        child.stdin.write(b"last")
        child.stdin.close()
        assert json.loads(child.stdout.readline()) == [b"last".hex(), []]
        assert json.loads(child.stdout.readline()) == ["offline", "end of file"]
    assert child.returncode == 0


def test_a_process_ends_though_its_standard_input_still_waits() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "stop"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        assert child.wait(20) == 0
        assert child.stderr is not None
        assert child.stderr.read() == b""
    finally:
        child.kill()
        child.wait()
        for stream in (child.stdin, child.stderr):
            if stream is not None:
                stream.close()


def test_two_scanners_do_not_share_one_standard_input() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as stream:
        opener = StandardInputOpener(0.02, lambda: stream)
        first = opener()
        with pytest.raises(PortUnavailable, match="another scanner") as busy:
            StandardInputOpener(0.02, lambda: stream)()
        assert busy.value.health is Health.BUSY
        os.write(writing, b"one\n")
        os.close(writing)
        assert rest_of(first) == b"one\n\n"
        with pytest.raises(PortUnavailable, match="end of file"):
            opener()
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading, "rb", buffering=0) as stream:
        assert rest_of(StandardInputOpener(0.02, lambda: stream)()) == b"\n"  # Free again.


def rest_of(port: Port) -> bytes:
    """Everything up to the end, and the end."""
    data = b""
    with pytest.raises(LineClosed, match="end of file"):
        for _ in range(200):
            data += port.read(100)
    port.close()
    return data


def test_a_process_without_standard_input_is_offline() -> None:
    with pytest.raises(PortUnavailable, match="no standard input") as refused:
        StandardInputOpener(0.0, lambda: None)()
    assert refused.value.health is Health.OFFLINE


def test_two_readers_do_not_share_one_fifo(fifo: Path, open_text: OPENER, clock: Any, poll_until: Any) -> None:
    first, second = open_text(f"text://{fifo}"), open_text(f"text://{fifo}")
    first.poll()
    (change,) = second.poll()
    assert isinstance(change, HealthChange)
    assert change.health is Health.BUSY
    first.close()
    clock.pass_ms(500)
    assert poll_until(second)[0].health is Health.ONLINE
    fifo.write_bytes(b"one\n")
    assert [scan.data for scan in scans(poll_until(second))] == [b"one"]


def test_a_standard_input_that_does_not_wait_is_not_at_its_end() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)  # As a parent process may have left it.
    with os.fdopen(reading, "rb", buffering=0) as stream:
        port = StandardInputOpener(0.1, lambda: stream)()
        assert port.read(100) == b""
        os.write(writing, b"one\n")
        os.close(writing)
        assert rest_of(port) == b"one\n\n"


def test_a_standard_input_that_somebody_closed_is_at_its_end() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    stream = os.fdopen(reading, "rb", buffering=0)
    stream.close()
    assert rest_of(StandardInputOpener(0.02, lambda: stream)()) == b"\n"


def test_closing_frees_a_standard_input_that_had_more_to_give() -> None:
    for _ in range(2):
        port = opened_at_last(lambda: Once(iter([b"one\n"] * 40)))
        time.sleep(0.05)  # Long enough to read ahead as far as it may.
        port.close()
    opened_at_last(lambda: Once(iter([]))).close()


class Once:
    """A stream of chunks in memory."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, size: int) -> bytes:
        return next(self._chunks, b"")


def opened_at_last(stream: Callable[[], Any]) -> Port:
    """The thread of the port before lets go a moment after its closing."""
    for _ in range(100):
        try:
            return StandardInputOpener(0.02, stream)()
        except PortUnavailable:
            time.sleep(0.01)
    raise AssertionError("the standard input was never given back")
