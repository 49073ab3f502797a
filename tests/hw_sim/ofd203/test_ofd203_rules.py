"""What the operator checks beyond the ticket itself: drawer, basis of a return, catalogue, identity, clock, shift."""

from __future__ import annotations

from typing import Any

import pytest
from ofd203_till import (
    BUY,
    BUY_RETURN,
    MARK,
    MONEY,
    SELL_RETURN,
    TICKET,
    Till,
    at,
    basis,
    goods,
    money_placement,
    tenge,
    ticket,
    till,
)

from hw_sim.ofd203.rules import Rules


def line(**changes: Any) -> dict[str, Any]:
    return ticket(goods(**changes))


def without(body: dict[str, Any], *path: str | int) -> dict[str, Any]:
    here: Any = body
    for step in path[:-1]:
        here = here[step]
    del here[path[-1]]
    return body


def test_marks_are_kept_exactly_as_they_were_sent(shop: Till) -> None:
    marks = ["0104870000000104213kZ7q_W<2hT9m\x1d91KZF0\x1d92dGVzdA==", "Ұзын белгі №1 "]
    shop.ask(TICKET, ticket(goods(45_000, 2000, list_excise_stamp=marks)))
    assert shop.simulated.memory.documents[0].marks == tuple(marks)
    assert shop.simulated.memory.rows()[0]["marks"] == marks


def test_the_deprecated_field_of_one_mark_is_not_counted_as_a_mark(shop: Till) -> None:
    shop.ask(TICKET, line(excise_stamp=MARK))
    assert shop.simulated.memory.documents[0].marks == ()


def test_buyer_and_seller_are_the_same(shop: Till) -> None:
    assert shop.ask(TICKET, ticket(extension_options={"customer_iin_or_bin": "000000000000"})).code == 17
    assert shop.documents() == []


def test_a_barcode_the_catalogue_does_not_know() -> None:
    shop = till(catalogue_checked=True)
    assert shop.ask(TICKET, line(barcode="4870249811936")).code == 0
    assert shop.ask(TICKET, line(barcode="4870249811937")).code == 18
    shop.console("rule catalogue_checked off")
    assert shop.ask(TICKET, line(barcode="4870249811937")).code == 0


def test_the_drawer_cannot_give_what_it_does_not_hold(shop: Till) -> None:
    assert shop.ask(TICKET, ticket(operation=BUY)).code == 14
    assert shop.ask(MONEY, money_placement(90_000)).code == 0
    assert shop.ask(MONEY, money_placement(90_001, operation=1)).code == 14
    assert shop.ask(TICKET, ticket(operation=BUY)).code == 0
    assert shop.simulated.memory.cash_tiyn == 0
    card = [{"type": 1, "sum": tenge(90_000)}]
    assert shop.ask(TICKET, ticket(operation=BUY, payments=card, amounts={"total": tenge(90_000)})).code == 0


def test_a_return_names_a_receipt_of_this_register(shop: Till) -> None:
    sign = shop.ask(TICKET, ticket()).sign
    for parent in (
        basis("1"),
        basis(sign, total=80_000),
        basis(sign, when=at(9, 31)),
        basis(sign, parent_ticket_is_offline=True),
    ):
        refused = shop.ask(TICKET, ticket(operation=SELL_RETURN, parent_ticket=parent))
        assert refused.code == 13 and "parent_ticket" in refused.text
    assert shop.ask(TICKET, ticket(operation=BUY_RETURN, parent_ticket=basis(sign))).code == 13
    assert shop.ask(TICKET, ticket(operation=SELL_RETURN, parent_ticket=basis(sign))).code == 0
    document = shop.simulated.memory.documents[-1]
    assert shop.documents() == ["sale 900", "sale_return 900"]
    assert document.basis is not None and document.basis["CheckNumber"] == sign
    assert shop.simulated.memory.rows()[-1]["basis_sign"] == sign


def test_the_basis_of_a_return_from_another_till_is_believed(shop: Till) -> None:
    shop.ask(MONEY, money_placement(90_000))
    parent = basis("77", kgd_kkm_id="010100000002")
    assert shop.ask(TICKET, ticket(operation=SELL_RETURN, parent_ticket=parent)).code == 0
    shop.console("rule parent_checked off")
    assert shop.ask(MONEY, money_placement(90_000)).code == 0
    assert shop.ask(TICKET, ticket(operation=SELL_RETURN, parent_ticket=basis("1"))).code == 0


def test_every_fiscal_request_says_whose_it_is(shop: Till) -> None:
    shop.service = {}
    assert shop.ask(TICKET, ticket()).code == 15
    assert shop.ask(MONEY, money_placement(100)).code == 13
    other = {"reg_info": {"kkm": {"fns_kkm_id": "1"}, "org": {}}}
    refused = shop.ask(TICKET, ticket(), service=other)
    assert refused.code == 13 and "fns_kkm_id" in refused.text
    shop.console("rule identity_checked off")
    assert shop.ask(TICKET, ticket(), service=other).code == 0
    shop.console("rule service_required reg_info,offline_period,get_reg_info")
    assert shop.ask(TICKET, ticket(), service=other).code == 15
    shop.console("rule service_required none")
    assert shop.ask(TICKET, ticket()).code == 0


def test_a_money_placement_is_checked_too(shop: Till) -> None:
    assert shop.ask(MONEY, without(money_placement(100), "operator")).code == 13
    assert shop.ask(MONEY, money_placement(0)).code == 13
    assert shop.ask(MONEY, money_placement(100) | {"datetime": at(25)}).code == 13
    assert shop.documents() == []


def test_a_required_field_of_the_definitions_is_a_matter_of_the_protocol(shop: Till) -> None:
    frame = shop.frame(TICKET, ticket())
    broken = frame.replace(b"\x08\x02\x12", b"\x48\x02\x12", 1)  # The operation under a number nobody knows.
    assert broken != frame
    answer = shop.answer(broken)
    assert answer is not None and answer.code == 3 and "operation" in answer.text
    assert shop.ask(TICKET).code == 3  # The command without its part.
    assert shop.documents() == []


def test_a_register_whose_clock_is_off_is_refused_where_the_rule_says_so(shop: Till) -> None:
    assert shop.ask(TICKET, ticket(date_time=at(9, day=16))).code == 0
    shop.console("rule clock_tolerance_s 120")
    assert shop.ask(TICKET, ticket(date_time=at(9, 3))).code == 13
    assert shop.ask(TICKET, ticket(date_time=at(9, 2))).code == 0
    shop.console("clock 3600")
    assert shop.ask(TICKET, ticket(date_time=at(9, 2))).code == 13
    assert shop.ask(TICKET, ticket(date_time=at(10))).code == 0


def test_the_number_of_the_shift_is_the_registers_own_and_may_be_checked(shop: Till) -> None:
    shop.ask(TICKET, ticket(fr_shift_number=7))
    shop.ask(TICKET, ticket(fr_shift_number=3))
    assert [document.shift for document in shop.simulated.memory.documents] == [7, 7]
    shop.console("rule shift_number_checked on")
    assert shop.ask(TICKET, ticket(fr_shift_number=8)).code == 13
    assert shop.ask(TICKET, ticket(fr_shift_number=7)).code == 0


def test_rules_are_known_by_name(shop: Till) -> None:
    with pytest.raises(TypeError, match="no_such_rule"):
        till(no_such_rule=True)
    with pytest.raises(ValueError, match="no rule 'percent'; known: answers_kept_s"):
        Rules().changed("percent", "on")
    with pytest.raises(ValueError, match="on or off"):
        Rules().changed("order_checked", "yes")
    assert Rules().changed("versions", "202,203").versions == (202, 203)
    assert "missing_code" in shop.console("rule")
