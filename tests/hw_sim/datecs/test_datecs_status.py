"""Every bit of the status bytes, in both protocols, from what holds in the printer."""

from __future__ import annotations

import pytest
from datecs_talk import Answer, Talk

PROTOCOLS = pytest.mark.parametrize("protocol", ["p", "x"])
WELL = frozenset(("4.2", "4.1", "5.4", "5.3", "5.1"))

# Sign, and what it adds to the bits of a well printer in P and in X. The sums 0.5 and 4.5 stand where they must.
SIGNS = [
    ("printer_fault", "0.4 0.5", "0.4 0.5"),
    ("no_display", "0.3", ""),
    ("clock_unset", "0.2", "0.2"),
    ("tax_terminal_silent", "1.6", ""),
    ("rotated_open", "1.5", ""),
    ("battery_low", "1.3 0.5", ""),
    ("ram_reset", "1.2 0.5", ""),
    ("journal_ending", "2.6", ""),
    ("journal_low", "2.4", "2.4"),
    ("journal_full", "2.2", "2.2"),
    ("switch_1", "3.0", ""),
    ("switch_2", "3.1", ""),
    ("switch_3", "3.2", ""),
    ("switch_4", "3.3", ""),
    ("switch_5", "3.4", ""),
    ("switch_6", "3.5", ""),
    ("switch_7", "3.6", ""),
    ("head_hot", "4.6", ""),
    ("memory_absent", "", "4.6"),
    ("memory_full", "4.4 4.5", "4.4 4.5"),
    ("memory_low", "4.3", "4.3"),
    ("memory_error", "4.0 4.5", "4.0 4.5"),
    ("memory_unread", "5.5", ""),
    ("last_store_failed", "5.2 4.5", ""),
    ("memory_read_only", "5.0 4.5", ""),
]
WELL_SIGNS = [
    ("ids_set", "4.2"),
    ("tax_number_set", "4.1"),
    ("vat_set", "5.4"),
    ("fiscal_mode", "5.3"),
    ("memory_formatted", "5.1"),
]


def status(talk: Talk) -> Answer:
    return talk.ask(0x4A)


@PROTOCOLS
def test_a_well_printer_shows_that_it_is_registered_and_nothing_else(protocol: str) -> None:
    assert status(Talk(protocol)).bits == WELL


@PROTOCOLS
@pytest.mark.parametrize(("sign", "in_p", "in_x"), SIGNS)
def test_each_sign_sets_its_bit_and_the_sums(protocol: str, sign: str, in_p: str, in_x: str) -> None:
    talk = Talk(protocol)
    assert talk.simulated.console().run(f"sign {sign} on").startswith(sign)
    assert status(talk).bits == WELL | set((in_p if protocol == "p" else in_x).split())
    talk.simulated.console().run(f"sign {sign} off")
    assert status(talk).bits == WELL


@PROTOCOLS
@pytest.mark.parametrize(("sign", "bit"), WELL_SIGNS)
def test_what_a_printer_that_is_not_registered_lacks(protocol: str, sign: str, bit: str) -> None:
    talk = Talk(protocol)
    talk.simulated.console().run(f"sign {sign} off")
    assert status(talk).bits == WELL - {bit}


@PROTOCOLS
def test_paper_and_cover(protocol: str) -> None:
    talk = Talk(protocol)
    console = talk.simulated.console()
    console.run("paper low")
    assert status(talk).bits == WELL | {"2.1"}
    console.run("paper out")
    assert status(talk).bits == WELL | {"2.1", "2.0", "0.5"}
    console.run("paper load")
    console.run("cover open")
    assert status(talk).bits == WELL | {"0.6"}  # The cover is no # bit.


@PROTOCOLS
def test_what_is_open_shows(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    assert status(talk).bits == WELL | {"2.3"}
    talk.do(0x3C)
    talk.do(0x26)
    assert status(talk).bits == WELL | {"2.5"}
    talk.do(0x27)
    talk.sale()
    memory = talk.machine.profile.fiscal_memory
    if protocol == "p":
        talk.do(0x2E, f"1,0000,1,R{talk.document()},,150726103000,{memory}")
    else:
        talk.do(0x2B, f"1\t1\t1\t1\t{talk.document()}\t15-07-26 10:30:00\t{memory}\t\t\t\t\t")
    assert status(talk).bits == WELL | ({"2.3", "1.4"} if protocol == "p" else {"2.3"})


@PROTOCOLS
def test_what_the_last_command_did_wrong_is_gone_with_the_next(protocol: str) -> None:
    talk = Talk(protocol)
    assert status(talk).bits == WELL
    assert talk.ask(0x30, "nonsense").bits == WELL | {"0.0", "0.5"}
    assert status(talk).bits == WELL


def test_p_says_with_1_1_what_its_state_forbids_and_x_with_a_code() -> None:
    p, x = Talk("p"), Talk("x")
    assert p.ask(0x38).bits == WELL | {"1.1", "0.5"} and p.ask(0x38).data == ""
    # As on the published -111016: no bit at all.
    assert x.ask(0x38).bits == WELL and x.ask(0x38).data == "-111016\t"
    x.do(0x26)
    assert x.ask(0x7D, "2\t").bits == WELL | {"2.5", "1.1", "0.5"}


def test_an_overflow_sets_1_0_and_changes_nothing() -> None:
    p, x = Talk("p"), Talk("x")
    for talk in (p, x):
        talk.open()
    # 8 digits in P: 999999.99; in X 9999999.99.
    assert p.ask(0x31, "Car\tB600000.00*2.000").bits == WELL | {"2.3", "1.0", "1.1", "0.5"}
    got = x.ask(0x31, "Car\t2\t6000000.00\t2.000\t\t\t0\t")
    assert got.bits == WELL | {"2.3", "1.0", "0.5"} and got.error == -111006
    assert p.state()[1] == "0000" and x.state()[2] == "0"


@PROTOCOLS
def test_4ah_also_carries_the_bytes_as_data(protocol: str) -> None:
    talk = Talk(protocol)
    raw = status(talk).raw
    bytes_ = bytes.fromhex("80 80 80 80 86 9A") + (b"\x80\x80" if protocol == "x" else b"")
    assert raw.count(bytes_) == 2
    assert (b"0\t" + bytes_ + b"\t\x04" in raw) is (protocol == "x")


def test_p_tells_lines_left_and_counters_of_the_head() -> None:
    talk = Talk("p", line_s=0.1)
    talk.open()
    lines = int(talk.ask(0x4A, "L").data)
    assert lines > 0
    waited = talk.clock.at_ns
    assert talk.ask(0x4A, "W").bits == WELL | {"2.3"}
    assert (talk.clock.at_ns - waited) / 1e9 == pytest.approx(lines * 0.1, abs=0.06)
    assert talk.syns > 0 and talk.ask(0x4A, "L").data == "0"
    assert talk.ask(0x4A, "P").data.startswith("P")
    assert talk.ask(0x4A, "R").data.startswith("0,(")
    assert "0.0" in talk.ask(0x4A, "Q").bits


@pytest.mark.parametrize("sign", ["memory_full", "memory_error", "memory_read_only"])
def test_a_memory_that_cannot_keep_stops_receipts_and_z(sign: str) -> None:
    talk = Talk("p")
    talk.simulated.console().run(f"sign {sign} on")
    assert "1.1" in talk.refused(0x30, "1,0000,1").bits
    assert "1.1" in talk.refused(0x45, "0").bits


@pytest.mark.parametrize("sign", ["tax_terminal_silent", "clock_unset"])
def test_a_silent_terminal_or_an_unset_clock_stops_receipts(sign: str) -> None:
    talk = Talk("p")
    talk.simulated.console().run(f"sign {sign} on")
    assert "1.1" in talk.refused(0x30, "1,0000,1").bits


def test_a_broken_mechanism_stops_what_prints() -> None:
    talk = Talk("x")
    talk.simulated.console().run("sign printer_fault on")
    assert talk.refused(0x30, "1\t1\t1\t\t").error == -112008
    talk.do(0x46, "0\t0\t")


@PROTOCOLS
def test_a_full_journal_refuses_just_what_would_fill_it(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.item()
    talk.simulated.console().run("sign journal_full on")
    talk.refused(0x31, talk.item_data())
    talk.refused(0x36, "text" if protocol == "p" else "text\t")
    talk.pay()
    talk.close()
    talk.refused(0x30, "1,0000,1" if protocol == "p" else "1\t1\t1\t\t")
    talk.refused(0x26)
    talk.z()
