"""The numbered link layer of the simulated register: every command once, whatever comes twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shtrih_till import FRAMES, GOLDEN, NOTHING, Till, crc16, item_old, number, packet, unpacked

PING = GOLDEN["ping, frame without a number"]
OPEN_SALE = b"\x8d" + number(30, 4) + b"\0"
STATUS = b"\x10" + number(30, 4)
ITEM = b"\x80" + number(30, 4) + item_old(100)


@pytest.fixture
def till():
    return Till(model="fn", layer="numbered")


def sent(till, num, data, wait_s=5):
    return till.say(packet(num, data), wait_s)


def test_after_power_on_a_ping_tells_the_number_of_which_the_next_is_executed(till):
    assert unpacked(till.say(PING)) == (1, b"")
    assert unpacked(sent(till, 2, OPEN_SALE)) == (2, b"\x8d\0\x1e")


def test_a_ping_brings_the_last_answer_again(till):
    answer = sent(till, 2, STATUS)
    assert [till.say(PING), till.say(PING)] == [answer, answer]


def test_the_same_number_again_brings_the_same_answer_and_does_nothing(till):
    sent(till, 2, OPEN_SALE)
    answer = sent(till, 3, ITEM)
    assert [sent(till, 3, ITEM) for _ in range(3)] == [answer] * 3
    assert len(till.register.receipt.items) == 1


@pytest.mark.parametrize("num", [0, 1, 4, 5, 0x8F, 0xFFFF])
def test_any_other_number_brings_the_last_answer_with_its_own_number(till, num):
    answer = sent(till, 2, STATUS)
    assert sent(till, num, OPEN_SALE) == answer
    assert till.register.receipt is None


def test_another_number_before_anything_was_executed_brings_the_empty_answer(till):
    assert unpacked(sent(till, 7, OPEN_SALE)) == (1, b"")
    assert till.register.receipt is None


def test_after_65535_comes_0():
    till = Till(model="fn", layer="numbered", first_num=0xFFFE)
    assert unpacked(sent(till, 0xFFFF, STATUS))[0] == 0xFFFF
    assert unpacked(sent(till, 0, OPEN_SALE)) == (0, b"\x8d\0\x1e")
    assert unpacked(sent(till, 1, STATUS))[0] == 1


def test_numbers_and_data_that_must_be_stuffed_come_through_both_ways():
    till = Till(model="fn", layer="numbered", first_num=0x8E)
    assert unpacked(sent(till, 0x8F, b"\x21" + number(30, 4) + bytes([15, 0x1F, 0x1F]))) == (0x8F, b"\x21\0")
    till = Till(model="fn", layer="numbered", first_num=0x9E)
    text = b"\x8f\x9f\x81\x83" + bytes(35)
    assert unpacked(sent(till, 0x9F, b"\x1e" + number(30, 4) + bytes([4, 1, 0, 1]) + text)) == (0x9F, b"\x1e\0")
    _, answer = unpacked(sent(till, 0xA0, b"\x1f" + number(30, 4) + bytes([4, 1, 0, 1])))
    assert answer[2:6] == b"\x8f\x9f\x81\x83"


def test_after_power_off_neither_number_nor_answer_is_known(till):
    sent(till, 2, STATUS)
    sent(till, 3, STATUS)
    till.machine.power_off()
    till.machine.power_on()
    till.clock.sleep(3)
    assert unpacked(sent(till, 3, STATUS)) == (1, b"")
    assert unpacked(sent(till, 2, STATUS))[0] == 2


def test_the_number_outlives_the_connection_unless_told_otherwise(till):
    answer = sent(till, 2, STATUS)
    till.line.close()
    till.line.open()
    assert till.say(PING) == answer
    other = Till(model="fn", layer="numbered", first_num=0, num_per_connection=True)
    sent(other, 1, STATUS)
    other.line.close()
    other.line.open()
    assert unpacked(other.say(PING)) == (0, b"")


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(packet(2, OPEN_SALE)[:-1] + b"\0", id="crc"),
        pytest.param(b"\x8f\x01\x00\x02" + number(crc16(b"\x01\x00\x02"), 2), id="len 1"),
        pytest.param(packet(2, OPEN_SALE)[:5] + b"\x9f\x82" + packet(2, OPEN_SALE)[5:], id="9f 82"),
        pytest.param(packet(2, OPEN_SALE)[:6], id="cut"),
        pytest.param(b"\x8f\xff\xff" + bytes(40), id="a length that never comes"),
        pytest.param(b"\x05\x02\x05\x10\x1e\x00\x00\x00\x0b", id="the other layer"),
    ],
)
def test_a_broken_packet_is_not_answered_and_the_next_good_one_is(till, broken):
    assert till.say(broken, 1) == NOTHING
    assert till.register.receipt is None
    assert unpacked(sent(till, 2, OPEN_SALE))[1] == b"\x8d\0\x1e"


def test_a_bare_8f_inside_begins_a_new_packet(till):
    whole = packet(2, OPEN_SALE)
    assert unpacked(till.say(whole[:7] + whole, 1)) == (2, b"\x8d\0\x1e")


def test_half_a_packet_is_forgotten_after_the_byte_timeout(till):
    whole = packet(2, OPEN_SALE)
    till.line.write(whole[:6])
    till.clock.sleep(0.2)
    assert till.say(whole[6:], 1) == NOTHING
    assert unpacked(till.say(whole, 1))[0] == 2


def test_while_it_works_nothing_is_heard_and_the_answer_comes_once():
    till = Till(model="fn", layer="numbered", work=100.0)
    till.line.write(packet(2, OPEN_SALE))
    till.line.write(packet(2, OPEN_SALE))
    till.line.write(PING)
    assert unpacked(till.line.read(30)) == (2, b"\x8d\0\x1e")
    assert till.line.read(30) == NOTHING


def test_a_number_without_data_is_no_request(till):
    assert till.say(packet(2), 1) == NOTHING


NUMBERED = [case for case in FRAMES if case["layer"] == "numbered" and case["direction"] == "host"]


@pytest.mark.parametrize("case", NUMBERED, ids=lambda case: case["name"])
def test_one_flipped_bit_never_executes_a_packet(case):
    raw = bytes.fromhex(case["bytes"])
    for bit in range(8 * len(raw)):
        till = Till(model="fn", layer="numbered", first_num=(case.get("fields", {}).get("num", 1) - 1) % 0x10000)
        till.line.write(bytes(byte ^ (0x80 >> bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(raw)))
        till.clock.sleep(1)
        assert till.line.read(0) == NOTHING
        assert not [note for note in till.machine.frames if note.way == ">"]


@settings(deadline=None)
@given(st.lists(st.integers(1, 7), max_size=14))
def test_any_pieces_of_a_conversation_give_the_same_answers(sizes):
    conversation = PING + packet(2, OPEN_SALE) + packet(3, ITEM) + packet(3, ITEM) + PING

    def heard(pieces):
        till = Till(model="fn", layer="numbered", work=0.0)
        for piece in pieces:
            till.line.write(piece)
        said = []
        while piece := till.line.read(1):
            said.append(piece)
        return said

    cut, at = [], 0
    for size in sizes:
        cut.append(conversation[at : at + size])
        at += size
    assert heard([*cut, conversation[at:]]) == heard([conversation])
