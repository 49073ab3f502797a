"""What the simulated uKassa refuses, and how. Nothing refused leaves a document."""

from __future__ import annotations

import pytest
from cloud_sides import UkassaSide

from hw_sim.ledger import tiyn
from hw_sim.ukassa import ReturnReference

A = "04870249811936t1Xrb-xQWhpeGhG"
PAYMENT, ITEM = "payments.0", "items.0"

REFUSED = {
    "an operation nobody has": ({"operation": 7}, 400),
    "no operation": ({"operation": ...}, 400),
    "operation as a word": ({"operation": "sell"}, 400),
    "another till": ({"kassa": 1}, 404),
    "no till": ({"kassa": ...}, 400),
    "no items": ({"items": []}, 400),
    "items that are no objects": ({"items": ["x"]}, 400),
    "no name": ({f"{ITEM}.name": ""}, 400),
    "no unit": ({f"{ITEM}.quantity_type": ...}, 400),
    "no VAT flag": ({f"{ITEM}.is_nds": ...}, 400),
    "VAT flag as a text": ({f"{ITEM}.is_nds": "16%"}, 400),
    "a section of nobody": ({f"{ITEM}.section": 6}, 400),
    "quantity of zero": ({f"{ITEM}.quantity": 0}, 400),
    "negative price": ({f"{ITEM}.price": -900}, 400),
    "price with three decimals": ({f"{ITEM}.price": 900.001}, 400),
    "a price beyond any receipt": ({f"{ITEM}.price": 1e30}, 400),
    "a price that is no number": ({f"{ITEM}.price": "много"}, 400),
    "a price that is infinite": ({f"{ITEM}.price": "Infinity"}, 400),
    "a line that does not add up": ({f"{ITEM}.total_amount": 901}, 400),
    "a total that does not add up": ({"total_amount": 1801}, 400),
    "a mark with a quantity of two": (
        {
            f"{ITEM}.quantity": 2,
            f"{ITEM}.total_amount": 1800,
            "total_amount": 2700,
            "payments": [{"payment_type": 1, "total": 2700}],
        },
        400,
    ),
    "the same mark twice": ({"items.1.mark_code": A}, 400),
    "no payments": ({"payments": []}, 400),
    "credit": ({f"{PAYMENT}.payment_type": 2}, 400),
    "one kind of payment twice": ({"payments": [{"payment_type": 0, "total": 900}] * 2}, 400),
    "payments less change that are not the total": ({f"{PAYMENT}.change": 199}, 400),
    "change without a payment of cash": ({f"{PAYMENT}.payment_type": 1}, 400),
    "more change than cash was handed over": (
        {"payments": [{"payment_type": 0, "total": 100, "change": 200}, {"payment_type": 1, "total": 1900}]},
        400,
    ),
    "amount unlike total": ({f"{PAYMENT}.amount": 1800}, 400),
    "the seller as buyer": ({"customer": {"iin": "000000000000"}}, 400),
    "a customer that is no object": ({"customer": "x"}, 400),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_receipt_is_refused(ukassa, receipt, name):
    changes, status = REFUSED[name]
    assert ukassa.sell(receipt(changes)).status == status
    assert ukassa.memory.documents == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("items.0.unit_price", ...),
        ("items.0.is_storno", True),
        ("items.0.tax_rate", 20),
        ("items.0.total_amount", 1),
        ("items.0.code", ""),
        ("payments.0.sum_", 1),
        ("payments.0.type", 2),
        ("operation_type", 9),
    ],
)
def test_a_wrong_receipt_of_the_older_body_is_refused(ukassa, receipt, path, value):
    body = receipt({path: value}, "sale in the body of v1")
    assert ukassa.sell(body, None, "v1/ofd/receipt/").status == 400
    assert ukassa.memory.documents == []


def test_an_error_stands_where_its_field_stood(ukassa, receipt):
    content = ukassa.sell(receipt({"items.1.price": "x"})).json()
    assert list(content["items"][1]) == ["price"]
    assert content["items"][0] == {}


@pytest.mark.parametrize("path", ["v2/operation/ticket/", "v1/ofd/receipt/"])
def test_both_paths_take_both_bodies(path, receipt):
    for name in ("sale", "sale in the body of v1"):
        side = UkassaSide()
        assert side.sell(receipt({}, name), "a", path).status == 200
        assert len(side.memory.documents) == 1


def test_numbers_may_come_as_texts_and_unknown_fields_are_overlooked(ukassa, receipt):
    changes = {f"{ITEM}.price": "900.00", "total_amount": "1800.0", "kassa": "3868", "whatever": {"a": 1}}
    assert ukassa.sell(receipt(changes)).status == 200
    assert tiyn(ukassa.memory.documents[0].total) == 180_000


def test_marks_are_kept_exactly_and_one_mark_needs_one_unit(ukassa, receipt):
    marks = ["0104870000000128213hB?7tR\x1d93aB9+", "0104870000000128215'dT\"O\\\x1d93Zw=="]
    answer = ukassa.sell(receipt({f"items.{n}.mark_code": mark for n, mark in enumerate(marks)})).json()
    assert list(ukassa.memory.documents[0].marks) == marks
    assert [row["mark_code"] for row in answer["data"]["transaction_items"]] == marks


def test_vat_is_the_services_own_business(receipt):
    """1800 * 16/116 = 248.28, counted per item of 900: 124.14 twice; 1800 * 12/112 = 192.86 as 96.43 twice."""
    for percent, tax in ((16, 24_828), (12, 19_286)):
        side = UkassaSide(vat_percent=percent)
        side.sell(receipt())
        assert side.memory.rows()[0]["tax_tiyn"] == tax
    side.sell(receipt({"items.0.is_nds": False, "items.1.is_nds": False}))
    assert side.memory.rows()[1]["tax_tiyn"] == 0


class TestLogin:
    @pytest.mark.parametrize("name", ["email", "password", "hashline"])
    def test_a_wrong_word_opens_nothing(self, ukassa, name):
        assert ukassa.login(**{name: "other"}).status == 400
        assert ukassa.login(**{name: ""}).status == 400

    @pytest.mark.parametrize("header", ["", "Token", "Token x", "Bearer {}", "token {}"])
    def test_without_its_token_every_path_answers_401(self, ukassa, header):
        for method, path in [("GET", "auth/get_user/"), ("POST", "v2/operation/ticket/"), ("POST", "auth/logout/")]:
            reply = ukassa.send(method, path, b"{}", authorization=header.format(ukassa.token))
            assert (reply.status, list(reply.json())) == (401, ["detail"])
            assert ("WWW-Authenticate", "Token") in reply.headers

    def test_a_token_ends_with_logout_or_after_a_day(self, ukassa):
        assert ukassa.send("POST", "auth/logout/").status == 200
        assert ukassa.send("GET", "auth/get_user/").status == 401
        ukassa.token = ukassa.login().json()["auth_token"]
        ukassa.clock.sleep(24 * 3600)
        assert ukassa.send("GET", "auth/get_user/").status == 200
        ukassa.clock.sleep(1)
        assert ukassa.send("GET", "auth/get_user/").status == 401


class TestReturns:
    @pytest.mark.parametrize(
        ("rule", "reference", "status"),
        [
            ("checked", ..., 200),
            ("checked", 900_001, 200),
            ("checked", 900_009, 400),
            ("checked", "x", 400),
            ("required", ..., 400),
            ("required", 900_001, 200),
            ("ignored", 900_009, 200),
        ],
    )
    def test_a_return_may_have_to_name_its_sale(self, receipt, rule, reference, status):
        side = UkassaSide(return_reference=ReturnReference(rule))
        side.sell(receipt())
        body = receipt({}, "return")
        if reference is not ...:
            body["return_check_pk"] = reference
        assert side.sell(body).status == status
        assert len(side.memory.documents) == (2 if status == 200 else 1)

    def test_a_return_of_a_return_is_refused(self, ukassa, receipt):
        ukassa.sell(receipt())
        ukassa.sell(receipt({}, "return"))
        assert ukassa.sell({**receipt({}, "return"), "return_check_pk": 900_002}).status == 400

    def test_a_cash_return_needs_cash(self, ukassa, receipt):
        assert ukassa.sell(receipt({}, "return")).status == 400
        assert ukassa.memory.documents == []


class TestShiftAndCash:
    def test_cash_moves_change_the_drawer_once_per_key(self, ukassa):
        into = {"kassa": 3868, "operation_type": 0, "amount": 500.5}
        assert [ukassa.cash(into, "in").status for _ in range(2)] == [200, 200]
        assert ukassa.memory.cash_tiyn == 50_050
        out = {"kassa": 3868, "operation_type": 1, "amount": 501}
        assert ukassa.cash(out, "out").status == 400
        assert ukassa.cash({**out, "amount": 500.5}, "out").status == 200, "a refused request does not use up its key"
        assert ukassa.memory.cash_tiyn == 0

    @pytest.mark.parametrize("changes", [{"amount": 0}, {"amount": -1}, {"operation_type": 2}, {"kassa": None}])
    def test_a_wrong_cash_move_is_refused(self, ukassa, changes):
        assert ukassa.cash({"kassa": 3868, "operation_type": 0, "amount": 1, **changes}).status == 400
        assert ukassa.memory.documents == []

    def test_a_shift_opens_with_its_first_document_and_closes_once(self, ukassa, receipt):
        assert (ukassa.shift("get_shift_report").status, ukassa.shift("close_z_shift").status) == (400, 400)
        ukassa.sell(receipt())
        assert ukassa.get("kassa/get_shift_list/?kassa=3868")[0]["is_active"] is True
        assert ukassa.shift("close_z_shift").json()["data"]["z_shift"] == 1
        assert ukassa.shift("close_z_shift").status == 400
        assert ukassa.get("kassa/get_shift_list/?kassa=3868")[0]["is_active"] is False
        ukassa.sell(receipt())
        assert [row["number"] for row in ukassa.get("kassa/get_shift_list/?kassa=3868")] == [2, 1]

    def test_a_report_comes_with_html_when_asked_for(self, ukassa, receipt):
        ukassa.sell(receipt())
        for what in ("get_shift_report", "close_z_shift"):
            assert ukassa.shift(what, html_code=True).json()["html"].startswith("<html>")

    def test_after_a_day_only_z_is_left(self, ukassa, receipt):
        ukassa.sell(receipt())
        ukassa.clock.sleep(24 * 3600 + 1)
        ukassa.token = ukassa.login().json()["auth_token"]
        assert ukassa.sell(receipt(), "late").status == 400
        assert ukassa.shift("close_z_shift").status == 200
        assert ukassa.sell(receipt(), "late").status == 200

    def test_cash_moves_stand_in_the_list_only_when_switched_on(self, receipt):
        for shown, types in ((False, [2]), (True, [2, 4])):
            side = UkassaSide(cash_in_list=shown)
            side.cash({"kassa": 3868, "operation_type": 0, "amount": 1})
            side.sell(receipt())
            assert [row["type"] for row in side.get("kassa/get_shift_operations/?shift=6995")] == types

    def test_a_list_may_begin_with_the_oldest(self, receipt):
        side = UkassaSide(newest_first=False)
        side.sell(receipt())
        side.sell(receipt())
        rows = side.get("kassa/get_shift_operations/?shift=6995")
        assert [row["id"] for row in rows] == [900_001, 900_002]

    def test_what_is_not_there_is_404(self, ukassa):
        assert ukassa.send("GET", "operation/1/").status == 404
        assert ukassa.send("GET", "kassa/get_shift_list/?kassa=1").status == 404
        assert ukassa.send("POST", "kassa/get_z_report_section/", {"shift": 1}).status == 404
        assert ukassa.shift("close_z_shift", kassa=1).status == 404
        assert ukassa.send("POST", "nothing/").status == 404
        assert ukassa.get("kassa/get_shift_operations/?shift=1") == []

    def test_a_get_without_its_last_slash_is_sent_on_and_a_post_is_not_there(self, ukassa):
        reply = ukassa.send("GET", "kassa/get_shift_list?kassa=3868")
        assert (reply.status, dict(reply.headers)["Location"]) == (301, "/api/kassa/get_shift_list/?kassa=3868")
        assert ukassa.send("POST", "kassa/close_z_shift", {"kassa": 3868}).status == 404

    def test_an_operation_may_come_wrapped(self, receipt):
        side = UkassaSide(operation_in_data=True)
        side.sell(receipt())
        assert side.get("operation/900001/")["data"]["id"] == 900_001
