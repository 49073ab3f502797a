"""Logins, shifts, cash and lists of the simulated reKassa."""

from __future__ import annotations

import random

import pytest
from cloud_sides import Clock, code

from hw_sim.device.memory import Identity
from hw_sim.rekassa import make

PROTOCOL = "PROTOCOL_ERROR"


class TestLogin:
    def test_a_wrong_password_or_partner_key_opens_nothing(self, rekassa):
        assert code(rekassa.login(password="no")) == "WRONG_PASSWORD"
        assert code(rekassa.login(number="RK00000002")) == "WRONG_PASSWORD"
        assert code(rekassa.login("apiKey=other&format=json")) == "PERMISSION_ERROR"

    def test_a_token_lives_fifteen_minutes(self, rekassa):
        rekassa.clock.sleep(15 * 60)
        assert rekassa.send("GET", "").status == 200
        rekassa.clock.sleep(1)
        assert rekassa.send("GET", "").status == 401

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Token {}", "bearer {}"])
    def test_without_its_token_every_path_answers_401(self, rekassa, header):
        for method, path in [("GET", ""), ("POST", "/tickets"), ("POST", "/cash"), ("POST", "/shifts/1/close")]:
            reply = rekassa.send(method, path, b"{}", authorization=header.format(rekassa.token))
            assert (reply.status, reply.json()["code"]) == (401, "ACCESS_DENIED")

    def test_a_login_opens_its_own_till_only(self, rekassa):
        rekassa.ROOT = "/api/crs/7"
        assert code(rekassa.send("GET", "")) == "PERMISSION_ERROR"

    def test_the_partner_prefix_and_the_bare_path_are_the_same_service(self, rekassa):
        rekassa.ROOT = "/partner/api/crs/1042"
        assert rekassa.get("")["id"] == 1042


class TestShiftAndCash:
    def move(self, side, operation, bills, key, name="datetime"):
        moment = {"date": {"year": 2026, "month": 7, "day": 15}, "time": {"hour": 9, "minute": 0}}
        body = {name: moment, "operation": f"MONEY_PLACEMENT_{operation}", "sum": {"bills": bills, "coins": 50}}
        return side.cash(body, key)

    def test_cash_in_and_out_move_the_drawer_once_per_key(self, rekassa):
        for _ in range(2):
            assert code(self.move(rekassa, "DEPOSIT", 500, "in")) == ""
        assert rekassa.memory.cash_tiyn == 50_050
        assert code(self.move(rekassa, "WITHDRAWAL", 501, "out-1")) == "NOT_ENOUGH_CASH"
        assert code(self.move(rekassa, "WITHDRAWAL", 500, "out-2")) == ""
        assert rekassa.memory.cash_tiyn == 0

    def test_the_moment_of_a_cash_move_has_a_name_of_its_own(self, rekassa):
        assert code(self.move(rekassa, "DEPOSIT", 500, "in", "dateTime")) == PROTOCOL

    def test_a_move_of_nothing_is_refused(self, rekassa):
        moment = {"date": {"year": 2026, "month": 7, "day": 15}, "time": {"hour": 9, "minute": 0}}
        nothing = {"datetime": moment, "operation": 0, "sum": {"bills": 0, "coins": 0}}
        assert code(rekassa.cash(nothing)) == PROTOCOL

    def test_a_shift_opens_with_its_first_document_and_closes_once(self, rekassa, ticket):
        assert rekassa.get("")["shiftOpen"] is False
        assert code(rekassa.close(1)) == "CASH_REGISTER_SHOULD_HAVE_SHIFT_OPEN"
        rekassa.sell(ticket())
        assert (rekassa.get("")["shiftOpen"], rekassa.get("")["shiftNumber"]) == (True, 1)
        assert code(rekassa.close(1)) == ""
        assert code(rekassa.close(1)) == "CASH_REGISTER_SHOULD_HAVE_SHIFT_OPEN"
        assert code(rekassa.send("GET", "/shifts/1/reports/x")) == "CASH_REGISTER_SHOULD_HAVE_SHIFT_OPEN"
        rekassa.sell(ticket(), "sale-2")
        assert rekassa.get("")["shiftNumber"] == 2
        assert code(rekassa.close(1)) == "CASH_REGISTER_SHOULD_HAVE_SHIFT_OPEN", "another shift is open by now"

    def test_a_wrong_pin_closes_nothing(self, rekassa, ticket):
        rekassa.sell(ticket())
        assert code(rekassa.close(1, "0000")) == "WRONG_PASSWORD"
        assert rekassa.get("")["shiftOpen"] is True

    def test_after_a_day_only_z_is_left(self, rekassa, ticket):
        rekassa.sell(ticket())
        rekassa.clock.sleep(24 * 3600)
        rekassa.token = rekassa.login().json()["token"]
        assert code(rekassa.sell(ticket(), "in time")) == ""
        rekassa.clock.sleep(1)
        assert code(rekassa.sell(ticket(), "late")) == "CASH_REGISTER_SHIFT_PERIOD_EXPIRED"
        assert rekassa.get("")["shiftExpired"] is True
        assert code(rekassa.close(1)) == ""
        assert code(rekassa.sell(ticket(), "late")) == "", "a refused request does not use up its key"

    def test_closed_shifts_alone_are_listed_unless_the_open_one_is_asked_for(self, rekassa, ticket):
        for number in (1, 2):
            rekassa.sell(ticket(), f"s{number}")
            rekassa.close(number)
        rekassa.sell(ticket(), "s3")
        numbers = [row["shiftNumber"] for row in rekassa.get("/shifts?includeOpen=false")["_embedded"]["shifts"]]
        assert numbers == [2, 1]
        assert rekassa.get("/shifts?includeOpen=true&size=1")["_embedded"]["shifts"][0]["shiftNumber"] == 3

    def test_lists_come_in_pages(self, rekassa, ticket):
        for number in range(5):
            rekassa.sell(ticket(), f"s{number}")
        pages = [rekassa.get(f"/shifts/1/tickets?page={page}&size=2") for page in range(4)]
        ids = [[row["id"] for row in page.get("_embedded", {}).get("tickets", [])] for page in pages]
        assert ids == [[50005, 50004], [50003, 50002], [50001], []]
        assert pages[0]["page"] == {"size": 2, "totalElements": 5, "totalPages": 3, "number": 0}

    def test_sums_of_the_reports_are_those_of_the_memory(self, rekassa, ticket):
        for number in range(3):
            rekassa.sell(ticket(), f"s{number}")
        report = rekassa.get("/shifts/1/reports/x")["data"]
        row = next(row for row in report["ticketOperations"] if row["operation"] == "OPERATION_SELL")
        assert (row["ticketsCount"], row["ticketsSum"]) == (3, {"bills": "5400", "coins": 0})
        assert report["cashSum"] == {"bills": "5400", "coins": 0}
        assert rekassa.memory.totals()["shift"]["sums_tiyn"]["sale"] == 540_000

    def test_what_is_not_there_is_404(self, rekassa):
        for path in ("/tickets/9", "/shifts/9"):
            assert (rekassa.send("GET", path).status, code(rekassa.send("GET", path))) == (404, "NOT_FOUND")
        for method, path in (("GET", "/nothing"), ("DELETE", "/tickets/1"), ("GET", "/cash")):
            assert rekassa.send(method, path).status == 404


def test_another_till_has_another_identity():
    other = make(Clock(), random.Random(1), identity=Identity(serial="RK00000002"), till_id=77)
    assert other.memory.totals()["serial"] == "RK00000002"
    assert "number RK00000002" in other.greeting[0]
    assert "till 77" in other.greeting[0]
