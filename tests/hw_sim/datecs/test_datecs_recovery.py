"""What a host finds on a simulated Datecs printer after an answer is lost, or the power, at each step of a receipt."""

from __future__ import annotations

import pytest
from datecs_steps import AFTER, BEFORE, found, mended, prepared
from datecs_talk import Talk, request

PROTOCOLS = pytest.mark.parametrize("protocol", ["p", "x"])
BASELINE = 1  # One earlier sale of 500.
FAULTS = ("answer_lost", "power_off_after", "hang_up_after", "request_lost", "power_off_before", "hang_up_before")


@PROTOCOLS
@pytest.mark.parametrize("step", AFTER)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_state_tells_whether_the_step_was_done(protocol: str, step: str, fault: str) -> None:
    talk, (command, data) = prepared(protocol, step)
    talk.machine.faults.add(fault, f"{command:02X}")
    assert talk.ask(command, data).raw == b""
    mended(talk)
    done = fault in ("answer_lost", "power_off_after", "hang_up_after")
    assert found(talk) == (AFTER if done else BEFORE)[step]
    fiscal = 2 if done and step == "close" else 1
    assert len(talk.memory.documents) == fiscal


@PROTOCOLS
@pytest.mark.parametrize("step", AFTER)
@pytest.mark.parametrize("fault", ["answer_lost", "request_lost", "answer_damaged", "answer_cut", "hang_up_after"])
def test_the_same_seq_settles_a_lost_answer_without_a_second_deed(protocol: str, step: str, fault: str) -> None:
    talk, (command, data) = prepared(protocol, step)
    talk.machine.faults.add(fault, f"{command:02X}", **({"bit": 40} if fault == "answer_damaged" else {}))
    talk.line.write(talk_request(talk, command, data))
    talk.line.read(0.5)
    talk.line.open()
    assert talk.taken(talk.ask(command, data, seq=0x6F))
    assert found(talk) == AFTER[step]


def talk_request(talk: Talk, command: int, data: str) -> bytes:
    return request(talk.protocol, 0x6F, command, data.encode("cp1251"))


@PROTOCOLS
@pytest.mark.parametrize("loss", ["power", "line"])
def test_half_a_frame_is_forgotten_with_the_line_or_the_power(protocol: str, loss: str) -> None:
    talk, (command, data) = prepared(protocol, "open")
    frame = talk_request(talk, command, data)
    talk.line.write(frame[:8])
    if loss == "power":
        talk.machine.power_off()
    else:
        talk.machine.hang_up()
    mended(talk)
    assert talk.send(frame[8:]) == b""
    assert found(talk) == BEFORE["open"]


@PROTOCOLS
@pytest.mark.parametrize("keeps", [False, True])
def test_whether_the_answer_outlives_the_power_is_a_switch(protocol: str, keeps: bool) -> None:
    talk, (command, data) = prepared(protocol, "close", keeps_answer=keeps)
    talk.machine.faults.add("power_off_after", "38")
    assert talk.ask(command, data, seq=0x6F).raw == b""
    mended(talk)
    again = talk.ask(command, data, seq=0x6F)
    assert talk.taken(again) is keeps  # Kept: the answer of the close. Not kept: carried out, and nothing is open.
    assert len(talk.memory.documents) == 2


@PROTOCOLS
def test_a_close_that_was_lost_before_it_came_may_simply_be_sent_again(protocol: str) -> None:
    talk, (command, data) = prepared(protocol, "close")
    talk.machine.faults.add("power_off_before", "38")
    talk.ask(command, data)
    mended(talk)
    talk.close()
    assert found(talk) == AFTER["close"]


@PROTOCOLS
def test_cancelled_and_sold_differ_by_type_and_not_by_the_document_number(protocol: str) -> None:
    talk, (command, data) = prepared(protocol, "cancel")
    talk.machine.faults.add("answer_lost", "3C")
    talk.ask(command, data)
    if protocol == "p":
        assert talk.do(0x77, f"Y,{BASELINE + 1}").data == f"u,DT000600,4,{BASELINE + 1},"
    else:
        assert talk.do(0x7D, f"0\t{BASELINE + 1}\t0\t").fields[3] == "8"
        assert talk.do(0xFF, "nLastFiscalDoc\t\t\t").fields == [str(BASELINE)]


@PROTOCOLS
def test_after_a_ram_reset_nothing_is_open_and_nothing_was_closed(protocol: str) -> None:
    talk, (command, data) = prepared(protocol, "close")
    talk.machine.faults.add("ram_reset", "38")
    talk.machine.faults.add("answer_lost", "38")
    talk.ask(command, data)
    got = found(talk)
    assert (got.open, got.document, got.items) == (False, BASELINE, 0)
    bits = talk.ask(0x4A).bits
    assert ("1.2" in bits) is (protocol == "p") and "0.2" in bits
    talk.refused(0x30, "1,0000,1" if protocol == "p" else "1\t1\t1\t\t")
    drawer = talk.do(0x46, "" if protocol == "p" else "0\t0\t").fields
    assert int(drawer[1 if protocol == "p" else 0].replace(".", "")) == 0  # The day's registers are gone too.
    talk.do(0x3D, "15-07-26 10:40:00" + ("" if protocol == "p" else "\t"))
    assert not talk.ask(0x4A).bits & {"1.2", "0.2"}
    assert len(talk.memory.documents) == 1
    talk.sale()


@PROTOCOLS
@pytest.mark.parametrize("fault", ["answer_lost", "power_off_after"])
def test_a_lost_z_shows_in_its_number(protocol: str, fault: str) -> None:
    talk = Talk(protocol)
    talk.sale()
    talk.machine.faults.add(fault, "45")
    talk.ask(0x45, "0" if protocol == "p" else "Z\t")
    mended(talk)
    got = talk.do(0x40, "0" if protocol == "p" else "0\t").fields
    assert int(got[1 if protocol == "p" else 0]) == 1
    assert len(talk.memory.closed) == 1
    if protocol == "x":
        assert talk.do(0x7B, "3\t").fields[2] == "1"


@PROTOCOLS
def test_a_lost_cash_move_shows_in_its_register(protocol: str) -> None:
    talk = Talk(protocol, amounts="point")
    move, read = ("50.00", "") if protocol == "p" else ("0\t50.00\t", "0\t0\t")
    talk.machine.faults.add("answer_lost", "46")
    talk.ask(0x46, move)
    assert talk.do(0x46, read).fields[-2:] == ["50.00", "0.00"]


@PROTOCOLS
@pytest.mark.parametrize("moment", ["counter_jump", "counter_jump_after"])
def test_another_program_shows_in_the_counter_or_in_the_sum(protocol: str, moment: str) -> None:
    talk, (command, data) = prepared(protocol, "close")
    talk.machine.faults.add(moment, "38", total=12_300)
    talk.machine.faults.add("answer_lost", "38")
    talk.ask(command, data)
    assert talk.document() == BASELINE + 2
    ours = [row["total_tiyn"] for row in talk.memory.rows()]
    assert ours == ([50_000, 12_300, 90_000] if moment == "counter_jump" else [50_000, 90_000, 12_300])
    assert [document.employee for document in talk.memory.documents].count("another program") == 1
