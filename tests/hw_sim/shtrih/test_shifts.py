"""Shifts and cash of the simulated register: X, Z, cash in and out, a shift that is too long, E0."""

import pytest
from shtrih_till import Till, close_old, close_storage, item_old, item_storage, number

DAY_S = 86_400
ALL_MODELS = ("kz-fr", "on-line", "fn", "fn-old")


@pytest.mark.parametrize("model", ALL_MODELS)
def test_a_shift_with_its_reports(model):
    till = Till(model=model)
    till.good("50", number(5000, 5))
    till.at_rest()
    till.sold(300)
    till.good("40")
    till.at_rest()
    assert till.state() == (2, 0)
    till.good("51", number(1000, 5))
    till.at_rest()
    till.sold(100, kind=2)
    till.good("41")
    till.at_rest()
    assert till.state() == (4, 0)
    assert till.good("11")[34:36] == number(1, 2)
    assert till.memory.cash_tiyn == 5000 + 300 - 1000 - 100
    [closed] = till.memory.closed
    assert {str(kind): total for kind, total in closed.sums_tiyn.items() if total} == {
        "cash_in": 5000, "cash_out": 1000, "sale": 300, "sale_return": 100,
    }  # fmt: skip
    assert till.memory.papers == ["cash_in 1", "sale 2", "X 1", "cash_out 3", "sale_return 4", "Z 1"]


@pytest.mark.parametrize(("model", "error"), [("kz-fr", 0x2C), ("on-line", 0x2C), ("fn", 0x3D), ("fn-old", 0x3D)])
def test_a_second_z_is_refused(model, error):
    till = Till(model=model)
    till.sold(100)
    till.good("41")
    till.at_rest()
    assert till.error("41") == error
    assert till.good("11")[34:36] == number(1, 2)


def test_on_some_models_a_second_z_is_a_new_empty_shift():
    till = Till(model="kz-fr", empty_z=True)
    till.sold(100)
    for shift in (1, 2, 3):
        till.good("41")
        till.at_rest()
        assert till.good("11")[34:36] == number(shift, 2)
    assert [sum(closed.counts.values()) for closed in till.memory.closed] == [1, 0, 0]


@pytest.mark.parametrize("code", ["8D", "80", "50", "51"])
def test_after_24_hours_nothing_is_sold_until_the_z_report(code):
    till = Till(model="kz-fr", cash=1000)
    till.sold(100)
    till.clock.sleep(DAY_S)
    data = {"8D": b"\0", "80": item_old(100), "50": number(100, 5), "51": number(100, 5)}[code]
    assert till.error(code, data) == 0x4E
    till.good("40")
    till.at_rest()
    till.good("41")
    till.at_rest()
    till.good(code, data)


@pytest.mark.parametrize(("model", "error"), [("kz-fr", 0x4E), ("fn", 0x16)])
def test_a_receipt_that_lives_past_24_hours_can_only_be_cancelled(model, error):
    till = Till(model=model)
    till.sold(100)
    till.clock.sleep(DAY_S - 30)
    if model == "fn":
        till.good("FF46", item_storage(100))
    else:
        till.sell(100)
    till.clock.sleep(60)
    close = ("FF45", close_storage(100)) if model == "fn" else ("85", close_old(100))
    assert till.error(*close) == error
    assert till.state()[0] == 8
    assert till.good("89")[1:] == number(100, 5)
    till.good("88")
    till.at_rest()
    assert till.state() == (3, 0)


def test_e0_opens_the_shift_and_says_who():
    till = Till(model="fn")
    assert till.ask("E0", password=3) == b"\0\x03"
    till.at_rest()
    assert till.state() == (2, 0)
    assert till.error("E0") == 0x3C
    assert till.memory.papers == ["shift 1 opened"]


def test_an_e0_answer_without_an_error_byte_is_a_switch():
    till = Till(model="fn", bare_shift_answer=True)
    assert till.ask("E0", password=3) == b"\x03"
    till.at_rest()
    assert till.ask("E0") == b"\x3c"


@pytest.mark.parametrize("options", [{"model": "fn", "auto_shift": False}, {"model": "on-line", "auto_shift": False}])
def test_a_register_that_wants_its_shift_opened_sells_only_then(options):
    till = Till(**options)
    assert till.error("8D", b"\0") == 0x3D
    assert till.good("1F", bytes([17, 1, 0, 2])) == b"\x01"
    till.good("E0")
    till.at_rest()
    till.sold(100)


def test_the_regional_setting_of_kazakh_registers_decides_that_too():
    till = Till(model="on-line")
    till.good("1E", bytes([17, 1, 0, 2, 1]))
    assert till.error("8D", b"\0") == 0x3D
    till.good("1E", bytes([17, 1, 0, 2, 0]))
    till.good("8D", b"\0")


def test_the_drawer_may_be_emptied_by_the_z_report():
    till = Till(model="kz-fr")
    till.good("1E", bytes([1, 1, 0, 2, 1]))
    till.sold(100)
    till.good("41")
    assert till.memory.cash_tiyn == 0


@pytest.mark.parametrize(("model", "error"), [("kz-fr", 0x13), ("fn", 0x07)])
def test_a_clock_that_went_back_to_an_earlier_day_stops_the_selling(model, error):
    till = Till(model=model)
    till.sold(100)
    till.console.run("clock -86400")
    till.sell(100)
    assert till.error("85", close_old(100)) == error
    till.console.run("clock +86400")
    till.good("85", close_old(100))


def test_a_clock_that_was_always_wrong_stops_nothing():
    till = Till(model="fn", clock_offset_s=-DAY_S)
    till.sold(100)
    assert till.good("11")[23:26] == bytes([14, 7, 26])
    assert len(till.memory.documents) == 1


def test_the_drawer_opens_once_for_each_order():
    till = Till(model="kz-fr")
    till.good("28", b"\0")
    till.good("28", b"\x01")
    assert (till.machine.mechanics.drawer_open, till.machine.mechanics.drawer_kicks) == (True, 2)
    assert till.error("28", b"\x02") == 0x33


@pytest.mark.parametrize(
    ("code", "data"),
    [("12", b"\x02" + bytes(20)), ("13", b""), ("17", b"\x02" + bytes(40)), ("2F", b"\x02\x01" + bytes(40)),
     ("29", b"\x02\x05"), ("25", b"\0"), ("25", b"\x01")],
)  # fmt: skip
def test_what_leaves_no_document_is_simply_done(code, data):
    till = Till(model="kz-fr")
    assert till.good(code, data) == b"\x1e"
    assert till.memory.papers == [] and till.document() == 0


def test_a_copy_of_the_last_receipt_is_paper_and_no_document():
    till = Till(model="kz-fr")
    till.sold(100)
    before = (till.document(), till.counter(148), till.memory.rows())
    till.good("8C")
    till.at_rest()
    assert (till.document(), till.counter(148), till.memory.rows()) == before
    assert till.memory.papers == ["sale 1", "copy of sale 1"]
