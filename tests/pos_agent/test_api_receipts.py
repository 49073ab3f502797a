"""Receipts of this till, found again by what stands on the buyer's paper; and what the page's strip is told."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from served_till import Served, assert_problem

from pos_agent import __version__


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("receipts"))
    yield served
    served.down()


def test_a_receipt_is_found_by_sign_by_number_and_by_its_qr(till: Served) -> None:
    sale, paid = till.paid()
    document = paid["document"]
    for asked in (
        {"fiscal_sign": document["fiscal_sign"]},
        {"number": document["number"]},
        {"link": document["qr"]},
    ):
        answer = till.http.get("/v1/receipts", params=asked).json()
        assert [found["sale"] for found in answer["receipts"]] == [sale], asked
        assert answer["receipts"][0]["document"] == document
    assert answer["basis"]["fiscal_sign"] == document["fiscal_sign"]
    assert answer["basis"]["total_tiyn"] == document["total_tiyn"]


def test_receipts_of_one_number_come_newest_first_and_returns_are_none(till: Served) -> None:
    first, paid = till.paid()
    number = paid["document"]["number"]
    back = till.post("/v1/returns", {"sale": first}).json()["sale"]
    line = till.http.get(f"/v1/sales/{first}").json()["lines"][0]
    assert till.http.get("/v1/receipts", params={"number": number + 1}).json()["receipts"] == []
    assert line["number"] == 1
    till.post(f"/v1/sales/{back}/cancellation")
    second, paid = till.paid()
    assert [one["sale"] for one in till.http.get("/v1/receipts", params={"number": number}).json()["receipts"]] == [
        first
    ]
    assert paid["document"]["number"] == number + 1
    assert second != first


def test_the_qr_of_another_register_gives_the_facts_and_no_receipt_of_ours(till: Served) -> None:
    _, paid = till.paid()
    sign = paid["document"]["fiscal_sign"]
    link = f"http://consumer.oofd.kz/?i={sign}&f=999999999999&s=10.00&t=20260715T103000"
    answer = till.http.get("/v1/receipts", params={"link": link}).json()
    assert answer["receipts"] == []
    assert answer["basis"] == {
        "fiscal_sign": sign,
        "registration_number": "999999999999",
        "total_tiyn": 1_000,
        "at": "2026-07-15T10:30:00+05:00",
    }


def test_a_question_that_names_nothing_or_several_is_refused(till: Served) -> None:
    assert_problem(till.http.get("/v1/receipts"), 422, "P-407")
    assert_problem(till.http.get("/v1/receipts", params={"fiscal_sign": "1", "number": 1}), 422, "P-407")
    assert_problem(till.http.get("/v1/receipts", params={"link": "https://example.com"}), 422, "T-123")
    assert till.http.get("/v1/receipts", params={"fiscal_sign": "0000"}).json() == {"receipts": [], "basis": None}


def test_the_stream_names_the_receipt_whose_qr_was_scanned(till: Served) -> None:
    _, paid = till.paid()
    qr = paid["document"]["qr"]
    head, _ = till.agent.journal.head()
    open_sale = till.opened()
    till.post(f"/v1/sales/{open_sale}/scans", {"code": f"]Q1{qr}"})
    till.post(f"/v1/sales/{open_sale}/scans", {"code": "http://example.com/?i=1"})
    judged = []
    with till.http.stream("GET", "/v1/events", params={"after": head}) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: ") and '"scan_judged"' in line:
                judged.append(json.loads(line[6:])["body"])
            if len(judged) == 2:
                break
    assert [body.get("receipt_link") for body in judged] == [qr, None]
    till.post(f"/v1/sales/{open_sale}/cancellation")


def test_status_tells_version_ages_links_and_what_a_doubt_is_about(till: Served) -> None:
    status = till.http.get("/v1/status").json()
    assert status["version"] == __version__
    assert status["links"] == {"ismpt": None, "hq": None}
    assert status["cache"]["products"] > 0
    assert 0 <= status["cache"]["codes_age_s"] < 3_600
    assert 0 <= status["cache"]["products_age_s"] < 3_600


def test_status_follows_the_registry_link(tmp_path_factory: pytest.TempPathFactory) -> None:
    from shop_till import ShopTill

    from hw_sim.registry import Fate

    shop = ShopTill(tmp_path_factory.mktemp("links"), ismpt=True)
    assert shop.agent.status()["links"]["ismpt"]["state"] == "unknown"
    unknown = shop.mark(Fate.UNKNOWN).text
    shop.ismpt.link_down = True
    shop.scan(shop.open(), unknown)
    link = shop.agent.status()["links"]["ismpt"]
    assert link["state"] == "down"
    assert link["text"]
    shop.ismpt.link_down = False
    shop.scan(shop.open(), unknown)
    assert shop.agent.status()["links"]["ismpt"]["state"] == "ok"
    before = shop.agent.status()["cache"]
    shop.clock.sleep(3_600)
    assert shop.agent.status()["cache"]["codes_age_s"] >= (before["codes_age_s"] or 0) + 3_600
    shop.close()
