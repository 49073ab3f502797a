"""Each fault of the simulators at a sale, one by one: one document, and the till knows which."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from cloud_shop import Shop

from fiscal.register import Absent, Done, FailureKind, NotSent, Refused, Unknown
from hw_sim.rekassa import Repeats as RekassaRepeats
from hw_sim.ukassa import Repeats as UkassaRepeats

FAMILIES = ("rekassa", "ukassa")
families = pytest.mark.parametrize("family", FAMILIES)

# Where nothing tells what the fault did, and the till has to find out.
LOST = ["answer_lost_before", "answer_lost_after", "connection_cut", "partial_body", "truncated_json", "empty_body"]
STATUSES = (400, 403, 404, 429, 500, 502, 503, 504)
AFTER = [("connection_cut", {"when": "after"}), ("html_page", {}), ("html_page", {"when": "after"}),
         ("slow", {"seconds": 60}), ("late_processing", {"seconds": 60})]  # fmt: skip
FAULTS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in LOST),
    *AFTER,
    *((f"http_{status}", {"when": when}) for status, when in itertools.product(STATUSES, ("before", "after"))),
]


@pytest.mark.parametrize(("fault", "params"), FAULTS, ids=lambda value: str(value))
@families
def test_one_sale_is_one_document_whatever_happens_to_its_request(
    shop_at: Callable[..., Shop], family: str, fault: str, params: dict[str, Any]
) -> None:
    shop = shop_at(family)
    shop.made(shop.sale())
    shop.fault(fault, **params)
    order = shop.sale(2)
    ended = shop.brought_to_an_end(order)
    if isinstance(ended, Refused):
        # A 4xx of a box on the way: nothing is there, and the cashier may try again.
        assert len(shop.documents) == 1
        ended = shop.brought_to_an_end(order)
    assert isinstance(ended, Done)
    assert len(shop.documents) == 2
    assert shop.documents[1].sign == ended.document.fiscal_sign  # type: ignore[union-attr]
    assert len(shop.documents[1].marks) == 2


@pytest.mark.parametrize("fault", ["mixed_case_fields", "extra_unknown_fields", "unsorted"])
@families
def test_names_in_any_case_more_fields_and_another_order_change_nothing(
    shop_at: Callable[..., Shop], family: str, fault: str
) -> None:
    shop, plain = shop_at(family), shop_at(family)
    shop.fault(fault, "*", count=100)

    def told(at: Shop) -> list[Any]:
        document = at.made(at.sale(2))
        at.made(at.put())
        x, shown = at.register.x_report(), at.register.last_document()
        z = at.made(at.z())
        (registered,) = (one for one in at.documents if one.operation.is_receipt)
        assert document.fiscal_sign == registered.sign and registered.sign in document.qr
        assert shown is not None
        facts = (document.at, document.number, document.shift, document.address, shown.kind, shown.number, shown.at)
        return [facts, x.sales_tiyn, x.put_tiyn, x.opened_at, z.cash_tiyn, z.at, at.register.status()]

    assert told(shop) == told(plain)


@families
def test_a_token_that_ends_in_the_middle_costs_one_login(shop_at: Callable[..., Shop], family: str) -> None:
    shop = shop_at(family)
    shop.made(shop.sale())
    before = sum(entry.operation == "login" for entry in shop.service.journal)
    shop.fault("token_expired")
    shop.made(shop.sale())
    assert sum(entry.operation == "login" for entry in shop.service.journal) == before + 1
    assert len(shop.documents) == 2


@families
def test_an_agent_that_was_killed_settles_from_what_its_journal_holds(
    shop_at: Callable[..., Shop], family: str
) -> None:
    shop = shop_at(family)
    shop.made(shop.sale())
    lost, never = shop.sale(2), shop.sale()
    shop.fault("answer_lost_after")
    prepared, baseline = shop.begin(lost)
    assert isinstance(shop.register.execute(prepared, baseline), Unknown)
    shop.close()
    shop.open()
    settled = shop.settled(prepared, baseline)
    assert isinstance(settled, Done) and settled.recovered
    prepared, baseline = shop.begin(never)
    shop.close()
    shop.open()
    assert isinstance(shop.settled(prepared, baseline), Absent)


@families
def test_a_sale_of_another_program_just_before_ours_is_not_taken_for_ours(
    shop_at: Callable[..., Shop], family: str
) -> None:
    shop = shop_at(family)
    shop.made(shop.sale())
    shop.fault("another_program", sum_tiyn=90_000)
    shop.fault("answer_lost_after")
    ended = shop.brought_to_an_end(shop.sale())
    assert isinstance(ended, Done) and ended.recovered
    assert [one.sign for one in shop.documents if one.marks][1] == ended.document.fiscal_sign  # type: ignore[union-attr]
    assert len(shop.documents) == 3


def test_without_key_and_marks_two_equal_sales_are_for_a_person(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("ukassa")
    shop.made(shop.sale(marked=False))
    shop.fault("another_program", sum_tiyn=90_000)
    shop.fault("answer_lost_after")
    prepared, baseline = shop.begin(shop.sale(marked=False))
    assert isinstance(shop.register.execute(prepared, baseline), Unknown)
    doubt = shop.settled(prepared, baseline)
    assert isinstance(doubt, Unknown)
    assert (doubt.failure.kind, doubt.failure.code) == (FailureKind.HUMAN, "several")


REPEATS: list[tuple[str, Any]] = [
    ("rekassa", RekassaRepeats.ANSWER),
    ("rekassa", RekassaRepeats.REFUSE),
    ("ukassa", UkassaRepeats.ANSWER),
    ("ukassa", UkassaRepeats.CONFLICT),
]


@pytest.mark.parametrize(("family", "repeats"), REPEATS)
def test_the_same_request_twice_is_one_document_however_the_service_says_so(
    shop_at: Callable[..., Shop], family: str, repeats: Any
) -> None:
    shop = shop_at(family, repeats=repeats)
    shop.made(shop.sale())
    prepared, baseline = shop.begin(shop.sale(2))
    first: Any = shop.register.execute(prepared, baseline)
    second: Any = shop.register.execute(prepared, baseline)
    assert isinstance(second, Done)
    assert second.document.fiscal_sign == first.document.fiscal_sign
    assert len(shop.documents) == 2


def test_ukassa_s_409_for_an_older_document_is_a_doubt_and_never_absent(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("ukassa", repeats=UkassaRepeats.CONFLICT)
    order = shop.sale()
    shop.made(order)
    prepared, baseline = shop.begin(order)
    doubt = shop.register.execute(prepared, baseline)
    assert isinstance(doubt, Unknown)
    assert (doubt.failure.kind, doubt.failure.code) == (FailureKind.NO_ANSWER, "ukassa:409")
    assert isinstance(shop.settled(prepared, baseline), Unknown)
    assert len(shop.documents) == 1


def test_rekassa_finds_an_older_document_by_its_key(shop_at: Callable[..., Shop]) -> None:
    shop = shop_at("rekassa", repeats=RekassaRepeats.REFUSE)
    order = shop.sale()
    made = shop.made(order)
    shop.made(shop.z())
    shop.made(shop.sale())
    prepared, baseline = shop.begin(order)
    again: Any = shop.register.execute(prepared, baseline)
    assert isinstance(again, Done) and again.recovered
    assert again.document.fiscal_sign == made.fiscal_sign


@pytest.mark.parametrize(("family", "fault"), [("rekassa", "repeat_other_total"), ("ukassa", "repeat_other_total")])
def test_a_repeat_that_shows_another_sum_is_an_alarm(shop_at: Callable[..., Shop], family: str, fault: str) -> None:
    shop = shop_at(family)
    prepared, baseline = shop.begin(shop.sale())
    assert isinstance(shop.register.execute(prepared, baseline), Done)
    shop.fault(fault)
    doubt = shop.register.execute(prepared, baseline)
    assert isinstance(doubt, Unknown)
    assert doubt.failure.kind is FailureKind.KEY_COLLISION


@pytest.mark.parametrize(
    ("family", "repeats"), [("rekassa", RekassaRepeats.REGISTER), ("ukassa", UkassaRepeats.REGISTER)]
)
def test_without_protection_a_request_that_may_be_on_its_way_is_waited_for(
    shop_at: Callable[..., Shop], family: str, repeats: Any
) -> None:
    shop = shop_at(family, "dedup=no", repeats=repeats)
    shop.made(shop.sale())
    shop.fault("late_processing", seconds=200)
    prepared, baseline = shop.begin(shop.sale())
    assert isinstance(shop.register.execute(prepared, baseline), Unknown)
    while isinstance(settled := shop.settled(prepared, baseline), Unknown):
        assert settled.failure.code == "late"
        shop.clock.sleep(10)
    assert isinstance(settled, Done)
    assert len(shop.documents) == 2


@families
def test_a_shift_somebody_closes_just_before_us_is_closed_once(shop_at: Callable[..., Shop], family: str) -> None:
    shop = shop_at(family)
    shop.made(shop.sale())
    shop.fault("shift_closed_by_another", "close")
    ended = shop.brought_to_an_end(shop.z())
    assert isinstance(ended, Done) and ended.recovered
    assert len(shop.service.memory.closed) == 1


@families
def test_a_close_whose_answer_is_lost_is_not_made_again(shop_at: Callable[..., Shop], family: str) -> None:
    for fault in ("answer_lost_after", "answer_lost_before", "truncated_json"):
        shop = shop_at(family)
        shop.made(shop.sale())
        shop.fault(fault, "close")
        assert isinstance(shop.brought_to_an_end(shop.z()), Done)
        assert len(shop.service.memory.closed) == 1


@families
def test_a_service_nobody_reaches_is_not_sent_to(shop_at: Callable[..., Shop], family: str) -> None:
    shop = shop_at(family)
    prepared, baseline = shop.begin(shop.sale())
    shop.line.link_down = True
    assert isinstance(shop.register.execute(prepared, baseline), NotSent)
    assert shop.register.status().reachable is False
