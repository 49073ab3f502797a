"""What a monitoring server reads of a till, and when the till calls itself ready."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_server import api_of
from prometheus_client.parser import text_string_to_metric_families
from shop_till import ShopTill

from fiscal.register import Payment, PaymentKind
from pos_agent.problems import Problem
from pos_agent.recent_log import RecentLog
from scanners.scan import Health, HealthChange


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path)
    yield built
    built.agent.close()


def values(text: str) -> dict[str, float]:
    """`name{label}` -> value."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(sample.labels.values())
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_the_metrics_tell_journal_queue_goods_devices_and_calls(till: ShopTill) -> None:
    till.sold(2)
    till.agent.register_watch.look()
    till.agent.intake.feed(HealthChange("hand", Health.OFFLINE, till.clock.now_ns(), "unplugged"))
    with api_of(till.agent) as http:
        http.get("/v1/doubts")
        http.get("/v1/sales/none")
        http.get("/somebody/made/this/up")
        answer = http.get("/-/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    told = values(answer.text)
    assert told["pos_agent_journal_rows"] == till.agent.journal.head()[0]
    assert told["pos_agent_unsent_rows"] == till.agent.queue.unsent()[0] > 0
    assert (told["pos_agent_journal_writable"], told["pos_agent_ready"]) == (1, 1)
    assert told["pos_agent_cache_products"] == till.agent.cache.counts().products
    assert told["pos_agent_register_reachable"] == 1
    assert told["pos_agent_scanner_online{hand}"] == 0
    assert told["pos_agent_disk_free_bytes"] > 0
    assert told["pos_agent_api_calls_total{GET,/v1/doubts,200}"] == 1
    assert told["pos_agent_api_calls_total{GET,/v1/sales/{sale},404}"] == 1
    assert told["pos_agent_api_calls_total{GET,none,404}"] == 1


def test_metrics_need_a_token_and_readiness_none(till: ShopTill) -> None:
    with api_of(till.agent) as http:
        del http.headers["Authorization"]
        answers = {path: http.get(path).status_code for path in ("/-/metrics", "/-/healthy", "/-/ready")}
    assert answers == {"/-/metrics": 401, "/-/healthy": 200, "/-/ready": 503}


def test_a_till_is_ready_once_its_register_answered_and_not_while_a_document_is_undecided(till: ShopTill) -> None:
    with api_of(till.agent) as http:
        early = http.get("/-/ready")
        assert (early.status_code, early.json()) == (
            503,
            {"ready": False, "journal": True, "register": False, "shift": False, "documents": True},
        )
        till.agent.register_watch.look()
        assert (http.get("/-/ready").status_code, http.get("/-/ready").json()["ready"]) == (200, True)
        sale, _ = till.with_units()
        till.silence(made=True)
        with pytest.raises(Problem):
            till.agent.closing.pay(sale, [Payment(PaymentKind.CASH, till.total(sale))])
        late = http.get("/-/ready")
    assert (late.status_code, late.json()["documents"]) == (503, False)


def test_two_agents_of_one_process_have_metrics_of_their_own(till: ShopTill, tmp_path: Path) -> None:
    other = ShopTill(tmp_path / "other")
    till.sold()
    with api_of(till.agent) as one, api_of(other.agent) as two:
        rows = [values(http.get("/-/metrics").text)["pos_agent_journal_rows"] for http in (one, two)]
    other.agent.close()
    assert rows[0] > rows[1]


def test_the_agent_counts_its_warnings_in_the_metrics(till: ShopTill) -> None:
    log: RecentLog = till.agent.recent_log
    logging.getLogger("test").warning("paper is low")
    logging.getLogger("test").error("the register is silent")
    assert [entry.text for entry in log.entries()] == ["the register is silent", "paper is low"]
    with api_of(till.agent) as http:
        told = values(http.get("/-/metrics").text)
    assert (told["pos_agent_log_records_total{WARNING}"], told["pos_agent_log_records_total{ERROR}"]) == (1, 1)


def test_every_metric_is_told_to_store_it(till: ShopTill) -> None:
    page = (Path(__file__).parents[2] / "docs/store-it.md").read_text(encoding="utf-8")
    till.sold()
    till.agent.register_watch.look()
    with api_of(till.agent) as http:
        text = http.get("/-/metrics").text
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE pos_agent")}
    created = {name for name in names if name.endswith("_created")}
    assert len(names - created) > 15
    assert [name for name in sorted(names - created) if f"`{name}`" not in page] == []
