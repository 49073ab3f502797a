"""What a simulated Datecs printer does wrong on command: each kind of the family, and the list of the reference."""

from __future__ import annotations

import pytest
from datecs_talk import NAK, Talk, request

from hw_sim.datecs.faults import KINDS

PROTOCOLS = pytest.mark.parametrize("protocol", ["p", "x"])


@PROTOCOLS
def test_nak_once_takes_nothing_and_the_same_seq_goes_through(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.machine.faults.add("nak_once", "31")
    frame = request(protocol, 0x5A, 0x31, talk.item_data().encode())
    assert talk.send(frame) == NAK
    assert talk.send(frame).endswith(b"\x03")
    assert int(talk.state()[1 if protocol == "p" else 2]) == 1


@PROTOCOLS
def test_a_syn_stream_lasts_as_long_as_told(protocol: str) -> None:
    talk = Talk(protocol)
    talk.machine.faults.add("syn_stream", "4A", seconds=6)
    began = talk.clock.at_ns
    talk.ask(0x4A)
    assert (talk.syns, (talk.clock.at_ns - began) / 1e9) == (100, 6.0)


@PROTOCOLS
def test_an_answer_that_is_lost_after_a_syn_stream_ends_in_silence(protocol: str) -> None:
    talk = Talk(protocol)
    talk.machine.faults.add("syn_stream", "4A", seconds=0.6)
    talk.machine.faults.add("answer_lost", "4A")
    assert talk.ask(0x4A, seq=0x40).raw == b"" and talk.syns == 10
    assert talk.ask(0x4A, seq=0x40).raw


@PROTOCOLS
def test_swallow_first_gives_an_old_answer_and_does_nothing(protocol: str) -> None:
    talk = Talk(protocol)
    talk.document()
    talk.machine.faults.add("swallow_first")
    got = talk.ask(0x30, "1,0000,1" if protocol == "p" else "1\t1\t1\t\t", seq=0x6E)
    assert got.seq == 0x6E and got.command == (0x71 if protocol == "p" else 0xFF)
    assert "2.3" not in talk.ask(0x4A, seq=0x6F).bits


@PROTOCOLS
def test_swallow_first_of_a_fresh_printer_is_a_status(protocol: str) -> None:
    talk = Talk(protocol)
    talk.machine.faults.add("swallow_first")
    assert talk.ask(0x30, "1,0000,1" if protocol == "p" else "1\t1\t1\t\t").command == 0x4A


@PROTOCOLS
def test_status_bits_may_be_any_and_are_repeated_as_they_were(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.machine.faults.add("status_bits", "4A", set="2.0,0.6,1.5", clear="2.3")
    bits = talk.ask(0x4A, seq=0x40).bits
    assert {"2.0", "0.6", "1.5"} <= bits and not bits & {"2.3", "0.5"}
    assert talk.ask(0x4A, seq=0x40).bits == bits
    assert "2.3" in talk.ask(0x4A, seq=0x41).bits


@PROTOCOLS
@pytest.mark.parametrize("bits", ["2.0", "0.6", "1.1", "4.5", "0.5,1.1,2.0"])
def test_status_only_failures_do_nothing(protocol: str, bits: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.item()
    talk.pay()
    talk.machine.faults.add("refused", "38", set=bits)
    got = talk.ask(0x38)
    assert got.data == "" and set(bits.split(",")) <= got.bits and "2.3" in got.bits
    assert not talk.memory.documents
    talk.close()


def test_an_unknown_negative_code_comes_with_or_without_the_deed() -> None:
    talk = Talk("x")
    for done in (0, 1):
        talk.open()
        talk.item()
        talk.pay()
        talk.machine.faults.add("error_code", "38", code=-111_777, done=done)
        assert talk.ask(0x38).data == "-111777\t"
        assert len(talk.memory.documents) == done
        assert talk.do(0x64, "-111777\t").fields == ["-111777", "unknown error"]
        if not done:
            talk.close()
            talk.memory.documents.clear()


@PROTOCOLS
def test_an_answer_may_bear_another_name(protocol: str) -> None:
    talk = Talk(protocol)
    talk.machine.faults.add("wrong_seq", "3E")
    assert talk.ask(0x3E, seq=0x40).seq == 0x3F
    assert talk.ask(0x3E, seq=0x40).seq == 0x40  # What is kept is right.
    talk.machine.faults.add("wrong_command", "3E", command="4C")
    assert talk.ask(0x3E, seq=0x41).command == 0x4C
    talk.machine.faults.add("wrong_seq", "3E")
    assert talk.ask(0x3E, seq=0x20).seq == 0x21


@PROTOCOLS
def test_counters_jump_and_go_back(protocol: str) -> None:
    talk = Talk(protocol)
    talk.sale()
    talk.machine.faults.add("counter_jump", by=2)
    assert talk.document() == 3 and len(talk.memory.documents) == 1
    talk.machine.faults.add("counter_back", by=3)
    assert talk.document() == 0


@PROTOCOLS
def test_the_clock_jumps(protocol: str) -> None:
    talk = Talk(protocol)
    talk.machine.faults.add("clock_offset", seconds=-86_400)
    assert talk.do(0x3E).fields == ["14-07-26 10:30:00"]


@PROTOCOLS
def test_the_journal_fills_up(protocol: str) -> None:
    talk = Talk(protocol)
    talk.machine.faults.add("journal_full", "30")
    got = talk.refused(0x30, "1,0000,1" if protocol == "p" else "1\t1\t1\t\t")
    assert "2.2" in got.bits
    if protocol == "x":
        assert got.error == -105010


@PROTOCOLS
def test_an_answer_comes_in_pieces_of_one_to_eight_bytes(protocol: str) -> None:
    talk = Talk(protocol)
    talk.machine.faults.add("chunks", "3E")
    talk.line.write(request(protocol, 0x40, 0x3E, b""))
    pieces = []
    while piece := talk.line.read(0.5):
        pieces.append(piece)
    assert len(pieces) > 3 and max(map(len, pieces)) <= 8
    assert b"".join(pieces) == talk.send(request(protocol, 0x40, 0x3E, b""))


@PROTOCOLS
def test_a_late_answer_comes_after_the_one_to_the_next_command(protocol: str) -> None:
    talk = Talk(protocol)
    talk.machine.faults.add("answer_late", "3E", seconds=2)
    assert talk.ask(0x3E, seq=0x40).raw == b""
    assert talk.ask(0x4A, seq=0x41).seq == 0x41
    assert talk.hear(3)[1 if protocol == "p" else 4 :].find(b"\x40") >= 0


@PROTOCOLS
def test_an_answer_twice_is_twice_the_same(protocol: str) -> None:
    talk = Talk(protocol)
    talk.machine.faults.add("answer_twice", "3E")
    first = talk.send(request(protocol, 0x40, 0x3E, b""))
    assert talk.hear() == first != b""


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("status_bits", {"set": "6.0"}),
        ("status_bits", {"set": "2.7"}),
        ("status_bits", {"on": "2.3"}),
        ("wrong_command", {"command": "10"}),
        ("wrong_command", {"command": "close"}),
        ("counter_jump", {"by": 0}),
        ("syn_stream", {"seconds": "long"}),
        ("nak_once", {"by": 1}),
    ],
)
def test_a_fault_that_cannot_be_is_refused_when_it_is_ordered(name: str, params: dict[str, object]) -> None:
    talk = Talk("p")
    with pytest.raises(ValueError, match=name):
        talk.machine.faults.add(name, **params)


def test_every_kind_says_when_it_acts() -> None:
    assert all(kind.about.split(":")[0] in ("heard", "executed", "said") for kind in KINDS.values())
