"""uKassa: every question the sources leave open, as the simulator's switch, with the option that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cloud_shop import Shop

from fiscal.register import Done, FailureKind, Refused, Unknown
from hw_sim.ukassa import KeyHeader, OtherBody, Repeats, TokenField


def a_round(shop: Shop, *, marked: bool = True) -> None:
    """A sale, its return, cash, a lost answer, X and Z."""
    order = shop.sale(2, marked=marked)
    document = shop.made(order)
    shop.made(shop.refund(order, document))
    shop.made(shop.put())
    for lost in (shop.sale(marked=marked), shop.put(1_234_500)):
        shop.fault("answer_lost_after", "*", skip=2)  # Two questions go before an order.
        found = shop.brought_to_an_end(lost)
        assert isinstance(found, Done) and found.recovered
    assert [len(one.marks) for one in shop.documents if one.operation.is_receipt] == (
        [2, 2, 1] if marked else [0, 0, 0]
    )
    report = shop.register.x_report()
    assert (report.sales_count, report.sales_tiyn, report.returns_tiyn) == (2, 270_000, 180_000)
    assert report.put_tiyn == 5_000_000 + 1_234_500
    closed = shop.made(shop.z())
    assert (closed.sales_tiyn, closed.put_tiyn, closed.closed) == (270_000, 6_234_500, True)


@pytest.mark.parametrize(
    ("options", "profile"),
    [
        ("", {"token_field": TokenField.TOKEN}),
        ("", {"token_field": TokenField.ACCESS_TOKEN, "token_in_data": True}),
        ("", {"repeats": Repeats.CONFLICT}),
        ("", {"other_body": OtherBody.ANSWER}),
        ("", {"key_header": KeyHeader.IDEMPOTENCY, "key_required": True}),
        ("key_header=IDEMPOTENCE-KEY", {"key_header": KeyHeader.IDEMPOTENCE, "key_required": True}),
        ("", {"receipt_status": 201}),
        ("", {"decimals_as_text": True}),
        ("", {"operation_in_data": True}),
        ("", {"newest_first": False}),
        ("", {"cash_in_list": True}),
        ("", {"clock_offset_s": 7 * 3600.0}),
        ("login=form", {}),
        ("need_mark_code=no&gs=strip&mark_form=full", {}),
        ("dedup=no&late_s=20", {"repeats": Repeats.REGISTER}),
    ],
    ids=str,
)
def test_a_round_goes_through(shop_at: Callable[..., Shop], options: str, profile: dict[str, Any]) -> None:
    a_round(shop_at("ukassa", options, **profile))


def test_a_round_goes_through_without_marks_and_in_the_older_body(shop_at: Callable[..., Shop]) -> None:
    a_round(shop_at("ukassa"), marked=False)
    a_round(shop_at("ukassa", "receipt=v1"), marked=False)


def test_a_key_of_the_wrong_header_is_told_by_the_refusal(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("ukassa", key_header=KeyHeader.IDEMPOTENCE, key_required=True)
    refused = shop.execute(shop.sale())
    assert isinstance(refused, Refused)
    assert shop.documents == []


def test_vat_is_the_service_s_own_rate(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("ukassa", "vat=16", vat_percent=16)
    shop.made(shop.sale(2))
    assert float(shop.documents[0].tax) == 248.28  # 1800 * 16/116


@pytest.mark.parametrize("status", [400, 403, 404])
def test_every_refusal_leaves_nothing_and_the_till_sells_on(shop_at: Callable[..., Shop], status: int) -> None:
    shop = shop_at("ukassa")
    shop.fault("refuse", status=status, message="слова сервиса")
    refused = shop.execute(shop.sale())
    assert isinstance(refused, Refused)
    assert refused.failure.text == "слова сервиса"
    shop.made(shop.sale())
    assert len(shop.documents) == 1


def test_a_409_in_the_middle_is_looked_up(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("ukassa")
    shop.made(shop.sale())
    prepared, baseline = shop.begin(shop.sale())
    shop.fault("answer_lost_after")
    assert isinstance(shop.register.execute(prepared, baseline), Unknown)
    shop.fault("repeat_conflict")
    found = shop.register.execute(prepared, baseline)
    assert isinstance(found, Done) and found.recovered
    assert len(shop.documents) == 2


def test_another_order_under_a_used_key_is_never_taken_for_ours(shop_at: Callable[..., Shop]) -> None:
    for other_body, kind in (
        (OtherBody.CONFLICT, FailureKind.NO_ANSWER),
        (OtherBody.ANSWER, FailureKind.KEY_COLLISION),
    ):
        shop = shop_at("ukassa", other_body=other_body)
        first = shop.sale()
        shop.made(first)
        other = shop.sale(2)
        prepared, baseline = shop.begin(type(other)(first.key, other.operation, other.lines, other.payments))
        doubt = shop.register.execute(prepared, baseline)
        assert isinstance(doubt, Unknown)
        assert doubt.failure.kind is kind
        assert len(shop.documents) == 1


def test_a_token_that_lives_for_a_day_is_renewed_when_it_has_ended(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("ukassa", token_life_s=3600.0)
    shop.made(shop.sale())
    shop.clock.sleep(3601)
    shop.made(shop.sale())
    assert sum(entry.operation == "login" for entry in shop.service.journal) == 2
