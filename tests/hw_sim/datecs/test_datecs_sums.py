"""Sums of receipts on a simulated Datecs printer: every figure is worked out by hand."""

from __future__ import annotations

import pytest
from datecs_talk import Talk

PROTOCOLS = pytest.mark.parametrize("protocol", ["p", "x"])
SUBTOTAL = {"p": (0x33, "00"), "x": (0x33, "0\t0\t\t\t")}


# Price, quantity and their product, rounded half up: 0.335 gives 0.34, 0.0045 gives 0.00.
@PROTOCOLS
@pytest.mark.parametrize(
    ("price", "quantity", "product"),
    [
        ("900.00", "1.000", "900.00"),
        ("3.35", "0.100", "0.34"),
        ("3.34", "0.100", "0.33"),
        ("0.09", "0.050", "0.00"),
        ("0.10", "0.050", "0.01"),
        ("199.99", "0.333", "66.60"),
        ("1234.56", "2.345", "2895.04"),
        ("999.99", "3.000", "2999.97"),
    ],
)
def test_price_times_quantity_is_rounded_half_up(protocol: str, price: str, quantity: str, product: str) -> None:
    talk = Talk(protocol, amounts="point")
    talk.open()
    talk.item(price=price, quantity=quantity)
    got = talk.do(*SUBTOTAL[protocol]).fields
    assert got[0 if protocol == "p" else 1] == product


@PROTOCOLS
def test_the_subtotal_tells_each_group(protocol: str) -> None:
    talk = Talk(protocol, amounts="point")
    talk.open()
    for group, price in ((1, "116.00"), (2, "224.00"), (1, "1.00"), (5, "50.00")):
        talk.item(price=price, group=group)
    got = talk.do(*SUBTOTAL[protocol]).fields
    assert got[-9:] == ["391.00", "117.00", "224.00", "0.00", "0.00", "50.00", "0.00", "0.00", "0.00"]
    sums = talk.do(0x67).fields
    start = 1 if protocol == "p" else 0
    assert sums[start : start + 8] == got[-8:]
    assert sums[start + 8 :] == (["0", "0000000001"] if protocol == "p" else ["0", "1", "0"])


def test_p_writes_sums_in_minor_units_with_zeros_or_with_a_point() -> None:
    minor, point = Talk("p"), Talk("p", amounts="point")
    for talk in (minor, point):
        talk.sale()
    assert minor.do(0x4C, "T").data == "0,0001,000090000,000100000"
    assert minor.do(0x4C).data == "0,0001,000090000"
    assert point.do(0x4C, "T").data == "0,0001,900.00,1000.00"
    assert minor.do(0x46).data == "P,0000090000,0000000000,0000000000"
    assert point.do(0x46).data == "P,900.00,0.00,0.00"


@PROTOCOLS
def test_taxes_are_what_rounding_of_the_net_sum_leaves(protocol: str) -> None:
    talk = Talk(protocol, amounts="point")
    talk.open()
    talk.item(price="1000.00", group=1)  # 16 %: net 862.07, tax 137.93.
    talk.item(price="0.05", group=2)  # 12 %: net 0.04, tax 0.01.
    talk.item(price="100.00", group=5)  # 0 %
    talk.pay("1100.05")
    talk.close()
    [row] = talk.memory.rows()
    assert (row["total_tiyn"], row["tax_tiyn"]) == (110_005, 13_794)
    taxes = talk.do(0x41, "1" if protocol == "p" else "1\t").fields[-8:]
    assert taxes == ["137.93", "0.01", "0.00", "0.00", "0.00", "0.00", "0.00", "0.00"]


@PROTOCOLS
def test_a_group_that_is_off_is_refused(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.refused(0x31, talk.item_data(group=8))


@PROTOCOLS
def test_the_memory_keeps_the_receipt_as_it_was_paid(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.item(price="900.00", quantity="2.000")
    assert talk.pay("800.00", card=True).data in ("D1000.00", "0\tD\t1000.00\t")
    assert talk.pay("1500.00").data in ("R500.00", "0\tR\t500.00\t")
    talk.close()
    [row] = talk.memory.rows()
    card = 3 if protocol == "p" else 2
    assert row["payments_tiyn"] == [[card, 80_000], [0, 150_000]]
    assert (row["total_tiyn"], row["change_tiyn"], row["operation"]) == (180_000, 50_000, "sale")
    assert talk.memory.cash_tiyn == 100_000
    [position] = talk.memory.documents[0].positions
    assert position["name"] == "Milk" and position["quantity"] == 2000 and position["sum_tiyn"] == 180_000


@PROTOCOLS
def test_a_payment_that_is_exactly_the_rest_is_d_or_r_with_nothing(protocol: str) -> None:
    for code in ("D", "R"):
        talk = Talk(protocol, exact_payment=code)
        talk.open()
        talk.item()
        assert talk.pay("900.00").data in (f"{code}0.00", f"0\t{code}\t0.00\t")
        talk.close()


@PROTOCOLS
def test_a_payment_without_a_sum_pays_all_of_it_in_cash(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.item()
    talk.do(0x35, "\t" if protocol == "p" else "\t\t\t")
    talk.close()
    assert talk.memory.cash_tiyn == 90_000


CORRECTIONS = {
    # Discount of 10 % of 900, markup of 5.5 %, discount of 100 tenge, markup of 0.05.
    "p": [(",-10.00", 81_000), (",5.5", 94_950), (";-100.00", 80_000), (";0.05", 90_005)],
    "x": [("2\t10.00", 81_000), ("1\t5.50", 94_950), ("4\t100.00", 80_000), ("3\t0.05", 90_005)],
}


@PROTOCOLS
@pytest.mark.parametrize("number", range(4))
def test_discounts_and_markups_of_a_line(protocol: str, number: int) -> None:
    text, total = CORRECTIONS[protocol][number]
    talk = Talk(protocol)
    talk.open()
    talk.do(0x31, f"Milk\tB900.00*1.000{text}" if protocol == "p" else f"Milk\t2\t900.00\t1.000\t{text}\t0\t")
    talk.pay("1000.00")
    talk.close()
    assert talk.memory.rows()[0]["total_tiyn"] == total


@PROTOCOLS
def test_a_discount_on_the_subtotal_is_spread_over_the_groups_to_the_tiyn(protocol: str) -> None:
    talk = Talk(protocol, amounts="point")
    talk.open()
    talk.item(price="100.00", group=1)
    talk.item(price="50.00", group=2)
    talk.item(price="0.01", group=5)
    # 10.00 of 150.01: shares 6.666, 3.333, 0.0007; the tiyn that rounding leaves over is the heaviest group's.
    got = talk.do(0x33, "10;-10.00" if protocol == "p" else "1\t0\t4\t10.00\t").fields
    assert got[-9:-3] == ["140.01", "93.33", "46.67", "0.00", "0.00", "0.01"]
    counts = talk.do(0x5D).data if protocol == "p" else talk.do(0x6E, "3\t").data
    assert counts in ("0,0.00,0,0.00", "0\t0\t0.00\t0\t0.00\t")  # Only a closed receipt counts.
    talk.pay("140.01")
    talk.close()
    counts = talk.do(0x5D).data if protocol == "p" else talk.do(0x6E, "3\t").data
    assert counts in ("1,10.00,0,0.00", "0\t0\t0.00\t1\t10.00\t")


@PROTOCOLS
def test_a_discount_larger_than_the_price_is_refused(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.refused(0x31, "Milk\tB900.00;-900.01" if protocol == "p" else "Milk\t2\t900.00\t\t4\t900.01\t0\t")


@PROTOCOLS
def test_a_line_is_taken_back_with_a_price_below_zero_and_never_more_than_was_sold(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.item()
    talk.item(price="-900.00")
    talk.refused(0x31, talk.item_data(price="-0.01"))
    talk.item(price="10.00")
    talk.pay("10.00")
    talk.close()
    assert talk.memory.rows()[0]["total_tiyn"] == 1000
