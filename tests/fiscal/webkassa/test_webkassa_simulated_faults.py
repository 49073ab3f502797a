"""Reads while the simulated service misbehaves: lost and broken pages, logins, shut domains, a busy cashbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from webkassa_shop import NS, Clock, Shop, service_at

from fiscal.escpos.lines import PAPER_80
from fiscal.register import FailureKind, RegisterUnavailable
from fiscal.webkassa.rows import gathered
from hw_sim.inprocess import SimTransport


def numbers(shop: Shop, shift: int = 1, skip: int = 0) -> list[int | None]:
    return [row.seen.number for row in gathered(shop.register.reading.receipts(shift, skip)).whole()]


@pytest.mark.parametrize("fault", ["mixed_case_fields", "extra_unknown_fields", "unsorted"])
@pytest.mark.parametrize(
    "match", ["check_history", "shift_history", "z_history", "control_tape", "client_info", "state"]
)
def test_names_in_any_case_more_fields_and_another_order_change_nothing(shop: Shop, fault: str, match: str) -> None:
    shop.day()
    reading = shop.register.reading

    def everything() -> list[Any]:
        rows = gathered(reading.receipts(1)).whole()
        z = gathered(reading.z_reports()).whole()
        return [
            [(row.seen, row.positions, row.payments) for row in rows],
            [(row.number, row.closed_at) for row in gathered(reading.shifts()).whole()],
            [(row.report.sales_tiyn, row.put_count) for row in z],
            [(row.kind, row.key, row.sum_tiyn) for row in reading.tape(1).whole()],
            (reading.info().licence_until, reading.info().status),
            reading.state().shift_closed_at,
        ]

    before = everything()
    shop.fault(fault, match, count=2)
    assert everything() == before


LOST = ["answer_lost_before", "answer_lost_after", "partial_body", "truncated_json", "empty_body", "html_page",
        "http_500", "http_502", "http_503", "http_429"]  # fmt: skip


@pytest.mark.parametrize("fault", LOST)
def test_a_page_that_is_lost_is_unavailable_and_the_list_goes_on_from_there(shop: Shop, fault: str) -> None:
    for _ in range(12):
        shop.sell()
    reading = shop.register.reading
    shop.fault(fault, "check_history")
    with pytest.raises(RegisterUnavailable) as told:
        next(reading.receipts(1, skip=5))
    assert told.value.failure.kind is FailureKind.NO_ANSWER
    assert told.value.failure.place.startswith("/api/v4/Check/History")
    assert numbers(shop, skip=5) == list(range(6, 13))


def test_a_long_shift_survives_a_lost_page_and_a_login_from_elsewhere(shop: Shop) -> None:
    for _ in range(120):
        shop.sell()
    shop.fault("token_expired", "check_history", skip=1)
    shop.fault("partial_body", "check_history", skip=3)
    pages = shop.register.reading.receipts(1)
    first, second = next(pages), next(pages)
    with pytest.raises(RegisterUnavailable):
        next(pages)
    rest = gathered(shop.register.reading.receipts(1, second.next_skip))
    read = [row.seen.number for row in (*first.rows, *second.rows, *rest.rows)]
    assert read == list(range(1, 121))
    assert (first.total, rest.ended) == (120, True)


@pytest.mark.parametrize("match", ["shift_history", "z_history", "z_by_shift", "control_tape", "ref_units",
                                   "client_info", "history_by_number"])  # fmt: skip
def test_every_question_meets_an_html_page_with_status_200(shop: Shop, match: str) -> None:
    shop.day()
    reading = shop.register.reading
    questions: dict[str, Callable[[], object]] = {
        "shift_history": lambda: gathered(reading.shifts()),
        "z_history": lambda: gathered(reading.z_reports()),
        "z_by_shift": lambda: reading.z_report(1),
        "control_tape": lambda: reading.tape(1),
        "ref_units": lambda: reading.units(),
        "client_info": lambda: reading.info(),
        "history_by_number": lambda: reading.receipt("1", 1),
    }
    shop.fault("html_page", match)
    with pytest.raises(RegisterUnavailable) as told:
        questions[match]()
    assert told.value.failure.kind is FailureKind.NO_ANSWER


def test_a_login_from_elsewhere_costs_one_login_in_the_middle_of_a_list(shop: Shop) -> None:
    for _ in range(3):
        shop.sell()
    shop.fault("token_expired", "check_history")
    before = shop.logins()
    assert numbers(shop) == [1, 2, 3]
    assert shop.logins() == before + 1


def test_a_cashbox_that_is_busy_with_another_request_is_asked_again(shop: Shop) -> None:
    shop.sell()
    shop.fault("sequence_violation", "check_history", count=2)
    began = shop.clock.at_ns
    assert numbers(shop) == [1]
    assert shop.clock.at_ns - began >= 2 * NS


def test_a_cashbox_that_stays_busy_is_told(shop: Shop) -> None:
    shop.sell()
    shop.fault("sequence_violation", "check_history", count=3)
    with pytest.raises(RegisterUnavailable, match="webkassa:9"):
        numbers(shop)


@pytest.mark.parametrize("code", [4, 5, 6, 7, 10, 1404, -1, 9999])
def test_the_service_s_refusals_are_told_with_their_code(shop: Shop, code: int) -> None:
    shop.sell()
    shop.fault("code", "check_history", code=code, text="слова сервиса")
    with pytest.raises(RegisterUnavailable) as told:
        numbers(shop)
    assert (told.value.failure.code, told.value.failure.text) == (f"webkassa:{code}", "слова сервиса")


def test_with_the_lookup_down_a_document_is_found_in_the_history(shop: Shop) -> None:
    order = shop.sell()
    shop.fault("lookup_down", "lookup", count=5)
    assert shop.register.find(order.key).total_tiyn == 90000
    assert shop.register.find("in-none") is None


def test_a_print_form_that_fails_leaves_the_sale_as_it_is(shop: Shop) -> None:
    shop.fault("print_down", "print_format")
    order = shop.sell()
    with pytest.raises(RegisterUnavailable, match="http:500"):
        shop.register.reading.print_form(order.key, PAPER_80)
    assert shop.register.reading.print_form(order.key, PAPER_80).lines
    assert [doc.external_number for doc in shop.documents] == [order.key]


def test_a_slow_answer_is_given_up_at_the_limit_of_a_read(shop_at: Callable[..., Shop]) -> None:
    clock = Clock()
    service = service_at(clock)
    shop = shop_at("https://kkm.webkassa.kz", SimTransport(service, clock.sleep), service, clock)
    shop.sell()
    shop.fault("slow", "check_history", seconds=60)
    began = clock.at_ns
    with pytest.raises(RegisterUnavailable, match="timeout"):
        numbers(shop)
    assert (clock.at_ns - began) / NS == 2.0


@pytest.mark.parametrize("fault", ["http_505", "code_505"])
def test_a_shut_domain_is_read_at_the_next_public_one_and_never_inside_the_shop(
    shop_at: Callable[..., Shop], fault: str
) -> None:
    clock = Clock()
    service = service_at(clock)
    hosts = {"kkm.webkassa.kz": service, "kkm2.webkassa.kz": service}
    shop = shop_at("https://kkm.webkassa.kz", SimTransport(hosts, clock.sleep), service, clock)
    shop.sell()
    shop.fault(fault, "check_history", domains="http://127.0.0.1,kkm2.webkassa.kz")
    assert numbers(shop) == [1]
    shop.fault(fault, "check_history", count=2, domains="http://127.0.0.1")
    with pytest.raises(RegisterUnavailable, match="webkassa:505"):
        numbers(shop)
