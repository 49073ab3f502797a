"""The fiscal storage of the simulated register: numbers, signs, what waits for the operator, documents read back."""

import pytest
from shtrih_till import LONG_KM, Till, close_storage, item_storage, number

DAY_S = 86_400


@pytest.fixture
def till():
    return Till(model="fn")


def sold(till, price, operation=1):
    """One receipt; the number of its document and its sign."""
    till.good("FF46", item_storage(price, operation=operation))
    answer = till.good("FF45", close_storage(price))
    till.at_rest()
    return int.from_bytes(answer[5:9], "little"), int.from_bytes(answer[9:13], "little")


def found(till, fd):
    answer = till.good("FF0A", number(fd, 4))
    return answer[0], answer[7:11], answer[11:15], answer[15:]


def test_the_first_receipt_of_a_shift_takes_two_numbers_the_next_one_takes_one(till):
    assert till.last_fd() == 1
    first, sign = sold(till, 100)
    second, _ = sold(till, 200)
    assert (first, second, till.last_fd()) == (3, 4, 4)
    assert found(till, 2) == (2, number(2, 4), number(till.register.storage.documents[1].sign, 4), number(1, 2))
    assert found(till, 3) == (3, number(3, 4), number(sign, 4), b"\x01" + number(100, 5))
    assert till.memory.documents[0].sign == str(sign)


def test_shifts_and_receipts_are_counted(till):
    assert till.good("FF40") == b"\0" + number(0, 2) + number(0, 2)
    sold(till, 100)
    sold(till, 100)
    assert till.good("FF40") == b"\x01" + number(1, 2) + number(2, 2)
    till.good("41")
    till.at_rest()
    assert till.good("FF40") == b"\0" + number(1, 2) + number(2, 2)
    sold(till, 100)
    assert till.good("FF40") == b"\x01" + number(2, 2) + number(1, 2)


def test_a_z_report_is_a_document(till):
    sold(till, 100)
    till.good("41")
    till.at_rest()
    assert till.last_fd() == 4
    assert found(till, 4)[0] == 5


def test_the_shift_may_be_opened_and_closed_through_the_storage(till):
    till.good("FF41")
    assert till.good("FF01")[1] == 0x02
    assert till.error("8D", b"\0") == 0x02
    opened = till.good("FF0B")
    till.at_rest()
    assert opened[:6] == number(1, 2) + number(2, 4)
    assert till.error("FF41") == 0x02
    till.good("FF42")
    assert till.good("FF01")[1] == 0x08
    closed = till.good("FF43")
    till.at_rest()
    assert closed[:6] == number(1, 2) + number(3, 4)
    assert till.state()[0] == 4
    assert till.error("FF42") == 0x02


@pytest.mark.parametrize(
    ("operation", "kind"), [(1, "sale"), (2, "sale_return"), (3, "purchase"), (4, "purchase_return")]
)
def test_each_operation_is_found_as_what_it_was(operation, kind):
    till = Till(model="fn", cash=1000)
    fd, _ = sold(till, 100, operation)
    assert found(till, fd)[3][:1] == bytes([operation])
    assert till.memory.rows()[0]["operation"] == kind


def test_status_shows_the_document_that_is_being_made(till):
    assert till.good("FF01")[1:3] == b"\0\0"
    till.good("8D", b"\0")
    assert till.good("FF01")[1:3] == b"\x04\0"
    till.good("FF46", item_storage(100))
    assert till.good("FF01")[1:3] == b"\x04\x01"
    till.good("88")
    assert till.good("FF01")[1:3] == b"\0\0"


def test_status_tells_the_moment_of_the_last_document_and_the_storage(till):
    sold(till, 100)
    answer = till.good("FF01")
    assert answer[3:5] == b"\x01\0"
    assert answer[5:10] == bytes([26, 7, 15, 9, 0])
    assert answer[10:26] == b"9999078900000001"


def test_a_document_left_open_blocks_until_it_is_cancelled(till):
    till.machine.faults.add("storage_stuck")
    till.good("FF46", item_storage(100))
    till.good("88")
    till.at_rest()
    assert till.good("FF01")[1] == 0x04
    assert till.error("8D", b"\0") == 0x02
    assert till.error("E0") in (0x02, 0x3C)
    assert till.error("41") == 0x02
    till.good("FF08")
    assert till.good("FF01")[1] == 0
    assert sold(till, 100)[0] == 3


def test_ff08_cancels_the_receipt_that_is_open(till):
    till.good("FF46", item_storage(100))
    till.good("FF08")
    assert till.state()[0] == 2
    assert till.memory.rows() == [] and till.memory.cancelled == 1


def test_documents_wait_for_the_operator_and_are_sent_when_he_is_back(till):
    till.console.run("ofd down")
    sold(till, 100)
    assert till.good("FF3F") == number(2, 2)
    waiting = till.good("FF39")
    assert waiting[:8] == b"\x02\0" + number(2, 2) + number(2, 4)
    assert waiting[8:] == bytes([26, 7, 15, 9, 0])
    assert till.good("FF0A", number(3, 4))[1] == 0
    assert till.console.run("ofd up") == "0 documents wait"
    assert till.good("FF3F") == number(0, 2)
    assert till.good("FF39") == bytes(13)
    assert till.good("FF0A", number(3, 4))[1] == 1


def test_what_has_waited_for_30_days_stops_the_selling(till):
    till.console.run("ofd down")
    sold(till, 100)
    till.good("41")
    till.at_rest()
    till.clock.sleep(30 * DAY_S + 60)
    assert till.error("8D", b"\0") == 0x15
    till.console.run("ofd up")
    till.good("8D", b"\0")


def test_a_clock_moved_by_more_than_five_minutes_is_noticed_once(till):
    sold(till, 100)
    till.console.run("clock +301")
    till.good("FF46", item_storage(100))
    assert till.error("FF45", close_storage(100)) == 0x17
    till.good("FF45", close_storage(100))


def test_a_document_is_read_back_tag_by_tag(till):
    till.good("FF46", item_storage(12345, 2_500_000))
    till.good("FF61", b"\x01\0" + bytes([len(LONG_KM), 0]) + LONG_KM, password=1)
    till.good("FF69", b"\x01")
    till.good("FF67", bytes([len(LONG_KM)]) + LONG_KM)
    till.good("FF45", close_storage(20000, 12000))
    till.at_rest()
    head = till.good("FF3A", number(3, 4))
    blocks = []
    while (answer := till.ask("FF3B"))[0] == 0:
        blocks.append(answer[1:])
    assert answer == b"\x08"
    assert head == number(3, 2) + number(sum(map(len, blocks)), 2)
    tags = {int.from_bytes(block[:2], "little"): block[4:] for block in blocks}
    assert tags[1040] == number(3, 4) and tags[1038] == number(1, 4) and tags[1042] == number(1, 4)
    assert tags[1054] == b"\x01" and tags[1020] == number(30863, 2)
    assert tags[1031] == number(18863, 2) and tags[1081] == number(12000, 2)
    assert tags[1077] == b"1\x04" + till.register.storage.documents[2].sign.to_bytes(4, "big")
    assert LONG_KM in tags[1059] and "Сүт".encode("kz1048") in tags[1059]


def test_a_long_item_is_read_in_pieces_that_fit_a_frame(till):
    km = b"01" + bytes(range(0x21, 0x7F)) * 2
    till.good("FF46", item_storage(100) + b"x" * 120)
    till.good("FF67", bytes([len(km)]) + km)
    till.good("FF45", close_storage(100))
    till.at_rest()
    size = int.from_bytes(till.good("FF3A", number(3, 4))[2:], "little")
    read = b""
    while (answer := till.ask("FF3B"))[0] == 0:
        assert len(answer) <= 251
        read += answer[1:]
    assert len(read) == size and km in read


def test_reading_has_to_be_begun_again_after_power_off(till):
    till.good("FF3A", number(1, 4))
    till.good("FF3B")
    till.machine.power_off()
    till.machine.power_on()
    till.clock.sleep(3)
    assert till.error("FF3B") == 0x08


def test_the_old_close_answers_with_the_change_only():
    till = Till(model="fn-old")
    till.good("FF46", item_storage(1000))
    data = number(1500, 5) + bytes(75) + number(1000, 2) + bytes(4) + b"\x01" + bytes(40)
    assert till.good("FF45", data) == number(600, 5)
    till.at_rest()
    assert found(till, 3)[3] == b"\x01" + number(900, 5)
    assert till.error("FF45", close_storage(1000, text=bytes(64))) == 0x7E


def test_the_close_may_leave_out_date_and_time():
    till = Till(model="fn", close_tells_time=False)
    till.good("FF46", item_storage(1000))
    assert len(till.good("FF45", close_storage(1000))) == 13


def test_data_for_document_and_item_are_taken(till):
    till.good("FF46", item_storage(1000))
    till.good("FF4D", bytes.fromhex("3C080100 00"))
    till.good("FF0C", bytes.fromhex("F003 0200 3131"))
    assert till.register.receipt.items[0].tlv == bytes.fromhex("3C08010000")


def test_data_of_more_than_250_bytes_are_too_many():
    till = Till(model="fn", layer="numbered")  # The standard layer carries 249 at most.
    till.good("FF46", item_storage(1000))
    assert [till.error(code, bytes(251)) for code in ("FF4D", "FF0C")] == [0x10, 0x10]
    assert till.register.receipt.items[0].tlv == b""
    till.good("FF4D", bytes(250))
