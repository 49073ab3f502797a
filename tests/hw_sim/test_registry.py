"""The invented shop: valid numbers, the layouts of the code tables, planned fates, the same shop for the same seed."""

from __future__ import annotations

import csv
import io
import random
import re
from collections import Counter

import pytest

from hw_sim.registry import CODE_COLUMNS, PRODUCT_COLUMNS, Fate, as_csv, check_digit, make_shop, sscc

AI82 = r"[A-Za-z0-9!\"%&'()*+,\-./:;<=>?_]"
# Layout of each template, with lengths of КИ, without GS, with GS as published for them.
SHAPES = {
    "FULL44": (rf"01\d{{14}}213{AI82}{{12}}\x1d91{AI82}{{4}}\x1d92[A-Za-z0-9+/]{{43}}=", (31, 83, 85)),
    "SHORT-7": (rf"01\d{{14}}213{AI82}{{6}}\x1d93{AI82}{{4}}", (25, 31, 32)),
    "SHORT-13": (rf"01\d{{14}}213{AI82}{{12}}\x1d93{AI82}{{4}}", (31, 37, 38)),
    "PACK29": (rf"\d{{14}}{AI82}{{15}}", (21, 29, 29)),
    "BLOCK": (rf"01\d{{14}}21{AI82}{{7}}\x1d8005\d{{6}}\x1d93{AI82}{{4}}", (25, 41, 43)),
}


@pytest.fixture(scope="module")
def shop():
    return make_shop(random.Random(7), codes=3000)


# GTIN-14, EAN-13, EAN-8, UPC-A and SSCC from the published and constructed samples of the code tables.
@pytest.mark.parametrize(
    "number",
    [
        "04870249811936",
        "04603276013765",
        "4870249811936",
        "40123455",
        "036000291452",
        "004870000000000429",
        "148700000000007773",
    ],
)
def test_check_digits_agree_with_published_numbers(number):
    assert check_digit(number[:-1]) == number[-1]


def test_the_masked_sample_of_the_vendor_fails_the_check():
    assert check_digit("0000005864452") == "2", "the sample ends in 8"


def test_a_transport_code_has_twenty_digits_and_its_check_digit():
    assert re.fullmatch(r"000487\d{14}", sscc(777))
    assert check_digit(sscc(777)[2:-1]) == sscc(777)[-1]


def test_every_code_has_the_layout_of_its_template(shop):
    met = Counter()
    for mark in shop.codes:
        pattern, lengths = SHAPES[mark.product.template]
        assert re.fullmatch(pattern, mark.text), mark.text
        assert (len(mark.ki), len(mark.text.replace("\x1d", "")), len(mark.text)) == lengths
        assert mark.text.startswith(mark.ki)
        assert mark.product.gtin in mark.ki
        met[mark.product.template] += 1
    assert set(met) == set(SHAPES)


def test_every_gtin_is_kazakh_valid_and_used_once(shop):
    gtins = [product.gtin for product in shop.products]
    assert len(set(gtins)) == len(gtins)
    assert all(gtin.startswith("0487") and check_digit(gtin[:-1]) == gtin[-1] for gtin in gtins)


def test_codes_are_unique_and_most_units_sell(shop):
    assert len({mark.ki for mark in shop.codes}) == 3000
    fates = Counter(mark.fate for mark in shop.codes)
    assert fates[Fate.SELLABLE] > 2600
    assert set(fates) == set(Fate)


def test_the_plan_of_a_unit_agrees_with_its_record(shop):
    today = "2026-11-23"
    for mark in shop.codes:
        expired = mark.expires_on is not None and mark.expires_on.isoformat() < today
        assert expired == (mark.fate is Fate.EXPIRED) or mark.fate is Fate.UNKNOWN
        assert (mark.owner_tin != "000000000000") == (mark.fate is Fate.FOREIGN_OWNER)
        assert (mark.status == "WITHDRAWN") == (mark.fate is Fate.SOLD_BEFORE)
        if mark.fate is Fate.AGGREGATE:
            assert mark.package_type == "GROUP"


def test_the_same_seed_gives_the_same_shop_and_another_seed_another():
    def shop_of(seed):
        return make_shop(random.Random(seed), codes=50)

    assert shop_of(1) == shop_of(1)
    assert shop_of(1) != shop_of(2)


def test_csv_rows_read_back_and_leave_out_what_nobody_knows(shop):
    products = list(csv.DictReader(io.StringIO(as_csv(shop.product_rows(), PRODUCT_COLUMNS))))
    assert len(products) == len(shop.products)
    assert products[0]["price_tenge"].endswith(".00")
    assert any("қ" in row["name_kk"] for row in products)
    codes = list(csv.DictReader(io.StringIO(as_csv(shop.code_rows(), CODE_COLUMNS))))
    unknown = {mark.ki for mark in shop.codes if mark.fate is Fate.UNKNOWN}
    assert {row["ki"] for row in codes} == {mark.ki for mark in shop.codes} - unknown
    assert {row["at"] for row in codes} == {"2026-11-23T05:00:00Z"}
    assert {row["status"] for row in codes} == {"INTRODUCED", "WITHDRAWN", "APPLIED", "RECEIVED", "WRITTEN_OFF"}
