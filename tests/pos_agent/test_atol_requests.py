"""The requests of ATOL's web server, as a program that spoke to one sends them; a simulated register behind."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from served_till import API_TOKEN, Served, assert_problem

from fiscal.atol.web.answers import made
from fiscal.atol.web.channel import Channel, Refused
from fiscal.atol.web.settings import Settings
from fiscal.https.exchange import Exchange
from pos_agent.api.atol.carrying import carry_out
from pos_agent.journal.verify import verify

REQUESTS = "/api/v2/requests"
SHIFT = {"type": "getShiftStatus"}


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    yield served
    served.down()
    assert verify(tmp_path / "journal.sqlite").good


def imc(code: str) -> str:
    return base64.b64encode(code.encode()).decode()


def price_of(till: Served, code: str) -> float:
    product = till.http.post("/v1/codes/check", json={"code": code}).json()["product"]
    return float(product["price_tiyn"] / 100)


def sell(till: Served, *codes: str, kind: str = "sell", **more: Any) -> dict[str, Any]:
    """A receipt of marked units, paid in cash to the tiyn."""
    prices = [price_of(till, code) for code in codes]
    items = [
        {
            "type": "position", "name": "Товар", "price": price, "quantity": 1, "amount": price,
            "paymentMethod": "fullPayment", "paymentObject": "commodityWithMarking", "tax": {"type": "vat16"},
            "imcParams": {"imcType": "auto", "imc": imc(code), "itemEstimatedStatus": "itemPieceSold"},
        }
        for code, price in zip(codes, prices, strict=True)
    ]  # fmt: skip
    total = round(sum(prices), 2)
    return {"type": kind, "items": items, "payments": [{"type": "cash", "sum": total}], "total": total, **more}


def send(till: Served, uuid: str, *tasks: dict[str, Any]) -> httpx.Response:
    return till.http.post(REQUESTS, json={"uuid": uuid, "request": list(tasks)})


def results(till: Served, uuid: str) -> list[dict[str, Any]]:
    answer = till.http.get(f"{REQUESTS}/{uuid}")
    assert answer.status_code == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()["results"]
    return entries


def step(till: Served, wait_s: float = 0.0) -> None:
    """What the worker does, by hand."""
    till.agent.requests.step(partial(carry_out, till.agent), wait_s)


def statuses(till: Served, uuid: str) -> list[str]:
    return [one["status"] for one in results(till, uuid)]


def done(till: Served, uuid: str, *tasks: dict[str, Any]) -> list[dict[str, Any]]:
    answer = send(till, uuid, *tasks)
    assert answer.status_code == 201, answer.text
    step(till)
    return results(till, uuid)


def test_a_marked_unit_is_sold_by_a_task_and_its_mark_reaches_the_register(till: Served) -> None:
    mark = till.unit()
    answer = send(till, "sale-1", sell(till, mark.text))
    assert (answer.status_code, answer.json()["uuid"], answer.json()["isBlocked"]) == (201, "sale-1", False)
    assert results(till, "sale-1") == [{"status": "wait", "error": {"code": 0, "description": "Ошибок нет"}}]
    step(till)
    (entry,) = results(till, "sale-1")
    (receipt,) = [one for one in till.sim.ledger() if one.operation.is_receipt]
    params = entry["result"]["fiscalParams"]
    assert (entry["status"], entry["error"]["code"]) == ("ready", 0)
    assert params["fiscalDocumentSign"] == receipt.sign
    assert params["total"] * 100 == till.http.get(f"/v1/sales/{entry['result']['sale']}").json()["total_tiyn"]
    assert [one.replace("\x1d", "") for one in receipt.marks] == [mark.text.replace("\x1d", "")]


def test_the_same_uuid_with_the_same_body_is_the_same_request_also_after_a_restart(till: Served) -> None:
    task = sell(till, till.unit().text)
    first = send(till, "one", task)
    assert send(till, "one", task).json()["number"] == first.json()["number"]
    step(till)
    told = results(till, "one")
    till.restart()
    again = send(till, "one", task)
    assert (again.status_code, again.json()["number"]) == (201, first.json()["number"])
    step(till)
    assert results(till, "one") == told
    assert till.receipts() == 1


def test_the_same_uuid_with_another_body_is_refused(till: Served) -> None:
    send(till, "one", SHIFT)
    problem = assert_problem(send(till, "one", {"type": "getDeviceInfo"}), 409, "P-404")
    assert problem["error"]["code"] == 505


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16-le"])
def test_a_body_in_any_encoding_that_is_taken_is_carried_out_and_jams_nothing(till: Served, encoding: str) -> None:
    body = json.dumps({"uuid": "marked", "request": SHIFT}).encode(encoding)
    assert till.http.post(REQUESTS, content=body).status_code == 201
    send(till, "behind", SHIFT)
    assert statuses(till, "marked") == ["wait"]
    till.restart()
    step(till)
    step(till)
    assert statuses(till, "marked") == statuses(till, "behind") == ["ready"]


def test_what_waits_is_carried_out_after_a_restart_in_the_order_it_came(till: Served) -> None:
    for uuid in ("a", "b", "c"):
        send(till, uuid, sell(till, till.unit().text))
    till.restart()
    assert statuses(till, "a") == statuses(till, "c") == ["wait"]
    for _ in range(3):
        step(till)
    numbers = [results(till, uuid)[0]["result"]["fiscalParams"]["fiscalDocumentNumber"] for uuid in ("a", "b", "c")]
    assert numbers == sorted(numbers)
    assert till.receipts() == 3


def test_a_refused_unit_is_an_error_with_the_agents_code_and_its_place_and_what_follows_is_interrupted(
    till: Served,
) -> None:
    mark = till.unit()
    done(till, "sold", sell(till, mark.text))
    task = sell(till, till.unit().text)
    bad = {**task["items"][0], "imcParams": {"imc": imc(mark.text)}}
    both = {**task, "items": [{"type": "text", "text": "---"}, task["items"][0], bad]}
    price = task["items"][0]["price"]
    both.update(payments=[{"type": "cash", "sum": price * 2}], total=price * 2)
    refused, interrupted = done(till, "again", both, SHIFT)
    assert (refused["status"], refused["error"]["agentCode"]) == ("error", "T-116")
    assert refused["error"]["place"] == "request.0.items.2"
    assert refused["error"]["problem"]["reason"].startswith("M-")
    assert (interrupted["status"], interrupted["error"]["code"]) == ("interrupted", 502)
    assert till.receipts() == 1


def test_a_code_that_says_it_was_checked_is_judged_all_the_same(till: Served) -> None:
    task = sell(till, till.unit().text)
    flags = ("imcCheckFlag", "imcCheckResult", "imcStatusInfo", "imcEstimatedStatusCorrect")
    foreign = base64.b64encode(b"0104870000000104213kZ7q_W<2hT9m").decode()
    task["items"][0]["imcParams"] = {"imc": foreign, "itemInfoCheckResult": dict.fromkeys(flags, True)}
    (entry,) = done(till, "checked", task)
    assert (entry["status"], entry["error"]["agentCode"], till.receipts()) == ("error", "T-116", 0)


def test_a_lost_answer_blocks_and_is_found_again_after_a_restart_with_one_receipt(till: Served) -> None:
    task = sell(till, till.unit().text)
    till.sim.webkassa.faults.add("answer_lost_after_fiscalising")
    till.sim.webkassa.faults.add("lookup_down", count=40)
    for path in ("/Check/History", "/Cashbox/ShiftHistory", "/Check/HistoryByNumber"):
        till.sim.webkassa.faults.add("http_500", match=path, count=40)
    (entry,) = done(till, "doubt", task)
    assert (entry["status"], entry["error"]["agentCode"]) == ("blocked", "R-203")
    queue = till.http.get("/api/v2/getRequestsQueueStatus").json()
    assert queue == {"number": 1, "isBlocked": True, "blockedUUID": "doubt", "blockReason": "connectionError"}
    assert_problem(till.http.delete(f"{REQUESTS}/doubt"), 409, "P-422")
    send(till, "next", sell(till, till.unit().text))
    step(till)
    assert (statuses(till, "doubt"), statuses(till, "next")) == (["blocked"], ["wait"])
    till.sim.webkassa.faults.clear()
    till.restart()
    step(till)
    assert statuses(till, "doubt") == ["ready"]
    assert statuses(till, "next") == ["wait"]
    step(till)
    assert (statuses(till, "next"), till.receipts()) == (["ready"], 2)


def test_our_own_client_of_that_server_is_served_like_by_it(till: Served) -> None:
    """fiscal.atol.web was written against the vendor's server, before there was this one."""
    key = base64.b64encode(f"demo:{API_TOKEN}".encode()).decode()
    exchange = Exchange(transport=None, monotonic=time.monotonic, headers={"Authorization": f"Basic {key}"})
    settings = Settings(origin=f"http://127.0.0.1:{till.port}", poll_s=0.02)
    channel = Channel(settings, exchange, monotonic=time.monotonic, sleep=time.sleep)
    worker = threading.Thread(target=step, args=(till, 30.0))
    worker.start()
    (entry,) = channel.run("theirs", json.dumps([sell(till, till.unit().text)]), 20)
    worker.join(20)
    document = made(entry)
    assert (document.number, document.total_tiyn) == (1, till.http.get("/v1/sales/demo-1-4-1").json()["total_tiyn"])
    with pytest.raises(Refused):
        channel.run("bad", '[{"type": "buy"}]', 20)
    assert channel.results("never") is None
    assert channel.queue().blocked is False
    channel.close()


def test_a_doubt_of_the_till_page_holds_requests_back_and_they_can_still_be_dropped(till: Served) -> None:
    sale, total, _ = till.with_unit()
    task = sell(till, till.unit().text)
    till.sim.webkassa.faults.add("answer_lost_after_fiscalising")
    till.sim.webkassa.faults.add("lookup_down", count=40)
    for path in ("/Check/History", "/Cashbox/ShiftHistory", "/Check/HistoryByNumber"):
        till.sim.webkassa.faults.add("http_500", match=path, count=40)
    till.post(f"/v1/sales/{sale}/payment", {"payments": [{"kind": "cash", "sum_tiyn": total}]}, key="pay")
    assert done(till, "held", SHIFT, task)[1]["status"] == "wait"
    assert till.http.get("/api/v2/getRequestsQueueStatus").json()["isBlocked"] is True
    assert till.http.delete(f"{REQUESTS}/held").status_code == 200
    till.sim.webkassa.faults.clear()
    till.agent.closing.settle()
    assert done(till, "after", task)[0]["status"] == "ready"
    assert till.receipts() == 2


def test_without_a_link_the_task_ends_in_an_error_and_the_units_are_free(till: Served) -> None:
    task = sell(till, till.unit().text)
    till.register.link_down = True
    (entry,) = done(till, "cut", task)
    assert (entry["status"], entry["error"]["code"], entry["error"]["agentCode"]) == ("error", 2, "R-202")
    till.register.link_down = False
    (entry,) = done(till, "mended", task)
    assert (entry["status"], till.receipts()) == ("ready", 1)


def test_a_request_that_waits_can_be_dropped_and_one_that_is_over_cannot(till: Served) -> None:
    send(till, "gone", sell(till, till.unit().text))
    dropped = till.http.delete(f"{REQUESTS}/gone")
    assert (dropped.status_code, dropped.json()) == (200, {})
    assert [(one["status"], one["error"]["code"]) for one in results(till, "gone")] == [("canceled", 503)]
    step(till)
    assert_problem(till.http.delete(f"{REQUESTS}/gone"), 409, "P-422")
    assert_problem(till.http.delete(f"{REQUESTS}/never"), 404, "P-408")
    assert till.receipts() == 0


def test_a_day_of_shift_cash_goods_and_a_return(till: Served) -> None:
    mark, gtin = till.unit(), next(one.gtin for one in till.sim.shop.products if not one.group)
    plain = till.http.post("/v1/codes/check", json={"code": gtin}).json()["product"]["price_tiyn"] / 100
    goods = {"type": "position", "name": "Хлеб", "price": plain, "quantity": 2, "amount": plain * 2}
    goods["productCodes"] = {"undefined": gtin}
    bread = {"type": "sell", "items": [goods], "payments": [{"type": "electronically", "sum": plain * 2}]}
    day = done(
        till, "day", {"type": "openShift", "operator": {"name": "Айгүл"}}, {"type": "cashIn", "cashSum": 50_000.5},
        sell(till, mark.text), bread, sell(till, mark.text, kind="sellReturn"), {"type": "cashOut", "cashSum": 1000},
        SHIFT, {"type": "getDeviceStatus"}, {"type": "getDeviceInfo"}, {"type": "reportX"}, {"type": "closeShift"},
        SHIFT,
    )  # fmt: skip
    assert [one["status"] for one in day] == ["ready"] * 12, day
    opened, put, sold, _, returned, _, shift, _, device, totals, closed, after = (one["result"] for one in day)
    assert opened["fiscalParams"]["shiftNumber"] == sold["fiscalParams"]["shiftNumber"]
    assert put["counters"]["cashSum"] == 50_000.5
    assert returned["fiscalParams"]["total"] == sold["fiscalParams"]["total"]
    assert shift["shiftStatus"]["state"] == "opened"
    assert device["deviceInfo"]["serial"] == "SWK00000001"
    assert totals["shiftTotals"]["receipts"]["sell"]["count"] == 2
    assert closed["fiscalParams"]["shiftNumber"] == opened["fiscalParams"]["shiftNumber"]
    assert after["shiftStatus"]["state"] == "closed"
    operations = [str(one.operation) for one in till.sim.ledger() if one.operation.is_receipt]
    assert len(operations) == 3


def test_a_return_of_what_this_till_did_not_sell_asks_for_its_five_facts(till: Served) -> None:
    task = sell(till, till.unit().text, kind="sellReturn")
    (entry,) = done(till, "foreign", task)
    assert (entry["status"], entry["error"]["agentCode"]) == ("error", "T-106")


UNMAPPED = (
    ("request.0", {"type": "buy"}),
    ("request.0", {"type": "beginMarkingCodeValidation"}),
    ("request.0.cashIn.cashSum", {"type": "cashIn", "cashSum": 10.005}),
    ("request.0.cashIn.cashSum", {"type": "cashIn", "cashSum": "10"}),
    ("request.0.closeShift.electronically", {"type": "closeShift", "electronically": True}),
    ("request.0.getShiftStatus.more", {**SHIFT, "more": 1}),
)


def test_a_return_without_its_facts_holds_only_what_the_receipt_sold_and_at_no_higher_price(till: Served) -> None:
    one, two = till.unit().text, till.unit().text
    gtin = next(goods.gtin for goods in till.sim.shop.products if not goods.group)
    goods = {"type": "position", "name": "Хлеб", "price": 100, "quantity": 2, "productCodes": {"undefined": gtin}}
    sold = sell(till, one, two)
    sold = {**sold, "items": [*sold["items"], goods], "total": None}
    sold["payments"] = [{"type": "cash", "sum": sold["payments"][0]["sum"] + 200}]
    assert [entry["status"] for entry in done(till, "sold", sold)] == ["ready"]

    def back(uuid: str, each: float, **more: Any) -> Any:
        unit = {**sold["items"][0], "price": each, "amount": None}
        items = [unit, {**goods, **more}] if more else [unit]
        total = sum(item["price"] * item["quantity"] for item in items)
        task = {"type": "sellReturn", "items": items, "payments": [{"type": "cash", "sum": round(total, 2)}]}
        (entry,) = done(till, uuid, task)
        return entry["status"], entry["error"].get("agentCode"), entry["error"].get("place")

    price = sold["items"][0]["price"]
    assert back("dearer", price + 100) == ("error", "T-108", "request.0.items.0")
    assert back("dearer-goods", 1, price=150) == ("error", "T-108", "request.0.items.1")
    assert back("more-of-them", 1, quantity=3) == ("error", "T-108", "request.0.items.1")
    others = [other.gtin for other in till.sim.shop.products if not other.group and other.gtin != gtin]
    assert back("other-goods", 1, productCodes={"undefined": others[0]}) == ("error", "T-107", "request.0.items.1")
    assert back("as-sold", price, quantity=2) == ("ready", None, None)


def test_what_cannot_be_mapped_is_refused_whole_with_its_place(till: Served) -> None:
    for place, task in UNMAPPED:
        problem = assert_problem(send(till, "no", SHIFT, task), 400, "P-421")
        assert problem["errors"][0]["place"] == f"body.{place.replace('.0', '.1', 1)}"
        assert problem["error"]["code"] == 505
    assert_problem(till.http.get(f"{REQUESTS}/no"), 404, "P-408")


BROKEN_RECEIPTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("items.0.position.paymentMethod", {"paymentMethod": "prepayment"}),
    ("items.0.position.agentInfo", {"agentInfo": {"agents": ["agent"]}}),
    ("items.0.position.imcParams.imc", {"imcParams": {"imc": "not base64!"}}),
    ("items.0.position", {"quantity": 2}),
    ("items.0.position", {"amount": 1}),
    ("items.0.position", {"imcParams": None}),
    ("items.0.position", {"markingCode": {"mark": "MDEyMw=="}}),
)


def test_a_position_that_cannot_be_sold_as_it_says_is_refused_with_its_place(till: Served) -> None:
    task = sell(till, till.unit().text)
    for place, wrong in BROKEN_RECEIPTS:
        bad = {**task, "items": [{**task["items"][0], **wrong}]}
        problem = assert_problem(send(till, "no", bad), 400, "P-421")
        assert problem["errors"][0]["place"].startswith(f"body.request.0.sell.{place}"), problem["errors"]


def test_a_client_gives_its_name_and_token_as_that_server_has_it(till: Served) -> None:
    with httpx.Client(base_url=till.http.base_url, timeout=20) as http:
        assert http.get("/api/v2/serverInfo", auth=("demo", API_TOKEN)).json()["product"] == "pos-agent"
        for auth in (("demo", "wrong"), ("other", API_TOKEN), ("", "")):
            answer = http.get("/api/v2/serverInfo", auth=auth)
            assert_problem(answer, 401, "P-401")
            assert answer.headers["www-authenticate"].startswith("Basic")
        assert_problem(http.get("/v1/status", auth=("demo", API_TOKEN)), 401, "P-401")


def test_another_device_than_the_one_there_is_is_not_found(till: Served) -> None:
    assert till.http.get("/api/v2/getRequestsQueueStatus?deviceID=default").json()["number"] == 0
    assert_problem(till.http.get("/api/v2/getRequestsQueueStatus?deviceID=2"), 404, "P-408")


def test_the_worker_takes_up_a_request_the_moment_it_comes(till: Served) -> None:
    worker = threading.Thread(target=step, args=(till, 30.0))
    worker.start()
    send(till, "now", SHIFT)
    worker.join(20)
    assert statuses(till, "now") == ["ready"]
