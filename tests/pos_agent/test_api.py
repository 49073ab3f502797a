"""The API as an integrator meets it: a real server on a real socket, the simulated register behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from served_till import Served, assert_problem, cash

from pos_agent.journal.verify import verify


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    yield served
    served.down()
    assert verify(tmp_path / "journal.sqlite").good


def test_a_unit_is_scanned_paid_and_stands_in_the_registers_ledger(till: Served) -> None:
    sale, total, mark = till.with_unit()
    answer = till.post(f"/v1/sales/{sale}/payment", {"payments": [{"kind": "cash", "sum_tiyn": total + 50_000}]})
    document = answer.json()["document"]
    assert document["total_tiyn"] == total
    (receipt,) = [one for one in till.sim.ledger() if one.operation.is_receipt]
    assert receipt.sign == document["fiscal_sign"]
    assert len(receipt.marks) == 1
    assert receipt.marks[0].replace("\x1d", "") == mark.text.replace("\x1d", "")
    assert till.http.get(f"/v1/sales/{sale}").json()["state"] == "FISCALISED"


def test_a_repeated_payment_returns_the_first_answer_also_after_a_restart(till: Served) -> None:
    sale, total, _ = till.with_unit()
    first = till.post(f"/v1/sales/{sale}/payment", cash(total), key="pay-1")
    again = till.post(f"/v1/sales/{sale}/payment", cash(total), key="pay-1")
    till.restart()
    later = till.post(f"/v1/sales/{sale}/payment", cash(total), key="pay-1")
    assert first.json() == again.json() == later.json()
    assert till.receipts() == 1


def test_a_repeated_scan_and_opening_return_the_first_answer(till: Served) -> None:
    first = till.post("/v1/sales", key="open")
    assert till.post("/v1/sales", key="open").json() == first.json()
    sale, mark = first.json()["sale"], till.unit()
    scanned = till.post(f"/v1/sales/{sale}/scans", {"code": mark.text}, key="scan")
    till.restart()
    assert till.post(f"/v1/sales/{sale}/scans", {"code": mark.text}, key="scan").json() == scanned.json()
    assert len(till.http.get(f"/v1/sales/{sale}").json()["lines"]) == 1


def test_a_key_used_for_another_request_is_refused(till: Served) -> None:
    till.post("/v1/sales", {"cashier": "A"}, key="one")
    assert_problem(till.post("/v1/sales", {"cashier": "B"}, key="one"), 409, "P-404")


def test_a_changing_call_without_a_key_is_refused(till: Served) -> None:
    assert_problem(till.http.post("/v1/sales", json={}), 400, "P-403")


def test_a_refusal_of_the_register_is_repeated_and_the_units_stay_in_the_sale(till: Served) -> None:
    sale, total, _ = till.with_unit()
    till.sim.webkassa.faults.add("code", code=1025, text="excise not activated")
    first = till.post(f"/v1/sales/{sale}/payment", cash(total), key="pay")
    assert_problem(first, 503, "R-205")
    assert till.post(f"/v1/sales/{sale}/payment", cash(total), key="pay").json() == first.json()
    assert till.http.get(f"/v1/sales/{sale}").json()["state"] == "HELD"
    assert till.post(f"/v1/sales/{sale}/payment", cash(total)).status_code == 200
    assert till.receipts() == 1


def test_a_lost_answer_is_found_again_and_says_so(till: Served) -> None:
    sale, total, _ = till.with_unit()
    till.sim.webkassa.faults.add("answer_lost_after_fiscalising")
    answer = till.post(f"/v1/sales/{sale}/payment", cash(total))
    assert answer.json()["recovered"] is True
    assert till.receipts() == 1


def test_while_in_doubt_no_other_sale_goes_to_the_register_and_the_repeat_gets_the_one_receipt(till: Served) -> None:
    sale, total, _ = till.with_unit()
    other, other_total, _ = till.with_unit()
    till.sim.webkassa.faults.add("answer_lost_after_fiscalising")
    till.sim.webkassa.faults.add("lookup_down", count=40)
    for path in ("/Check/History", "/Cashbox/ShiftHistory", "/Check/HistoryByNumber"):
        till.sim.webkassa.faults.add("http_500", match=path, count=40)
    doubtful = till.post(f"/v1/sales/{sale}/payment", cash(total), key="pay")
    assert assert_problem(doubtful, 503, "R-203")["retry"] is True
    assert till.http.get(f"/v1/sales/{sale}").json()["state"] == "IN_DOUBT"
    assert_problem(till.post(f"/v1/sales/{other}/payment", cash(other_total)), 409, "R-204")
    assert_problem(till.post(f"/v1/sales/{sale}/cancellation", {"why": "no"}), 409, "T-102")
    till.sim.webkassa.faults.clear()
    assert till.post(f"/v1/sales/{sale}/payment", cash(total), key="pay").json()["state"] == "FISCALISED"
    assert till.post(f"/v1/sales/{other}/payment", cash(other_total)).status_code == 200
    assert till.receipts() == 2


def test_without_a_link_nothing_is_made_and_the_same_call_succeeds_later(till: Served) -> None:
    sale, total, _ = till.with_unit()
    till.register.link_down = True
    assert_problem(till.post(f"/v1/sales/{sale}/payment", cash(total), key="pay"), 503, "R-202")
    till.register.link_down = False
    assert till.post(f"/v1/sales/{sale}/payment", cash(total), key="pay").status_code == 200


def test_a_full_disk_refuses_the_sale_before_the_register_is_touched(till: Served) -> None:
    sale, total, _ = till.with_unit()
    db = till.agent.journal.database.connection
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    limit = db.execute("PRAGMA max_page_count").fetchone()[0]
    filler = {"sale": None, "data": "x" * 3_000}
    db.execute(f"PRAGMA max_page_count={pages}")
    from pos_agent.journal.database import DiskFull
    from pos_agent.journal.journal import Event

    with pytest.raises(DiskFull):
        while True:
            till.agent.journal.append(Event("scan_dropped", filler))
    asked = len(till.sim.webkassa.journal)
    assert_problem(till.post(f"/v1/sales/{sale}/payment", cash(total), key="pay"), 507, "S-301")
    assert not any(one.operation == "check" for one in list(till.sim.webkassa.journal)[asked:])
    db.execute(f"PRAGMA max_page_count={limit}")
    assert till.post(f"/v1/sales/{sale}/payment", cash(total), key="pay").status_code == 200
    assert till.receipts() == 1


def test_a_one_shot_receipt_sells_marked_and_unmarked_goods(till: Served) -> None:
    marks = [till.unit(), till.unit()]
    plain = next(one for one in till.sim.shop.products if not one.group)
    total = round(sum(mark.product.price for mark in marks) * 100) + round(plain.price * 100) * 3
    body = {
        "items": [
            *({"code": mark.text, "source": "scanner"} for mark in marks),
            {"number": plain.gtin[1:], "quantity_milli": 3_000},
        ],
        **cash(total),
    }
    answer = till.post("/v1/receipts", body, key="shot")
    assert answer.status_code == 201, answer.text
    till.restart()
    assert till.post("/v1/receipts", body, key="shot").json() == answer.json()
    assert till.receipts() == 1


def test_a_one_shot_receipt_with_a_sold_unit_makes_nothing_and_names_the_item(till: Served) -> None:
    mark, fresh = till.unit(), till.unit()
    price, other = round(mark.product.price * 100), round(fresh.product.price * 100)
    assert till.post("/v1/receipts", {"items": [{"code": mark.text}], **cash(price)}).status_code == 201
    body = {"items": [{"code": fresh.text}, {"code": mark.text}], **cash(price + other)}
    problem = assert_problem(till.post("/v1/receipts", body), 409, "T-116")
    assert problem["item"] == 1
    assert problem["decision"] == "refuse"
    assert till.post("/v1/receipts", {"items": [{"code": fresh.text}], **cash(other)}).status_code == 201


def test_a_one_shot_receipt_the_register_refused_frees_its_units(till: Served) -> None:
    mark = till.unit()
    body = {"items": [{"code": mark.text}], **cash(round(mark.product.price * 100))}
    till.sim.webkassa.faults.add("code", code=8, text="not enough cash")
    assert_problem(till.post("/v1/receipts", body), 409, "R-201")
    assert till.http.get("/v1/sales").json() == {"sales": []}
    assert till.post("/v1/receipts", body).status_code == 201


def test_a_unit_cannot_be_in_two_open_sales_nor_sold_twice(till: Served) -> None:
    sale, _, mark = till.with_unit()
    other = till.opened()
    held = till.post(f"/v1/sales/{other}/scans", {"code": mark.text}).json()
    assert held["verdict"]["decision"] == "refuse"
    assert till.http.delete(f"/v1/sales/{sale}/lines/1", headers={"Idempotency-Key": "drop"}).status_code == 200
    assert till.post(f"/v1/sales/{other}/scans", {"code": mark.text}).json()["line"]["ki"] == mark.ki
    total = till.http.get(f"/v1/sales/{other}").json()["total_tiyn"]
    assert till.post(f"/v1/sales/{other}/payment", cash(total)).status_code == 200
    again = till.post(f"/v1/sales/{sale}/scans", {"code": mark.text}).json()
    assert again["verdict"]["decision"] == "refuse"
    assert again["line"] is None


def test_a_sold_unit_is_returned_on_our_own_receipt_with_its_five_facts(till: Served) -> None:
    sale, total, mark = till.with_unit()
    document = till.post(f"/v1/sales/{sale}/payment", cash(total)).json()["document"]
    back = till.post("/v1/returns", {"sale": sale}).json()["sale"]
    stranger = till.unit()
    refused = till.post(f"/v1/sales/{back}/scans", {"code": stranger.text})
    assert refused.status_code == 409 or refused.json()["line"] is None
    assert till.post(f"/v1/sales/{back}/scans", {"code": mark.text}).json()["line"]["ki"] == mark.ki
    answer = till.post(f"/v1/sales/{back}/payment", cash(total))
    assert answer.status_code == 200, answer.text
    returned = [one for one in till.sim.ledger() if one.operation.name == "SALE_RETURN"]
    assert len(returned) == 1
    assert returned[0].basis is not None
    assert returned[0].basis["CheckNumber"] == document["fiscal_sign"]


def test_a_return_without_its_basis_is_refused(till: Served) -> None:
    assert_problem(till.post("/v1/returns", {}), 422, "P-407")
    assert_problem(till.post("/v1/returns", {"sale": "till-1-99"}), 404, "T-101")
    item = {"items": [{"code": till.unit().text}], "operation": "sale_return", **cash(100)}
    assert_problem(till.post("/v1/receipts", item), 422, "T-106")


def test_a_shift_is_opened_reported_and_closed_and_cash_moves_once(till: Served) -> None:
    assert till.post("/v1/shift/open", {"cashier": "Айгүл"}).status_code == 201
    first = till.post("/v1/cash", {"direction": "in", "sum_tiyn": 1_000_000}, key="cash")
    assert first.status_code == 201, first.text
    assert till.post("/v1/cash", {"direction": "in", "sum_tiyn": 1_000_000}, key="cash").json() == first.json()
    till.paid()
    report = till.http.get("/v1/shift/x-report").json()
    assert report["put_tiyn"] == 1_000_000
    assert report["sales_count"] == 1
    held, _, _ = till.with_unit()
    assert_problem(till.post("/v1/shift/close"), 409, "T-114")
    till.post(f"/v1/sales/{held}/cancellation", {"why": "left"})
    closed = till.post("/v1/shift/close", key="z")
    assert closed.json()["document"]["closed"] is True
    assert till.post("/v1/shift/close", key="z").json() == closed.json()
    assert till.http.get("/v1/shift").json() == {"open": False}
    assert_problem(till.post("/v1/shift/close"), 409, "T-113")


def test_a_cash_move_whose_answer_was_lost_is_not_made_twice(till: Served) -> None:
    till.sim.webkassa.faults.add("answer_lost_after", match="/MoneyOperation")
    body = {"direction": "in", "sum_tiyn": 500_000}
    answer = till.post("/v1/cash", body, key="cash")
    assert till.sim.webkassa.faults.waiting() == [], "the answer was lost"
    assert till.post("/v1/cash", body, key="cash").json() == answer.json()
    moves = [one for one in till.sim.ledger() if not one.operation.is_receipt]
    assert len(moves) == 1, answer.text
    assert "document_in_doubt" in {row.kind for row in till.agent.journal.rows_after(0, 100)}
