"""Paper and power at the simulated register: submodes, B0, and what survives in every state."""

import pytest
from shtrih_till import ACK, ENQ, NAK, NOTHING, Till, close_old, close_storage, framed, item_old, item_storage, number

AT_REST, NO_PAPER, RAN_OUT, WAITS, PRINTS = 0, 1, 2, 3, 5
PRINTING_COMMANDS = {
    "8D": b"\0", "80": item_old(1), "50": number(1, 5), "51": number(1, 5), "40": b"", "41": b"", "8C": b"",
    "25": b"\0", "12": bytes(21), "17": bytes(41), "29": bytes(2),
}  # fmt: skip
QUIET_COMMANDS = {
    "10": b"", "11": b"", "1A": b"\xf1", "1B": b"\x94", "1F": bytes([1, 1, 0, 1]), "28": b"\0", "13": b"",
    "FF01": b"", "FF40": b"", "FF3F": b"", "FF70": b"",
}  # fmt: skip


def powered_off_and_on(till):
    till.machine.power_off()
    till.machine.power_on()
    till.clock.sleep(3)


def closed(model="fn", **options):
    """A register that has just closed a receipt of 1.00 and prints it."""
    till = Till(model=model, **options)
    if till.register.storage is not None:
        till.good("FF46", item_storage(100))
        till.good("FF45", close_storage(100) if model != "fn-old" else number(100, 5) + bytes(75 + 2 + 4 + 1 + 40))
    else:
        till.sell(100, cash=100)
    return till


def test_printing_takes_its_time():
    till = closed(print_s=4.0)
    assert till.state() == (2, PRINTS)
    till.clock.sleep(3.9)
    assert till.submode() == AT_REST
    assert till.memory.papers == ["sale 1"]


@pytest.mark.parametrize("code", PRINTING_COMMANDS)
def test_while_it_prints_it_takes_nothing_that_prints(code):
    till = closed(print_s=60)
    assert till.error(code, PRINTING_COMMANDS[code]) == 0x50


@pytest.mark.parametrize("code", QUIET_COMMANDS)
@pytest.mark.parametrize("paper", ["prints", "ran out", "waits"])
def test_what_does_not_print_is_done_in_every_submode(code, paper):
    till = closed(print_s=60)
    if paper != "prints":
        till.machine.end_paper()
    if paper == "waits":
        till.machine.load_paper()
    till.good(code, QUIET_COMMANDS[code])


def test_items_may_print_too():
    till = Till(model="kz-fr", line_s=1.0)
    till.good("80", item_old(100))
    assert till.state() == (8, PRINTS)
    assert till.error("80", item_old(100)) == 0x50
    till.at_rest()
    till.good("80", item_old(100))


def test_paper_out_before_the_close_refuses_it_and_the_receipt_stays_open():
    till = Till(model="kz-fr")
    till.sell(100)
    till.machine.end_paper()
    assert till.state() == (8, NO_PAPER)
    assert till.error("85", close_old(100)) == 0x6B
    assert till.error("B0") == 0x72
    till.machine.load_paper()
    assert till.state() == (8, AT_REST)
    till.good("85", close_old(100))
    assert len(till.memory.documents) == 1


@pytest.mark.parametrize("model", ["kz-fr", "fn"])
def test_paper_out_during_printing_leads_through_2_and_3_and_b0_to_the_end(model):
    till = closed(model, print_s=4.0)
    till.machine.end_paper()
    assert till.state() == (2, RAN_OUT)
    assert till.error("B0") == 0x72
    assert till.error("8D", b"\0") == 0x72
    till.clock.sleep(60)
    assert till.state() == (2, RAN_OUT)
    till.machine.load_paper()
    assert till.state() == (2, WAITS)
    assert till.error("8D", b"\0") == 0x58
    till.good("B0")
    assert till.state() == (2, PRINTS)
    assert till.error("B0") == 0x50
    till.at_rest()
    assert till.error("B0") == 0x72
    assert till.memory.papers == ["sale 1"]
    assert len(till.memory.documents) == 1


def test_paper_out_after_printing_is_only_missing_paper():
    till = closed()
    till.at_rest()
    till.machine.end_paper()
    assert till.state() == (2, NO_PAPER)
    till.machine.load_paper()
    assert till.state() == (2, AT_REST)


def test_paper_that_ends_again_while_it_waits_refuses_b0():
    till = closed(print_s=60)
    till.machine.end_paper()
    till.machine.load_paper()
    till.machine.end_paper()
    assert till.state() == (2, WAITS)
    assert till.error("B0") == 0x6B
    till.machine.load_paper()
    till.good("B0")


def test_an_open_cover_is_as_good_as_no_paper():
    till = closed(print_s=60)
    till.machine.open_cover()
    assert till.state() == (2, RAN_OUT)
    till.machine.close_cover()
    assert till.state() == (2, WAITS)
    till.good("B0")
    till.at_rest()
    till.machine.open_cover()
    assert till.error("8D", b"\0") == 0x6B


def test_e1_finishes_a_document_as_well_where_there_is_one():
    till = closed(print_s=60)
    till.machine.end_paper()
    till.machine.load_paper()
    till.good("E1")
    assert Till(model="kz-fr").error("E1") == 0x37


@pytest.mark.parametrize("code", ["40", "41"])
def test_reports_stop_for_paper_like_receipts(code):
    till = Till(model="kz-fr", print_s=4.0)
    till.sold(100)
    till.good(code)
    till.machine.end_paper()
    assert till.state()[1] == RAN_OUT
    till.machine.load_paper()
    till.good("B0")
    till.at_rest()
    assert till.memory.papers == ["sale 1", "X 1" if code == "40" else "Z 1"]


# What survives power loss: the state before, the option, then mode, submode, receipts, cancelled, subtotal.
SURVIVAL = [
    ("nothing", "cancels", (4, AT_REST), 0, 0),
    ("shift open", "cancels", (2, AT_REST), 1, 0),
    ("receipt open", "cancels", (2, AT_REST), 0, 1),
    ("receipt open", "keeps", (8, AT_REST), 0, 0),
    ("receipt open", "loses_last", (8, AT_REST), 0, 0),
    ("printing", "cancels", (2, WAITS), 1, 0),
    ("paper ran out", "cancels", (2, WAITS), 1, 0),
    ("printed", "cancels", (2, AT_REST), 1, 0),
    ("Z printing", "cancels", (4, WAITS), 1, 0),
]


@pytest.mark.parametrize("model", ["kz-fr", "on-line", "fn", "fn-old"])
@pytest.mark.parametrize(("before", "option", "state", "documents", "cancelled"), SURVIVAL)
def test_what_survives_power_loss(model, before, option, state, documents, cancelled):
    till = Till(model=model, power_loss=option, print_s=60)
    if before == "receipt open":
        till.sell(100, 200)
    elif before != "nothing":
        till = closed(model, power_loss=option, print_s=60)
    if before in ("shift open", "printed", "Z printing"):
        till.at_rest()
        till.clock.sleep(60)
    if before == "paper ran out":
        till.machine.end_paper()
    if before == "Z printing":
        till.good("41")
    powered_off_and_on(till)
    assert till.state() == state
    assert (len(till.memory.documents), till.memory.cancelled) == (documents, cancelled)
    if state[0] == 8:
        assert till.good("89")[1:] == number(300 if option == "keeps" else 100, 5)
    if state[1] == WAITS:
        till.machine.load_paper()
        till.good("B0")
        till.clock.sleep(60)
        assert till.submode() == AT_REST
    assert till.counter(148) == documents
    assert till.counter(166) == cancelled


def test_after_ff45_the_receipt_is_in_the_storage_whatever_happens_to_the_power():
    till = closed(print_s=60)
    powered_off_and_on(till)
    assert till.last_fd() == 3
    assert till.good("FF0A", number(3, 4))[0] == 3
    assert till.good("FF01")[1] == 0


def test_an_open_receipt_that_power_cancels_leaves_the_storage_at_rest():
    till = Till(model="fn")
    till.good("FF46", item_storage(100))
    powered_off_and_on(till)
    assert till.good("FF01")[1:3] == b"\0\0"
    assert till.last_fd() == 2


def test_without_power_nobody_answers_and_it_needs_a_while_to_start():
    till = Till(model="kz-fr")
    till.machine.power_off()
    assert till.say(ENQ, 1) == NOTHING
    till.machine.power_on()
    assert till.say(ENQ, 1) == NOTHING
    till.clock.sleep(1)
    assert till.say(ENQ) == NAK
    assert till.say(framed(till.request("10"))) == ACK


def test_tables_clock_counters_and_cash_survive():
    till = Till(model="kz-fr", cash=500)
    till.good("1E", bytes([6, 1, 0, 1]) + number(1200, 2))
    till.good("21", bytes([12, 0, 0]))
    till.sold(100)
    before = (till.money(241), till.money(193), till.counter(148), till.document())
    powered_off_and_on(till)
    assert (till.money(241), till.money(193), till.counter(148), till.document()) == before
    assert till.good("1F", bytes([6, 1, 0, 1])) == number(1200, 2)
    assert till.good("11")[26] == 12
