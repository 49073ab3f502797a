"""The API as an integrator meets it: a real server on a real socket, the simulated register behind it."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hw_sim.inprocess import SimTransport
from hw_sim.registry import Fate, Mark
from hw_sim.world import World as SimWorld
from pos_agent.agent import Agent
from pos_agent.clock import SystemClock, VirtualClock
from pos_agent.config import from_mapping
from pos_agent.demo.live import free_port
from pos_agent.demo.shop import API_TOKEN, SECRETS, configuration, stock_cache
from pos_agent.journal.verify import verify
from pos_agent.runner import server
from pos_agent.wiring import World, build, start

PROBLEM = "application/problem+json"


class TillClock(SystemClock):
    """Real time, but waiting for the register costs nothing."""

    def __init__(self) -> None:
        self._skipped = VirtualClock(0)

    def sleep(self, seconds: float) -> None:
        self._skipped.sleep(seconds)

    def monotonic(self) -> float:
        return super().monotonic() + self._skipped.monotonic()


class Served:
    """One agent behind its API, restartable on the same files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = TillClock()
        self.sim = SimWorld(time.time_ns, random.Random(11), codes=300)
        self.register = SimTransport(self.sim.webkassa, self.clock.sleep)
        self._units = iter([mark for mark in self.sim.shop.codes if mark.fate is Fate.SELLABLE])
        self._keys = iter(range(1_000_000))
        self.agent: Agent
        self._up()
        stock_cache(self.agent.cache, self.sim.shop, time.time_ns())

    def _up(self) -> None:
        self.port = free_port()
        full = configuration(self.folder, api_port=self.port)
        plain = from_mapping({})
        api = full.api.model_copy(update={"calls_per_s": 100_000, "burst": 100_000})
        config = full.model_copy(
            update={"ismpt": plain.ismpt, "sync": plain.sync, "printer": plain.printer, "api": api}
        )
        world = World(clock=self.clock, secret=SECRETS.__getitem__, register_transport=self.register)
        self.agent = build(config, world)
        start(self.agent)
        self._server: uvicorn.Server = server(self.agent, SECRETS.__getitem__)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers={"Authorization": f"Bearer {API_TOKEN}"}, timeout=20
        )

    def down(self) -> None:
        self.http.close()
        self._server.should_exit = True
        self._thread.join(10)
        self.agent.close()

    def restart(self) -> None:
        self.down()
        self._up()

    def unit(self) -> Mark:
        return next(self._units)

    def post(self, path: str, body: Any = None, key: str | None = None, **headers: str) -> httpx.Response:
        headers = {"Idempotency-Key": key or f"key-{next(self._keys)}", **headers}
        return self.http.post(path, json={} if body is None else body, headers=headers)

    def opened(self) -> str:
        return str(self.post("/v1/sales").json()["sale"])

    def with_unit(self) -> tuple[str, int, Mark]:
        """An open sale with one unit in it, and its total."""
        sale, mark = self.opened(), self.unit()
        scanned = self.post(f"/v1/sales/{sale}/scans", {"code": mark.text}).json()
        assert scanned["verdict"]["decision"] == "allow", scanned
        return sale, self.http.get(f"/v1/sales/{sale}").json()["total_tiyn"], mark

    def paid(self) -> tuple[str, dict[str, Any]]:
        sale, total, _ = self.with_unit()
        answer = self.post(f"/v1/sales/{sale}/payment", cash(total))
        assert answer.status_code == 200, answer.text
        return sale, answer.json()

    def receipts(self) -> int:
        return sum(document.operation.is_receipt for document in self.sim.ledger())


def cash(total: int) -> dict[str, Any]:
    return {"payments": [{"kind": "cash", "sum_tiyn": total}]}


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    yield served
    served.down()
    assert verify(tmp_path / "journal.sqlite").good


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert set(body["messages"]) == {"kk", "ru", "en"}
    return body


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
    till.sim.webkassa.faults.add("answer_lost_after", match="MoneyOperation")
    body = {"direction": "in", "sum_tiyn": 500_000}
    answer = till.post("/v1/cash", body, key="cash")
    till.post("/v1/cash", body, key="cash")
    moves = [one for one in till.sim.ledger() if not one.operation.is_receipt]
    assert len(moves) == 1, answer.text


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": "Bearer wrong"}, 401, "P-401"),
        ({"Authorization": ""}, 401, "P-401"),
        ({"Host": "shop.example.com"}, 403, "P-402"),
        ({"Origin": "https://evil.example"}, 403, "P-402"),
    ],
)
def test_strangers_are_turned_away(till: Served, headers: dict[str, str], status: int, code: str) -> None:
    assert_problem(till.http.get("/v1/status", headers=headers), status, code)


def test_our_own_page_may_call(till: Served) -> None:
    own = f"http://127.0.0.1:{till.port}"
    assert till.http.get("/v1/status", headers={"Origin": own}).status_code == 200


def test_a_body_over_the_limit_is_refused_whole_or_in_pieces(till: Served) -> None:
    big = b'{"cashier": "' + b"x" * 300_000 + b'"}'
    headers = {"Idempotency-Key": "big", "Content-Type": "application/json"}
    assert_problem(till.http.post("/v1/sales", content=big, headers=headers), 413, "P-405")
    pieces = (big[at : at + 10_000] for at in range(0, len(big), 10_000))
    assert_problem(till.http.post("/v1/sales", content=pieces, headers=headers), 413, "P-405")


@pytest.mark.parametrize(
    ("language", "word"), [("kk-KZ", "Мұндай чек жоқ"), ("ru", "Такого чека нет"), ("en", "There")]
)
def test_a_problem_speaks_the_callers_language(till: Served, language: str, word: str) -> None:
    body = assert_problem(till.http.get("/v1/sales/none", headers={"Accept-Language": language}), 404, "T-101")
    assert body["title"].startswith(word)


def test_unknown_paths_and_methods_are_problems_too(till: Served) -> None:
    assert_problem(till.http.get("/v1/nothing"), 404, "P-408")
    assert_problem(till.http.put("/v1/sales"), 405, "P-410")


PATHS = ("/v1/codes/check", "/v1/sales", "/v1/receipts", "/v1/returns", "/v1/cash", "/v1/shift/open")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        "code": st.text(max_size=90) | st.integers(),
        "code_base64": st.text(max_size=30),
        "source": st.sampled_from(["scanner", "manual", "api", "x"]),
        "payments": st.lists(
            st.fixed_dictionaries({"kind": st.sampled_from(["cash", "card"]), "sum_tiyn": st.integers()})
        ),
        "items": st.lists(st.fixed_dictionaries({"code": st.text(max_size=40)}), max_size=3),
        "sale": st.text(max_size=10),
        "direction": st.sampled_from(["in", "out"]),
        "sum_tiyn": st.integers(),
        "cashier": st.text(max_size=130),
    },
)


def test_any_json_is_answered_and_never_with_an_internal_error(till: Served) -> None:
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(PATHS), JSON | LIKELY, st.binary(max_size=20))
    def ask(path: str, body: Any, tail: bytes) -> None:
        text = json.dumps(body).encode() + (tail if len(tail) > 15 else b"")
        headers = {"Idempotency-Key": f"fuzz-{hash((path, text))}", "Content-Type": "application/json"}
        answer = till.http.post(path, content=text, headers=headers)
        assert answer.status_code < 500, (path, body, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == PROBLEM

    ask()


def test_any_bytes_as_a_code_get_a_verdict(till: Served) -> None:
    import base64

    sale = till.opened()
    for data in (b"\x00", b"\xff" * 40, b"\x1d" * 90, bytes(range(256)), b"<script>alert(1)</script>"):
        answer = till.post(f"/v1/sales/{sale}/scans", {"code_base64": base64.b64encode(data).decode()})
        assert answer.status_code == 200, answer.text
        assert answer.json()["verdict"]["decision"] in ("refuse", "ask")


def test_events_arrive_and_a_reader_that_comes_back_misses_none(till: Served) -> None:
    sale, _, _ = till.with_unit()
    numbers = read_events(till, {"Last-Event-ID": "0"}, lambda kinds: "line_added" in kinds)
    assert list(numbers.values())[-1] == "line_added"
    last = max(numbers)
    till.post(f"/v1/sales/{sale}/cancellation", {"why": "x"})
    later = read_events(till, {"Last-Event-ID": str(last)}, lambda kinds: "sale_cancelled" in kinds)
    assert min(later) > last
    assert "answered" not in later.values()


def read_events(till: Served, headers: dict[str, str], enough: Callable[[list[str]], bool]) -> dict[int, str]:
    found: dict[int, str] = {}
    with till.http.stream("GET", "/v1/events", headers=headers) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                event = json.loads(line[5:])
                found[event["number"]] = event["kind"]
                if enough(list(found.values())):
                    break
    return found


def test_too_many_calls_are_told_to_wait(till: Served) -> None:
    from pos_agent.api.guard import Bucket

    bucket = Bucket(per_s=2, burst=3, at=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(0.5) is True
    assert bucket.take(0.5) is False


def test_the_openapi_document_names_every_route_with_its_problem_form(till: Served) -> None:
    schema = till.http.get("/openapi.json", headers={"Authorization": ""}).json()
    assert "/v1/receipts" in schema["paths"]
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert PROBLEM in operation["responses"]["default"]["content"], (path, method)
    assert "examples" in schema["components"]["schemas"]["CodeBody"]["properties"]["code"]
