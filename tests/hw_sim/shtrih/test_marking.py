"""Marking codes at the simulated register: checked, decided, bound, and in the document exactly as scanned."""

import pytest
from shtrih_till import LONG_KM, SHORT_KM, Till, close_old, close_storage, item_old, item_storage, number

GOOD = 0x0F


@pytest.fixture
def till():
    return Till(model="fn")


def check(till, km=LONG_KM, planned=1, tlv=b""):
    return till.ask("FF61", bytes([planned, 0, len(km), len(tlv)]) + km + tlv)


def decide(till, decision):
    return till.ask("FF69", bytes([decision]))


def bind(till, km=LONG_KM):
    return till.ask("FF67", bytes([len(km)]) + km)


def state(till):
    return till.good("FF70")


def test_a_marked_sale_keeps_the_code_byte_by_byte_with_its_separator(till):
    for km in (LONG_KM, SHORT_KM):
        assert check(till, km)[0] == 0
        assert decide(till, 1) == bytes([0, GOOD])
    till.good("8D", b"\0")
    for km in (LONG_KM, SHORT_KM):
        till.good("FF46", item_storage(1000))
        assert bind(till, km)[0] == 0
    till.good("FF45", close_storage(2000))
    assert till.memory.rows()[0]["marks"] == [LONG_KM.decode("latin-1"), SHORT_KM.decode("latin-1")]
    assert "\x1d" in till.memory.documents[0].positions[0]["marks"][0]
    assert state(till)[3:5] == b"\0\0"


def test_a_code_with_bytes_above_7f_is_kept_too(till):
    km = bytes(range(0x20, 0x100))
    till.good("FF46", item_storage(1000))
    bind(till, km)
    till.good("FF45", close_storage(1000))
    assert till.memory.rows()[0]["marks"][0].encode("latin-1") == km


def test_marks_of_a_return_stand_in_the_return():
    till = Till(model="fn", cash=5000)
    till.good("FF46", item_storage(1000, operation=2))
    bind(till)
    till.good("FF45", close_storage(1000))
    row = till.memory.rows()[0]
    assert (row["operation"], row["marks"]) == ("sale_return", [LONG_KM.decode("latin-1")])


def test_marks_of_a_cancelled_receipt_are_nowhere(till):
    check(till)
    decide(till, 1)
    till.good("FF46", item_storage(1000))
    bind(till)
    till.good("88")
    till.at_rest()
    assert till.memory.rows() == []
    assert state(till)[:5] == bytes([1, 0, 1, 0, 0])


def test_the_state_follows_check_and_decision(till):
    assert state(till)[:1] == b"\x01"
    check(till)
    assert state(till)[:1] == b"\x04"
    decide(till, 1)
    assert state(till)[:4] == bytes([1, 0, 1, 1])
    check(till, SHORT_KM)
    decide(till, 0)
    assert state(till)[3:4] == b"\x01"


def test_a_check_waits_for_its_decision(till):
    check(till)
    assert check(till, SHORT_KM) == b"\xa1"
    decide(till, 0)
    assert check(till, SHORT_KM)[0] == 0
    decide(till, 1)
    assert decide(till, 1) == b"\xa1"


def test_newer_firmware_clears_its_checks_by_decision_2(till):
    check(till)
    decide(till, 1)
    check(till, SHORT_KM)
    assert decide(till, 2)[0] == 0
    assert state(till)[:4] == bytes([1, 0, 1, 0])
    older = Till(model="on-line")
    check(older)
    assert decide(older, 2) == b"\x33"


def test_a_code_not_checked_before_is_checked_by_binding(till):
    till.good("FF46", item_storage(1000))
    answer = bind(till)
    assert answer[:4] == bytes([0, 0x4D, 0x44, 3])
    assert answer[4:8] == bytes([0, 1, 5, 20]) and answer[8:10] == bytes([0, GOOD])


def test_binding_wants_an_item_without_a_code(till):
    till.good("8D", b"\0")
    assert bind(till) == b"\x33"
    till.good("FF46", item_storage(1000))
    assert bind(till)[0] == 0
    assert bind(till, SHORT_KM) == b"\x33"


def test_binding_outside_a_receipt_is_refused(till):
    assert bind(till) == b"\x73"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x01\0\x05\0" + b"1234", id="code cut"),
        pytest.param(b"\x01\0\x03\0" + b"1234", id="code longer than told"),
        pytest.param(b"\x01\0\0\0", id="no code"),
        pytest.param(b"\x05\0\x04\0" + b"1234", id="planned status 5"),
        pytest.param(b"\x01\x01\x04\0" + b"1234", id="mode 1"),
        pytest.param(b"\x01\0\x04\x03" + b"1234" + b"\x3c\x08\x09", id="tlv cut"),
    ],
)
def test_a_check_that_cannot_be_read_is_refused(till, data):
    assert till.ask("FF61", data) == b"\x33"
    assert state(till)[:1] == b"\x01"


def test_part_of_a_pack_is_told_by_tags(till):
    assert check(till, tlv=bytes.fromhex("3C08010000 FF0304000603E803"), planned=2)[0] == 0


@pytest.mark.parametrize("planned", [1, 2, 3, 4, 255])
def test_every_planned_status_is_taken(till, planned):
    assert check(till, planned=planned)[0] == 0


def test_the_server_may_find_something_wrong_with_a_code(till):
    till.console.run("verdict 5 " + LONG_KM.decode("latin-1").replace("\x1d", "<GS>"))
    assert check(till)[6] == 5
    assert decide(till, 1) == b"\0\x05"
    assert check(till, SHORT_KM)[6] == GOOD


def test_a_register_that_works_alone_asks_nobody():
    till = Till(model="fn", standalone=True)
    assert check(till) == bytes([0, 0, 1, 5, 0])
    assert state(till)[:1] == b"\x02"
    assert decide(till, 1) == b"\0\x10"


def test_a_slow_server_makes_the_register_slow(till):
    till.machine.faults.add("ff61_delay", seconds=30)
    began = till.clock.at_ns
    assert check(till)[0] == 0
    assert till.clock.at_ns - began == pytest.approx(30.5e9)


def test_a_server_that_does_not_answer_is_told_as_ff(till):
    till.machine.faults.add("ff61_server_timeout")
    began = till.clock.at_ns
    assert check(till) == bytes([0, 0, 1, 5, 1, 0xFF])
    assert till.clock.at_ns - began == pytest.approx(5.5e9)
    assert decide(till, 0) == b"\0\0"


@pytest.mark.parametrize("cause", [1, 2, 3, 4, 5, 7])
def test_an_answer_of_the_server_that_is_no_good_is_told_with_its_cause(till, cause):
    till.machine.faults.add("ff61_format", cause=cause)
    assert check(till) == bytes([0, 0, 1, 5, 2, 0x20, cause])


@pytest.mark.parametrize("code", [0xD3, 0xD4])
@pytest.mark.parametrize("command", ["FF61", "FF67", "FF45"])
def test_a_mark_is_refused_and_the_rest_goes_on(till, command, code):
    till.machine.faults.add("mark_refused", command, code=code)
    asked = check(till)
    if command == "FF61":
        assert asked == bytes([code])
        return
    decide(till, 1)
    till.good("FF46", item_storage(1000))
    bound = bind(till)
    if command == "FF67":
        assert bound == bytes([code])
        assert till.register.receipt.items[0].marks == []
        assert bind(till)[0] == 0
        return
    assert till.error("FF45", close_storage(1000)) == code
    assert till.memory.rows() == [] and till.state()[0] == 8
    till.good("FF45", close_storage(1000))


def test_what_waited_for_a_decision_is_gone_without_power(till):
    check(till)
    till.machine.power_off()
    till.machine.power_on()
    till.clock.sleep(3)
    assert state(till)[:1] == b"\x01"


@pytest.mark.parametrize("ffxx", ["none", "marking", "all"])
def test_how_much_of_the_ffxx_set_a_kazakh_firmware_has_is_a_switch(ffxx):
    till = Till(model="on-line", ffxx=ffxx)
    probe = {code: till.ask(code)[0] for code in ("FF70", "FF01")}
    assert probe == {"FF70": 0x37 if ffxx == "none" else 0, "FF01": 0 if ffxx == "all" else 0x37}


def test_codes_may_be_bound_to_items_of_the_old_command_set():
    till = Till(model="on-line", ffxx="marking")
    check(till)
    decide(till, 1)
    till.good("8D", b"\0")
    till.good("80", item_old(1000))
    assert bind(till) == bytes([0, 0x4D, 0x44, 3])
    till.good("85", close_old(1000))
    assert till.memory.rows()[0]["marks"] == [LONG_KM.decode("latin-1")]
    assert till.error("FF46", item_storage(1)) == 0x37


def test_the_table_of_checks_has_an_end(till):
    for place in range(128):
        assert check(till, b"01%014d21x\x1d93abcd" % place)[0] == 0
        decide(till, 1)
    assert check(till) == b"\xa3"
    assert state(till)[:1] == b"\0"
    assert int.from_bytes(state(till)[3:4], "little") == 128
    assert number(0, 2) == state(till)[6:]
