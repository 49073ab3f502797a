"""Everything that goes wrong with receipt printers in shops, one fault after the other, on the simulated printer.

Two are told elsewhere: a wrong page number (P8), test_escpos_paper.py and tests/pos_agent/test_print_test.py; a printer
that is plugged in again (P11), test_escpos_devices.py.
"""

import time
from dataclasses import replace
from typing import Any

import pytest
from paper_reader import FONT, lines_read

from fiscal.escpos.address import parse_url
from fiscal.escpos.job import render
from fiscal.escpos.lines import Cut, Drawer, PrintLine, Text
from fiscal.escpos.links import TcpAddress
from fiscal.escpos.outcome import Handover, PrintOutcome
from fiscal.escpos.printer import BLOCK_BYTES_MAX, Printer
from fiscal.escpos.profiles import DrawerWiring, profile
from fiscal.escpos.raster import Typeface
from fiscal.escpos.sample import layout_sample
from fiscal.escpos.status import DrawerState, PrintState
from hw_sim.printer import Cell, Interpreter, TextRow, model_named
from hw_sim.printer.inprocess import InProcessPrinter
from hw_sim.printer.tcp import PrinterServer
from pos_agent.clock import VirtualClock
from pos_agent.demo.devices import LineToPrinter

TYPEFACE = Typeface(FONT)
SAMPLE = layout_sample(profile("epson-tm-t20").paper)


class Bench:
    """A printer of the product on a simulated one, in virtual time."""

    def __init__(
        self, name: str = "epson-tm-t20", model: str = "epson", *, flow_control: bool = True, **changes: Any
    ) -> None:
        self.profile = replace(profile(name), **changes.pop("profile", {}))
        self.simulated = Interpreter(replace(model_named(model), **changes), flow_control=flow_control)
        self.clock = VirtualClock(0)
        line = LineToPrinter(InProcessPrinter(self.simulated, self.clock.monotonic, self.clock.sleep))
        self.printer = Printer(
            line, self.profile, monotonic=self.clock.monotonic, sleep=self.clock.sleep, typeface=TYPEFACE
        )
        self.lines = layout_sample(self.profile.paper)

    def print(self, lines: tuple[PrintLine, ...] | None = None) -> PrintOutcome:
        return self.printer.print_lines(self.lines if lines is None else lines)

    def set(self, **condition: object) -> None:
        for name, value in condition.items():
            setattr(self.simulated.condition, name, value)
        self.simulated.settle()

    def receipts(self) -> list[bool]:
        """For each strip with something on it: is it one whole sample and nothing else?"""
        found = []
        for piece in self.simulated.paper.pieces():
            if all(isinstance(row, TextRow) and not row.items for row in piece.rows):
                continue
            try:
                read, meant = lines_read(piece.rows, self.lines, self.profile.paper)
            except (AssertionError, IndexError):
                found.append(False)
            else:
                found.append(read == meant)
        return found


def test_p1_a_printer_that_answers_nothing_prints_and_its_state_is_unknown() -> None:
    bench = Bench()
    bench.set(silent=True)
    outcome = bench.print()
    assert (outcome.state, outcome.handover) == (PrintState.UNKNOWN, Handover.ALL)
    assert bench.receipts() == [True]
    bench.set(silent=False)
    assert bench.print().state is PrintState.OK


@pytest.mark.parametrize("noise", [b"\x00", b"\xff"])
def test_p1_noise_is_no_answer(noise: bytes) -> None:
    bench = Bench()
    bench.set(garbage=noise)
    assert bench.print().state is PrintState.UNKNOWN
    assert bench.receipts() == [True]


@pytest.mark.parametrize("rows", [1, 20, 60])
def test_p2_paper_that_ends_in_mid_receipt_brings_the_whole_copy_after_the_refill(rows: int) -> None:
    bench = Bench()
    bench.set(rows_left=rows)
    outcome = bench.print()
    assert (outcome.state, outcome.cause, outcome.handover) == (PrintState.PAPER_OUT, "paper_out", Handover.PART)
    kept = bench.printer.kept
    assert kept is not None
    again = bench.printer.reprint()
    assert again is not None
    assert again.cause == "paper_out"
    bench.set(rows_left=None)
    again = bench.printer.reprint()
    assert again is not None
    assert again.state is PrintState.OK
    *_, last = bench.receipts()
    assert last, "the last strip is one whole receipt"
    assert bench.printer.kept is None


def test_p2_the_next_receipt_of_somebody_else_does_not_hang_on_the_torn_one() -> None:
    bench = Bench()
    bench.set(rows_left=20)
    bench.print()
    bench.set(rows_left=None)
    assert bench.print().state is PrintState.OK
    *_, last = bench.receipts()
    assert last


def test_p3_the_near_end_is_warned_of_once_for_a_roll() -> None:
    bench = Bench()
    bench.set(near_end=True)
    assert [bench.print().warn_paper for _ in range(3)] == [True, False, False]
    bench.set(near_end=False)
    assert not bench.print().paper_low
    bench.set(near_end=True)
    assert bench.print().warn_paper


def test_p4_an_open_cover_blocks_and_a_closed_one_prints() -> None:
    bench = Bench()
    bench.set(cover_open=True)
    outcome = bench.print()
    assert (outcome.state, outcome.handover) == (PrintState.COVER_OPEN, Handover.NONE)
    assert bench.receipts() == []
    bench.set(cover_open=False)
    assert bench.printer.reprint() is not None
    assert bench.receipts() == [True]


def test_p5_a_jammed_cutter_is_told_and_woken_when_a_person_has_freed_it() -> None:
    bench = Bench()
    bench.set(jam_next_cut=True)
    assert bench.print().state is PrintState.OK, "the receipt itself is out"
    outcome = bench.print()
    assert (outcome.state, outcome.cause, outcome.handover) == (PrintState.ERROR, "cutter", Handover.NONE)
    bench.set(cutter_jammed=False, cutter_waiting=True)
    assert bench.printer.reprint() is not None
    assert bench.receipts() == [True, True]


def test_p6_a_power_cut_between_two_receipts_costs_nothing() -> None:
    for name, model in (("epson-tm-t20", "epson"), ("rongta", "rongta")):
        bench = Bench(name, model)
        bench.print()
        bench.simulated.power_cut()
        bench.print()
        assert bench.receipts() == [True, True]


def test_p6_a_printer_without_power_is_not_there_and_prints_when_it_is_back() -> None:
    bench = Bench()
    bench.simulated.power_off()
    assert bench.print().state is PrintState.OFFLINE
    bench.simulated.power_on()
    assert bench.printer.reprint() is not None
    assert bench.receipts() == [True]


def test_p7_a_printer_that_starts_in_chinese_prints_no_hieroglyph() -> None:
    for name, model in (("xprinter", "xprinter"), ("oa-48", "oa48"), ("clone-58", "pos-5890"), ("clone-80", "nt-80")):
        bench = Bench(name, model)
        assert bench.simulated.model.chinese_by_default
        bench.print()
        cells = [cell for row in bench.simulated.paper.rows if isinstance(row, TextRow) for cell in row.items]
        assert not any(cell.hieroglyph for cell in cells if isinstance(cell, Cell))


def test_p9_blocks_are_no_longer_than_a_small_printer_holds_and_flow_control_loses_nothing() -> None:
    small = replace(model_named("nt-80"), buffer_bytes=BLOCK_BYTES_MAX)
    chosen = profile("clone-80")
    lines = layout_sample(chosen.paper)
    assert len(render(lines, chosen, TYPEFACE).body) > 4 * BLOCK_BYTES_MAX
    with PrinterServer(small) as server:
        with server.printer() as simulated:
            simulated.condition.bytes_per_s = 200_000.0
        address = TcpAddress(server.host, server.port, 5.0)
        printer = Printer(address, chosen, monotonic=time.monotonic, sleep=time.sleep, typeface=TYPEFACE)
        assert printer.print_lines(lines).state is PrintState.OK
        with server.printer() as simulated:
            assert simulated.overrun_bytes == 0


def test_p9_bytes_lost_without_flow_control_are_not_taken_for_a_receipt() -> None:
    bench = Bench(flow_control=False, buffer_bytes=256)
    assert bench.print().state is PrintState.OK
    bench.set(busy=True)
    outcome = bench.print()
    assert bench.simulated.overrun_bytes > 0
    assert (outcome.state, outcome.cause) == (PrintState.UNKNOWN, "unknown")
    assert bench.printer.kept is not None
    bench.set(busy=False)
    assert bench.printer.reprint() is not None
    assert bench.receipts()[-1]


def test_p10_a_port_that_another_till_holds_is_tried_again() -> None:
    with PrinterServer(model_named("epson")) as server:
        server.refuse = True
        waited: list[float] = []

        def sleep(seconds: float) -> None:
            waited.append(seconds)
            server.refuse = len(waited) < 2

        address = TcpAddress(server.host, server.port, 2.0)
        printer = Printer(address, profile("epson-tm-t20"), monotonic=time.monotonic, sleep=sleep, typeface=TYPEFACE)
        assert printer.print_lines(SAMPLE).state is PrintState.OK
        assert waited == [0.3, 0.6]
        with server.printer() as simulated:
            assert simulated.paper.text.count("ФИСКАЛДЫ ЧЕК\n") == 0
            assert simulated.paper.text.count("ФИСКАЛДЫ ЧЕК / ФИСКАЛЬНЫЙ ЧЕК") == 1


def test_p12_what_no_way_can_show_is_counted_and_named() -> None:
    bench = Bench(profile={"methods": profile("epson-tm-t20").methods[:1]})
    outcome = bench.print((Text("Сыр 漢 №1 Ω"), Cut()))
    assert outcome.state is PrintState.OK
    assert not outcome.exact
    assert outcome.detail == "printed as ?: 漢 Ω"
    assert bench.simulated.paper.lines[0] == "Сыр ? №1 ?"


@pytest.mark.parametrize(("baud", "drawn"), [(9600, False), (38400, False), (57600, True), (115200, True)])
def test_p13_a_line_too_slow_for_pictures_takes_another_way(baud: int, drawn: bool) -> None:
    chosen = parse_url(f"escpos+serial:///dev/ttyS0?profile=clone-58&baud={baud}", lambda: 0.0, print).profile
    job = render(layout_sample(chosen.paper), chosen, TYPEFACE)
    assert (job.raster_lines > 0) == drawn
    assert job.exact == drawn
    assert len(job.body) * 10 / baud < 12.0


@pytest.mark.parametrize("reversed_", [False, True])
def test_p14_the_drawer_is_open_or_shut_as_set_up_has_learnt_and_unknown_before(reversed_: bool) -> None:
    for learnt, states in (
        (None, (DrawerState.UNKNOWN, DrawerState.UNKNOWN)),
        (not reversed_, (DrawerState.SHUT, DrawerState.OPEN)),
    ):
        bench = Bench(profile={"drawer": DrawerWiring(open_is_high=learnt)})
        bench.set(drawer_reversed=reversed_)
        before = bench.printer.check().drawer
        bench.print((Drawer(), Text("x"), Cut()))
        assert (before, bench.printer.check().drawer) == states
        bench.set(silent=True)
        assert bench.printer.check().drawer is DrawerState.UNKNOWN


def test_a_printer_that_never_confirmed_is_believed_when_it_says_that_it_is_ready() -> None:
    bench = Bench()
    bench.set(busy=True)
    assert bench.print().state is PrintState.OK, "nobody knows that it can do better"
    assert bench.printer.confirms is False
    bench.set(busy=False)
    assert bench.receipts() == [True]


def test_a_printer_that_confirms_is_waited_for_as_long_as_the_paper_is_and_not_believed_without() -> None:
    bench = Bench()
    assert bench.print().state is PrintState.OK
    assert bench.printer.confirms is True
    bench.set(busy=True)
    start = bench.clock.monotonic()
    assert bench.print().state is PrintState.UNKNOWN
    waited = bench.clock.monotonic() - start
    assert 5.0 < waited < 15.0
    assert bench.printer.kept is not None
    bench.set(busy=False)
    assert bench.print().state is PrintState.OK
    assert bench.receipts()[-1]


def test_an_error_while_it_is_waited_for_ends_the_waiting() -> None:
    bench = Bench()
    bench.print()
    bench.set(rows_left=30)
    start = bench.clock.monotonic()
    outcome = bench.print()
    assert outcome.state is PrintState.PAPER_OUT
    assert bench.clock.monotonic() - start < 1.5


def test_a_clone_under_an_epson_profile_costs_the_waiting_once() -> None:
    bench = Bench(model="posiflex")
    times = []
    for _ in range(3):
        start = bench.clock.monotonic()
        assert bench.print((Text("x"), Cut())).state is PrintState.OK
        times.append(bench.clock.monotonic() - start)
    assert times[0] > 3.0
    assert times[1:] == [0.0, 0.0]
