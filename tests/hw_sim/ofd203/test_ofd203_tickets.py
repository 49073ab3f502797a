"""Tickets line by line: what is refused, with which code, and what is taken; each strictness can be switched off."""

from __future__ import annotations

from typing import Any

import pytest
from ofd203_till import (
    FIRST_TOKEN,
    MARK,
    OTHER_MARK,
    SELL_RETURN,
    TICKET,
    Till,
    at,
    goods,
    modifier,
    pack,
    tax,
    tenge,
    ticket,
    till,
)


def line(**changes: Any) -> dict[str, Any]:
    return ticket(goods(**changes))


def without(body: dict[str, Any], *path: str | int) -> dict[str, Any]:
    here: Any = body
    for step in path[:-1]:
        here = here[step]
    del here[path[-1]]
    return body


def paid(*payments: tuple[int, int], **amounts: int) -> dict[str, Any]:
    return ticket(
        payments=[{"type": kind, "sum": tenge(amount)} for kind, amount in payments],
        amounts={"total": tenge(90_000)} | {name: tenge(amount) for name, amount in amounts.items()},
    )


MISSING: dict[str, dict[str, Any]] = {
    "domain": without(ticket(), "domain"),
    "domain.type": ticket(domain={}),
    "domain.services": ticket(domain={"type": 1}),
    "domain.taxi": ticket(domain={"type": 4, "services": {"account_number": "1"}}),
    "operator": without(ticket(), "operator"),
    "items": ticket(items=[]),
    "items[0].commodity": ticket({"type": 1}),
    "items[0].commodity.name": line(name=" "),
    "items[0].commodity.measure_unit_code": without(ticket(goods()), "items", 0, "commodity", "measure_unit_code"),
    "items[1].discount.name": ticket(goods(), {"type": 5, "discount": {"sum": tenge(0)}}),
    "parent_ticket": ticket(operation=SELL_RETURN),
    "amounts.taken": paid((0, 90_000), change=0),
    "amounts.change": paid((0, 90_000), taken=90_000),
}


@pytest.mark.parametrize("code", [15, 13])
@pytest.mark.parametrize("place", MISSING)
def test_a_mandatory_parameter_is_missing(place: str, code: int) -> None:
    shop = till(missing_code=code)
    answer = shop.ask(TICKET, MISSING[place])
    assert answer.code == code
    assert place.split("[")[0].split(".")[0] in answer.text and "mandatory" in answer.text
    assert shop.documents() == [] and shop.token == FIRST_TOKEN


def both_levels() -> dict[str, Any]:
    return ticket(pack(), taxes=[tax(12_414)])


WRONG: dict[str, dict[str, Any]] = {
    "taxes at both levels": both_levels(),
    "two payments of one type": paid((0, 50_000), (0, 40_000), taken=90_000, change=0),
    "two payments of one type, each right": paid((1, 90_000), (1, 90_000)),
    "percent 16 instead of 16000": line(taxes=[tax(144, percent=16)]),
    "percent 999": line(taxes=[tax(890, percent=999)]),
    "one percent twice on a line": line(taxes=[tax(12_414), tax(12_414)]),
    "one percent twice on the ticket": ticket(goods(), taxes=[tax(6207), tax(6207)]),
    "tax of another sum": line(taxes=[tax(12_415)]),
    "tax of the ticket of another sum": ticket(goods(), taxes=[tax(12_413)]),
    "tax at rate zero": line(taxes=[tax(1, percent=0)]),
    "unknown tax type": line(taxes=[tax(12_414) | {"tax_type": 101}]),
    "unknown taxation type": line(taxes=[tax(12_414) | {"taxation_type": 99}]),
    "more tax than money": ticket(goods(), taxes=[tax(80_000), tax(20_000, percent=5000)]),
    "credit": paid((2, 90_000)),
    "tare": paid((3, 90_000)),
    "payments below the total": paid((1, 89_999)),
    "payments above the total": paid((1, 90_001)),
    "no payments": ticket(payments=[]),
    "change that does not fit": paid((0, 90_000), taken=100_000, change=9_999),
    "change without cash": paid((1, 90_000), taken=100_000, change=10_000),
    "price times quantity": line(sum=tenge(90_001)),
    "total": ticket(goods(), total=80_000),
    "no quantity": ticket(goods(quantity=0), total=0),
    "no section": line(section_code=""),
    "a hundred coins": line(sum={"bills": 899, "coins": 100}),
    "more than anybody pays": ticket(goods((10**13 + 1) * 100), total=(10**13 + 1) * 100),
    "two marks for one unit": line(list_excise_stamp=[MARK, OTHER_MARK]),
    "one mark for two units": ticket(goods(45_000, 2000, list_excise_stamp=[MARK])),
    "one mark on two lines": ticket(pack(), pack(), total=180_000),
    "an empty mark": line(list_excise_stamp=[""]),
    "a storno of what was not sold": ticket(
        goods(), {"type": 2, "storno_commodity": goods(100_000)["commodity"]}, total=0
    ),
    "a storno of another mark": ticket(
        pack(),
        pack(OTHER_MARK),
        {"type": 2, "storno_commodity": pack("0487")["commodity"]},
    ),
    "a discount beyond the goods": ticket(goods(), modifier(5, "discount", 90_001), total=0),
    "a storno of a discount nobody gave": ticket(goods(), modifier(6, "storno_discount", 1), total=90_001),
    "a discount line and another one in the totals": ticket(
        goods(),
        modifier(5, "discount", 10_000),
        amounts={
            "total": tenge(85_000),
            "taken": tenge(85_000),
            "change": tenge(0),
            "discount": {"name": "d", "sum": tenge(5_000)},
        },
        payments=[{"type": 0, "sum": tenge(85_000)}],
    ),
    "discount and markup of the ticket": ticket(
        goods(),
        amounts={
            "total": tenge(90_000),
            "taken": tenge(90_000),
            "change": tenge(0),
            "discount": {"name": "d", "sum": tenge(0)},
            "markup": {"name": "m", "sum": tenge(0)},
        },
    ),
    "a day that does not exist": ticket(date_time=at(9, day=32)),
    "an hour that does not exist": ticket(date_time=at(24)),
    "a year of two digits": ticket(date_time={"date": {"year": 26, "month": 7, "day": 15}, "time": at(9)["time"]}),
    "a buyer's number of eleven digits": ticket(extension_options={"customer_iin_or_bin": "12345678901"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_ticket_that_contradicts_itself_is_refused_with_13(shop: Till, name: str) -> None:
    answer = shop.ask(TICKET, WRONG[name])
    assert answer.code == 13 and answer.text
    assert shop.documents() == [] and shop.token == FIRST_TOKEN


RIGHT: dict[str, dict[str, Any]] = {
    "a marked pack": ticket(),
    "two marks for two units": ticket(
        goods(45_000, 2000, list_excise_stamp=[MARK, OTHER_MARK]),
    ),
    "no tax at all": line(),
    "tax on the ticket": ticket(goods(), taxes=[tax(12_414)]),
    "tax on top of the ticket": ticket(goods(), taxes=[tax(14_400, inside=False)], total=104_400),
    "two rates on the ticket": ticket(goods(), taxes=[tax(6_207), tax(2_143, percent=5000)]),
    "tax on top of a line": ticket(goods(sum=tenge(104_400), taxes=[tax(14_400, inside=False)]), total=104_400),
    "one percent, the least of the scale": line(taxes=[tax(891, percent=1000)]),
    "rate zero": line(taxes=[tax(0, percent=0)]),
    "two rates on two lines": ticket(
        goods(taxes=[tax(12_414)]), goods(10_000, taxes=[tax(476, percent=5000)]), total=100_000
    ),
    "weighed goods": ticket(goods(420_000, 333), total=139_860),
    "card": paid((1, 90_000)),
    "card with nothing given back": paid((1, 90_000), taken=90_000, change=0),
    "cash, card and mobile, the cash taken": paid((0, 50_000), (1, 30_000), (4, 10_000), taken=60_000, change=10_000),
    "cash and card, everything taken": paid((0, 50_000), (1, 40_000), taken=100_000, change=10_000),
    "a storno": ticket(pack(), pack(OTHER_MARK), {"type": 2, "storno_commodity": pack(OTHER_MARK)["commodity"]}),
    "a discount line": ticket(goods(), modifier(5, "discount", 10_000), total=80_000),
    "a discount line repeated in the totals": ticket(
        goods(),
        modifier(5, "discount", 10_000),
        total=80_000,
        amounts={
            "total": tenge(80_000),
            "taken": tenge(80_000),
            "change": tenge(0),
            "discount": {"name": "d", "sum": tenge(10_000)},
        },
    ),
    "a markup in the totals alone": ticket(
        goods(),
        total=100_000,
        amounts={
            "total": tenge(100_000),
            "taken": tenge(100_000),
            "change": tenge(0),
            "markup": {"name": "m", "sum": tenge(10_000)},
        },
    ),
    "a markup line taken back": ticket(goods(), modifier(3, "markup", 500), modifier(4, "storno_markup", 500)),
    "a taxi": ticket(domain={"type": 4, "taxi": {"car_number": "001AAA02", "is_order": True, "current_fee": tenge(1)}}),
    "no seconds": ticket(date_time={"date": at(9)["date"], "time": {"hour": 9, "minute": 30}}),
    "a buyer": ticket(extension_options={"customer_iin_or_bin": "111111111111"}),
    "as much as anybody pays": ticket(goods(10**15), total=10**15),
    "nothing to pay": ticket(goods(), modifier(5, "discount", 90_000), total=0, payments=[]),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_ticket_that_agrees_with_itself_is_registered(shop: Till, name: str) -> None:
    answer = shop.ask(TICKET, RIGHT[name])
    assert (answer.code, answer.text) == (0, "")
    assert len(shop.documents()) == 1


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("percent 999", {"percent_scale_checked": False}),
        ("tax of another sum", {"sums_checked": False}),
        ("tax of another sum", {"tolerance_tiyn": 1}),
        ("payments below the total", {"sums_checked": False}),
        ("price times quantity", {"tolerance_tiyn": 1}),
        ("one mark for two units", {"marks_match_quantity": False}),
    ],
)
def test_a_strictness_can_be_switched_off(name: str, rules: dict[str, Any]) -> None:
    shop = till(**rules)
    assert shop.ask(TICKET, WRONG[name]).code == 0
