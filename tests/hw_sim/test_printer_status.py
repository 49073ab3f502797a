"""Status answers, faults, cutter and drawer of the simulated printer."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from hw_sim.printer import Cut, Interpreter, Kick, model_named

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "printer_sim.toml").read_text(encoding="utf-8"))
MECHANICS = {name: bytes.fromhex(sent) for name, sent in VECTORS["mechanics"].items()}
PAPER, PRINTER, CAUSE, ERROR = b"\x10\x04\x04", b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x03"


@pytest.fixture
def printer() -> Interpreter:
    return Interpreter(model_named("epson"))


def ask(printer: Interpreter, query: bytes) -> bytes:
    printer.receive(query)
    return printer.take_reply()


def case_name(case: dict) -> str:
    return f"{case['query']}-{'-'.join(case['condition']) or 'fine'}"


@pytest.mark.parametrize("case", VECTORS["status"], ids=case_name)
def test_a_status_answer_is_the_documented_byte(printer, case):
    for name, value in case["condition"].items():
        setattr(printer.condition, name, value)
    assert ask(printer, bytes.fromhex(case["query"])) == bytes.fromhex(case["answer"])


def test_every_realtime_answer_carries_the_fixed_bits(printer):
    for flag in ("near_end", "cover_open", "cutter_jammed", "overheated", "drawer_open", "feed_pressed"):
        setattr(printer.condition, flag, True)
        for query in range(1, 5):
            (answer,) = ask(printer, bytes((0x10, 0x04, query)))
            assert answer & 0x93 == 0x12


def test_a_silent_printer_prints_and_says_nothing(printer):
    printer.condition.silent = True
    assert ask(printer, b"a\n" + PRINTER + PAPER + b"\x1dr\x01\x1da\xff") == b""
    assert printer.paper.lines == ["a"]


@pytest.mark.parametrize("noise", [b"\x00", b"\xff"])
def test_a_garbling_printer_answers_noise(printer, noise):
    printer.condition.garbage = noise
    assert ask(printer, PRINTER + PAPER) == noise * 2


def test_a_firmware_without_realtime_status_stays_silent_on_it():
    assert ask(Interpreter(model_named("pos-5890")), PRINTER + PAPER) == b""


def test_paper_ends_after_n_rows_and_the_rest_is_printed_after_a_refill(printer):
    printer.condition.rows_left = 2
    printer.receive(b"one\ntwo\nthree\nfour\n")
    assert printer.paper.lines == ["one", "two"]
    assert ask(printer, PAPER + PRINTER + CAUSE) == b"\x72\x1a\x32"
    assert printer.held_bytes == len(b"three\nfour\n")
    printer.condition.rows_left = None
    assert ask(printer, PAPER) == b"\x12"
    assert printer.paper.lines == ["one", "two", "three", "four"]


def test_a_held_job_can_be_cleared_so_that_the_tail_is_never_printed(printer):
    printer.condition.rows_left = 1
    printer.receive(b"one\ntwo\n\x10\x05\x02")
    printer.condition.rows_left = None
    printer.receive(b"copy\n")
    assert printer.paper.lines == ["one", "copy"]


def test_buffered_questions_wait_while_realtime_ones_are_answered(printer):
    printer.condition.cover_open = True
    assert ask(printer, b"\x1dr\x01" + CAUSE) == b"\x16"
    printer.condition.cover_open = False
    assert printer.take_reply() == b"\x00"


def test_an_open_cover_holds_the_text_and_a_closed_one_prints_it(printer):
    printer.condition.cover_open = True
    printer.receive(b"a\n")
    assert printer.paper.lines == []
    printer.condition.cover_open = False
    printer.settle()
    assert printer.paper.lines == ["a"]


def test_a_busy_printer_is_online_and_prints_later(printer):
    printer.condition.busy = True
    assert ask(printer, b"a\n" + PRINTER) == b"\x12"
    assert printer.paper.lines == []
    printer.condition.busy = False
    printer.settle()
    assert printer.paper.lines == ["a"]


@pytest.mark.parametrize(("recover", "lines", "cuts"), [(1, ["a", "b"], 1), (2, ["a"], 0)])
def test_a_cutter_jam_waits_for_a_hand_and_a_recover_command(printer, recover, lines, cuts):
    printer.condition.jam_next_cut = True
    printer.receive(b"a\n\x1dV\x00b\n")
    assert ask(printer, ERROR) == b"\x1a"
    assert ask(printer, bytes((0x10, 0x05, recover)) + ERROR) == b"\x1a"  # Still jammed: no command frees a blade.
    printer.condition.cutter_jammed, printer.condition.cutter_waiting = False, True
    assert ask(printer, PRINTER) == b"\x3a"
    assert ask(printer, bytes((0x10, 0x05, recover)) + ERROR) == b"\x12"
    assert printer.paper.lines == lines
    assert len(printer.paper.cuts) == cuts


def test_a_power_cut_loses_what_was_held_and_half_a_command(printer):
    printer.condition.cover_open = True
    printer.receive(b"held\n\x1dv0\x00")
    printer.condition.cover_open = False
    printer.power_cut()
    printer.receive(b"new\n")
    assert printer.paper.lines == ["new"]


def test_without_power_bytes_are_lost_and_nothing_is_answered(printer):
    printer.power_off()
    assert ask(printer, b"lost\n" + PRINTER) == b""
    printer.power_on()
    assert ask(printer, b"new\n" + PRINTER) == b"\x12"
    assert printer.paper.lines == ["new"]


def test_without_flow_control_a_full_buffer_loses_bytes():
    printer = Interpreter(replace(model_named("epson"), buffer_bytes=4), flow_control=False)
    printer.condition.busy = True
    printer.receive(b"abcdef\n")
    printer.condition.busy = False
    printer.receive(b"\n")
    assert printer.paper.lines == ["abcd"]
    assert printer.overrun_bytes == 3


def test_automatic_status_comes_at_once_and_on_each_change(printer):
    assert ask(printer, b"\x1da\xff") == b"\x10\x00\x00\x00"
    printer.condition.cover_open = True
    assert printer.take_reply() == b"\x38\x00\x00\x00"
    assert printer.take_reply() == b""
    printer.condition.cover_open = False
    assert printer.take_reply() == b"\x10\x00\x00\x00"
    assert ask(printer, b"\x1da\x00") == b""


def test_identity_is_the_model_text_and_a_nameless_firmware_is_silent(printer):
    assert ask(printer, b"\x1dI\x43") == b"_TM-T20II\x00"
    assert ask(Interpreter(model_named("xprinter")), b"\x1dI\x43") == b""


def test_a_confirmation_comes_only_when_everything_before_it_is_printed(printer):
    printer.condition.rows_left = 1
    assert ask(printer, b"a\nb\n\x1d(H\x06\x0000ABCD") == b""
    printer.condition.rows_left = None
    assert printer.take_reply() == b'7"ABCD\x00'


def test_a_cut_with_feed_takes_the_whole_receipt_along(printer):
    printer.receive(b"a\nb\n" + MECHANICS["cut_without_feed"])
    assert printer.paper.cuts == [Cut(60, partial=True)]
    receipt, rest = printer.paper.pieces()
    assert (receipt.lines, rest.text.strip()) == (["a", "b"], "")


@pytest.mark.parametrize(("name", "partial"), [("cut", False), ("cut_part", True)])
def test_six_lines_of_feed_bring_the_text_past_the_blade(printer, name, partial):
    printer.receive(b"a\n" + MECHANICS[name])
    assert printer.paper.cuts == [Cut(30 + 6 * 30 - 120, partial)]
    assert printer.paper.pieces()[0].lines[0] == "a"


def test_a_cut_without_any_feed_leaves_the_last_lines_in_the_printer(printer):
    printer.receive(b"a\nb\nc\nd\ne\nf\n\x1dV\x00")
    first, second = printer.paper.pieces()
    assert (first.lines, second.lines) == (["a", "b"], ["c", "d", "e", "f"])


@pytest.mark.parametrize("sent", [b"\x1bi", b"\x1bm", b"\x1dV\x00", b"\x1dVA\x03"])
def test_every_form_of_cut_cuts_once(printer, sent):
    printer.receive(b"a\n" * 5 + sent)
    assert len(printer.paper.cuts) == 1


def test_a_printer_without_a_cutter_ignores_the_command_and_prints_nothing_of_it():
    printer = Interpreter(model_named("pos-5890"))
    printer.receive(b"a\n" + MECHANICS["cut_without_feed"])
    assert (printer.paper.cuts, printer.paper.lines) == ([], ["a"])


@pytest.mark.parametrize(
    ("name", "kick"),
    [("drawer_2", Kick(2, 100, 100)), ("drawer_5", Kick(5, 100, 100)), ("drawer_now", Kick(2, 100, 100))],
)
def test_the_drawer_is_kicked_and_reported_open(printer, name, kick):
    printer.receive(MECHANICS[name])
    assert printer.paper.kicks == [kick]
    assert ask(printer, PRINTER) == b"\x16"


def test_the_polarity_of_the_drawer_switch_can_be_reversed(printer):
    printer.condition.drawer_reversed = True
    assert ask(printer, PRINTER) == b"\x16"
    assert ask(printer, MECHANICS["drawer_2"] + PRINTER) == b"\x12"


def test_the_realtime_drawer_command_works_before_held_text(printer):
    printer.condition.busy = True
    printer.receive(b"a\n" + MECHANICS["drawer_now"])
    assert len(printer.paper.kicks) == 1
    assert printer.paper.lines == []
