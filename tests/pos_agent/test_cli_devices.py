"""`pos-agent devices` as store IT meets it: the list of a machine made of files, and a scanner on a real terminal."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import serial
from fake_sysfs import HID_POS_REPORT, KEYBOARD_KEYS, KEYBOARD_REPORT, FakeMachine
from typer.testing import CliRunner, Result

from hw_sim.scanner import Gs, Layout, payload
from hw_sim.scanner import Scan as Trigger
from hw_sim.scanner.pty import PtyScanner
from marking import report
from pos_agent.cli.devices import app
from pos_agent.cli.devices_lines import Seen, health_lines, hexadecimal, read_data, read_lines, visible
from pos_agent.cli.devices_list import listing
from pos_agent.cli.devices_watch import Watch, run
from pos_agent.clock import VirtualClock
from scanners.devices import inventory
from scanners.scan import DroppedRead, DropReason, Health, HealthChange, Scan, ScannerEvent, Signal, Terminator

CODE = "0104870000000128213hB?7tR\x1d93aB9+"  # The example of docs/store-it.md.
AT_NS = 1_790_000_000_123_000_000
ZONE = dt.timezone(dt.timedelta(hours=5))


def command(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def read(data: str | bytes, aim: str | None = "]d2", at_ms: int = 0, **fields: Any) -> Scan:
    raw = data.encode() if isinstance(data, str) else data
    return Scan(raw, aim, "counter", AT_NS + at_ms * 1_000_000, **fields)


def text_of(lines: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> str:
    return "\n".join(text for text, _ in lines)


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    machine = FakeMachine(tmp_path / "machine")
    zebra = machine.acm(0, "1-1", "05e0:1701", "S123", "Symbol Bar Code Scanner")
    machine.acm(1, "1-6", "2c7c:0125", "", "EC25")
    machine.hid(1, 3, "0c2e:0b81", "Honeywell Voyager", HID_POS_REPORT, "987")
    machine.hid(2, 3, "05e0:1200", "Symbol Bar Code Scanner", KEYBOARD_REPORT, "S1", event=3)
    machine.input(5, 3, "046d:c31c", "Logitech USB Keyboard", KEYBOARD_KEYS)
    machine.process(812, "pos-agent", zebra)
    return machine


def test_the_list_puts_scanners_first_with_state_remedy_and_address(machine: FakeMachine) -> None:
    answer = command("list", "--root", machine.root)
    assert answer.exit_code == 0
    lines = answer.output.splitlines()
    assert lines[0].split("  ")[0] == "PORT"
    heads = [line for line in lines[1:] if line.startswith("/")]
    assert ["held" in heads[0], "Zebra scanner, serial mode (CDC)" in heads[0]] == [True, True]
    assert "GSM modem, no scanner" in heads[-1]
    assert '    url = "serial://usb/05e0:1701?serial=S123"' in lines
    assert "held by pos-agent (pid 812)" in answer.output
    assert "1 more node" in lines[-1]


def test_the_list_as_json_holds_the_same_and_all_of_it_with_all(machine: FakeMachine) -> None:
    few = json.loads(command("list", "--root", machine.root, "--json").stdout)
    every = json.loads(command("list", "--root", machine.root, "--json", "--all").stdout)
    assert len(every["devices"]) == len(few["devices"]) + 1
    assert few["devices"][0] == {
        "kind": "serial",
        "port": str(machine.root / "dev/ttyACM0"),
        "usb_id": "05e0:1701",
        "serial_number": "S123",
        "product": "Symbol Bar Code Scanner",
        "maker": None,
        "release": None,
        "guess": "Zebra scanner, serial mode (CDC)",
        "role": "scanner",
        "confidence": "sure",
        "why": 'this USB product is in our table, it calls itself "Symbol Bar Code Scanner"',
        "advice": None,
        "state": "held",
        "remedy": few["devices"][0]["remedy"],
        "url": "serial://usb/05e0:1701?serial=S123",
    }


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_list_folds_at_the_width_but_never_an_address(machine: FakeMachine, width: int) -> None:
    lines = list(listing(inventory(machine.root), everything=True, schemes=(), width=width))
    assert any('url = "evdev://usb/05e0:1200?serial=S1"' in text for text, _ in lines)
    folded = [text for text, _ in lines if text.startswith(" ") and "url =" not in text]
    assert max(map(len, folded)) <= width
    assert any("no driver for hidpos" in text for text, _ in lines)


def test_a_machine_without_devices_says_so(tmp_path: Path) -> None:
    FakeMachine(tmp_path / "empty")
    answer = command("list", "--root", tmp_path / "empty")
    assert (answer.exit_code, "No serial port" in answer.output) == (0, True)


def test_the_list_of_this_machine_can_be_made() -> None:
    assert "devices" in json.loads(command("list", "--json", "--probe").stdout)


def test_a_scan_shows_bytes_text_and_meaning() -> None:
    scan = read("]d2" + CODE)
    lines = text_of(read_lines(Seen(scan, 1204, report(scan.identified)), 0, ZONE)).splitlines()
    assert lines == [
        "19:13:20.123  counter  scan  35 bytes, ended by its suffix, 1204 ms after the last",
        "  symbol  ]d2 GS1 Data Matrix",
        "     hex  5D 64 32 30 31 30 34 38 37 30 30 30 30 30 30 30 31 32 38 32 31 33 68 42 3F 37 74 52 ·GS· 39 33 61 "
        "42 39 2B",
        "    text  ]d20104870000000128213hB?7tR␝93aB9+",
        "template  SHORT-7 (unit, issuer KZ)",
        " element  (01) GTIN      04870000000128",
        " element  (21) serial    3hB?7tR",
        " element  (93) check     aB9+",
    ]


def test_a_repair_and_what_the_reader_repaired_are_shown_with_what_to_set_right() -> None:
    scan = read(CODE.replace("\x1d", ""), repairs=("D6",), step="refined grid")
    shown = text_of(read_lines(Seen(scan, None, report(scan.identified)), 80))
    assert "  repair  D6  Caps Lock" in shown
    assert "  repair  D1  GS dropped: set the scanner to send GS / FNC1 as 1D" in shown
    assert "refined grid" in shown
    assert "]d2 GS1 Data Matrix, told beside the data" in shown
    assert "first read" in shown


def test_an_error_shows_its_place() -> None:
    scan = read("]d2" + CODE.replace("128213", "129213"))
    lines = text_of(read_lines(Seen(scan, 5, report(scan.identified)), 0)).splitlines()
    assert "  error  35 bytes" in lines[0]
    assert lines[-1].startswith("   error  check_digit at character 18, …487000000012»9213hB?7tR␝9…: ")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (DroppedRead(read("x"), DropReason.DUPLICATE, "same payload 151 ms before"), "same payload 151 ms before"),
        (DroppedRead(read("]X0x"), DropReason.COMMAND_ANSWER), "an answer of the scanner, no code"),
        (read("x" * 512, None, terminator=Terminator.OVERFLOW), "too long for a code, never sold"),
        (read("x", None, terminator=Terminator.UNPLUG), "cut off by unplugging, never sold"),
    ],
)
def test_what_is_never_sold_says_why_and_is_not_taken_for_a_code(event: ScannerEvent, words: str) -> None:
    watch = Watch(["counter"])
    shown = text_of(watch.lines(event))
    assert words in shown
    assert "template" not in shown
    assert watch.tallies["counter"].scans == 0


def test_every_health_shows_its_text_and_remedy() -> None:
    for health in Health:
        shown = text_of(health_lines(HealthChange("counter", health, AT_NS, "/dev/ttyACM0 is so"), 80))
        assert "/dev/ttyACM0 is so" in shown
        assert len(shown.splitlines()) == 2 or health is not Health.ONLINE
    busy = text_of(health_lines(HealthChange("counter", Health.BUSY, AT_NS), 0))
    assert "systemctl stop pos-agent" in busy


@pytest.mark.parametrize("width", [40, 80, 120])
def test_any_bytes_can_be_shown_and_stay_within_the_width(width: int) -> None:
    watch = Watch(["counter"], width=width)
    for data in (bytes(range(256)), b"", b"\x1d" * 200, "Қазақ\u202e".encode(), b"\xff" * 90, b"(01)" + b"\\" * 300):
        for line, _ in watch.lines(read(data, None)):
            assert len(line) <= width
            assert line.isprintable()
        json.dumps(watch.data(read(data, None)))


def test_json_holds_the_exact_bytes() -> None:
    scan = read("]d2" + CODE)
    data = read_data(Seen(scan, 7, report(scan.identified)))
    assert base64.b64decode(str(data["data"])) == scan.data
    assert bytes.fromhex(str(data["hex"])) == scan.data
    assert (data["event"], data["symbology"], data["symbol"]) == ("scan", "]d2", "GS1 Data Matrix")
    assert (data["since_ms"], data["terminator"], data["bytes"]) == (7, "suffix", 35)
    code: Any = data["code"]
    assert code["elements"] == {"01": "04870000000128", "21": "3hB?7tR", "93": "aB9+"}


def test_hexadecimal_of_a_long_read_ends_with_what_is_left() -> None:
    assert hexadecimal(b"1" * 200).endswith("31 … and 40 more")
    assert visible(b"\x00\x7f\t") == "␀␡␉"


def hints(*scans: Scan) -> str:
    watch = Watch(["counter"])
    for scan in scans:
        watch.lines(scan)
    return text_of(watch.summary_lines())


BARE = CODE.replace("\x1d", "")


def test_gs_lost_in_several_codes_asks_to_set_the_scanner_up() -> None:
    assert "GS lost in 2 codes and never seen" in hints(read(BARE), read(BARE, at_ms=900))
    assert "GS lost" not in hints(read(BARE))
    assert "GS lost" not in hints(read(BARE), read(BARE, at_ms=900), read(CODE, at_ms=1900))


def test_layout_caps_lock_and_a_missing_identifier_are_hinted_at() -> None:
    typed = payload(Trigger(CODE, layout=Layout.RU, suffix=b""))
    assert "keyboard layout in 1 codes" in hints(read(typed, None))
    assert "Caps Lock in 1 codes" in hints(read(CODE, repairs=("D6",)))
    assert "no AIM identifier in 2 codes" in hints(read(CODE, None), read(CODE, None, at_ms=900))


def test_a_summary_counts_by_device() -> None:
    watch = Watch(["counter", "hand"])
    watch.lines(HealthChange("counter", Health.ONLINE, AT_NS))
    watch.lines(read(CODE))
    watch.lines(DroppedRead(read(CODE, at_ms=100), DropReason.DUPLICATE))
    summary: Any = watch.summary()
    counter, hand = summary["devices"]
    assert (counter["scans"], counter["with_gs"], counter["dropped"]) == (1, 1, {"duplicate": 1})
    assert (hand["scans"], hand["was_online"], hand["health"]) == (0, False, None)
    shown = text_of(watch.summary_lines())
    assert "counter: 1 scan, GS in 1, dropped (double read): 1; online" in shown
    assert "hand: 0 scans; not tried, never online" in shown


class Played:
    """A scanner that gives one list of events a poll, then falls silent."""

    name = "counter"
    health = None

    def __init__(self, *rounds: list[ScannerEvent]) -> None:
        self.rounds = list(rounds)
        self.closed = 0

    def poll(self) -> list[ScannerEvent]:
        return self.rounds.pop(0) if self.rounds else []

    def close(self) -> list[ScannerEvent]:
        self.closed += 1
        return []

    def run(self, stop: threading.Event, sink: Callable[[ScannerEvent], None]) -> None:
        raise AssertionError("watch polls")

    def signal(self, signal: Signal) -> None:
        raise AssertionError("watch tells no scanner anything")


def test_watching_ends_after_so_many_scans_or_seconds_and_closes() -> None:
    clock = VirtualClock(AT_NS)
    scanner = Played([read("1")], [], [HealthChange("counter", Health.ONLINE, 0)], [read("2")], [read("3")])
    told: list[ScannerEvent] = []
    run([scanner], clock, told.append, count=2)
    assert ([event.data for event in told if isinstance(event, Scan)], scanner.closed) == ([b"1", b"2"], 1)
    run([scanner], clock, told.append, seconds=1.5)
    assert len(told) == 4
    assert 1.5 <= clock.monotonic() < 1.6


def test_watching_closes_when_it_is_interrupted() -> None:
    scanner = Played([read("1")])

    def interrupt(_event: ScannerEvent) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run([scanner], VirtualClock(AT_NS), interrupt)
    assert scanner.closed == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serail:///dev/ttyACM0"], "did you mean 'serial'"),
        (["serial:///dev/ttyACM0?baut=9600"], "did you mean 'baud'"),
        ([], "names no scanner"),
    ],
)
def test_an_address_that_cannot_be_used_says_why(tmp_path: Path, arguments: list[str], words: str) -> None:
    config = tmp_path / "agent.toml"
    config.write_text("")
    answer = command("watch", "--config", config, *arguments)
    assert (answer.exit_code, words in answer.output, "devices list" in answer.output) == (2, True, True)


def test_a_scanner_that_is_not_there_is_told_and_the_exit_status_is_1(tmp_path: Path) -> None:
    answer = command("watch", f"serial://{tmp_path}/none", "--seconds", 0.05)
    assert answer.exit_code == 1
    assert "not plugged in" in answer.output
    assert "scanner: 0 scans; offline, never online" in answer.output


def test_a_port_that_another_program_holds_says_what_to_do(tmp_path: Path) -> None:
    with PtyScanner(link=tmp_path / "scanner") as device, serial.Serial(str(device.path), exclusive=True):
        answer = command("watch", f"serial://{device.path}", "--seconds", 0.05)
    assert answer.exit_code == 1
    assert "busy" in answer.output
    assert "systemctl stop pos-agent" in answer.output


def watching(*arguments: object) -> subprocess.Popen[str]:
    program = "from pos_agent.cli.devices import app; app()"
    return subprocess.Popen(
        [sys.executable, "-c", program, "watch", *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "0", "LC_ALL": "C"},
    )


def test_ctrl_c_ends_a_live_watch_of_the_configured_scanners_with_a_summary(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(
        f"[till]\ndata = {json.dumps(str(tmp_path / 'data'))}\n"
        f'[[scanners]]\nname = "counter"\nurl = "serial://{tmp_path}/scanner"\n'
    )
    with PtyScanner(link=tmp_path / "scanner") as device, watching("--config", config) as child:
        assert child.stdout is not None
        shown = ""
        while "counter  online" not in shown:
            shown += child.stdout.readline()
        device.scan(Trigger(CODE, aim="]d2"))
        device.scan(Trigger("0104870000000128213hB?7tS\x1d93aB9+", gs=Gs.DROP))
        while "repair  D1" not in shown:
            shown += child.stdout.readline()
        child.send_signal(signal.SIGINT)
        shown += child.stdout.read()
    assert child.returncode == 0
    assert f"Watching the scanners of the configuration: counter serial://{tmp_path}/scanner" in shown
    assert "·GS· 39 33 61 42 39 2B" in shown
    assert "]d20104870000000128213hB?7tR␝93aB9+" in shown
    assert "counter: 2 scans, GS in 1, repair D1: 1; online" in shown
    assert not (tmp_path / "data").exists()  # A watched read touches no journal.


def test_json_gives_an_object_a_line_and_a_summary_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "scanner"
    with PtyScanner(link=path) as device, watching(f"serial://{path}", "--json", "--count", 1) as child:
        assert child.stdout is not None
        first = json.loads(child.stdout.readline())
        device.scan(Trigger(CODE, aim="]d2"))
        scan, summary = map(json.loads, child.stdout.read().splitlines())
    assert (first["event"], first["health"]) == ("health", "online")
    assert base64.b64decode(scan["data"]) == f"]d2{CODE}".encode()
    assert (summary["event"], summary["devices"][0]["scans"]) == ("summary", 1)
    assert child.returncode == 0


def example(named: str) -> str:
    """What the page says a command prints."""
    page = (Path(__file__).parents[2] / "docs/scanners.md").read_text(encoding="utf-8")
    return page.partition(f"```console\n$ pos-agent devices {named}\n")[2].partition("\n```")[0]


def test_the_list_on_the_page_is_what_the_command_prints(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path / "machine")
    zebra = machine.acm(0, "1-1", "05e0:1701", "18290523020054", "Symbol Bar Code Scanner::EA")
    machine.usb_serial(0, "1-3", "0403:6001", "A50285BI", "FT232R USB UART")
    machine.acm(1, "1-6", "2c7c:0125", "", "EC25")
    machine.hid(1, 3, "0c2e:0b81", "Voyager 1400g", HID_POS_REPORT, "18061B4A3C")
    machine.hid(2, 3, "1eab:0d03", "Newland Auto-ID", KEYBOARD_REPORT, event=3)
    machine.input(5, 3, "046d:c31c", "Logitech USB Keyboard", KEYBOARD_KEYS)
    machine.camera(0, "1-9", "046d:0825", "UVC Camera (046d:0825)")
    machine.camera(1, "1-9", "046d:0825", "UVC Camera (046d:0825)", 1)
    machine.process(812, "pos-agent", zebra)
    drivers = {"serial", "hidpos", "evdev", "camera"}
    lines = listing(inventory(machine.root), everything=False, schemes=drivers, width=100)
    columns = [" ".join(line.split()) for line in text_of(list(lines)).replace(str(machine.root), "").splitlines()]
    assert [" ".join(line.split()) for line in example("list").splitlines()] == columns


def test_the_reads_on_the_page_are_what_the_command_shows() -> None:
    watch = Watch(["scanner"], width=100, zone=ZONE)
    events = [
        HealthChange("scanner", Health.ONLINE, AT_NS),
        Scan(f"]d2{CODE}".encode(), "]d2", "scanner", AT_NS + 3_204_000_000),
        DroppedRead(
            Scan(f"]d2{CODE}".encode(), "]d2", "scanner", AT_NS + 3_355_000_000),
            DropReason.DUPLICATE,
            "same payload 151 ms before",
        ),
        Scan(f"]d2{CODE[:15]}9{CODE[16:]}".encode().replace(b"\x1d", b""), "]d2", "scanner", AT_NS + 5_000_000_000),
        Scan(f"]d2{BARE}".encode(), "]d2", "scanner", AT_NS + 8_000_000_000),
    ]
    shown = [line for event in events for line in watch.lines(event)]
    assert (
        example("watch serial:///dev/ttyACM0").splitlines()[3:]
        == text_of([*shown, *watch.summary_lines()]).splitlines()
    )
