"""Orders as JSON tasks of driver 10, and its answers as values, against the published ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from atol_shop import FULL, GS, PACK, cigarettes, mark, sale, water
from atol_vectors import table
from hypothesis import given
from hypothesis import strategies as st

from fiscal.atol.web import answers, marks
from fiscal.atol.web.answers import Entry, State
from fiscal.atol.web.marks import Verdict
from fiscal.atol.web.request import Builder
from fiscal.atol.web.settings import parse
from fiscal.device.steps import steps_of
from fiscal.https.fields import AnswerMalformed
from fiscal.orders import (
    CashDirection,
    CashMove,
    Operation,
    Order,
    OrderInvalid,
    Payment,
    PaymentKind,
    ShiftClose,
    ShiftOpen,
)

RESULTS = [row for row in table("atol_json")["result"] if "document_number" in row["expect"]]
VALIDATIONS = table("atol_json")["validation"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def builder(options: str = "") -> Builder:
    return Builder(parse(urlsplit(f"atol-json+http://127.0.0.1?{options}")))


def tasks(order: Order, options: str = "") -> list[Any]:
    return [json.loads(step.data) for step in steps_of(builder(options).prepare(order)) if step.data]


def exchange(name: str) -> Any:
    (row,) = (row for row in table("atol_json")["exchange"] if row["name"] == name)
    return json.loads(row["body"])["request"][0]


def ready(result: str) -> Entry:
    """A task that was carried out, with this JSON as its result."""
    (entry,) = answers.entries(f'{{"results":[{{"status":"ready","error":{{"code":0}},"result":{result}}}]}}'.encode())
    assert entry.state is State.READY
    return entry


def test_a_sale_with_a_mark_is_the_golden_task() -> None:
    line = water(name="Cigarettes", price_tiyn=90_000, vat_bp=None, marks=(mark(PACK),))
    order = sale(line, payments=(Payment(PaymentKind.CASH, 100_000),), cashier="Cashier")
    golden = exchange("sell with the mark")
    golden.pop("validateMarkingCodes")  # False, and we leave it out.
    del golden["items"][0]["imcParams"]["itemInfoCheckResult"]  # Comes with the answer of the check.
    assert tasks(order, "taxation=osn") == [golden]


def test_a_return_is_the_golden_task() -> None:
    line = water(name="Cigarettes", price_tiyn=90_000, vat_bp=None, marks=(mark(PACK),))
    order = sale(line, operation=Operation.SALE_RETURN, cashier="Cashier")
    assert tasks(order, "taxation=osn") == [exchange("a return")]


def test_cash_and_shifts_are_the_golden_tasks() -> None:
    golden = exchange("cash in: the drawer after it, no fiscal document")
    golden.pop("operator")
    assert tasks(CashMove("c", CashDirection.IN, 10_050)) == [golden]
    assert tasks(CashMove("c", CashDirection.OUT, 10_050)) == [{**golden, "type": "cashOut"}]
    assert tasks(ShiftClose("z", 7)) == [{"type": "closeShift"}]
    assert tasks(ShiftOpen("o", 8, "Айгүл")) == [{"type": "openShift", "operator": {"name": "Айгүл"}}]


def test_numbers_go_out_as_they_are_written_and_not_as_floats() -> None:
    (step,) = steps_of(builder().prepare(sale(water(price_tiyn=10_001, quantity_milli=1_500, unit_code=166))))
    for piece in (
        '"price":100.01',
        '"quantity":1.5',
        '"amount":150.02',
        '"total":150.02',
        '"measurementUnit":"kilogram"',
    ):
        assert piece in step.data


def test_a_code_goes_out_whole_in_base64_or_as_its_key() -> None:

    order = sale(water(marks=(mark(FULL),)))
    for options, wanted in (("", FULL), ("mark_form=ki", FULL.partition(GS)[0])):
        (task,) = tasks(order, options)
        params = task["items"][0]["imcParams"]
        assert base64.b64decode(params["imc"]).decode() == wanted
        assert (params["imcType"], params["itemEstimatedStatus"]) == ("auto", "itemPieceSold")
        assert task["items"][0]["paymentObject"] == "commodityWithMarking"


def test_a_check_by_the_host_comes_before_the_receipt_code_by_code() -> None:
    found = steps_of(builder("mark_check=host").prepare(sale()))
    assert [(step.name, step.line, step.mark, step.decisive) for step in found] == [
        ("clear", None, None, False), ("check", 0, 0, False), ("check", 0, 1, False), ("receipt", None, None, True)
    ]  # fmt: skip
    golden = json.loads(
        next(row["body"] for row in table("atol_json")["exchange"] if row["name"].startswith("empty the table"))
    )["request"][1]
    begun = json.loads(found[2].data)
    assert begun["type"] == golden["type"] and golden["params"].items() <= begun["params"].items()
    assert [step.name for step in steps_of(builder("mark_check=host").prepare(sale(water())))] == ["receipt"]


def test_a_check_inside_the_receipt_is_asked_of_the_driver() -> None:
    (task,) = tasks(sale(), "mark_check=receipt")
    assert task["validateMarkingCodes"] is True
    assert "validateMarkingCodes" not in tasks(sale())[0]


def test_taxes_payments_and_objects_are_the_set_ups() -> None:
    kinds = (Payment(PaymentKind.CASH, 5_000), Payment(PaymentKind.CARD, 10_000), Payment(PaymentKind.MOBILE, 10_050))
    order = sale(water(vat_bp=1_200), payments=kinds)
    (task,) = tasks(order, "tax_12=vat12&object=1&department=3&mobile=other")
    (item,) = task["items"]
    assert (item["tax"], item["paymentObject"], item["department"]) == ({"type": "vat12"}, "1", 3)
    assert task["payments"] == [
        {"type": "cash", "sum": 50}, {"type": "electronically", "sum": 100}, {"type": "other", "sum": 100.5}
    ]  # fmt: skip
    assert tasks(order, "tax_12=vat12")[0]["payments"][1] == {"type": "electronically", "sum": 200.5}


@pytest.mark.parametrize(
    ("options", "line", "place"),
    [
        ("marks=none", cigarettes(), "lines[0].marks[0].full"),
        ("", water(vat_bp=1_200), "lines[0].vat_bp"),
        ("", water(name="x" * 129), "lines[0].name"),
        ("", water(marks=(mark("0487024981193ё"),)), "lines[0].marks[0].full"),
    ],
)
def test_what_the_driver_cannot_be_told_is_refused_by_its_place(options: str, line: Any, place: str) -> None:
    with pytest.raises(OrderInvalid) as caught:
        builder(options).prepare(sale(line))
    assert caught.value.place == place


def test_the_same_order_gives_the_same_task_every_time() -> None:
    assert builder().prepare(sale()) == builder().prepare(sale())
    assert builder().prepare(replace(sale(), cashier=" ")) == builder().prepare(sale())


@pytest.mark.parametrize("row", RESULTS, ids=lambda row: row["name"])
def test_a_published_document_is_read(row: dict[str, Any]) -> None:
    expect = row["expect"]
    if "kind" in expect:
        stored = answers.stored(ready(row["body"]), 1235)
        assert (stored.number, stored.kind, stored.at) == (1235, expect["kind"], expect["at"])
        assert (stored.sign, stored.shift, stored.receipt) == (
            expect["sign"],
            expect["shift"],
            expect["receipt_number"],
        )
        assert stored.total_tiyn == expect["total_tiyn"]
        return
    made = answers.made(ready(row["body"]))
    assert (made.number, made.printed) == (expect["document_number"], expect["printed"])
    assert (made.sign, made.at) == (expect.get("sign", ""), expect.get("at", ""))
    assert (made.shift, made.receipt) == (expect.get("shift"), expect.get("receipt_number"))
    assert (made.total_tiyn, made.storage) == (expect.get("total_tiyn"), expect.get("fn", ""))


def test_the_sums_of_a_shift_are_read() -> None:
    row = next(row for row in table("atol_json")["result"] if row["name"] == "getShiftTotals")
    expect, found = row["expect"], answers.totals(ready(row["body"]))
    assert (found["sales"], found["sold"]) == (expect["sales"], expect["sold_tiyn"])
    assert (found["returns"], found["returned"]) == (expect["returns"], expect["returned_tiyn"])
    assert (found["put"], found["taken"]) == (expect["put_tiyn"], expect["taken_tiyn"])
    assert (found["cash_in"], found["cash_out"]) == (expect["cash_ins"], expect["cash_outs"])
    assert found["cash"] == expect["cash_tiyn"]


def test_what_the_ofd_has_not_is_read() -> None:
    row = next(row for row in table("atol_json")["result"] if row["name"].startswith("ofdExchangeStatus"))
    assert answers.unsent(ready(row["body"])) == (row["expect"]["unsent"], row["expect"]["unsent_since"])


@pytest.mark.parametrize("row", VALIDATIONS, ids=lambda row: row["name"])
def test_a_published_check_is_judged(row: dict[str, Any]) -> None:
    assert marks.check(json.loads(row["body"])).verdict is Verdict(row["verdict"])


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (None, Verdict.WAIT),
        ({}, Verdict.WAIT),
        ({"ready": "true"}, Verdict.WAIT),
        ({"ready": True}, Verdict.FAILED),
        ({"ready": True, "onlineValidation": {"itemInfoCheckResult": {"imcCheckFlag": True}}}, Verdict.FAILED),
        ({"ready": True, "driverError": {"code": 421, "description": "долго"}}, Verdict.FAILED),
    ],
)
def test_what_a_check_leaves_out_is_never_taken_for_good(result: Any, verdict: Verdict) -> None:
    assert marks.check(result).verdict is verdict


@pytest.mark.parametrize("flag", marks.FLAGS)
def test_one_flag_that_is_not_set_makes_a_code_bad_but_for_the_last(flag: str) -> None:
    flags = {**dict.fromkeys(marks.FLAGS, True), flag: False}
    found = marks.check({"ready": True, "onlineValidation": {"itemInfoCheckResult": flags}})
    if flag == "ecrStandAloneFlag":
        assert found.verdict is Verdict.GOOD
    else:
        assert found.verdict is Verdict.BAD and found.words == f"not {flag}"


def test_the_code_a_receipt_was_refused_for_is_found() -> None:
    good = {"onlineValidation": {"itemInfoCheckResult": dict.fromkeys(marks.FLAGS, True)}}
    bad = {"driverError": {"code": 409}}
    assert marks.offending({"validateMarks": [good, bad]}) == 1
    assert marks.offending({"validateMarks": [good, good]}) is None
    assert marks.offending({"validateMarks": "no"}) is None and marks.offending(None) is None


@given(JSON)
def test_any_json_is_an_answer_or_malformed(value: Any) -> None:
    raw = json.dumps(value).encode()
    parses: list[Callable[[], object]] = [
        lambda: answers.entries(raw),
        lambda: answers.queue_state(raw),
        lambda: answers.made(ready(raw.decode())),
        lambda: answers.stored(ready(raw.decode()), 1),
        lambda: answers.totals(ready(raw.decode())),
        lambda: answers.unsent(ready(raw.decode())),
    ]
    for parse_one in parses:
        try:
            parse_one()
        except AnswerMalformed:
            continue
    assert answers.server_error(raw) is None or isinstance(value, dict)


@given(st.binary(max_size=60))
def test_any_bytes_are_an_answer_or_malformed(raw: bytes) -> None:
    assert answers.server_error(raw) is None
    for parse_one in (answers.entries, answers.queue_state):
        with pytest.raises(AnswerMalformed):
            parse_one(raw)


@given(JSON)
def test_any_answer_about_a_check_is_judged(value: Any) -> None:
    try:
        found = marks.check(value if isinstance(value, dict) else None)
    except AnswerMalformed:
        return
    assert found.verdict in Verdict
