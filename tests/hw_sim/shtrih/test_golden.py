"""The simulated register against the golden frames alone: fed raw, its answers compared byte by byte."""

import random

import pytest
from shtrih_till import (
    ACK,
    ENQ,
    FRAMES,
    GOLDEN,
    NAK,
    NINE_OCLOCK_NS,
    NS,
    Till,
    framed,
    item_old,
    number,
    packet,
    unpacked,
)

HALF_PAST_TEN_NS = NINE_OCLOCK_NS + 90 * 60 * NS  # 15.07.2026 10:30 in Almaty, as in the frames.
CODE_TIME_NS = 0x61150780 * NS - 5 * 3600 * NS  # Of the captured FF61 answer, taken for local time.
GOLDEN_SIGN = 0x11223344


class GoldenSigns(random.Random):
    """Signs as in the golden frames; everything else by chance."""

    def getrandbits(self, bits):
        return GOLDEN_SIGN if bits == 32 else super().getrandbits(bits)


def golden_till(**options):
    return Till(GoldenSigns(1), HALF_PAST_TEN_NS, **{"model": "fn", **options})


def answered(till, name):
    """What the register says to a golden frame of the host."""
    assert till.say(ENQ) == NAK
    assert till.say(GOLDEN[name]) == ACK
    answer = till.line.read(60)
    till.line.write(ACK)
    return answer


def test_an_idle_register_with_an_open_shift_answers_10h_as_printed():
    till = Till(model="kz-fr", flags=0x028B)
    till.register.open_shift()
    assert answered(till, "10h short status") == GOLDEN["10h answer, shift open, idle"]


def test_a_sale_of_one_item_answers_as_printed():
    till = Till(model="kz-fr", flags=0x83DF)
    assert answered(till, "8D open a sale") == framed(b"\x8d\0\x1e")
    assert answered(till, "80 sell 1.000 x 500.00, department 1, tax 1") == framed(b"\x80\0\x1e")
    assert answered(till, "10h short status") == GOLDEN["10h answer, sale open with one operation"]
    assert answered(till, "89 subtotal") == framed(b"\x89\0\x1e" + number(50000, 5))
    assert answered(till, "85 close with 500.00 in cash, third tax byte 1") == GOLDEN["85 answer, no change"]
    till.machine.power_off()
    till.machine.power_on()
    till.clock.sleep(3)
    assert answered(till, "10h short status") == GOLDEN["10h answer, paper is back and 'continue' is awaited"]
    assert answered(till, "B0 continue printing") == GOLDEN["B0 answer"]


def test_a_receipt_of_more_than_was_paid_answers_45h_as_printed():
    till = Till()
    till.sell(50001)
    assert (
        answered(till, "85 close with 500.00 in cash, third tax byte 1")
        == GOLDEN["85 error 45, paid less than the total"]
    )


def test_a_wrong_password_answers_4fh_as_printed():
    till = Till()
    till.good("1E", bytes([2, 30, 0, 1]) + number(31, 4))
    assert answered(till, "10h short status") == GOLDEN["10h error 4F, wrong password"]


@pytest.mark.parametrize(
    ("model", "answer"),
    [
        ("on-line", "FC answer of ШТРИХ-ON-LINE, protocol 1.16, Kazakh language"),
        ("fn", "FC answer of ШТРИХ-СМАРТПОС-Ф"),
    ],
)
def test_a_register_says_what_it_is_as_printed(model, answer):
    assert answered(Till(model=model), "FC device type") == GOLDEN[answer]


def test_cash_in_answers_with_the_document_as_printed():
    till = Till(document_number=344)
    assert answered(till, "50 put 1000.00 in") == GOLDEN["50 answer, document 345"]
    till.at_rest()
    assert answered(till, "51 take 500.00 out") == framed(b"\x51\0\x1e" + number(346, 2))
    assert answered(till, "1A read money register 241, cash in the drawer") == framed(b"\x1a\0\x1e" + number(50000, 6))


def test_the_number_of_the_last_sale_is_told_as_printed():
    till = Till(receipt_numbers=(12, 0, 0, 0))
    assert answered(till, "1B read operation register 148, sale receipt number") == GOLDEN["1B answer, 12"]


def test_the_fiscal_storage_tells_its_status_and_shift_as_printed():
    till = golden_till(last_fd=1233, shift_number=7)
    till.register.open_shift()
    assert answered(till, "FF01 status of the fiscal storage") == GOLDEN["FF01 answer, shift open, last document 1234"]
    till.register.storage.receipts_in_shift = 12
    assert answered(till, "FF40 parameters of the shift") == GOLDEN["FF40 answer, shift 7 open, 12 receipts"]
    assert answered(till, "FF0A find document 1234")[4:6] == b"\0\x02"
    assert answered(till, "FF3A begin to read document 1234")[4:7] == b"\0\x02\0"
    assert answered(till, "FF3B next block of the document")[4] == 0
    assert answered(till, "FF08 cancel the document in the fiscal storage") == framed(b"\xff\x08\x02")
    assert answered(till, "FF39 exchange with the OFD") == GOLDEN["FF39 answer, nothing waits"]


def test_a_receipt_of_the_storage_answers_as_printed_and_is_found_again():
    till = golden_till(last_fd=1233)
    till.register.storage.ofd_up = False
    assert answered(till, "8D open a sale") == framed(b"\x8d\0\x1e")
    assert answered(till, "FF46 item 1.000000 x 500.00, tax 1, sums to be computed") == GOLDEN["FF46 answer"]
    closed = answered(till, "FF45 close with 500.00 in cash, tax system 1, text of 64 NUL")
    assert closed == GOLDEN["FF45 answer, document 1235"]
    found = till.ask("FF0A", number(1235, 4))
    assert framed(b"\xff\x0a" + found) == GOLDEN["FF0A answer, receipt 1235, income of 500.00"]


def test_the_captured_item_with_a_rounded_sum_and_its_close_are_taken():
    till = golden_till()
    assert answered(till, "FF46 item 3.000000 x 13.33 with the sum 40.00 given") == GOLDEN["FF46 answer"]
    closed = answered(till, "FF45 close with 100.00 in cash, without text")
    assert closed[4:10] == b"\0" + number(6000, 5)
    assert till.memory.documents[0].positions[0]["sum_tiyn"] == 4000
    assert till.memory.documents[0].positions[0]["name"] == "Позиция 1"


def test_a_check_of_a_code_answers_as_captured():
    till = Till(at_ns=CODE_TIME_NS, model="fn")
    till.console.run("verdict 5")
    asked = answered(till, "FF61 check a code of 29 characters, one piece sold")
    assert asked == GOLDEN["FF61 answer with the opinion of the server"]


def test_a_register_that_works_alone_answers_a_check_as_captured():
    till = Till(model="fn", standalone=True)
    asked = answered(till, "FF61 check a code of 31 characters with a separator inside")
    assert asked == GOLDEN["FF61 answer of a register that works alone"]


def test_decision_binding_and_state_of_codes_answer_as_printed():
    till = Till(model="fn")
    assert answered(till, "FF70 state of the marking checks") == GOLDEN["FF70 answer, nothing pending"]
    answered(till, "FF61 check a code of 29 characters, one piece sold")
    assert answered(till, "FF69 accept the code") == GOLDEN["FF69 answer, result 0F"]
    answered(till, "FF46 item 1.000000 x 500.00, tax 1, sums to be computed")
    assert answered(till, "FF67 bind the code to the last item") == GOLDEN["FF67 short answer"]
    answered(till, "FF61 check a code of 31 characters with a separator inside")
    assert answered(till, "FF69 reject the code") == GOLDEN["FF69 answer, result 0F"]


def test_tables_are_read_and_described_as_captured():
    till = Till(model="fn")
    assert answered(till, "1F read table 10, row 1, field 29") == GOLDEN["1F answer, value 4"]
    assert answered(till, "2D structure of table 10")[:5] == b"\x02\x2d\x2d\0" + "С".encode("cp1251")
    assert len(answered(till, "2E structure of field 29 of table 10")) == 3 + 44 + 2


def test_the_numbered_layer_answers_as_printed():
    till = Till(model="fn", layer="numbered")
    assert till.say(GOLDEN["ping, frame without a number"]) == GOLDEN["empty answer, nothing executed since power-on"]
    till = Till(model="fn", layer="numbered", first_num=9)
    assert till.say(GOLDEN["8D open a sale, NUM 10, stuffed in the CRC"], 1) == GOLDEN["8D answer, NUM 10"]
    till = Till(model="fn", layer="numbered", first_num=16)
    asked = till.say(GOLDEN["2D structure of table 2, NUM 17"], 1)
    assert asked == GOLDEN["2D answer, NUM 17: the name of a table, its rows and fields"]


@pytest.mark.parametrize(
    ("num", "asked", "answer"),
    [
        (20, b"\x1e" + number(30, 4) + bytes([1, 1, 0, 1, 5]), "1E answer, NUM 20"),
        (20, b"\xff\x4d" + number(30, 4) + bytes.fromhex("8A04020000FF"), "FF4D answer, NUM 20"),
        (28, b"\x1f" + number(30, 4) + bytes([1, 1, 0, 1]), "1F answer, NUM 28, value 1"),
        (23, b"\xff\x46" + number(30, 4) + bytes.fromhex("01 40420F000000 50C3000000") + b"\xff" * 10 + bytes(4) + b"x",
         "FF46 answer, NUM 23"),
    ],
)  # fmt: skip
def test_captured_answers_of_the_numbered_layer_come_byte_for_byte(num, asked, answer):
    till = Till(model="fn", layer="numbered", first_num=num - 2)
    till.good("80", item_old(100))
    assert till.say(packet(num, asked), 1) == GOLDEN[answer]


HOST = [case for case in FRAMES if case["direction"] == "host"]


@pytest.mark.parametrize("case", HOST, ids=lambda case: f"{case['layer']}: {case['name']}")
@pytest.mark.parametrize("model", ["kz-fr", "on-line", "fn", "fn-old"])
def test_every_golden_frame_of_the_host_is_taken_whole_in_any_pieces(case, model):
    answers = []
    for size in (1, 3, 1000):
        raw, number_ = bytes.fromhex(case["bytes"]), case.get("fields", {}).get("num", 1)
        till = Till(model=model, layer=case["layer"], first_num=(number_ - 1) % 0x10000)
        for at in range(0, len(raw), size):
            till.line.write(raw[at : at + size])
        heard = [till.line.read(60), till.line.read(60)]
        if case["layer"] == "standard":
            assert heard[0] == ACK
            assert framed(heard[1][2:-1]) == heard[1]
        elif case["command"]:
            assert unpacked(heard[0])[0] == number_
        answers.append(heard)
    assert answers[0] == answers[1] == answers[2]
    assert NAK not in answers[0]
