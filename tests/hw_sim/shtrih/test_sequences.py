"""Whole conversations with the simulated register, as a driver has them, and what it shows after a lost answer."""

import pytest
from shtrih_till import (
    ACK,
    ENQ,
    LONG_KM,
    NOTHING,
    SHORT_KM,
    Till,
    close_old,
    close_storage,
    framed,
    item_old,
    item_storage,
    number,
    packet,
)

LAYERS = ("standard", "numbered")
OLD_MODELS, STORAGE_MODELS = ("kz-fr", "on-line"), ("on-line", "fn")


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("model", OLD_MODELS)
def test_a_sale_with_the_old_command_set(model, layer):
    till = Till(model=model, layer=layer, receipt_numbers=(11, 0, 0, 0), document_number=40)
    mode, submode = till.state()
    assert mode in (2, 4) and submode == 0
    before = (till.document(), till.counter(148), till.money(241))
    till.good("8D", b"\0")
    for price in (100, 250):
        till.good("80", item_old(price))
    assert till.good("85", close_old(400))[1:] == number(50, 5)
    till.at_rest()
    assert till.counter(148) == before[1] + 1 == 12
    assert till.money(241) - before[2] == till.money(193) == 350
    assert till.document() > before[0]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("model", STORAGE_MODELS)
def test_a_marked_sale_with_the_storage(model, layer):
    till = Till(model=model, layer=layer, last_fd=1200)
    before = till.last_fd()
    for km in (LONG_KM, SHORT_KM):
        till.good("FF61", bytes([1, 0, len(km), 0]) + km)
        till.good("FF69", b"\x01")
    till.good("8D", b"\0")
    for km in (LONG_KM, SHORT_KM):
        till.good("FF46", item_storage(90001))
        till.good("FF67", bytes([len(km)]) + km)
    closed = till.good("FF45", close_storage(0, 180002))
    till.at_rest()
    fd = int.from_bytes(closed[5:9], "little")
    assert fd == before + 2 == till.last_fd()  # The shift took a number as well.
    assert till.good("FF0A", number(fd, 4))[15:] == b"\x01" + number(180002, 5)
    assert [row["marks"] for row in till.memory.rows()] == [[LONG_KM.decode("latin-1"), SHORT_KM.decode("latin-1")]]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_return_is_a_sale_the_other_way(layer):
    till = Till(model="kz-fr", layer=layer)
    till.sold(500)
    till.sell(200, kind=2, cash=200)
    till.at_rest()
    assert (till.counter(150), till.money(195), till.money(241)) == (1, 200, 300)


def test_x_and_z_are_waited_for_and_the_shift_number_is_read():
    till = Till(model="kz-fr", shift_number=77)
    till.sold(100)
    for code in ("40", "41"):
        till.good(code)
        assert till.state()[1] == 5
        till.at_rest()
    assert till.good("11")[34:36] == number(77, 2)


def test_cash_in_and_out_answer_with_their_documents():
    till = Till(model="kz-fr", document_number=100)
    assert till.good("50", number(1000, 5))[1:] == number(101, 2)
    till.at_rest()
    assert till.good("51", number(400, 5))[1:] == number(102, 2)
    till.at_rest()
    assert [till.money(place) for place in (241, 242, 243)] == [600, 1000, 400]


def test_the_receipt_of_another_operator_is_cancelled_with_the_password_of_the_system():
    till = Till(model="kz-fr")
    till.console.run("foreign 7")
    assert till.error("88", password=1) == 0x59
    till.good("88", password=30)
    till.at_rest()
    assert till.state() == (2, 0)


# What the register shows after an answer was lost: how it was lost, then mode, submode and receipts.


def lost(till, fault, code, data=b"", **told):
    """Send a command whose answer does not come."""
    till.machine.faults.add(fault, code, **told)
    whole = till.request(code, data)
    if till.numbered:
        till.line.write(packet(till.num + 1, whole))
    else:
        till.line.write(framed(whole))
        till.line.read(0)
    assert till.line.read(20) == NOTHING
    if not till.machine.powered:
        till.machine.power_on()
        till.clock.sleep(3)
        till.num = till.register.options.first_num
    till.line.open()
    if not till.numbered and till.say(ENQ) == ACK:
        till.line.read(1)
        till.line.write(ACK)
    elif till.numbered and fault == "answer_lost":
        till.num += 1


# Lost after, how, what keeps an open receipt, mode and submode at once, receipts made, subtotal still open.
LOST = [
    ("8D", "answer_lost", "cancels", (8, 0), 0, 0),
    ("8D", "power_off_after", "cancels", (2, 0), 0, None),
    ("80", "request_lost", "cancels", (8, 0), 0, 100),
    ("80", "answer_lost", "cancels", (8, 0), 0, 300),
    ("80", "power_off_after", "cancels", (2, 0), 0, None),
    ("80", "power_off_after", "loses_last", (8, 0), 0, 100),
    ("85", "request_lost", "cancels", (8, 0), 0, 100),
    ("85", "power_off_before", "keeps", (8, 0), 0, 100),
    ("85", "power_off_before", "cancels", (2, 0), 0, None),
    ("85", "answer_lost", "cancels", (2, 0), 1, None),
    ("85", "power_off_after", "cancels", (2, 3), 1, None),
    ("88", "answer_lost", "cancels", (2, 0), 0, None),
    ("88", "request_lost", "cancels", (8, 0), 0, 100),
    ("41", "answer_lost", "cancels", (4, 0), 1, None),
    ("41", "request_lost", "cancels", (2, 0), 1, None),
]
DATA = {"8D": b"\0", "80": item_old(200), "85": close_old(100)}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(("code", "fault", "power", "state", "receipts", "subtotal"), LOST)
def test_what_it_shows_after_a_loss(layer, code, fault, power, state, receipts, subtotal):
    till = Till(model="kz-fr", layer=layer, power_loss=power)
    if code == "41":
        till.sold(100)
    elif code != "8D":
        till.sell(100)
    lost(till, fault, code, DATA.get(code, b""))
    assert till.state() == state
    assert till.counter(148) == receipts == len(till.memory.rows())
    if subtotal is not None:
        assert till.good("89")[1:] == number(subtotal, 5)
    if state[1] == 3:
        till.good("B0")
        till.at_rest()


def test_a_close_repeated_after_it_was_done_finds_no_receipt():
    till = Till(model="kz-fr")
    till.sell(100)
    lost(till, "answer_lost", "85", close_old(100))
    assert till.error("85", close_old(100)) == 0x55
    assert len(till.memory.rows()) == 1


def test_a_z_report_repeated_after_it_was_done_says_so():
    till = Till(model="kz-fr")
    till.sold(100)
    lost(till, "answer_lost", "41")
    assert till.error("41") == 0x2C


def test_a_cash_move_that_was_done_shows_in_its_registers():
    till = Till(model="kz-fr", cash=500)
    before = till.document()
    lost(till, "answer_lost", "50", number(300, 5))
    assert (till.document(), till.money(242), till.money(241)) == (before + 1, 300, 800)


def test_two_equal_sales_are_two_receipts_and_can_be_told_apart_by_number():
    till = Till(model="fn")
    for _ in range(2):
        till.good("FF46", item_storage(100))
        till.good("FF45", close_storage(100))
        till.at_rest()
    documents = [till.good("FF0A", number(fd, 4)) for fd in (3, 4)]
    assert documents[0][15:] == documents[1][15:]
    assert documents[0][7:15] != documents[1][7:15]


@pytest.mark.parametrize("seconds", [0, 1, 15, 60])
def test_a_check_of_a_code_may_take_up_to_a_minute(seconds):
    till = Till(model="fn")
    till.machine.faults.add("ff61_delay", seconds=seconds)
    assert till.say(framed(till.request("FF61", bytes([1, 0, len(SHORT_KM), 0]) + SHORT_KM))) == ACK
    if seconds:
        assert till.line.read(seconds - 0.1) == NOTHING
        assert till.say(ENQ) == ACK  # It says that it is at work.
    assert till.line.read(1)[2:5] == b"\xff\x61\0"
    till.line.write(ACK)
    assert till.good("FF70")[:1] == b"\x04"
    till.good("FF69", b"\x02")
    assert till.good("FF70")[:1] == b"\x01"
