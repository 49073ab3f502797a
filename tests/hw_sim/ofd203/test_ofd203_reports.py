"""X, Z and INFO: every row there, every sum to the tiyn, recomputed here by hand."""

from __future__ import annotations

from typing import Any

import pytest
from ofd203_till import (
    BUY,
    CLOSE_SHIFT,
    INFO,
    MONEY,
    REPORT,
    SELL_RETURN,
    SYSTEM,
    TICKET,
    Till,
    at,
    basis,
    close_shift,
    empty_report,
    goods,
    local,
    modifier,
    money_placement,
    pack,
    tax,
    tenge,
    ticket,
    till,
)

Z, X = 0, 1


def by(rows: list[dict[str, Any]], key: str = "operation") -> dict[int, dict[str, Any]]:
    return {row[key]: {name: _plain(value) for name, value in row.items() if name != key} for row in rows}


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and {"bills", "coins"} == set(value):
        return value["bills"] * 100 + value["coins"]
    return by(value, "payment") if isinstance(value, list) else value


def asked(shop: Till, kind: int) -> dict[str, Any]:
    answer = shop.ask(REPORT, {"report": kind, "date_time": at(12), "zx_report": empty_report()})
    assert answer.code == 0 and answer.message["report"]["report"] == kind
    return answer.report


@pytest.fixture
def traded(shop: Till) -> Till:
    """A deposit of 5000.00, three sales, a return and a purchase."""
    shop.ask(MONEY, money_placement(500_000))
    first = shop.ask(TICKET, ticket())  # 900.00 in cash.
    mixed = ticket(
        goods(taxes=[tax(12_414)]),
        goods(50_000, section_code="2", taxes=[tax(2_381, percent=5000)]),
        modifier(5, "discount", 10_000),
        total=130_000,
        payments=[{"type": 0, "sum": tenge(30_000)}, {"type": 1, "sum": tenge(100_000)}],
        amounts={"total": tenge(130_000), "taken": tenge(50_000), "change": tenge(20_000)},
    )
    shop.ask(TICKET, mixed)
    shop.ask(TICKET, ticket(goods(1_000), modifier(3, "markup", 5), total=1_005, offline_ticket_number=4))
    shop.ask(TICKET, ticket(operation=SELL_RETURN, parent_ticket=basis(first.sign)))
    shop.ask(TICKET, ticket(goods(2_000), total=2_000, operation=BUY))
    shop.ask(MONEY, money_placement(100_000, operation=1))
    assert len(shop.documents()) == 7
    return shop


CASH = 500_000 + 90_000 + 30_000 + 1_005 - 90_000 - 2_000 - 100_000


def check_totals(report: dict[str, Any]) -> None:
    none = {"count": 0, "sum": 0}
    assert by(report["operations"]) == {
        0: {"count": 1, "sum": 2_000},
        1: none,
        2: {"count": 3, "sum": 90_000 + 140_000 + 1_000},
        3: {"count": 1, "sum": 90_000},
    }
    assert by(report["discounts"]) == {0: none, 1: none, 2: {"count": 1, "sum": 10_000}, 3: none}
    assert by(report["markups"]) == {0: none, 1: none, 2: {"count": 1, "sum": 5}, 3: none}
    assert by(report["total_result"])[2] == {"count": 3, "sum": 221_005}
    assert {row["section_code"]: by(row["operations"])[2] for row in report["sections"]} == {
        "1": {"count": 3, "sum": 181_000},
        "2": {"count": 1, "sum": 50_000},
    }
    assert _plain(report["cash_sum"]) == CASH
    assert report["revenue"] == {"sum": tenge(221_005 - 90_000 - 2_000), "is_negative": False}


def test_an_x_report_adds_up_to_the_tiyn(traded: Till) -> None:
    report = asked(traded, X)
    check_totals(report)
    assert "close_shift_time" not in report
    assert local(report["open_shift_time"]).hour == 9
    assert len(report["checksum"]) == 8


def test_the_tickets_of_each_operation_are_told_with_their_payments(traded: Till) -> None:
    rows = by(asked(traded, X)["ticket_operations"])
    assert set(rows) == {0, 1, 2, 3}
    sold = rows[2]
    payments = sold.pop("payments")
    assert sold == {
        "tickets_total_count": 3,
        "tickets_count": 3,
        "tickets_sum": 221_005,
        "offline_count": 1,
        "discount_sum": 10_000,
        "markup_sum": 5,
        "change_sum": 20_000,
    }
    assert payments == {
        0: {"sum": 90_000 + 30_000 + 1_005, "count": 3},
        1: {"sum": 100_000, "count": 1},
        2: {"sum": 0, "count": 0},
        3: {"sum": 0, "count": 0},
        4: {"sum": 0, "count": 0},
    }
    assert rows[1]["tickets_count"] == 0 and len(rows[1]["payments"]) == 5


def test_taxes_are_told_by_rate_with_every_operation(traded: Till) -> None:
    rates = {row["percent"]: by(row["operations"]) for row in asked(traded, X)["taxes"]}
    none = {"turnover": 0, "sum": 0, "turnover_without_tax": 0}
    assert rates == {
        5000: {0: none, 1: none, 2: {"turnover": 50_000, "sum": 2_381, "turnover_without_tax": 47_619}, 3: none},
        16000: {
            0: none,
            1: none,
            2: {"turnover": 180_000, "sum": 24_828, "turnover_without_tax": 155_172},
            3: {"turnover": 90_000, "sum": 12_414, "turnover_without_tax": 77_586},
        },
    }


def test_cash_moves_are_told_both_ways(traded: Till) -> None:
    assert by(asked(traded, X)["money_placements"]) == {
        0: {"operations_total_count": 1, "operations_count": 1, "operations_sum": 500_000, "offline_count": 0},
        1: {"operations_total_count": 1, "operations_count": 1, "operations_sum": 100_000, "offline_count": 0},
    }


def test_z_starts_the_counters_anew_and_keeps_what_is_never_set_to_zero(traded: Till) -> None:
    closed = traded.ask(CLOSE_SHIFT, close_shift()).report
    check_totals(closed)
    assert closed["shift_number"] == 1 and closed["close_shift_time"] == at(20)
    assert asked(traded, Z) == closed
    sums = {0: {"sum": 2_000}, 1: {"sum": 0}, 2: {"sum": 221_005}, 3: {"sum": 90_000}}
    assert by(closed["non_nullable_sums"]) == sums
    assert by(closed["start_shift_non_nullable_sums"]) == {kind: {"sum": 0} for kind in range(4)}
    traded.ask(TICKET, ticket(pack(), date_time=at(21)))
    report = asked(traded, X)
    assert report["shift_number"] == 2
    assert by(report["start_shift_non_nullable_sums"]) == sums
    assert by(report["non_nullable_sums"])[2] == {"sum": 311_005}
    row = by(report["ticket_operations"])[2]
    assert (row["tickets_total_count"], row["tickets_count"]) == (4, 1)
    assert _plain(report["cash_sum"]) == CASH + 90_000


def test_before_the_first_z_there_is_an_empty_one(shop: Till) -> None:
    report = asked(shop, Z)
    assert report["shift_number"] == 0 and report["date_time"] == at(12)
    assert report["cash_sum"] == tenge(0) and "operations" not in report
    assert asked(shop, X)["shift_number"] == 0
    info = shop.ask(INFO)
    assert info.message["report"]["report"] == Z and info.report["shift_number"] == 0


def test_info_tells_x_while_the_shift_is_open_and_else_the_last_z(traded: Till) -> None:
    info = traded.ask(INFO)
    assert info.message["report"]["report"] == X
    check_totals(info.report)
    closed = traded.ask(CLOSE_SHIFT, close_shift())
    after = traded.ask(INFO)
    assert after.message["report"] == {"report": Z, "zx_report": closed.report}


def test_info_tells_who_is_registered_and_what_came_last(shop: Till) -> None:
    service = shop.ask(INFO).message["service"]
    assert service["reg_info"]["kkm"] == {
        "fns_kkm_id": "010100000001",
        "serial_number": "00012345",
        "kkm_id": "203001",
    }
    assert set(service["reg_info"]) == {"kkm", "pos", "org"}
    assert service["binded_taxation"]["taxes"] == [{"tax_type": 100, "percent": 16000}]
    assert [row["info"]["type"] for row in service["ticket_ads"]] == [0, 4]
    assert "last_document_info" not in service
    shop.ask(TICKET, ticket(shift_document_number=12))
    assert last(shop) == {"fr_shift_number": 1, "printed_document_number": 12}
    shop.ask(MONEY, money_placement(100, printed_document_number=13))
    assert last(shop) == {"fr_shift_number": 1, "printed_document_number": 13}
    shop.ask(TICKET, ticket())  # No number of its own: the operator's count.
    assert last(shop) == {"fr_shift_number": 1, "printed_document_number": 3}
    shop.ask(CLOSE_SHIFT, close_shift(printed_document_number=15))
    assert last(shop) == {"fr_shift_number": 1, "printed_document_number": 15}


def last(shop: Till) -> dict[str, Any]:
    return dict(shop.ask(INFO).message["service"]["last_document_info"])


def test_a_lost_answer_can_be_told_from_a_lost_request_by_info(shop: Till) -> None:
    shop.ask(TICKET, ticket(shift_document_number=1))
    for fault, seen in (("request_lost", 1), ("answer_lost", 2)):
        with shop.fault(fault):
            shop.try_ask(TICKET, ticket(shift_document_number=2))
        info = shop.server.devices[shop.id]
        assert info.last_document is not None and info.last_document.number == seen


def test_a_shift_opens_with_the_first_operation_and_closes_only_once(shop: Till) -> None:
    assert shop.ask(CLOSE_SHIFT, close_shift()).code == 13
    shop.ask(MONEY, money_placement(100))
    assert shop.ask(CLOSE_SHIFT, close_shift()).code == 0
    assert shop.ask(CLOSE_SHIFT, close_shift()).code == 13
    assert [shift.number for shift in shop.simulated.memory.closed] == [1]


def test_a_z_whose_answer_was_lost_is_not_a_second_z(shop: Till) -> None:
    shop.ask(TICKET, ticket())
    with shop.fault("answer_lost"):
        assert shop.try_ask(CLOSE_SHIFT, close_shift()) is None
    again = shop.again()
    assert again is not None and again.report["shift_number"] == 1
    assert len(shop.simulated.memory.closed) == 1


@pytest.mark.parametrize("field", ["operator", "z_report"])
def test_what_a_z_must_bring(shop: Till, field: str) -> None:
    shop.ask(TICKET, ticket())
    body = close_shift()
    del body[field]
    assert shop.ask(CLOSE_SHIFT, body).code == 13
    assert shop.ask(REPORT, {"report": X, "date_time": at(12)}).code == 13


def test_the_drawer_can_be_emptied_with_the_z(traded: Till) -> None:
    closed = traded.ask(CLOSE_SHIFT, close_shift(withdraw_money=True)).report
    assert _plain(closed["cash_sum"]) == 0 and traded.simulated.memory.cash_tiyn == 0
    assert by(closed["money_placements"])[1]["operations_sum"] == 100_000 + CASH
    assert traded.documents()[-1] == f"cash_out {CASH / 100:g}"


def test_a_shift_of_a_day_must_be_closed_before_the_next_sale(shop: Till) -> None:
    shop.ask(TICKET, ticket())
    shop.console("shift_age 23.9")
    assert shop.ask(TICKET, ticket()).code == 0
    shop.console("shift_age 24")
    assert shop.ask(TICKET, ticket()).code == 11
    assert shop.ask(MONEY, money_placement(100)).code == 11
    assert [shop.ask(command).code for command in (SYSTEM, INFO)] == [0, 0]
    assert asked(shop, X)["shift_number"] == 1
    assert shop.ask(CLOSE_SHIFT, close_shift()).code == 0
    assert shop.ask(TICKET, ticket()).code == 0
    assert [document.shift for document in shop.simulated.memory.documents] == [1, 1, 2]


def test_a_report_that_tells_other_totals_is_noticed(traded: Till) -> None:
    right = asked(traded, X)
    traded.console("rule reports_compared on")
    body = {"report": X, "date_time": at(12), "zx_report": right}
    assert traded.ask(REPORT, body).code == 0
    less = [row for row in right["operations"] if row["operation"] != 1]  # A row of zeros may be left out.
    assert traded.ask(REPORT, body | {"zx_report": right | {"operations": less[::-1]}}).code == 0
    refused = traded.ask(CLOSE_SHIFT, close_shift(z_report=right | {"cash_sum": tenge(CASH + 1)}))
    assert refused.code == 13 and f"cash_sum: {CASH + 1} instead of {CASH}" in refused.text
    assert "cash_sum" in traded.console("device")
    assert traded.ask(CLOSE_SHIFT, close_shift(z_report=right)).code == 0


def test_revenue_below_zero_is_told_with_its_flag() -> None:
    shop = till()
    shop.ask(MONEY, money_placement(90_000))
    shop.ask(TICKET, ticket(operation=BUY))
    assert asked(shop, X)["revenue"] == {"sum": tenge(90_000), "is_negative": True}
