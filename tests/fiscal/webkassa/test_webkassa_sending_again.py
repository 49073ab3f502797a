"""Where the same bytes may go out again: a key that is known, a busy cashbox, another domain."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest
from webkassa_talk import (
    CHECK,
    FOUND,
    HISTORY,
    LOGIN,
    LOOKUP,
    OK,
    error,
    run,
)

from fiscal.register import (
    Baseline,
    Done,
    FailureKind,
    FiscalDocument,
    Receipt,
    Unknown,
)


class Routed(httpx.BaseTransport):
    """Public names that lead to servers on loopback; anything else is a name that does not resolve."""

    def __init__(self, ports: dict[str, int]) -> None:
        self.ports = ports
        self.hosts: list[str] = []
        self.inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.hosts.append(str(request.url.copy_with(path="")))
        if request.url.host not in self.ports:
            raise httpx.ConnectError("name does not resolve")
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.ports[request.url.host])
        return self.inner.handle_request(
            httpx.Request(
                request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
            )
        )

    def close(self) -> None:
        self.inner.close()


# --- The key is known: code 14 -------------------------------------------------------------------------------------


def test_a_duplicate_with_its_data_is_done_after_comparing(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.then(CHECK, {**OK, **error(14)})
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert outcome.recovered
    assert [r.path for r in box.requests] == [LOGIN, CHECK]


def test_a_duplicate_of_another_sum_is_a_collision(box: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    other = OK["Data"]["TicketUrl"].replace("1800.00", "900.00")
    box.then(CHECK, {"Data": {**OK["Data"], "TicketUrl": other}, **error(14)})
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.kind is FailureKind.KEY_COLLISION
    assert "90000" in outcome.failure.text
    assert "180000" in outcome.failure.text


@pytest.mark.parametrize("body", [error(14), {"Data": {"CheckNumber": "4228143550", "ShiftNumber": 7}, **error(14)}])
def test_a_duplicate_without_all_its_data_is_looked_up(
    asks: Any, register: Any, sale: Receipt, base: Baseline, body: dict[str, Any]
) -> None:
    asks.then(CHECK, body)
    asks.then(LOOKUP, FOUND)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert outcome.recovered
    document = outcome.document
    assert isinstance(document, FiscalDocument)
    assert (document.fiscal_sign, document.number, document.shift) == ("4228143550", 12, 7)
    assert asks.asked(LOOKUP)[0]["ShiftNumber"] == 7
    assert asks.asked(LOOKUP)[0]["ExternalCheckNumber"] == "till7-000000123-sale"


def test_a_duplicate_that_is_nowhere_to_be_found_needs_a_person(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.then(CHECK, error(14))
    asks.always(LOOKUP, error(19))
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.kind is FailureKind.HUMAN
    assert {a["ShiftNumber"] for a in asks.asked(LOOKUP)} == {6, 7}


def test_a_duplicate_whose_lookup_is_down_stays_in_doubt(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.then(CHECK, error(14))
    asks.always(LOOKUP, b"", status=503)
    asks.always(HISTORY, b"", status=503)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.code == "http:503"


# --- Busy: code 9 with the words of a sequence ---------------------------------------------------------------------


def test_a_busy_cashbox_is_looked_at_before_the_same_body_goes_out_again(
    asks: Any, register: Any, sale: Receipt, base: Baseline, sleeps: list[float]
) -> None:
    asks.then(CHECK, error(9, "requests to one cashbox must be sequential"))
    asks.then(CHECK, OK)
    asks.always(LOOKUP, error(19))
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert not outcome.recovered
    assert sleeps == [1.0]
    order = [r.path for r in asks.requests if r.path in (CHECK, LOOKUP)]
    assert order == [CHECK, LOOKUP, CHECK]


def test_a_busy_cashbox_may_be_busy_with_our_own_earlier_request(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.then(CHECK, error(9, "Запросы выполняются последовательно"))
    asks.then(LOOKUP, FOUND)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert outcome.recovered
    assert len(asks.asked(CHECK)) == 1


def test_a_cashbox_busy_for_ever_is_doubt(asks: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    asks.always(CHECK, error(9, "одновременные запросы"))
    asks.always(LOOKUP, error(19))
    assert isinstance(run(register, sale, base), Unknown)
    assert len(asks.asked(CHECK)) == 4


def test_a_link_that_breaks_after_busy_is_doubt_because_an_earlier_request_may_still_run(
    asks: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline
) -> None:
    routes = Routed({"kkm-one.kz": start_server(asks)})

    def absent_then_cut_off(_: dict[str, Any]) -> Any:
        routes.ports.clear()
        return type(asks.fallback[LOGIN])(error(19))

    asks.then(CHECK, error(9, "requests must be sequential"))
    asks.then(LOOKUP, absent_then_cut_off)
    outcome = run(open_at("https://kkm-one.kz", transport=routes), sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.code == "connect"
    assert len(asks.asked(CHECK)) == 1


def test_two_drivers_of_one_cashbox_never_overlap(
    box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline
) -> None:
    box.always(CHECK, OK, delay_s=0.05)
    origin = f"http://127.0.0.1:{start_server(box)}"
    registers = [open_at(origin) for _ in range(3)]
    outcomes: list[Any] = []
    threads = [threading.Thread(target=lambda r=r: outcomes.append(run(r, sale, base))) for r in registers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(outcome) for outcome in outcomes] == [Done] * 3
    assert box.busy_most == 1


# --- Other domains: 505 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shut", [{"status": 505, "body": b"<html>"}, {"body": error(505)}])
def test_a_shut_domain_sends_the_same_bytes_to_the_next_public_one(
    box: Any, new_box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline, shut: dict[str, Any]
) -> None:
    second = new_box()
    header = "http://127.0.0.1, https://10.0.0.1, kkm-dead.kz, https://kkm-two.kz"
    box.always(CHECK, headers={"AlternativeDomainNames": header}, **shut)
    second.always(CHECK, OK)
    routes = Routed({"kkm-one.kz": start_server(box), "kkm-two.kz": start_server(second)})
    register = open_at("https://kkm-one.kz", transport=routes)
    assert isinstance(run(register, sale, base), Done)
    assert box.raw(CHECK) == second.raw(CHECK)
    assert routes.hosts == ["https://kkm-one.kz"] * 2 + ["https://kkm-dead.kz", "https://kkm-two.kz"]
    assert isinstance(run(register, sale, base), Done)
    assert len(second.asked(CHECK)) == 2  # It stays there.


def test_a_borrowed_domain_that_dies_gives_way_to_our_own(
    box: Any, new_box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline
) -> None:
    second = new_box()
    box.then(CHECK, error(505), headers={"AlternativeDomainNames": "kkm-two.kz"})
    box.always(CHECK, OK)
    second.always(CHECK, OK)
    routes = Routed({"kkm-one.kz": start_server(box), "kkm-two.kz": start_server(second)})
    register = open_at("https://kkm-one.kz", transport=routes)
    assert isinstance(run(register, sale, base), Done)
    del routes.ports["kkm-two.kz"]
    assert isinstance(run(register, sale, base), Done)
    assert len(box.asked(CHECK)) == 2


@pytest.mark.parametrize("header", ["", "http://127.0.0.1", "localhost, 127.0.0.1:8080, https://kkm.local"])
def test_a_shut_domain_without_a_usable_other_leaves_doubt(
    box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline, header: str
) -> None:
    box.always(CHECK, error(505), headers={"AlternativeDomainNames": header})
    routes = Routed({"kkm-one.kz": start_server(box)})
    outcome = run(open_at("https://kkm-one.kz", transport=routes), sale, base)
    assert isinstance(outcome, Unknown)
    assert set(routes.hosts) == {"https://kkm-one.kz"}
