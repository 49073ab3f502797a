"""The standard link layer of the simulated register, state by state, every rule of the vendor's description."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shtrih_till import ACK, ENQ, FRAMES, GOLDEN, NAK, NOTHING, Till, close_old, framed, item_old, number

STATUS = GOLDEN["10h short status"]
CONTROL = ("ENQ", "ACK", "NAK")


@pytest.fixture
def till():
    return Till(model="fn", work=10.0)


def idle(till):
    """At rest it answers ENQ with NAK."""
    return till.say(ENQ) == NAK


def pending(till):
    """Send a command and leave its answer unread; the answer."""
    assert till.say(STATUS) == ACK
    return till.line.read(5)


def test_at_rest_enq_gets_nak_however_often(till):
    assert [till.say(ENQ) for _ in range(3)] == [NAK] * 3


def test_a_good_frame_gets_ack_then_its_answer_and_the_ack_of_the_host_ends_it(till):
    answer = pending(till)
    assert answer[:4] == b"\x02\x11\x10\0"
    till.line.write(ACK)
    assert idle(till)


def test_a_frame_is_taken_without_enq_before_it(till):
    assert till.say(STATUS) == ACK


def test_a_bad_lrc_gets_nak_and_nothing_is_done(till):
    open_sale = GOLDEN["8D open a sale"]
    assert till.say(open_sale[:-1] + bytes([open_sale[-1] ^ 1])) == NAK
    assert till.register.receipt is None
    assert idle(till)


def test_a_frame_without_a_command_gets_nak(till):
    assert till.say(b"\x02\x00\x00") == NAK
    assert idle(till)


def test_a_byte_that_is_late_ends_the_frame_with_nak(till):
    assert till.say(STATUS[:4]) == NOTHING
    till.clock.sleep(0.09)
    assert till.line.read(0) == NOTHING
    till.clock.sleep(0.02)
    assert till.line.read(0) == NAK
    assert till.say(STATUS[4:], 0.0) in (NOTHING, NAK)  # The rest is noise; its 05h bytes are none.
    assert idle(till)


def test_the_nak_for_a_late_byte_comes_by_itself_while_the_host_waits(till):
    till.line.write(STATUS[:4])
    began = till.clock.at_ns
    assert till.line.read(5) == NAK
    assert till.clock.at_ns - began == pytest.approx(0.1e9, rel=0.01)


def test_while_it_works_enq_gets_ack_and_the_answer_comes_once(till):
    assert till.say(STATUS) == ACK
    assert till.say(ENQ) == ACK
    answer = till.line.read(5)
    assert answer[2] == 0x10
    assert till.line.read(5) == NOTHING


@pytest.mark.parametrize("sent", [NAK, NOTHING])
def test_an_answer_is_not_repeated_after_nak_or_silence_but_after_enq(till, sent):
    answer = pending(till)
    till.line.write(sent)
    assert till.line.read(30) == NOTHING
    for _ in range(2):
        assert till.say(ENQ) == ACK
        assert till.line.read(5) == answer
    till.line.write(ACK)
    assert idle(till)


def test_a_frame_sent_while_an_answer_waits_is_not_heard(till):
    pending(till)
    assert till.say(GOLDEN["FC device type"], 1) == NOTHING
    assert till.say(GOLDEN["8D open a sale"], 1) == NOTHING
    assert till.register.receipt is None


def test_an_answer_that_was_not_read_outlives_the_connection(till):
    answer = pending(till)
    till.line.close()
    till.line.open()
    assert till.say(ENQ) == ACK
    assert till.line.read(5) == answer


def test_half_a_frame_does_not(till):
    till.line.write(STATUS[:3])
    till.machine.hang_up()
    till.line.open()
    assert idle(till)
    assert till.say(STATUS) == ACK


def test_after_power_on_it_is_at_rest_and_the_old_answer_is_gone(till):
    pending(till)
    till.machine.power_off()
    till.machine.power_on()
    till.clock.sleep(3)
    assert idle(till)


@pytest.mark.parametrize("noise", [b"\xff\xff\xff", b"\x00\x41", ACK, NAK])
def test_noise_at_rest_is_not_answered(till, noise):
    assert till.say(noise) == NOTHING
    assert idle(till)


def test_an_ff_may_come_before_every_control_byte():
    till = Till(model="fn", idle_ff=True)
    assert till.say(ENQ) == b"\xff" + NAK
    assert till.say(STATUS) == b"\xff" + ACK


def test_an_error_answer_holds_the_code_and_the_error_only(till):
    assert till.ask("85", close_old(1)) == b"\x73"
    assert till.ask("FF0A", number(99, 4)) == b"\x08"


def test_answers_may_come_byte_by_byte_with_gaps():
    till = Till(model="fn", byte_gap_s=0.01, work=0.1)
    assert till.say(STATUS) == ACK
    answer = [till.line.read(1) for _ in range(20)]
    assert b"".join(answer) == framed(b"".join(answer)[2:-1])
    assert till.line.read(1) == NOTHING


def test_14h_changes_how_long_a_byte_is_waited_for(till):
    for byte, seconds in ((0, 0.0), (150, 0.15), (151, 0.3), (249, 15.0), (250, 30.0), (255, 105.0)):
        till.good("14", bytes([0, 6, byte]))
        assert till.register.line.byte_timeout_s == pytest.approx(seconds)
        till.register.line.timeout = 100
    till.good("14", bytes([0, 6, 151]))
    assert till.good("15", b"\0") == bytes([6, 151])
    till.line.write(STATUS[:4])
    till.clock.sleep(0.25)
    assert till.say(STATUS[4:]) == ACK


def test_14h_lets_the_first_byte_after_it_choose_the_layer(till):
    till.good("14", bytes([0, 6, 100]))
    assert till.say(GOLDEN["ping, frame without a number"]) == GOLDEN["empty answer, nothing executed since power-on"]
    assert till.say(ENQ) == NOTHING


def test_without_14h_the_other_layer_is_not_heard(till):
    assert till.say(GOLDEN["ping, frame without a number"]) == NOTHING
    assert idle(till)


@pytest.mark.parametrize("starts", [ENQ, STATUS])
def test_a_register_after_a_service_run_takes_the_standard_layer_by_its_first_byte(starts):
    till = Till(model="fn", layer="auto")
    assert till.say(b"\xff") == NOTHING
    assert till.say(starts) in (NAK, ACK)
    assert till.say(GOLDEN["ping, frame without a number"]) == NOTHING


def test_a_model_without_the_numbered_layer_does_not_choose_it():
    till = Till(model="kz-fr", layer="auto")
    assert till.say(GOLDEN["ping, frame without a number"]) == NOTHING
    assert till.say(ENQ) == NAK


STANDARD = [case for case in FRAMES if case["layer"] == "standard" and case["direction"] == "host"]


@pytest.mark.parametrize("case", STANDARD, ids=lambda case: case["name"])
def test_one_flipped_bit_never_executes_a_frame(case):
    """A flipped length may leave a shorter frame with a good LRC, so weak is this sum; its parameters are then cut."""
    raw = bytes.fromhex(case["bytes"])
    for bit in range(8 * len(raw)):
        till = Till(model="fn")
        till.line.write(bytes(byte ^ (0x80 >> bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(raw)))
        till.clock.sleep(1)
        till.line.read(0)
        answers = [note for note in till.machine.frames if note.way == "<" and note.name not in CONTROL]
        assert all(answer.data[-2] == 0x7E for answer in answers), f"bit {bit}"
        assert till.register.receipt is None and till.memory.papers == [] and till.memory.shift is None


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), max_size=12))
def test_any_pieces_of_a_conversation_give_the_same_answers(sizes):
    conversation = ENQ + framed(b"\x8d" + number(30, 4) + b"\0") + ACK
    conversation += ENQ + framed(b"\x80" + number(30, 4) + item_old(100)) + ACK

    def heard(pieces):
        till = Till(model="fn", work=0.0)
        for piece in pieces:
            till.line.write(piece)
        said = b""
        while piece := till.line.read(1):
            said += piece
        return said

    cut, at = [], 0
    for size in sizes:
        cut.append(conversation[at : at + size])
        at += size
    assert heard([*cut, conversation[at:]]) == heard([conversation])
