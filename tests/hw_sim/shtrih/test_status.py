"""What the simulated register tells about itself: every byte of 10h and 11h, flags, registers, model parameters."""

import pytest
from shtrih_till import SYSTEM, Till, close_old, item_old, number

FLAG_ROLL, FLAG_PAPER, FLAG_COVER, FLAG_DRAWER = 1 << 1, 1 << 7, 1 << 10, 1 << 11


def flags(till):
    return int.from_bytes(till.good("10")[1:3], "little")


def test_the_short_status_has_its_fields_in_their_places():
    till = Till(model="kz-fr")
    till.sell(100, 200)
    answer = till.ask("10", password=SYSTEM)
    assert (answer[0], answer[1], len(answer)) == (0, 30, 15)
    assert answer[4:7] == bytes([0x08, 0, 2])
    assert answer[7:] == bytes(8)


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_the_high_half_of_the_mode_tells_the_kind_of_the_receipt(kind):
    till = Till(model="kz-fr")
    till.good("8D", bytes([kind]))
    assert till.state()[0] == 8 | kind << 4


def test_the_mode_follows_the_shift_and_its_age():
    till = Till(model="kz-fr")
    assert till.state() == (4, 0)
    till.sold(100)
    assert till.state() == (2, 0)
    till.clock.sleep(24 * 3600 - 60)
    assert till.state() == (2, 0)
    till.clock.sleep(60)
    assert till.state() == (3, 0)
    till.good("41")
    till.at_rest()
    assert till.state() == (4, 0)


def test_a_date_to_be_confirmed_is_mode_6_and_holds_up_everything_else():
    till = Till(model="kz-fr")
    till.good("22", bytes([16, 7, 26]))
    assert till.state() == (6, 0)
    assert till.error("8D", b"\0") == 0xC0
    assert till.error("41") == 0xC0
    assert till.error("23", bytes([17, 7, 26])) == 0x7C
    till.good("23", bytes([16, 7, 26]))
    assert till.state() == (4, 0)
    assert till.good("11")[23:26] == bytes([16, 7, 26])
    assert till.error("23", bytes([16, 7, 26])) == 0x73


@pytest.mark.parametrize("mode", range(16))
def test_any_mode_can_be_shown_and_sells_nothing(mode):
    till = Till(model="kz-fr")
    till.console.run(f"mode {mode:X} 4")
    assert till.state() == (mode, 4)
    assert till.good("11")[13:15] == bytes([mode, 4])
    assert till.error("8D", b"\0") == (0x30 if mode == 5 else 0x73)
    assert till.error("25", b"\0") == (0x30 if mode == 5 else 0x73)
    till.console.run("mode off")
    assert till.state() == (4, 0)
    till.good("8D", b"\0")


@pytest.mark.parametrize(("data", "error"), [(bytes([31, 2, 26]), 0x7D), (bytes([1, 13, 26]), 0x7D)])
def test_a_date_that_is_none_is_refused(data, error):
    assert Till(model="kz-fr").error("22", data) == error


def test_the_time_is_set_and_shown():
    till = Till(model="kz-fr")
    assert till.good("11")[26:28] == bytes([9, 0])
    till.good("21", bytes([14, 25, 7]))
    assert till.good("11")[23:29][:5] == bytes([15, 7, 26, 14, 25])
    assert till.error("21", bytes([24, 0, 0])) == 0x33


def test_the_full_status_has_its_fields_in_their_places():
    till = Till(model="fn", document_number=344, shift_number=8)
    till.sold(100)
    answer = till.ask("11")
    assert (answer[0], answer[1], len(answer)) == (0, 30, 49)
    assert answer[2:4] == b"C2" and answer[4:9] == number(34404, 2) + bytes([28, 3, 19])
    assert answer[9:12] == b"\x01" + number(346, 2)  # The shift took a number too: its report is a document here.
    assert answer[14:17] == bytes([2, 0, 0])
    assert answer[24:29] == bytes([15, 7, 26, 9, 0])
    assert answer[30] & 0b1100_0000 == 0b0100_0000
    assert answer[31:37] == number(12345, 4) + number(7, 2)
    till.clock.sleep(86400)
    assert till.ask("11")[30] & 0b1100_0000 == 0b1100_0000


@pytest.mark.parametrize(("model", "size"), [("kz-fr", 48), ("on-line", 50), ("fn", 50), ("fn-old", 50)])
def test_the_full_status_is_as_long_as_the_model_makes_it(model, size):
    assert len(Till(model=model).ask("11")) + 1 == size


def test_the_flags_follow_paper_cover_and_drawer():
    assert flags(Till(model="fn")) == 0x0290
    assert flags(Till(model="on-line")) == 0x83DF
    till = Till(model="kz-fr")
    assert flags(till) == 0x03D3
    till.machine.mechanics.paper_low = True
    assert flags(till) == 0x03D3 & ~FLAG_ROLL
    till.machine.end_paper()
    assert flags(till) == 0x03D3 & ~FLAG_ROLL & ~FLAG_PAPER
    till.machine.load_paper()
    till.machine.open_cover()
    assert flags(till) == 0x03D3 | FLAG_COVER
    till.machine.close_cover()
    till.good("28", b"\0")
    assert flags(till) == 0x03D3 | FLAG_DRAWER


def test_without_two_decimals_a_unit_is_a_whole_tenge():
    till = Till(model="kz-fr", flags=0x028B, cash=1000)
    assert till.memory.cash_tiyn == 100_000
    till.sold(500)
    assert till.memory.documents[-1].row()["total_tiyn"] == 50_000
    assert till.money(241) == 1500


def test_newer_models_tell_how_the_last_printing_ended():
    till = Till(model="fn")
    assert till.good("10")[14:] == b"\0"
    till.sell(100, cash=100)
    assert till.good("10")[14:] == b"\x05"
    till.machine.end_paper()
    assert till.good("10")[14:] == b"\x01"
    till.machine.load_paper()
    till.good("B0")
    till.at_rest()
    assert till.good("10")[14:] == b"\0"


MONEY = {  # After a sale of 300.00 (department 2, tax 1) less 50.00, paid by 150.00 in cash and 200.00 by card.
    4: 30000, 64: 5000, 72: 5000, 76: 20000, 88: 25000, 104: 3448, 120: 5000,
    125: 30000, 185: 5000, 193: 5000, 197: 20000, 209: 25000, 225: 3448, 241: 5000, 242: 0, 243: 0, 249: 0, 255: 0,
}  # fmt: skip
COUNTS = {4: 1, 64: 1, 76: 1, 136: 1, 144: 1, 148: 1, 150: 0, 152: 1, 153: 0, 157: 0, 158: 0, 166: 0}


def test_money_and_operation_registers_hold_what_a_receipt_has_left():
    till = Till(model="kz-fr")
    till.good("8D", b"\0")
    till.good("80", item_old(30000, department=2))
    till.good("86", number(5000, 5) + bytes([1, 0, 0, 0]) + bytes(40))
    till.good("85", close_old(15000, 20000))
    assert {place: till.money(place) for place in MONEY} == MONEY
    assert {place: till.counter(place) for place in COUNTS} == COUNTS


def test_registers_of_the_open_receipt_show_what_is_in_it():
    till = Till(model="kz-fr")
    till.sold(700)
    till.sell(100, 200)
    assert (till.money(0), till.counter(0), till.money(72)) == (300, 2, 0)
    till.good("88")
    assert till.money(249) == 300


def test_cash_moves_stand_in_their_registers_until_the_z_report():
    till = Till(model="kz-fr")
    till.good("50", number(100_000, 5))
    till.at_rest()
    till.good("51", number(30_000, 5))
    till.at_rest()
    assert [till.money(place) for place in (241, 242, 243)] == [70_000, 100_000, 30_000]
    assert [till.counter(place) for place in (153, 154, 155, 156)] == [1, 1, 1, 1]
    till.good("41")
    till.at_rest()
    assert [till.money(place) for place in (241, 242, 243)] == [70_000, 0, 0]
    assert [till.counter(place) for place in (153, 154, 155, 156, 159)] == [0, 0, 1, 1, 1]


def test_the_z_report_zeroes_the_shift_and_keeps_the_numbers():
    till = Till(model="kz-fr")
    till.sold(100)
    till.sold(40, kind=2)
    assert [till.counter(place) for place in (144, 146, 148, 150)] == [1, 1, 1, 1]
    assert [till.money(place) for place in (121, 123, 193, 195)] == [100, 40, 100, 40]
    till.good("41")
    till.at_rest()
    assert [till.counter(place) for place in (144, 146, 148, 150)] == [0, 0, 1, 1]
    assert [till.money(place) for place in (121, 123, 193, 195, 241)] == [0, 0, 0, 0, 60]


def test_document_and_receipt_numbers_roll_over_after_9999():
    till = Till(model="kz-fr", document_number=9999, receipt_numbers=(9999, 0, 0, 0))
    till.sold(100)
    assert (till.document(), till.counter(152), till.counter(148)) == (0, 0, 0)
    till.sold(100)
    assert (till.document(), till.counter(148)) == (1, 1)


@pytest.mark.parametrize(
    ("model", "bits"), [("on-line", {1, 3, 4, 13, 22, 23, 28, 34, 36}), ("fn", {1, 3, 4, 22, 23, 28, 34, 36})]
)
def test_the_parameters_of_the_model_are_told_by_f7(model, bits):
    answer = Till(model=model).ask("F7", b"\x01", password=None)
    assert len(answer) == 1 + 28
    assert {bit for bit in range(64) if int.from_bytes(answer[1:9], "little") >> bit & 1} == bits
    assert answer[16:20] == number(0, 4) and answer[20:24] == number(30, 4)
    assert Till(model=model).error("F7", b"\x02", password=None) == 0x33


def test_long_numbers_are_told_by_models_for_the_cis():
    till = Till(model="on-line")
    assert till.good("0F") == number(12345, 7) + number(10100000001, 7)
    assert Till(model="kz-fr").error("0F") == 0x37


@pytest.mark.parametrize(
    ("model", "code", "name"),
    [
        ("on-line", 0x4F, "Неверный пароль"),
        ("fn", 0x02, "ФН: неверное состояние"),
        ("fn", 0xEE, "Неизвестная ошибка EE"),
    ],
)
def test_an_error_has_a_name(model, code, name):
    till = Till(model=model)
    assert till.ask("6B", bytes([code]), password=None)[1:].decode("cp1251") == name
    assert Till(model="kz-fr").error("6B", bytes([code]), password=None) == 0x37
