"""reKassa: every question the sources leave open, as the simulator's switch, with the option that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cloud_shop import Shop

from fiscal.register import Done, FailureKind, Refused
from hw_sim.rekassa import Enums, MarkField, Refusals, Repeats, Times


def a_round(shop: Shop) -> None:
    """A sale with marks, its return, cash, a lost answer, X and Z."""
    order = shop.sale(2)
    document = shop.made(order)
    shop.made(shop.refund(order, document))
    shop.made(shop.put())
    shop.fault("answer_lost_after")
    found = shop.brought_to_an_end(shop.sale())
    assert isinstance(found, Done) and found.recovered
    assert [len(one.marks) for one in shop.documents if one.operation.is_receipt] == [2, 2, 1]
    assert document.at == "2026-07-15T09:00:00+05:00"
    report = shop.register.x_report()
    assert (report.sales_count, report.sales_tiyn, report.returns_tiyn) == (2, 270_000, 180_000)
    opened = "2026-07-15T09:00:00+05:00"
    assert (report.opened_at, shop.register.status().shift_opened_at) == (opened, opened)
    closed = shop.made(shop.z())
    assert (closed.sales_tiyn, closed.put_tiyn, closed.at[:10]) == (270_000, 5_000_000, "2026-07-15")


@pytest.mark.parametrize(
    ("options", "profile"),
    [
        ("", {"enums": Enums.NUMBERS}),
        ("", {"zero_coins": False}),
        ("", {"wide_as_text": False}),
        ("", {"enums": Enums.NUMBERS, "zero_coins": False, "wide_as_text": False}),
        ("", {"times": Times.UTC}),
        ("", {"times": Times.LOCAL}),
        ("", {"marks": MarkField.LIST}),
        ("marks=exciseStamp", {"marks": MarkField.SINGLE}),
        ("geo=43.238949,76.889709", {"geo_required": True}),
        ("", {"refusals": Refusals.DOCUMENT}),
        ("", {"document_id_step": 7}),
        ("", {"page_size": 1}),
        ("login=bare", {}),
        ("till=1042", {}),
        ("keys=none", {}),
        ("keys=none&dedup=no&late_s=20", {"repeats": Repeats.REGISTER}),
        ("taxation=101", {}),
        ("gtin=barcode&section=2&gs=strip", {}),
    ],
    ids=str,
)
def test_a_round_goes_through(shop_at: Callable[..., Shop], options: str, profile: dict[str, Any]) -> None:
    a_round(shop_at("rekassa", options, **profile))


def test_a_service_that_demands_a_place_is_told_by_the_refusal(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("rekassa", geo_required=True)
    refused = shop.execute(shop.sale())
    assert isinstance(refused, Refused)
    assert refused.failure.kind is FailureKind.INVALID
    assert shop.documents == []


def test_the_wrong_field_for_marks_is_refused_and_nothing_is_registered(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("rekassa", marks=MarkField.SINGLE)
    refused = shop.execute(shop.sale())
    assert isinstance(refused, Refused)
    assert refused.failure.kind is FailureKind.INVALID
    assert shop.documents == []


@pytest.mark.parametrize("refusals", Refusals)
@pytest.mark.parametrize(
    ("fault", "kind"),
    [("offline_period_expired", FailureKind.OFFLINE_LIMIT), ("shift_period_expired", FailureKind.SHIFT_EXPIRED)],
)
def test_periods_that_are_over_are_told_apart(
    shop_at: Callable[..., Shop], refusals: Refusals, fault: str, kind: FailureKind
) -> None:
    shop = shop_at("rekassa", refusals=refusals)
    shop.fault(fault)
    refused = shop.execute(shop.sale())
    assert isinstance(refused, Refused)
    assert refused.failure.kind is kind


CODES = ["PERMISSION_ERROR", "BLOCKED", "PROTOCOL_ERROR", "SAME_TAXPAYER_AND_CUSTOMER", "CASH_REGISTER_WRONG_STATUS",
         "INVALID_TOKEN"]  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_every_refusal_leaves_nothing_and_the_till_sells_on(shop_at: Callable[..., Shop], code: str) -> None:
    shop = shop_at("rekassa")
    shop.fault("code", code=code)
    refused = shop.execute(shop.sale())
    assert isinstance(refused, Refused)
    assert refused.failure.code == f"rekassa:{code}"
    shop.made(shop.sale())
    assert len(shop.documents) == 1


def test_a_wrong_pin_closes_nothing(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("rekassa")
    shop.made(shop.sale())
    shop.fault("wrong_pin", "close")
    refused = shop.execute(shop.z())
    assert isinstance(refused, Refused)
    assert refused.failure.kind is FailureKind.CONFIGURATION
    assert shop.made(shop.z()).closed


def test_a_token_lives_fifteen_minutes_and_is_renewed_before(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("rekassa")
    for _ in range(3):
        shop.made(shop.sale())
        shop.clock.sleep(14.5 * 60)
    assert sum(entry.operation == "login" for entry in shop.service.journal) == 3
    assert all(entry.status != 401 for entry in shop.service.journal)


def test_a_document_made_autonomously_keeps_its_mark_when_the_operator_has_it(shop_at: Callable[..., Shop]) -> None:
    for kept in (False, True):
        shop = shop_at("rekassa", offline_number_kept=kept)
        shop.service.switches["ofd_down"](True)
        order = shop.sale()
        document = shop.made(order)
        assert document.offline
        status = shop.register.status()
        assert status.offline and status.offline_since == "2026-07-15T09:00:00+05:00"
        shop.service.switches["ofd_down"](False)
        shop.clock.sleep(3600)
        shown = shop.register.find(order.key)
        assert shown is not None
        assert shown.fiscal_sign not in ("", document.fiscal_sign)
        assert shop.register.status().offline is False
        shop.made(shop.refund(order, document))


def test_a_blocked_till_says_so(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("rekassa")
    shop.made(shop.sale())
    shop.service.switches["blocked"](True)
    status = shop.register.status()
    assert status.reachable and status.failure is not None
    assert (status.failure.kind, status.waits_for) == (FailureKind.CONFIGURATION, "person")


def test_a_shift_of_many_documents_is_searched_page_by_page(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("rekassa")
    orders = [shop.sale() for _ in range(45)]
    for order in orders:
        shop.made(order)
    shown = shop.register.find(orders[0].key)
    assert shown is not None and shown.number == "1"
    assert shop.register.find("in-none") is None


def test_a_clock_that_is_hours_off_is_shown(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("rekassa", clock_offset_s=5 * 3600.0)
    assert shop.register.baseline().clock_at == "2026-07-15T14:00:00+05:00"
