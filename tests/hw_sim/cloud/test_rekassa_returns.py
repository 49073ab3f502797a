"""Returns at the simulated reKassa: the five values of the original receipt."""

from __future__ import annotations

import pytest
from cloud_sides import code, put

PROTOCOL = "PROTOCOL_ERROR"


class TestReturns:
    @pytest.fixture
    def sold(self, rekassa, ticket):
        """The vectors' return, made out for a sale of nine o'clock."""
        body = ticket({"dateTime.time": {"hour": 9, "minute": 0, "second": 0}})
        answer = rekassa.sell(body, "sale").json()
        return ticket(
            {
                "parentTicket.parentTicketNumber": answer["ticketNumber"],
                "parentTicket.parentTicketDataTime": answer["data"]["ticket"]["dateTime"],
            },
            "return",
        )

    def test_a_return_on_its_basis_is_registered(self, rekassa, sold):
        assert code(rekassa.sell(sold, "back")) == ""
        assert rekassa.memory.cash_tiyn == 90_000
        assert rekassa.memory.rows()[-1]["basis_sign"] == sold["parentTicket"]["parentTicketNumber"]

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("parentTicket", ...),
            ("parentTicket", {}),
            ("parentTicket.parentTicketNumber", "1"),
            ("parentTicket.parentTicketNumber", ""),
            ("parentTicket.parentTicketTotal", {"bills": 900, "coins": 0}),
            ("parentTicket.parentTicketIsOffline", True),
            ("parentTicket.parentTicketDataTime.time.second", 2),
            ("parentTicket.parentTicketDataTime.date.day", 16),
            ("parentTicket.parentTicketDataTime.date.day", 32),
            ("parentTicket.kgdKkmId", ...),
            ("parentTicket.parentTicketDateTime", {}),
            ("amounts.taken", {"bills": 900, "coins": 0}),
            ("amounts.change", {"bills": 1, "coins": 0}),
        ],
    )
    def test_a_wrong_basis_is_refused(self, rekassa, ticket, sold, path, value):
        put(sold, path, value)
        assert code(rekassa.sell(sold, "back")) == PROTOCOL
        assert len(rekassa.memory.documents) == 1

    def test_an_empty_basis_makes_the_service_name_the_five_fields(self, rekassa, sold):
        sold["parentTicket"] = {}
        text = rekassa.sell(sold, "back").json()["message"]
        names = ["number", "data_time", "total", "is_offline"]
        assert all(f"parent_ticket.parent_ticket_{name}" in text for name in names)
        assert "parent_ticket.kgd_kkm_id" in text

    def test_a_second_off_is_the_same_moment(self, rekassa, sold):
        sold["parentTicket"]["parentTicketDataTime"]["time"]["second"] = 1
        assert code(rekassa.sell(sold, "back")) == ""

    def test_a_basis_of_another_till_is_taken_on_trust(self, rekassa, sold):
        sold["parentTicket"] |= {"kgdKkmId": "010100009999", "parentTicketNumber": "77"}
        assert code(rekassa.sell(sold, "back")) == ""

    def test_a_return_cannot_be_the_basis_of_a_return(self, rekassa, sold):
        first = rekassa.sell(sold, "back").json()
        sold["parentTicket"]["parentTicketNumber"] = first["ticketNumber"]
        sold["parentTicket"]["parentTicketDataTime"] = first["data"]["ticket"]["dateTime"]
        sold["parentTicket"]["parentTicketTotal"] = {"bills": "900", "coins": 0}
        assert code(rekassa.sell(sold, "again")) == PROTOCOL

    def test_a_cash_return_needs_cash_and_says_how_much_there_is(self, rekassa, sold):
        out = {"operation": "MONEY_PLACEMENT_WITHDRAWAL", "sum": {"bills": 1000, "coins": 0}}
        moment = {"date": {"year": 2026, "month": 7, "day": 15}, "time": {"hour": 9, "minute": 0}}
        assert code(rekassa.cash({"datetime": moment, **out})) == ""
        reply = rekassa.sell(sold, "back")
        assert code(reply) == "NOT_ENOUGH_CASH"
        assert reply.json()["meta"] == {"OPERATION_CASH_SUM": "900.00", "CURRENT_CASH_SUM": "800.00"}
