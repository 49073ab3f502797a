"""Paper, cover and power in the middle of a printout of a simulated Datecs printer."""

from __future__ import annotations

import pytest
from datecs_steps import AFTER, BEFORE, found, mended, prepared
from datecs_talk import Talk

PROTOCOLS = pytest.mark.parametrize("protocol", ["p", "x"])
NO_PAPER = ("2.0", "0.5")


@PROTOCOLS
def test_without_paper_a_printing_command_changes_nothing(protocol: str) -> None:
    talk, (command, data) = prepared(protocol, "close")
    talk.machine.faults.add("paper_out_before", "38")
    got = talk.ask(command, data)
    assert got.bits >= set(NO_PAPER) and got.data == ("" if protocol == "p" else "-112006\t")
    assert found(talk) == BEFORE["close"]
    talk.machine.load_paper()
    talk.close()
    assert found(talk) == AFTER["close"]


@PROTOCOLS
def test_paper_that_ends_within_a_close_leaves_a_fiscal_receipt_and_its_answer(protocol: str) -> None:
    talk, (command, data) = prepared(protocol, "close")
    talk.machine.faults.add("paper_out_after", "38")
    got = talk.ask(command, data)
    assert got.bits >= set(NO_PAPER) and got.data in ("0002,0002", "0\t2\t")
    assert "2.3" not in got.bits and found(talk) == AFTER["close"]
    assert talk.memory.papers == ["fiscal 1"]
    if protocol == "p":
        assert int(talk.do(0x4A, "L").data) > 0
    talk.machine.load_paper()
    assert talk.memory.papers == ["fiscal 1", "fiscal 2"]
    if protocol == "p":
        assert talk.do(0x4A, "L").data == "0"


@PROTOCOLS
def test_paper_that_ends_within_an_item_stops_the_next_one_until_it_is_loaded(protocol: str) -> None:
    talk, (command, data) = prepared(protocol, "item")
    talk.machine.faults.add("paper_out_after", "31")
    got = talk.ask(command, data)
    assert got.bits >= set(NO_PAPER) and "1.1" not in got.bits
    assert found(talk).items == 1
    talk.refused(command, data)
    talk.machine.load_paper()
    talk.do(command, data)
    assert found(talk).items == 2


@PROTOCOLS
def test_an_open_cover_stops_printing_and_reading_goes_on(protocol: str) -> None:
    talk, (command, data) = prepared(protocol, "close")
    talk.machine.mechanics.cover_open = True
    got = talk.refused(command, data)
    assert "0.6" in got.bits and "2.0" not in got.bits
    assert ("1.1" in got.bits) if protocol == "p" else got.error == -112007
    assert found(talk) == BEFORE["close"]
    talk.machine.mechanics.cover_open = False
    talk.close()


def test_low_paper_stops_nothing() -> None:
    talk = Talk("p")
    talk.simulated.console().run("paper low")
    assert "2.1" in talk.sale().bits


@PROTOCOLS
def test_power_that_goes_within_a_printout_lets_a_p_printer_say_so_and_finish_by_itself(protocol: str) -> None:
    talk, (command, data) = prepared(protocol, "close")
    talk.machine.faults.add("power_off_after", "38")
    talk.ask(command, data)
    assert talk.memory.papers == ["fiscal 1"]
    mended(talk)
    assert talk.memory.papers == ["fiscal 1", *(["VOLTAGE DROP"] if protocol == "p" else []), "fiscal 2"]


def test_power_that_goes_between_commands_interrupts_no_printout() -> None:
    talk = Talk("p")
    talk.sale()
    talk.machine.power_off()
    mended(talk)
    assert talk.memory.papers == ["fiscal 1"]


def test_a_slow_head_is_interrupted_where_it_stands() -> None:
    talk = Talk("p", line_s=0.5)
    talk.sale()
    left = talk.machine.state.paper.lines
    assert left > 5
    talk.clock.sleep(1.0)
    talk.machine.power_off()
    talk.clock.sleep(60)
    mended(talk)
    assert int(talk.do(0x4A, "L").data) == left - 2 + 1 - 6  # Two before, VOLTAGE DROP, six in three seconds.
    assert talk.memory.papers == []
    talk.do(0x4A, "W")
    assert talk.do(0x4A, "L").data == "0" and talk.memory.papers == ["VOLTAGE DROP", "fiscal 1"]
