"""Faults of the simulated register: the common ones at every command and layer, and those of its own."""

import pytest
from shtrih_till import (
    ACK,
    ENQ,
    GOLDEN,
    NAK,
    NOTHING,
    Till,
    close_old,
    close_storage,
    framed,
    item_old,
    item_storage,
    number,
    packet,
    unpacked,
)

from hw_sim.device.faults import MOMENTS, Moment
from hw_sim.shtrih.catalogue import COMMANDS, Role

LAYERS = ("standard", "numbered")
CODES = [code for code in COMMANDS if " " not in code]


def data_for(code):
    """Parameters of the right length, without the password; most of them make no sense."""
    return bytes(sum(field.least * field.count for field in COMMANDS[code].fields if field.name != "password"))


def asked(till, code):
    password = None if COMMANDS[code].role is Role.NOBODY else 30
    return till.request(code, data_for(code), password)


def send(till, whole):
    """A command on its way, whatever becomes of it; True: the standard layer has said ACK."""
    if till.numbered:
        till.num += 1
        till.line.write(packet(till.num, whole))
        return True
    till.line.write(framed(whole))
    return till.line.read(0) == ACK


def answered(till, wait_s=60):
    """The answer in whole frames, or what came instead."""
    return till.line.read(wait_s)


def drain(till):
    """Read what still comes."""
    while till.line.read(60):
        pass


def again(till, whole):
    """The layer's own way to the same answer: ENQ, or the same number."""
    if till.numbered:
        return till.say(packet(till.num, whole), 60)
    assert till.say(ENQ) == ACK
    return till.line.read(60)


def trace(till):
    """Everything a command could have left."""
    register = till.register
    return (
        till.memory.rows(), till.memory.shift, register.receipt, register.counters.document, till.memory.papers[:],
        register.date_to_confirm, len(register.storage.documents) if register.storage else 0,
    )  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("fault", [name for name, moment in MOMENTS.items() if moment is Moment.HEARD])
def test_what_strikes_before_the_work_leaves_nothing_done(layer, fault):
    for code in CODES:
        till = Till(model="fn", layer=layer)
        till.machine.faults.add(fault, code)
        before = trace(till)
        send(till, asked(till, code))
        if fault == "paper_out_before":
            assert answered(till) != NOTHING
            assert till.register.printer.submode() == 1
            assert till.register.receipt is None and till.memory.rows() == []
            continue
        assert till.line.read(60) == NOTHING
        assert trace(till) == before, code
        assert (till.machine.hung_up, till.machine.powered) == (fault == "hang_up_before", fault != "power_off_before")
        assert till.machine.faults.waiting() == []


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("fault", [name for name, moment in MOMENTS.items() if moment is Moment.EXECUTED])
def test_what_strikes_after_the_work_keeps_it_and_loses_the_answer(layer, fault):
    for code in CODES:
        till, other = Till(model="fn", layer=layer), Till(model="fn", layer=layer)
        till.machine.faults.add(fault, code)
        for each in (till, other):
            send(each, asked(each, code))
        if fault == "paper_out_after":
            assert answered(till) != NOTHING
            assert not till.machine.mechanics.paper
            continue
        assert till.line.read(60) == NOTHING
        done = trace(other)
        if fault == "hang_up_after":
            assert len(trace(till)[0]) == len(done[0]) and trace(till)[3] == done[3], code
            till.line.open()
            assert again(till, asked(till, code)) == other.line.read(60)
        else:
            assert not till.machine.powered
            till.machine.power_on()
            till.clock.sleep(3)
            assert len(till.memory.rows()) == len(done[0])


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("fault", [name for name, moment in MOMENTS.items() if moment is Moment.SAID])
def test_what_happens_to_an_answer_is_mended_by_asking_again(layer, fault):
    for code in CODES:
        till, other = Till(model="fn", layer=layer), Till(model="fn", layer=layer)
        till.machine.faults.add(fault, code)
        whole = asked(till, code)
        for each in (till, other):
            send(each, whole)
        right = answered(other)
        got = answered(till, 30)
        came = {
            "answer_lost": got == NOTHING,
            "answer_late": got == NOTHING,
            "answer_twice": got == right and answered(till, 1) == right,
            "answer_damaged": (int.from_bytes(got, "big") ^ int.from_bytes(right, "big")).bit_count() == 1,
            "answer_cut": got != right and right.startswith(got),
            "noise": got == bytes.fromhex("FF 00 55") and answered(till, 1) == right,
        }
        assert came[fault], (code, got.hex(" "))
        assert again(till, whole) == right
        assert len(till.memory.rows()) == len(other.memory.rows())
        if fault == "answer_late":
            assert answered(till, 60) == right


CLOSES = [("kz-fr", "85", item_old(1000), close_old(1000)), ("fn", "FF45", item_storage(1000), close_storage(1000))]


def at_the_close(model, layer):
    till = Till(model=model, layer=layer, power_loss="keeps")
    item = next(item for name, _, item, _ in CLOSES if name == model)
    till.good("80" if model == "kz-fr" else "FF46", item)
    return till


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(("model", "code", "_item", "data"), CLOSES, ids=["kz-fr", "fn"])
@pytest.mark.parametrize("fault", MOMENTS)
def test_a_close_makes_one_document_or_none_whatever_strikes(layer, model, code, _item, data, fault):
    till = at_the_close(model, layer)
    till.machine.faults.add(fault, code)
    whole = till.request(code, data)
    send(till, whole)
    till.line.read(60)
    made = 0 if MOMENTS[fault] is Moment.HEARD else 1
    assert len(till.memory.documents) == made
    assert till.counter_of_sales() == made
    if fault not in ("paper_out_before", "hang_up_before", "power_off_before", "request_lost") and till.machine.powered:
        till.line.open()
        drain(till)
        again(till, whole)
        assert len(till.memory.documents) == 1


def test_a_fault_waits_for_its_command_and_its_turn():
    till = Till(model="kz-fr")
    till.machine.faults.add("answer_lost", "80", skip=1)
    till.sell(100)
    send(till, till.request("80", item_old(200)))
    assert answered(till) == NOTHING
    assert len(till.register.receipt.items) == 2


# Faults of the family.


def test_a_good_frame_may_be_answered_with_nak():
    till = Till(model="kz-fr")
    till.machine.faults.add("nak_frame", "8D", count=2)
    opening = till.request("8D", b"\0")
    assert [till.say(framed(opening)) for _ in range(3)] == [NAK, NAK, ACK]


def test_an_ack_may_be_lost_though_the_command_is_done():
    till = Till(model="kz-fr")
    till.machine.faults.add("ack_lost", "8D")
    assert till.say(framed(till.request("8D", b"\0"))) == NOTHING
    assert till.line.read(1) == framed(b"\x8d\0\x1e")
    assert till.register.receipt is not None


def test_an_ack_of_the_host_that_is_not_heard_leaves_the_old_answer_to_be_read_before_the_next():
    till = Till(model="kz-fr")
    till.machine.faults.add("host_ack_lost", "80")
    till.sell(100)
    assert till.say(framed(till.request("80", item_old(200)))) == NOTHING
    assert till.say(ENQ) == ACK
    assert till.line.read(0) == framed(b"\x80\0\x1e")
    till.line.write(ACK)
    assert len(till.register.receipt.items) == 1  # The answer was that of the first item.
    till.good("80", item_old(200))


def test_enq_may_go_unanswered():
    till = Till(model="kz-fr")
    till.machine.faults.add("ignore_enq", count=2)
    assert [till.say(ENQ) for _ in range(3)] == [NOTHING, NOTHING, NAK]


def test_an_answer_of_an_earlier_command_may_still_be_there():
    till = Till(model="kz-fr")
    till.sold(100)
    till.good("11")
    till.machine.faults.add("stale_answer")
    assert till.say(ENQ) == ACK
    stale = till.line.read(0)
    assert stale[2] == 0x11
    till.line.write(ACK)
    assert till.say(ENQ) == NAK


def test_a_stale_answer_may_be_told_byte_by_byte_or_come_before_anything_was_asked():
    till = Till(model="kz-fr")
    till.machine.faults.add("stale_answer", bytes="85 00 1E 00 00 00 00 00")
    assert till.say(ENQ) == ACK
    assert till.line.read(0) == GOLDEN["85 answer, no change"]
    other = Till(model="kz-fr")
    other.machine.faults.add("stale_answer")
    assert other.say(ENQ) == ACK
    assert other.line.read(0)[2:5] == b"\x10\0\x1e"


def test_on_the_numbered_layer_a_stale_answer_comes_before_the_right_one():
    till = Till(model="fn", layer="numbered")
    first = till.say(packet(2, till.request("11")), 1)
    till.machine.faults.add("stale_answer")
    assert till.say(packet(3, till.request("10")), 1) == first
    assert unpacked(till.line.read(1))[0] == 3


def test_50h_may_come_at_any_command():
    till = Till(model="kz-fr")
    till.machine.faults.add("busy_50", "80")
    till.good("8D", b"\0")
    assert till.error("80", item_old(100)) == 0x50
    till.good("80", item_old(100))


@pytest.mark.parametrize(("told", "code"), [({}, 0xEE), ({"code": 0xD2}, 0xD2), ({"code": "9B"}, 0x9B)])
def test_a_code_nobody_knows_may_be_answered_before_the_work(told, code):
    till = Till(model="kz-fr")
    till.sell(100)
    till.machine.faults.add("unknown_error", "85", **told)
    assert till.error("85", close_old(100)) == code
    assert till.memory.rows() == []


def test_or_after_it():
    till = Till(model="kz-fr")
    till.sell(100)
    till.machine.faults.add("unknown_error", "/close", when="after")
    assert till.error("85", close_old(100)) == 0xEE
    assert len(till.memory.rows()) == 1
    assert till.counter(148) == 1


def test_a_receipt_of_another_operator_may_be_open():
    till = Till(model="kz-fr")
    till.machine.faults.add("foreign_receipt", operator=3)
    assert till.error("8D", b"\0", password=1) == 0x59
    assert till.error("88", password=1) == 0x59
    till.good("88", password=30)
    till.at_rest()
    till.good("8D", b"\0", password=1)
    assert till.memory.cancelled == 1


@pytest.mark.parametrize(("model", "code", "_item", "data"), CLOSES, ids=["kz-fr", "fn"])
def test_another_program_may_sell_after_our_close(model, code, _item, data):
    till = at_the_close(model, "standard")
    till.machine.faults.add("counter_jump", sum=777)
    till.good(code, data)
    assert [row["total_tiyn"] for row in till.memory.rows()] == [1000, 777]
    assert [row["external_number"] for row in till.memory.rows()] == ["", "another program"]
    assert till.counter(148) == 2
    till.at_rest()
    assert till.memory.papers == ["sale 1", "sale 2"]


@pytest.mark.parametrize(("model", "code", "_item", "data"), CLOSES, ids=["kz-fr", "fn"])
def test_or_before_it_and_then_ours_is_gone(model, code, _item, data):
    till = at_the_close(model, "standard")
    till.machine.faults.add("counter_jump", when="before")
    assert till.error(code, data) in (0x50, 0x55, 0x73)
    assert [row["total_tiyn"] for row in till.memory.rows()] == [10_000]
    assert (till.counter(148), till.memory.cancelled) == (1, 1)


def test_counters_may_go_back():
    till = Till(model="fn", document_number=100, receipt_numbers=(50, 0, 0, 0), last_fd=900)
    till.sold(100)
    assert (till.counter(148), till.document(), till.last_fd()) == (51, 102, 902)
    till.machine.faults.add("counter_back", by=3)
    till.good("10")
    assert (till.counter(148), till.document(), till.last_fd(), till.counter(152)) == (48, 99, 899, 99)


@pytest.mark.parametrize(("model", "code", "_item", "data"), CLOSES, ids=["kz-fr", "fn"])
def test_the_printer_may_fail_after_the_close(model, code, _item, data):
    till = at_the_close(model, "standard")
    till.machine.faults.add("printer_fault_after_close")
    till.good(code, data)
    assert till.state() == (2, 3)
    assert till.error("8D", b"\0") == 0x58
    till.good("B0")
    till.at_rest()
    assert till.memory.papers == ["sale 1"]
    assert len(till.memory.documents) == 1


def test_the_close_may_answer_with_the_error_of_the_printer_though_it_is_done():
    till = at_the_close("fn", "standard")
    till.machine.faults.add("printer_fault_after_close", error=0x76)
    assert till.error("FF45", close_storage(1000)) == 0x76
    assert len(till.memory.documents) == 1
    assert till.good("10")[14:] == b"\x02"


def test_a_fault_told_wrong_does_what_it_does_by_itself():
    till = Till(model="kz-fr")
    till.machine.faults.add("stale_answer", bytes="no hex")
    till.machine.faults.add("unknown_error", "FC", code=0x1EE)
    assert till.say(ENQ) == ACK
    assert till.line.read(0)[2] == 0x10
    till.line.write(ACK)
    assert till.error("FC", password=None) == 0xEE
    till.machine.faults.add("counter_jump", "80", sum=0)
    till.good("80", item_old(100))
    assert till.memory.rows() == [] and till.register.receipt is None


def test_faults_are_told_with_what_they_do():
    till = Till(model="fn")
    assert "nak_frame" in till.console.run("fault")
    assert till.console.run("fault mark_refused FF67 code=D3") == "mark_refused waits"
    till.good("FF46", item_storage(1))
    assert till.ask("FF67", b"\x041234") == b"\xd3"
    till.machine.faults.add("mark_refused", "FF67", code="nonsense")
    assert till.ask("FF67", b"\x041234") == b"\xd4"
    with pytest.raises(ValueError, match="did you mean 'busy_50'"):
        till.machine.faults.add("busy")


def test_late_answers_do_not_hold_up_the_conversation_and_come_in_the_middle_of_it():
    till = Till(model="kz-fr")
    till.machine.faults.add("answer_late", "11", seconds=20)
    send(till, till.request("11"))
    assert answered(till, 5) == NOTHING
    assert till.say(ENQ) == ACK
    assert till.line.read(0)[2] == 0x11
    till.line.write(ACK)
    till.good("8D", b"\0")
    assert till.line.read(30)[2] == 0x11  # The late copy of an answer that was read long ago.
    assert till.good("89")[1:] == number(0, 5)
