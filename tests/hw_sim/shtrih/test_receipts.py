"""Receipts of the simulated register: sums, taxes, change, and every refusal a sequence of commands can bring about."""

import pytest
from shtrih_till import COMPUTE, SYSTEM, Till, close_old, close_storage, item_old, item_storage, number

TEXT = bytes(40)
NO_TAX = bytes(4)


def rows(till):
    return till.memory.rows()


def test_a_sale_leaves_one_document_with_its_sums():
    till = Till(model="kz-fr")
    till.sell(50000, 12345, cash=70000)
    [row] = rows(till)
    assert (row["operation"], row["total_tiyn"], row["change_tiyn"]) == ("sale", 62345, 7655)
    assert row["payments_tiyn"] == [[1, 70000]]
    assert till.memory.cash_tiyn == 62345
    till.at_rest()
    assert till.memory.papers == ["sale 1"]


@pytest.mark.parametrize(("model", "name"), [("on-line", "Сүт"), ("kz-fr", "Сїт")])
def test_names_are_read_in_the_code_page_of_the_model(model, name):
    till = Till(model=model)
    till.sold(100)
    assert till.memory.documents[0].positions[0]["name"] == name


# 500.00 with the tax inside at each rate: published figures of the tax rules in Kazakhstan.
@pytest.mark.parametrize(("rate", "tax"), [(500, 2381), (1000, 4545), (1200, 5357), (1600, 6897), (0, 0)])
@pytest.mark.parametrize("model", ["kz-fr", "fn"])
def test_tax_is_inside_the_price(model, rate, tax):
    till = Till(model=model, tax_rates=(rate, 0, 0, 0, 0, 0))
    till.good("8D", b"\0")
    if model == "fn":
        till.good("FF46", item_storage(50000))
        till.good("FF45", close_storage(50000))
    else:
        till.good("80", item_old(50000))
        till.good("85", close_old(50000))
    assert rows(till)[0]["tax_tiyn"] == tax


def test_tax_is_counted_once_on_the_whole_receipt_not_on_each_item():
    till = Till(model="kz-fr", tax_rates=(1600, 0, 0, 0, 0, 0))
    till.sold(*(3,) * 10)  # Ten items of 0.03: 0.00 of tax each, 0.04 on 0.30.
    assert rows(till)[0]["tax_tiyn"] == 4


@pytest.mark.parametrize(
    ("quantity", "price", "total"),
    [(1500, 33333, 50000), (333, 1000, 333), (1, 500, 1), (1, 499, 0), (9_999_999_999, 1, 10_000_000), (2500, 1, 3)],
)
def test_quantity_times_price_is_rounded_half_up(quantity, price, total):
    till = Till(model="kz-fr")
    till.good("80", item_old(price, quantity))
    assert till.good("89")[1:] == number(total, 5)


def test_a_finer_quantity_is_a_switch():
    till = Till(model="on-line", fine_quantity=True)
    till.good("80", item_old(1000, 1_500_000))
    assert till.good("89")[1:] == number(1500, 5)


def test_discounts_surcharges_and_stornos_change_the_subtotal():
    till = Till(model="kz-fr")
    till.sell(1000, 500)
    till.good("86", number(300, 5) + NO_TAX + TEXT)
    till.good("87", number(50, 5) + NO_TAX + TEXT)
    till.good("84", item_old(500))
    assert till.good("89")[1:] == number(750, 5)
    assert till.good("10")[5] == 5
    till.good("85", close_old(750))
    assert rows(till)[0]["total_tiyn"] == 750


@pytest.mark.parametrize(("percent", "total"), [(1000, 900), (-1000, 1100), (333, 967), (9999, 0)])
def test_a_percent_at_closing_is_taken_off_or_added(percent, total):
    till = Till(model="kz-fr")
    till.sell(1000)
    error = till.error("85", close_old(2000, percent=percent))
    assert (error, rows(till)[0]["total_tiyn"] if rows(till) else 0) == ((0, total) if total else (0x8E, 0))


def test_rounding_of_ff45_is_taken_off_the_total():
    till = Till(model="fn")
    till.good("FF46", item_storage(10050))
    assert till.good("FF45", close_storage(10000, rounding=50))[:5] == bytes(5)
    assert rows(till)[0]["total_tiyn"] == 10000


@pytest.mark.parametrize(
    ("payments", "error"),
    [
        ((10000,), 0), ((10001,), 0), ((0, 10000), 0), ((5000, 5000), 0), ((5000, 3000, 2000), 0), ((1, 10000), 0),
        ((9999,), 0x45), ((0, 9999), 0x45), ((), 0x45), ((0, 10001), 0x4D), ((0, 5000, 5001), 0x4D),
    ],
)  # fmt: skip
@pytest.mark.parametrize("model", ["kz-fr", "fn"])
def test_payments_must_cover_the_total_and_cards_not_more(model, payments, error):
    till = Till(model=model)
    if model == "fn":
        till.good("FF46", item_storage(10000))
        answer = till.ask("FF45", close_storage(*payments))
        change = answer[1:6]
    else:
        till.good("80", item_old(10000))
        answer = till.ask("85", close_old(*payments) if payments else close_old(0))
        change = answer[2:7]
    assert answer[0] == error
    if error:
        assert rows(till) == [] and till.state()[0] == 8  # Still open.
    else:
        assert change == number(sum(payments) - 10000, 5)
        assert rows(till)[0]["change_tiyn"] == sum(payments) - 10000
        assert till.memory.cash_tiyn == (payments[0] if payments else 0) - (sum(payments) - 10000)


def test_sixteen_kinds_of_payment_are_kept_apart():
    till = Till(model="fn")
    till.good("FF46", item_storage(16))
    till.good("FF45", close_storage(*(1,) * 16))
    assert rows(till)[0]["payments_tiyn"] == [[kind, 1] for kind in range(1, 17)]
    assert till.memory.cash_tiyn == 1


@pytest.mark.parametrize("kind", [1, 2])
def test_money_for_a_return_or_a_purchase_must_be_in_the_drawer(kind):
    till = Till(model="kz-fr")
    till.sell(100, kind=kind)
    assert till.error("85", close_old(100)) == 0x46
    assert till.state()[0] == 8 | kind << 4
    till.good("88")
    till.at_rest()
    till.good("50", number(100, 5))
    till.at_rest()
    till.sold(100, kind=kind)
    assert rows(till)[-1]["operation"] == {1: "purchase", 2: "sale_return"}[kind]
    assert till.memory.cash_tiyn == 0


def test_a_card_return_needs_no_cash():
    till = Till(model="kz-fr")
    till.sell(100, kind=2)
    till.good("85", close_old(0, 100))
    assert till.memory.cash_tiyn == 0


def test_the_first_item_opens_the_receipt_and_the_shift():
    till = Till(model="kz-fr")
    till.good("82", item_old(100))
    assert till.state()[0] == 0x28
    assert till.memory.shift is not None


def test_numbers_of_receipts_grow_by_kind():
    till = Till(model="kz-fr", cash=1000)
    for kind in (0, 0, 2, 3, 1):
        till.sold(10, kind=kind)
    assert [till.counter(148 + kind) for kind in range(4)] == [2, 1, 1, 1]


def test_a_cancelled_receipt_leaves_no_document_and_is_counted():
    till = Till(model="kz-fr")
    till.sold(10)
    document = till.document()
    till.sell(100)
    till.good("88")
    till.at_rest()
    assert len(rows(till)) == 1 and till.memory.cancelled == 1
    assert [till.counter(place) for place in (148, 157, 166, 179)] == [1, 1, 1, 1]
    assert till.document() == document + 1
    assert till.memory.papers == ["sale 1", "cancelled"]


def test_an_open_receipt_belongs_to_the_operator_who_opened_it():
    till = Till(model="kz-fr")
    till.good("8D", b"\0", password=2)
    assert till.error("80", item_old(100), password=1) == 0x59
    assert till.error("8D", b"\0", password=1) == 0x59
    assert till.error("85", close_old(100), password=SYSTEM) == 0x59
    assert till.error("88", password=1) == 0x59
    till.good("88", password=SYSTEM)
    till.at_rest()
    till.good("8D", b"\0", password=2)
    till.good("88", password=2)


def test_the_document_names_the_operator():
    till = Till(model="kz-fr")
    till.good("80", item_old(100), password=5)
    till.good("85", close_old(100), password=5)
    assert till.memory.documents[0].employee == "5"


def ready(till, *steps):
    """Bring a register to the point where the last command is refused."""
    for code, data in steps:
        till.good(code, data)
    return till


SALE, RETURN = ("8D", b"\0"), ("8D", b"\x02")
ITEM = ("80", item_old(1000))
MANY = number(9_999_999_999, 5)
REFUSALS = {
    "storno above its section": (0x2D, [SALE, ITEM], ("84", item_old(2000))),
    "storno of another department": (0x2D, [SALE, ITEM], ("84", item_old(1000, department=2))),
    "more paid out than is there": (0x2E, [], ("51", number(1, 5))),
    "no such kind of receipt": (0x33, [], ("8D", b"\x04")),
    "no such tax group": (0x33, [SALE], ("80", item_old(100, tax=5))),
    "nothing put in": (0x33, [], ("50", number(0, 5))),
    "field too long": (0x33, [], ("1E", bytes([1, 1, 0, 1]) + b"\x01\x02")),
    "number out of range": (0x33, [], ("1E", bytes([1, 1, 0, 1, 0]))),
    "no such row": (0x33, [], ("1F", bytes([2, 31, 0, 1]))),
    "no such field": (0x33, [], ("1F", bytes([1, 1, 0, 99]))),
    "unknown command": (0x37, [], ("E0", b"")),
    "paid too little": (0x45, [SALE, ITEM], ("85", close_old(999))),
    "return without cash": (0x46, [RETURN, ("82", item_old(1000))], ("85", close_old(1000))),
    "total too large": (0x48, [SALE, ("80", item_old(9_999_999_999))], ("80", item_old(1))),
    "sale in a return": (0x49, [RETURN], ("80", item_old(100))),
    "return in a sale": (0x49, [SALE], ("82", item_old(100))),
    "receipt in a receipt": (0x4A, [SALE], ("8D", b"\0")),
    "Z in a receipt": (0x4A, [SALE], ("41", b"")),
    "X in a receipt": (0x4A, [SALE], ("40", b"")),
    "cash in a receipt": (0x4A, [SALE], ("50", number(1, 5))),
    "copy in a receipt": (0x4A, [SALE], ("8C", b"")),
    "card above the total": (0x4D, [SALE, ITEM], ("85", close_old(0, 1001))),
    "closing without a receipt": (0x55, [], ("85", close_old(1))),
    "cancelling without a receipt": (0x55, [], ("88", b"")),
    "subtotal without a receipt": (0x55, [], ("89", b"")),
    "discount without a receipt": (0x55, [], ("86", number(1, 5) + NO_TAX + TEXT)),
    "nothing to repeat": (0x56, [], ("8C", b"")),
    "discount above the receipt": (0x5A, [SALE, ITEM], ("86", number(1001, 5) + NO_TAX + TEXT)),
    "no such table": (0x5D, [], ("1F", bytes([99, 1, 0, 1]))),
    "no such table to describe": (0x5D, [], ("2D", bytes([99]))),
    "product too large": (0x60, [SALE], ("80", item_old(9_999_999_999, 2000))),
    "price too large": (0x61, [SALE], ("80", item_old(10_000_000_000))),
    "quantity zero": (0x62, [SALE], ("80", item_old(1, 0))),
    "quantity too large": (0x62, [SALE], ("80", item_old(1, 10_000_000_000))),
    "department out of range": (0x63, [SALE], ("80", item_old(1, department=17))),
    "wrong length": (0x7E, [], ("80", item_old(1)[:-1])),
    "total of zero": (0x8E, [SALE], ("85", close_old(1))),
    "confirming no date": (0x73, [], ("23", bytes([15, 7, 26]))),
    "B0 at rest": (0x72, [], ("B0", b"")),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_done_is_refused_with_its_code_and_leaves_no_trace(name):
    error, steps, (code, data) = REFUSALS[name]
    till = ready(Till(model="kz-fr"), *steps)
    before = (rows(till), till.state(), till.memory.cash_tiyn, till.document(), till.counter(148))
    assert till.error(code, data) == error
    assert (rows(till), till.state(), till.memory.cash_tiyn, till.document(), till.counter(148)) == before


STORAGE_REFUSALS = {
    "sum two units off": (0x33, [], ("FF46", item_storage(1000, total=1002))),
    "no such operation": (0x33, [], ("FF46", item_storage(1000, operation=5))),
    "another kind than the receipt": (0x49, [SALE], ("FF46", item_storage(1000, operation=2))),
    "seven tax groups": (0x33, [], ("FF46", item_storage(1000, tax=7))),
    "closing without a receipt": (0x73, [], ("FF45", close_storage(1))),
    "data for no item": (0x02, [SALE], ("FF4D", bytes.fromhex("8A0401000A"))),
    "text too long": (0x7E, [("FF46", item_storage(1))], ("FF45", close_storage(1, text=bytes(65)))),
    "more paid out than is there": (0x46, [], ("51", number(1, 5))),
    "Z of a closed shift": (0x3D, [], ("41", b"")),
    "opening an open shift": (0x3C, [("E0", b"")], ("E0", b"")),
    "no such document": (0x08, [], ("FF0A", number(5, 4))),
    "no document begun to be read": (0x08, [], ("FF3B", b"")),
    "nothing to cancel": (0x02, [], ("FF08", b"")),
}


@pytest.mark.parametrize("name", STORAGE_REFUSALS)
def test_what_the_storage_set_refuses(name):
    error, steps, (code, data) = STORAGE_REFUSALS[name]
    till = ready(Till(model="fn", print_s=0), *steps)
    before = (rows(till), till.state(), till.last_fd())
    assert till.error(code, data) == error
    assert (rows(till), till.state(), till.last_fd()) == before


@pytest.mark.parametrize("given", [1000 - 1, 1000, 1000 + 1, COMPUTE])
def test_a_sum_told_by_the_host_may_be_one_unit_off(given):
    till = Till(model="fn")
    till.good("FF46", item_storage(1000, total=given))
    assert till.good("89")[1:] == number(1000 if given == COMPUTE else given, 5)


def test_a_tax_told_by_the_host_stands():
    till = Till(model="fn")
    till.good("FF46", item_storage(1000, tax_sum=77))
    till.good("FF46", item_storage(1000))
    till.good("FF45", close_storage(2000))
    assert rows(till)[0]["tax_tiyn"] == 77 + 138
    till.at_rest()
    till.good("FF46", item_storage(1000))
    till.good("FF45", close_storage(1000, taxes=(5, 0, 6, 0, 0, 0)))
    assert rows(till)[1]["tax_tiyn"] == 11


def test_a_receipt_takes_so_many_items_and_no_more():
    till = Till(model="kz-fr", items_max=3)
    till.sell(1, 1, 1)
    assert till.error("80", item_old(1)) == 0x94
    till.good("85", close_old(3))


@pytest.mark.parametrize("code", ["40", "41"])
@pytest.mark.parametrize(("password", "error"), [(1, 0x4F), (28, 0x4F), (29, 0), (30, 0), (31, 0x4F), (0, 0x4F)])
def test_reports_want_the_password_of_an_administrator(code, password, error):
    till = Till(model="kz-fr")
    till.sold(10)
    assert till.error(code, password=password) == error if error else till.good(code, password=password)


def test_a_changed_password_is_the_one_that_counts():
    till = Till(model="kz-fr")
    till.good("1E", bytes([2, 1, 0, 1]) + number(777, 4))
    assert till.error("10", password=1) == 0x4F
    assert till.good("10", password=777)[0] == 1
    till.good("24")
    assert till.good("10", password=1)[0] == 1
    assert till.error("1F", bytes([1, 1, 0, 1]), password=29) == 0x4F


def test_tables_are_written_and_read():
    till = Till(model="on-line")
    till.good("1E", bytes([4, 3, 0, 1]) + "Рақмет!".encode("kz1048"))
    assert till.good("1F", bytes([4, 3, 0, 1])).rstrip(b"\0") == "Рақмет!".encode("kz1048")
    assert till.good("1F", bytes([6, 1, 0, 1])) == number(1600, 2)
    assert till.good("2E", bytes([6, 1]))[40:] == bytes([0, 2]) + number(0, 2) + number(9999, 2)
    assert till.good("2E", bytes([4, 1]))[40:] == bytes([1, 40])
    till.good("1E", bytes([6, 1, 0, 1]) + number(1200, 2))
    till.sold(50000)
    assert rows(till)[0]["tax_tiyn"] == 5357
