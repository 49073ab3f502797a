"""Frames and the rule of SEQ on a simulated Datecs printer (reference: the vendor's low-level protocol, P and X)."""

from __future__ import annotations

import pytest
from datecs_talk import NAK, SYN, Talk, digits, request
from hypothesis import given, settings
from hypothesis import strategies as st

PROTOCOLS = pytest.mark.parametrize("protocol", ["p", "x"])
STATUS = 0x4A


def wide(protocol: str) -> int:
    return 4 if protocol == "x" else 1


@PROTOCOLS
def test_a_wrong_sum_gets_nak_and_the_same_seq_is_still_free(protocol: str) -> None:
    talk = Talk(protocol)
    good = request(protocol, 0x30, STATUS, b"")
    assert talk.send(good[:-5] + b"0000" + good[-1:]) == NAK
    assert talk.send(good).endswith(b"\x03")


@PROTOCOLS
@pytest.mark.parametrize("change", ["length", "seq below 20h", "code below 20h in data", "lone 10h", "no postamble"])
def test_a_wrong_format_gets_nak(protocol: str, change: str) -> None:
    talk = Talk(protocol)
    good = request(protocol, 0x30, STATUS, b"")
    bad = {
        "length": _summed(good[:1] + _more(good[1 : 1 + wide(protocol)]) + good[1 + wide(protocol) : -5]),
        "seq below 20h": request(protocol, 0x1F, STATUS, b""),
        "code below 20h in data": request(protocol, 0x30, 0x36, b"a\x1db"),
        "lone 10h": request(protocol, 0x30, 0x36, b"a\x10"),
        "no postamble": _summed(good[:-6] + b"\x20"),
    }[change]
    assert talk.send(bad) == NAK
    assert talk.machine.frames[-2].about and not talk.memory.documents


def _more(length: bytes) -> bytes:
    return length[:-1] + bytes((length[-1] + 1,))


def _summed(frame: bytes) -> bytes:
    return frame + digits(sum(frame[1:])) + b"\x03"


def test_p_takes_a_seq_to_7f_and_x_to_ff() -> None:
    assert Talk("p").ask(STATUS, seq=0x7F).seq == 0x7F
    assert Talk("p").send(request("p", 0x80, STATUS, b"")) == NAK
    assert Talk("x").ask(STATUS, seq=0xFF).seq == 0xFF


@PROTOCOLS
def test_no_more_than_213_bytes_of_data_are_taken(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    tabs = b"\t" if protocol == "x" else b""
    assert talk.send(request(protocol, 0x30, 0x36, b"a" * (213 - len(tabs)) + tabs)) != NAK
    assert talk.send(request(protocol, 0x31, 0x36, b"a" * (214 - len(tabs)) + tabs)) == NAK


@PROTOCOLS
def test_noise_between_frames_is_passed_over(protocol: str) -> None:
    talk = Talk(protocol)
    good = request(protocol, 0x30, STATUS, b"")
    assert talk.send(b"\x00\xff\x55\x03\x15" + good).endswith(b"\x03")


@PROTOCOLS
def test_a_frame_cut_off_is_forgotten_when_the_next_begins(protocol: str) -> None:
    talk = Talk(protocol)
    assert talk.send(request(protocol, 0x30, STATUS, b"")[:-3]) == b""
    got = talk.ask(STATUS, seq=0x30)
    assert got.seq == 0x30
    assert "cut short" in next(note for note in talk.machine.frames if note.way == "!").about


@PROTOCOLS
def test_two_frames_in_one_piece_are_both_answered(protocol: str) -> None:
    talk = Talk(protocol)
    both = request(protocol, 0x30, STATUS, b"") + request(protocol, 0x31, 0x3E, b"")
    first = talk.send(both)
    assert first and talk.hear() not in (b"", first)


@PROTOCOLS
def test_the_seq_of_the_last_frame_brings_the_same_bytes_and_does_nothing(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    item = talk.item_data()
    first = talk.ask(0x31, item, seq=0x55)
    again = talk.ask(0x31, item, seq=0x55)
    other = talk.ask(0x3C, seq=0x55)  # Whatever the frame holds.
    assert first.raw == again.raw == other.raw
    assert talk.state()[1 if protocol == "p" else 2] in ("0001", "1")


@PROTOCOLS
def test_another_seq_after_a_lost_answer_carries_the_command_out_again(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.machine.faults.add("answer_lost", "31")
    assert talk.ask(0x31, talk.item_data(), seq=0x55).raw == b""
    assert talk.ask(0x31, talk.item_data(), seq=0x56).raw
    assert int(talk.state()[1 if protocol == "p" else 2]) == 2


@PROTOCOLS
def test_the_rule_holds_for_the_very_next_frame_only(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.ask(0x31, talk.item_data(), seq=0x55)
    talk.ask(STATUS, seq=0x56)
    talk.ask(0x31, talk.item_data(), seq=0x55)
    assert int(talk.state()[1 if protocol == "p" else 2]) == 2


@PROTOCOLS
def test_a_repeat_is_not_forgotten_because_of_nak_between(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    first = talk.ask(0x31, talk.item_data(), seq=0x55)
    assert talk.send(request(protocol, 0x55, 0x31, b"x")[:-2] + b"\x30\x03") == NAK
    assert talk.ask(0x31, talk.item_data(), seq=0x55).raw == first.raw


@PROTOCOLS
def test_the_rule_reaches_across_sessions(protocol: str) -> None:
    talk = Talk(protocol, last_seq=0x21)
    talk.line.open()
    swallowed = talk.ask(0x30, "1,0000,1" if protocol == "p" else "1\t1\t1\t\t", seq=0x21)
    assert swallowed.command == STATUS and "2.3" not in swallowed.bits
    talk.seq = 0x21
    assert talk.state()[0] == "0"
    assert "2.3" in talk.open().bits


@PROTOCOLS
def test_a_wrong_command_code_is_told(protocol: str) -> None:
    talk = Talk(protocol)
    got = talk.ask(0xE0)
    assert got.data == ("" if protocol == "p" else "-112000\t")
    assert {"0.1", "0.5"} <= got.bits
    assert not talk.ask(STATUS).bits & {"0.1", "0.5"}


def test_x_may_say_a_refusal_with_bits_alone() -> None:
    talk = Talk("x", refusals_have_code=False)
    unknown, closed = talk.ask(0xE0), talk.ask(0x38)
    assert (unknown.data, closed.data) == ("", "")
    assert "0.1" in unknown.bits and "1.1" in closed.bits


@PROTOCOLS
def test_syn_comes_every_60_ms_while_a_command_runs(protocol: str) -> None:
    talk = Talk(protocol, busy_s={"4A": 0.3})
    began = talk.clock.at_ns
    talk.line.write(request(protocol, 0x30, STATUS, b""))
    heard = []
    while piece := talk.line.read(0.5):
        heard.append(((talk.clock.at_ns - began) // 1_000_000, piece))
    assert [piece for _, piece in heard[:5]] == [SYN] * 5
    assert [at for at, _ in heard] == [60, 120, 180, 240, 300, 300]
    assert heard[5][1][0] == 0x01


@PROTOCOLS
def test_a_command_that_runs_is_not_carried_out_twice_by_an_impatient_host(protocol: str) -> None:
    talk = Talk(protocol, busy_s={"31": 1.2})
    talk.open()
    frame = request(protocol, 0x55, 0x31, talk.item_data().encode())
    began = talk.clock.at_ns
    talk.line.write(frame)
    talk.clock.sleep(0.5)
    talk.line.write(frame)
    first = talk.hear(2)
    assert talk.clock.at_ns - began == 1_200_000_000
    assert first == talk.hear(2) != b""
    assert int(talk.state()[1 if protocol == "p" else 2]) == 1


@settings(max_examples=150, deadline=None)
@given(
    protocol=st.sampled_from(["p", "x"]),
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from([b"\x01", b"\x03", b"\x05", b"\x04", b"\x15", b"\x01\x24\x22\x4a\x05"]),
        ),
        max_size=12,
    ),
)
def test_any_bytes_are_survived_and_make_no_document(protocol: str, pieces: list[bytes]) -> None:
    talk = Talk(protocol)
    for piece in pieces:
        talk.machine.receive(piece)
    assert not talk.memory.documents and not talk.machine.state.journal.records
    talk.machine.receive(b"\x03")  # Ends whatever has begun.
    while talk.machine.take():
        pass
    assert talk.ask(STATUS, seq=0x41).seq == 0x41


COMMANDS = st.one_of(
    st.integers(0x20, 0xFF),
    st.sampled_from([0x26, 0x27, 0x2A, 0x2B, 0x2E, 0x30, 0x31, 0x33, 0x35, 0x36, 0x38, 0x39, 0x3C, 0x45, 0x46]),
    st.sampled_from(
        [0x4A, 0x4C, 0x5A, 0x64, 0x67, 0x6D, 0x6E, 0x71, 0x77, 0x7B, 0x7C, 0x7D, 0xFF, 0x20, 0x2C, 0x3D, 0x40]
    ),
)
ALPHABET = st.text(st.sampled_from("0123456789.,-+*;#\tABCFINPRXYZyn \x10Ж"), max_size=24)
DATA = st.one_of(
    ALPHABET,
    st.sampled_from(
        ["1,0000,1", "1\t1\t1\t\t", "Milk\tB9.00", "Milk\t2\t9.00\t\t\t\t\t", "\tP9.00", "0\t9.00\t\t", "T"]
    ),
)


@settings(max_examples=150, deadline=None)
@given(protocol=st.sampled_from(["p", "x"]), steps=st.lists(st.tuples(COMMANDS, DATA), max_size=12))
def test_any_data_in_sound_frames_is_answered(protocol: str, steps: list[tuple[int, str]]) -> None:
    talk = Talk(protocol)
    for command, text in steps:
        data = text.encode("cp1251").rstrip(b"\x10")
        talk.seq = 0x20 + (talk.seq - 0x1F) % 0x50
        raw = talk.send(request(protocol, talk.seq, command, data))
        assert raw and len(raw) <= 260
    rows = talk.memory.rows()
    assert all(row["total_tiyn"] >= 0 for row in rows)
    assert len({record.document for record in talk.machine.state.journal.records}) == len(
        talk.machine.state.journal.records
    )
