"""The reference's day, request by request: answers and arithmetic must be those of the documents."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal

import pytest

from hw_sim.ledger import Operation
from hw_sim.webkassa import Shift
from hw_sim.webkassa.positions import vat_inside

HOUR_S = 3600


@pytest.fixture
def day(till, vectors):
    """Shift 6 is closed, shift 7 opens with the cash-in of the sample."""
    clock, box = till.clock, till.box
    yesterday_ns = clock() - 24 * HOUR_S * 10**9
    closed_ns = yesterday_ns + 13 * HOUR_S * 10**9
    totals = {**box.totals, Operation.SALE: Decimal(500_000), Operation.SALE_RETURN: Decimal(4000)}
    box.totals = dict(totals)
    box.counts = {**box.counts, Operation.SALE: 119, Operation.SALE_RETURN: 3}
    box.shifts.append(Shift(6, yesterday_ns, totals, closed_ns=closed_ns))
    signs = itertools.chain(["4228143550"], map(str, itertools.count(5_000_000_000)))
    till.ofd.next_sign = lambda: next(signs)
    return till


def test_the_sample_sale_gets_the_sample_answer(day, vectors, covers):
    day.clock.sleep(1.5 * HOUR_S)
    day.box.shifts.append(Shift(7, day.clock(), dict(day.box.totals), next_order=12))
    answer = day.ask("check", json.loads(vectors["sale_request"]))
    assert "Errors" not in answer
    assert covers(answer["Data"], json.loads(vectors["sale_answer"])), answer
    [document] = day.box.documents
    assert (document.total, document.tax, document.change) == (Decimal(1800), Decimal("248.28"), Decimal(200))
    assert document.marks == ("04870249811936t1Xrb-xQWhpeGhG", "04870249811936'dTOZwQTEMrcDNE")


def test_a_repeat_of_the_sample_sale_answers_14_with_the_first_data(day, vectors):
    first = day.ask("check", json.loads(vectors["sale_request"]))["Data"]
    day.clock.sleep(60)
    second = day.ask("check", json.loads(vectors["sale_request"]))
    assert second["Data"] == first
    assert [error["Code"] for error in second["Errors"]] == [14]
    assert len(day.box.documents) == 1


def test_the_day_of_the_samples_ends_with_the_sample_z_report(day, vectors, covers):
    cash_in = day.ask("money", json.loads(vectors["cash_in_request"]))["Data"]
    assert covers(cash_in, json.loads(vectors["cash_in_answer"]))
    day.clock.sleep(1.5 * HOUR_S)
    day.ask("check", json.loads(vectors["sale_request"]))
    assert covers(day.ask("tape", {"ShiftNumber": 7})["Data"], json.loads(vectors["control_tape_answer"]))
    assert day.ask("shifts", {"Skip": 0, "Take": 50})["Data"] == json.loads(vectors["shifts_answer"])
    returned = day.ask("check", json.loads(vectors["return_request"]))
    assert "Errors" not in returned
    day.clock.sleep(11.5 * HOUR_S)
    assert covers(day.ask("z")["Data"], json.loads(vectors["z_answer"]))
    assert day.ask("z_by_shift", {"ShiftNumber": 7})["Data"]["PutMoneyCount"] == 1


def test_the_vendor_receipt_with_a_receipt_discount_adds_up(till, vectors):
    answer = till.ask("check", json.loads(vectors["modifier_request"]))
    assert "Errors" not in answer
    [document] = till.box.documents
    assert document.total == Decimal(vectors["modifier_total"])
    assert document.tax == Decimal(vectors["modifier_tax"])


def test_vat_inside_a_price_is_the_published_value(vectors):
    for amount, percent, tax in vectors["vat"]:
        assert vat_inside(Decimal(amount), Decimal(percent)) == Decimal(tax), (amount, percent)


@pytest.mark.parametrize(("off", "codes"), [("0", []), ("0.01", []), ("0.02", [9]), ("-0.02", [9])])
def test_a_tax_may_be_off_by_one_tiyn_and_not_by_two(till, sale, off, codes):
    body = sale()
    body["Positions"][0]["Tax"] = float(Decimal("248.28") + Decimal(off))
    assert till.codes("check", body) == codes
    assert len(till.box.documents) == (0 if codes else 1)


def test_money_travels_as_decimal_tenge(till, sale):
    till.ask("check", sale())
    x_report = till.ask("x")["Data"]
    assert x_report["Sell"]["VAT"] == 248.28
    assert x_report["SumInCashbox"] == 1800
    row = till.service.ledger_rows()[0]
    assert (row["total_tiyn"], row["tax_tiyn"]) == (180_000, 24_828)
