"""Lists read page by page from a server: every container, any order, from any row on, and sure about the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from webkassa_talk import (
    BY_NUMBER,
    HISTORY,
    INFO,
    SHIFTS,
    STATE,
    TAPE,
    UNITS,
    Z_BY_SHIFT,
    Z_HISTORY,
    error,
    shifts,
    state,
)

from fiscal.register import FailureKind, RegisterUnavailable
from fiscal.webkassa.paging import NotThere
from fiscal.webkassa.rows import gathered


def receipts(count: int) -> list[dict[str, Any]]:
    return [{"Number": str(n), "OrderNumber": n, "ShiftNumber": 7} for n in range(1, count + 1)]


def paged(box: Any, rows: list[dict[str, Any]], wrap: str, *, most: int = 50, total: bool = True) -> Any:
    """A server that hands out at most `most` rows, wrapped in one of the ways met."""
    answer = type(box.fallback["/api/v4/Authorize"])

    def play(body: dict[str, Any]) -> Any:
        part = rows[body["Skip"] : body["Skip"] + min(most, body["Take"])]
        if not wrap:
            return answer({"Data": part})
        return answer({"Data": {wrap: part, **({"Total": len(rows)} if total else {})}})

    return play


@pytest.mark.parametrize("wrap", ["Items", "items", "Rows", "ROWS", ""])
@pytest.mark.parametrize("total", [True, False])
def test_a_history_is_read_whole_in_every_container(box: Any, register: Any, wrap: str, total: bool) -> None:
    box.always(HISTORY, paged(box, receipts(123), wrap, total=total))
    whole = gathered(register.reading.receipts(7))
    assert [row.seen.number for row in whole.rows] == list(range(1, 124))
    assert [row.place.index for row in whole.rows] == list(range(123))
    assert (whole.bad, whole.ended, whole.next_skip) == ((), True, 123)
    asked = box.asked(HISTORY)
    assert {(body["Take"], body["ShiftNumber"], body["CashboxUniqueNumber"]) for body in asked} == {
        (50, 7, "SWK00000001")
    }
    # Without a told length only an empty page ends the list.
    assert [body["Skip"] for body in asked] == [0, 50, 100, *([] if wrap and total else [123])]


def test_a_server_that_hands_out_fewer_than_asked_is_read_to_the_end(box: Any, register: Any) -> None:
    box.always(HISTORY, paged(box, receipts(25), "Rows", most=10, total=False))
    assert [page.next_skip for page in register.reading.receipts(7)] == [10, 20, 25, 25]


def test_an_empty_shift_has_an_empty_last_page(box: Any, register: Any) -> None:
    box.always(HISTORY, paged(box, [], "Items"))
    (page,) = register.reading.receipts(7)
    assert (page.rows, page.total, page.ended) == ((), 0, True)


def test_a_list_that_broke_off_goes_on_where_it_was(box: Any, register: Any) -> None:
    box.always(HISTORY, paged(box, receipts(123), "Items"))
    pages = register.reading.receipts(7)
    first = next(pages)
    box.then(HISTORY, cut="inside")
    with pytest.raises(RegisterUnavailable):
        next(pages)
    rest = gathered(register.reading.receipts(7, skip=first.next_skip))
    numbers = [row.seen.number for row in (*first.rows, *rest.rows)]
    assert numbers == list(range(1, 124))
    assert rest.rows[0].place.index == 50


def test_a_row_that_moved_to_the_next_page_is_not_read_twice(box: Any, register: Any) -> None:
    """The newest stands first, and one is added between two pages."""
    rows = receipts(60)[::-1]
    box.always(HISTORY, paged(box, rows, "Items"))
    pages = register.reading.receipts(7)
    first = next(pages)
    rows.insert(0, {"Number": "61", "OrderNumber": 61, "ShiftNumber": 7})
    rest = gathered(pages)
    assert sorted(row.seen.number for row in (*first.rows, *rest.rows)) == list(range(1, 61))
    # The told length shows that one was missed.
    assert rest.total == 61


def test_a_list_that_does_not_turn_the_page_is_no_list(box: Any, register: Any) -> None:
    box.always(HISTORY, {"Data": receipts(50)})
    pages: Iterator[Any] = register.reading.receipts(7)
    assert len(next(pages).rows) == 50
    with pytest.raises(RegisterUnavailable) as told:
        next(pages)
    assert told.value.failure.text == "the list does not end"
    assert len(box.asked(HISTORY)) == 2


def test_a_list_without_end_is_given_up(box: Any, register: Any) -> None:
    answer = type(box.fallback["/api/v4/Authorize"])
    box.always(HISTORY, lambda body: answer({"Data": [{"Number": str(body["Skip"])}]}))
    with pytest.raises(RegisterUnavailable, match="does not end"):
        gathered(register.reading.receipts(7))
    assert len(box.asked(HISTORY)) == 200


BODIES: list[Any] = [
    {"Data": {"Checks": []}}, {"Data": {"Items": {}}}, {"Data": {"Items": "none"}}, {}, {"Data": None}, b"<html>", b"",
    {"Data": {"Items": [], "Total": "many"}},
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_an_answer_that_is_no_list_is_unavailable_with_its_place(box: Any, register: Any, body: Any) -> None:
    box.always(HISTORY, body)
    with pytest.raises(RegisterUnavailable) as told:
        next(register.reading.receipts(7))
    assert told.value.failure.kind is FailureKind.NO_ANSWER
    assert told.value.failure.place.startswith(HISTORY)


def test_the_service_s_no_is_told_with_its_code(box: Any, register: Any) -> None:
    box.always(HISTORY, error(15, "Смена не найдена"))
    box.always(BY_NUMBER, error(16))
    box.always(Z_BY_SHIFT, error(1014))
    with pytest.raises(NotThere) as told:
        next(register.reading.receipts(99))
    assert (told.value.failure.code, told.value.failure.text) == ("webkassa:15", "Смена не найдена")
    with pytest.raises(RegisterUnavailable, match="webkassa:16"):
        register.reading.receipt("4228143550", 7)
    with pytest.raises(RegisterUnavailable, match="webkassa:1014"):
        register.reading.z_report(7)


def test_one_receipt_comes_by_its_sign_bare_or_as_a_list_of_one(
    box: Any, register: Any, reads: dict[str, Any], open_at: Any, start_server: Any
) -> None:
    item = {"Number": "4228143550", "ShiftNumber": 7, "Total": 1800}
    for body in ({"Data": item}, {"Data": [item]}, {"Data": {"Rows": [item]}}):
        box.then(BY_NUMBER, body)
        row = register.reading.receipt("4228143550", 7)
        assert (row.seen.total_tiyn, row.seen.fiscal_sign) == (180000, "4228143550")
    assert box.asked(BY_NUMBER)[0]["Number"] == "4228143550"
    box.then(BY_NUMBER, {"Data": {**item, "ShiftNumber": 8}})
    with pytest.raises(RegisterUnavailable, match="asked was shift 7"):
        register.reading.receipt("4228143550", 7)
    box.then(BY_NUMBER, reads["by_number"]["body"].encode())
    vendors = open_at(f"http://127.0.0.1:{start_server(box)}", cashbox="SWK00033717")
    assert vendors.reading.receipt("1445261360149", 4).marks == ("ZU604DSWYG6A",)


def test_the_other_lists_are_read_from_published_answers(
    box: Any, open_at: Any, start_server: Any, reads: dict[str, Any], vectors: dict[str, Any]
) -> None:
    register = open_at(f"http://127.0.0.1:{start_server(box)}", cashbox="SWK00033717")
    for path, body in (
        (SHIFTS, vectors["shifts"]["body"]), (Z_HISTORY, reads["z_history"]["body"].replace('"Total":3', '"Total":2')),
        (TAPE, reads["tape"]["body"]), (UNITS, reads["units"]["body"]), (INFO, reads["info"]["body"]),
        (Z_BY_SHIFT, reads["z_by_shift"]["body"]),
    ):  # fmt: skip
        box.always(path, body.encode())
    assert [row.number for row in gathered(register.reading.shifts()).whole()] == [1, 2, 3, 4]
    assert [row.report.shift for row in gathered(register.reading.z_reports()).whole()] == [1, 2]
    assert register.reading.z_report(3).report.put_tiyn == 50000
    assert len(register.reading.tape(4).whole()) == 4
    assert len(register.reading.units().whole()) == 49
    assert register.reading.info().licence_until == "2026-05-09T00:00:00+05:00"


@pytest.mark.parametrize("container", ["Reports", "Items", "Rows", ""])
def test_z_reports_come_in_every_container(box: Any, register: Any, container: str) -> None:
    rows = [{"ShiftNumber": n, "CashboxSN": "SWK00000001"} for n in range(1, 61)]
    box.always(Z_HISTORY, paged(box, rows, container))
    assert [row.report.shift for row in gathered(register.reading.z_reports(skip=55)).rows] == [56, 57, 58, 59, 60]


def test_the_state_is_read_through_the_same_door(asks: Any, register: Any) -> None:
    assert register.reading.state().shift == 7


def test_a_busy_cashbox_is_asked_again_after_a_pause(box: Any, register: Any, sleeps: list[float]) -> None:
    box.then(HISTORY, error(9, "запросы должны выполняться последовательно"))
    box.always(HISTORY, paged(box, receipts(3), "Items"))
    assert len(gathered(register.reading.receipts(7)).rows) == 3
    assert sleeps == [1.0]


def test_the_cashbox_is_free_between_two_pages(box: Any, register: Any) -> None:
    """A sale must not wait for the whole of a long list."""
    box.always(HISTORY, paged(box, receipts(60), "Items"))
    box.always(STATE, state(7))
    box.always(SHIFTS, shifts(open_=7))
    pages = register.reading.receipts(7)
    next(pages)
    looked: list[bool] = []
    other = threading.Thread(target=lambda: looked.append(register.status().reachable))
    other.start()
    other.join(timeout=5)
    assert looked == [True]
    assert len(next(pages).rows) == 10


def test_no_two_requests_of_two_readers_meet_at_the_cashbox(box: Any, register: Any) -> None:
    answer = paged(box, receipts(200), "Items", most=10)
    box.always(HISTORY, answer)
    readers = [threading.Thread(target=lambda: gathered(register.reading.receipts(7))) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert box.busy_most == 1
