"""The simulated HID POS scanner against the vectors, and each of its faults."""

import tomllib
from pathlib import Path

import pytest

from hw_sim.scanner import MemoryLine
from hw_sim.scanner.hidpos import Faults, HidPosSim, Vendor

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "hidpos.toml").read_text(encoding="utf-8"))
FULL = "0104603276013765213A8B06OMH52K2\x1d91KZF0\x1d92THdacgzKM1saamrh6LNd8AazrDfKqJDZSE2BKKqk3so="


@pytest.mark.parametrize("number", range(7))
def test_the_simulator_makes_the_reports_of_the_vectors(number):
    vector = VECTORS["read"][number]
    data, aim = bytes.fromhex(vector["data"]), vector["symbology"]
    in_data = vector["profile"] == "newland" and bool(aim)
    sim = HidPosSim(vector["profile"], aim_in_data=in_data)
    expected = [bytes.fromhex(report) for report in vector["reports"]]
    symbology = expected[0][61 if vector["profile"] == "honeywell" else 62]
    assert sim.reports(data.removeprefix(b"]d2"), aim, symbology) == expected


def test_a_command_answer_is_the_logged_one():
    vector = VECTORS["command_answer"]
    sent = [chunk.data for chunk in HidPosSim().answer("REVINF.", vector["text"])]
    assert sent == [bytes.fromhex(report) for report in vector["reports"]]


def test_a_beep_of_the_host_is_heard():
    sim = HidPosSim()
    report = bytes.fromhex(VECTORS["beep"]["bytes"]).ljust(64, b"\0")
    sim.receive(report[:20])
    assert sim.beeps == 0
    sim.receive(report[20:] + report)
    assert (sim.beeps, sim.triggers) == (2, 0)


def sent(faults, vendor=Vendor.HONEYWELL):
    return list(HidPosSim(vendor).scan(FULL, faults=faults))


def test_reports_can_be_lost_and_doubled():
    first, last = (chunk.data for chunk in sent(Faults()))
    assert [chunk.data for chunk in sent(Faults(lose=frozenset({0})))] == [last]
    assert [chunk.data for chunk in sent(Faults(double=frozenset({1})))] == [first, last, last]


def test_a_report_can_carry_another_identifier_and_length():
    harmed = sent(Faults(aim={1: "]Q3"}, length={1: 57}))[1].data
    assert (harmed[1], harmed[2:5], len(harmed)) == (57, b"]Q3", 64)


def test_reports_can_be_late_and_answers_can_come_between_them():
    chunks = sent(Faults(pause={1: 0.5}, answer=frozenset({1})))
    assert [chunk.data[2:5] for chunk in chunks] == [b"]d2", b"]Z6", b"]d2"]
    assert chunks[2].delay_s == pytest.approx(0.501)


def test_the_cable_can_come_out_between_the_reports():
    chunks = sent(Faults(unplug_after=1))
    assert [(len(chunk.data), chunk.unplug) for chunk in chunks] == [(64, False), (0, True)]
    assert sent(Faults(unplug_after=9))[-1].unplug


def test_separators_can_be_dropped_or_replaced():
    dropped, replaced = (
        b"".join(chunk.data[5 : 5 + chunk.data[1]] for chunk in HidPosSim().scan("1\x1d2", gs=gs, gs_text="|"))
        for gs in ("drop", "text")
    )
    assert (dropped, replaced) == (b"12", b"1|2")


def test_it_plays_through_a_line_in_memory_in_virtual_time():
    now = [10.0]
    line = MemoryLine(lambda: now[0], lambda seconds: None)
    end = line.feed(HidPosSim(interval_s=0.008).scan(FULL))
    assert end == pytest.approx(10.016)
    now[0] = 10.009
    assert len(line.read(4096)) == 64
    now[0] = 10.017
    assert len(line.read(4096)) == 64
