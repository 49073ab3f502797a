"""What the simulated Webkassa refuses, and with which code. Nothing refused leaves a document."""

from __future__ import annotations

import json

import pytest

from hw_sim.webkassa import User

A, B = "04870249811936t1Xrb-xQWhpeGhG", "04870249811936'dTOZwQTEMrcDNE"


def position(**changes):
    base = {
        "Count": 1,
        "Price": 900,
        "TaxType": 100,
        "TaxPercent": 16,
        "Tax": 124.14,
        "PositionName": "P",
        "UnitCode": 796,
    }
    return {name: value for name, value in {**base, **changes}.items() if value is not ...}


REFUSED_POSITIONS = {
    "mark and mark list together": (position(Mark=A, MarkList=[A, B]), 9),
    "mark with a count of two": (position(Count=2, Tax=248.28, Mark=A), 9),
    "mark list shorter than the count": (position(Count=2, Tax=248.28, MarkList=[A]), 9),
    "mark list longer than the count": (position(MarkList=[A, B]), 9),
    "the same mark twice in a list": (position(Count=2, Tax=248.28, MarkList=[A, A]), 9),
    "count of zero": (position(Count=0, Tax=0), 9),
    "count with four decimals": (position(Count=0.0001, Tax=0), 9),
    "count as a string": (position(Count="1"), 9),
    "no name": (position(PositionName=...), 9),
    "unknown unit 116": (position(UnitCode=116), 9),
    "tax type 1": (position(TaxType=1), 9),
    "percent nobody has": (position(TaxPercent=20, Tax=150), 9),
    "tax without a percent": (position(TaxPercent=...), 9),
    "no tax": (position(Tax=...), 9),
    "tax on goods without VAT": (position(TaxType=0, TaxPercent=..., Tax=124.14), 9),
    "discount and markup": (position(Discount=1, Markup=1), 17),
    "discount above the price": (position(Discount=901, Tax=0), 1008),
    "negative price": (position(Price=-1), 1008),
    "price with three decimals": (position(Price=1.001, Tax=0.14), 1007),
    "an amount beyond any receipt": (position(Price=1e30), 9),
    "virtual warehouse without GTIN": (position(WarehouseType=1), 9),
    "GTIN with letters": (position(GTIN="48702498119X6"), 9),
}


@pytest.mark.parametrize("name", REFUSED_POSITIONS)
def test_a_wrong_position_is_refused(till, sale, name):
    row, code = REFUSED_POSITIONS[name]
    total = round(row.get("Price", 0) * row["Count"] if not isinstance(row["Count"], str) else 900, 2)
    body = sale(Positions=[row], Payments=[{"Sum": max(total, 0), "PaymentType": 1}], Change=0)
    assert till.codes("check", body) == [code]
    assert till.box.documents == []


REFUSED_RECEIPTS = {
    "two rows of one payment type": (
        {"Payments": [{"Sum": 900, "PaymentType": 0}, {"Sum": 1100, "PaymentType": 0}]},
        9,
    ),
    "payments without change do not add up": ({"Change": 0}, 9),
    "change of a card": ({"Payments": [{"Sum": 2000, "PaymentType": 1}]}, 9),
    "credit": ({"Payments": [{"Sum": 1800, "PaymentType": 2}], "Change": 0}, 9),
    "no payments": ({"Payments": []}, 9),
    "no positions": ({"Positions": []}, 9),
    "no external number": ({"ExternalCheckNumber": ""}, 9),
    "external number of 51 characters": ({"ExternalCheckNumber": "x" * 51}, 9),
    "operation 7": ({"OperationType": 7}, 9),
    "round type 1": ({"RoundType": 1}, 9),
    "buyer is the seller": ({"CustomerXin": "000000000000"}, 9),
    "phone without plus": ({"CustomerPhone": "87010000000"}, 9),
    "paper kind 5": ({"PaperKind": 5}, 9),
    "another cashbox": ({"CashboxUniqueNumber": "SWK00000099"}, 6),
    "no cashbox": ({"CashboxUniqueNumber": None}, 9),
    "a token never issued": ({"Token": "f" * 32}, 3),
    "no token": ({"Token": None}, 3),
}


@pytest.mark.parametrize("name", REFUSED_RECEIPTS)
def test_a_wrong_receipt_is_refused(till, sale, name):
    changes, code = REFUSED_RECEIPTS[name]
    assert till.codes("check", {**sale(), **changes}) == [code]
    assert till.box.documents == []


def test_a_mark_list_needs_protocol_203(till, sale):
    till.box.protocol = 202
    assert till.codes("check", sale()) == [9]
    till.box.protocol = 203
    assert till.codes("check", sale()) == []


def test_marks_need_marking_to_be_active(till, sale):
    till.box.marking_active = False
    assert till.codes("check", sale()) == [1025]


def test_the_2_0_4_mode_wants_a_position_type(till, sale):
    till.service.profile.position_type_required = True
    assert till.codes("check", sale()) == [9]
    body = sale()
    body["Positions"][0]["PositionType"] = 1
    assert till.codes("check", body) == []


def test_a_separator_in_a_mark_is_kept_unless_the_service_is_told_to_refuse_it(till, sale):
    mark = "0104870000000128213hB?7tR\x1d93aB9+"
    body = sale(Positions=[position(Mark=mark)], Payments=[{"Sum": 900, "PaymentType": 0}], Change=0)
    assert till.codes("check", body) == []
    assert till.box.documents[0].marks == (mark,)
    till.service.profile.separators_in_marks = False
    assert till.codes("check", {**body, "ExternalCheckNumber": "other"}) == [9]


def test_without_change_the_server_computes_it(till, sale):
    assert till.codes("check", sale(Change=None)) == []
    assert till.box.documents[0].change == 200


def test_without_a_round_type_positions_are_rounded_to_whole_tenge(till, sale):
    row = position(Price=100.4, Tax=13.85)
    body = sale(Positions=[row], Payments=[{"Sum": 100.4, "PaymentType": 1}], Change=None, RoundType=None)
    assert till.codes("check", body) == [9], "the exact sum is no longer the total"
    body["Payments"][0]["Sum"] = 100
    assert till.codes("check", body) == []


def test_field_names_may_come_in_any_case(till, sale):
    body = {name.lower(): value for name, value in sale().items()}
    body["positions"] = [{name.upper(): value for name, value in row.items()} for row in body["positions"]]
    body |= {"token": till.token, "cashboxuniquenumber": "SWK00000001"}
    reply = till.send("/API/V4/CHECK", json.dumps(body).encode())
    assert "Errors" not in reply.json()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"Count":NaN}', b"\xff\xfe", b'{"a":' * 50_000, b"1" * 5000]
)
def test_a_body_that_is_no_json_object_answers_9_with_a_parser_text(till, body):
    reply = till.send("/api/v4/check", body)
    assert (reply.status, reply.json()["Errors"][0]["Code"]) == (200, 9)
    assert "JSON" in reply.json()["Errors"][0]["Text"]


def test_in_front_of_the_service_key_path_and_method_have_statuses_of_their_own(till):
    assert till.send("/api/v4/check", b"{}", key="wrong").status == 401
    assert till.send("/api/v4/nothing", b"{}").status == 404


def test_the_state_of_the_cashbox_decides_before_the_receipt(till, sale):
    for status, code in ((2, 7), (4, 7), (5, 7), (0, 10)):
        till.box.status = status
        assert till.codes("check", sale()) == [code]
    till.box.status, till.box.licensed = 1, False
    assert till.codes("check", sale()) == [1404]


def test_rights_and_cashboxes_of_the_user_are_respected(till, sale):
    user = till.service.users["till"]
    user.rights = frozenset({2})
    assert till.codes("check", sale()) == [4]
    user.rights, user.cashboxes = frozenset({0}), frozenset({"SWK00000002"})
    assert till.codes("check", sale()) == [5]


def test_a_second_login_of_the_same_user_ends_the_first_session(till, sale):
    first = till.token
    till.service.users["other"] = User("other", "pw")
    till.ask("authorize", {"Login": "other", "Password": "pw"})
    assert till.codes("check", sale()) == [], "another user does not matter"
    till.token = till.login()
    assert till.token != first
    assert till.codes("x", {"Token": first}) == [2]
    assert till.codes("x") == []


def test_a_session_ends_after_a_day(till):
    till.clock.sleep(24 * 3600 + 1)
    assert till.codes("shifts") == [2]


def test_a_wrong_password_answers_1(till):
    assert till.codes("authorize", {"Login": "till", "Password": "no"}) == [1]
    assert till.codes("authorize", {"Login": "nobody", "Password": "secret"}) == [1]


WRONG_BASES = {
    "no basis": None,
    "other sign": {"CheckNumber": "1"},
    "other total": {"Total": 900},
    "offline": {"IsOffline": True},
    "offline as text": {"IsOffline": "false"},
    "five hours off": {"DateTime": "2026-07-15T09:00:00Z"},
    "the format of the answer": {"DateTime": "15.07.2026 09:00:00"},
    "no registration number": {"RegistrationNumber": ""},
}


class TestReturns:
    @pytest.fixture
    def sold(self, till, sale, vectors):
        data = till.ask("check", sale("sale-1", Change=200))["Data"]
        body = json.loads(vectors["return_request"])
        body["ReturnBasisDetails"]["CheckNumber"] = data["CheckNumber"]
        body["ReturnBasisDetails"]["DateTime"] = "2026-07-15 09:00:00"
        return body

    def test_a_return_on_its_basis_is_registered(self, till, sold):
        assert till.codes("check", sold) == []
        assert till.box.cash == 900

    @pytest.mark.parametrize("stamp", ["2026-07-15T04:00:00.567Z", "2026-07-15T09:00:00", "2026-07-15T09:00:00+05:00"])
    def test_the_moment_may_come_in_three_forms(self, till, sold, stamp):
        sold["ReturnBasisDetails"]["DateTime"] = stamp
        assert till.codes("check", sold) == []

    @pytest.mark.parametrize("name", WRONG_BASES)
    def test_a_wrong_basis_answers_255_and_names_it(self, till, sold, name):
        change = WRONG_BASES[name]
        sold["ReturnBasisDetails"] = None if change is None else {**sold["ReturnBasisDetails"], **change}
        [error] = till.ask("check", sold)["Errors"]
        assert error["Code"] == 255
        assert "чека основания" in error["Text"] or "чек основания" in error["Text"]
        assert len(till.box.documents) == 1

    def test_a_basis_of_another_service_is_taken_on_trust(self, till, sold):
        sold["ReturnBasisDetails"] |= {"RegistrationNumber": "010100009999", "CheckNumber": "77", "Total": 5}
        assert till.codes("check", sold) == []

    def test_a_return_cannot_be_the_basis_of_a_return(self, till, sold):
        sign = till.ask("check", sold)["Data"]["CheckNumber"]
        sold["ReturnBasisDetails"] |= {"CheckNumber": sign, "Total": 900}
        assert till.codes("check", {**sold, "ExternalCheckNumber": "again"}) == [255]

    def test_a_cash_return_needs_cash(self, till, sold):
        assert till.codes("money", {"OperationType": 1, "Sum": 1000, "ExternalCheckNumber": "out"}) == []
        assert till.codes("check", sold) == [8]


class TestShiftAndCash:
    def test_cash_in_and_out_move_the_balance_once_per_key(self, till):
        order = {"OperationType": 0, "Sum": 500.5, "ExternalCheckNumber": "in-1"}
        assert till.ask("money", order)["Data"]["Sum"] == 500.5
        assert till.codes("money", order) == [14]
        assert till.codes("money", {"OperationType": 1, "Sum": 501, "ExternalCheckNumber": "out-1"}) == [8]
        assert till.ask("money", {"OperationType": 1, "Sum": 500, "ExternalCheckNumber": "out-2"})["Data"]["Sum"] == 0.5

    def test_x_without_a_shift_is_13_and_z_is_12(self, till):
        assert (till.codes("x"), till.codes("z")) == ([13], [12])

    def test_z_closes_once_and_the_next_sale_opens_the_next_shift(self, till, sale):
        till.ask("check", sale("a"))
        report = till.ask("z")["Data"]
        assert report["CloseOn"] == "15.07.2026 09:00:00"
        assert till.codes("z") == [12]
        data = till.ask("check", sale("b"))["Data"]
        assert (data["ShiftNumber"], data["CheckOrderNumber"]) == (2, 1)

    def test_a_shift_older_than_a_day_refuses_writes_until_z(self, till, sale):
        till.ask("check", sale("a"))
        till.clock.sleep(24 * 3600 + 1)
        till.token = till.login()
        assert till.codes("check", sale("b")) == [11]
        assert till.codes("money", {"OperationType": 0, "Sum": 1, "ExternalCheckNumber": "in"}) == [11]
        assert [error["Code"] for error in till.ask("check", sale("a"))["Errors"]] == [14], "a repeat is no new write"
        assert till.codes("z") == []
        assert till.codes("check", sale("b")) == []
