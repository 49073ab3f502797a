"""Webhooks of the till: from the journal to a receiver on a real socket, through restarts, kills and refusals."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hook_receiver import Answer, Receiver
from shop_till import HOOK_SECRET, ShopTill

from pos_agent.config import EVENTS, ConfigError, WebhookSection, from_mapping
from pos_agent.problems import Problem
from sync.hook_signature import holds

SUPPORT = Path(__file__).parents[1] / "support"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def hook(url: str, name: str = "erp", **more: Any) -> WebhookSection:
    return WebhookSection(name=name, url=url, secret="env:HOOK_SECRET", **more)


@pytest.fixture
def till(tmp_path: Path, receiver: Receiver) -> Iterator[ShopTill]:
    till = ShopTill(tmp_path / "till", webhooks=[hook(receiver.url())])
    yield till
    till.close()


def tell(till: ShopTill, number: int = 0) -> int:
    """Steps until nothing is due; how many events were taken."""
    taken = 0
    while (step := till.agent.hooks[number].step()).next_in_s == 0.0:
        taken += step.taken
    return taken


def names(receiver: Receiver) -> list[str]:
    return [one.headers["x-pos-event"] for one in receiver.heard]


def test_a_receipt_and_a_refused_unit_are_told_in_order_and_signed(till: ShopTill, receiver: Receiver) -> None:
    sale, (mark,) = till.sold()
    till.scan(till.open(), mark.text)
    assert tell(till) == 2
    assert names(receiver) == ["sale.fiscalised", "unit.refused"]
    made, refused = (one.content for one in receiver.heard)
    (receipt,) = till.receipts()
    assert (made["data"]["sale"], made["data"]["fiscal_sign"]) == (sale, receipt.sign)
    assert made["data"]["total_tiyn"] == till.total(sale)
    assert refused["data"]["reason"].startswith("M-")
    now_s = till.clock.now_ns() // 10**9
    for one in receiver.heard:
        assert holds(HOOK_SECRET.encode(), one.headers["x-pos-time"], one.headers["x-pos-signature"], one.body, now_s)
        assert one.content["id"] == one.headers["x-pos-delivery"]


def test_no_body_carries_the_check_part_of_a_code_or_a_secret(till: ShopTill, receiver: Receiver) -> None:
    _, (mark,) = till.sold()
    till.scan(till.open(), mark.text)
    till.scan(till.open(), till.unit().text[:-3])
    till.scan(till.open(), "(01)" + till.unit().text)
    tell(till)
    tail = mark.text.partition("\x1d")[2] or mark.text[-6:]
    everything = b"".join(one.body for one in receiver.heard)
    assert len(receiver.heard) >= 3, names(receiver)
    assert tail.encode() not in everything and HOOK_SECRET.encode() not in everything


def test_a_doubt_is_told_once_and_so_is_its_end(till: ShopTill, receiver: Receiver) -> None:
    sale, _ = till.with_units()
    till.silence(made=True)
    with pytest.raises(Problem, match="R-203"):
        till.pay(sale)
    till.agent.closing.settle()
    tell(till)
    assert names(receiver) == ["sale.in_doubt"]
    till.sim.webkassa.faults.clear()
    till.agent.closing.settle()
    tell(till)
    assert names(receiver) == ["sale.in_doubt", "doubt.settled", "sale.fiscalised"]
    assert receiver.heard[1].content["data"]["outcome"] == "made"
    assert receiver.heard[2].content["data"]["recovered"] is True


def test_what_is_not_taken_is_sent_again_under_its_id_and_what_follows_waits(
    till: ShopTill, receiver: Receiver
) -> None:
    receiver.answers = [Answer(503), Answer(drop=True)]
    till.sold(), till.sold()
    for _ in range(3):
        tell(till)
        assert till.agent.hooks[0].status()["state"] in ("waiting", "ok")
        till.clock.sleep(400)
    ids = [one.headers["x-pos-delivery"] for one in receiver.heard]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert len({one.body for one in receiver.heard[:3]}) == 1


def test_after_a_restart_it_goes_on_where_it_was(till: ShopTill, receiver: Receiver) -> None:
    till.sold()
    tell(till)
    receiver.answers = [Answer(500)]
    till.sold()
    tell(till)
    till.restart()
    till.sold()
    tell(till)
    ids = [one.headers["x-pos-delivery"] for one in receiver.heard]
    assert len(ids) == 4 and ids[1] == ids[2] and len(set(ids)) == 3


def test_an_agent_that_is_killed_while_it_tells_tells_it_again(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answers = [Answer(hang=True)]
    arrived = threading.Event()
    heard = receiver.heard

    class Noticed(list[Any]):
        def append(self, one: Any) -> None:
            super().append(one)
            arrived.set()

    receiver.heard = heard = Noticed()
    path = os.pathsep.join((str(SUPPORT), *sys.path))
    child = subprocess.Popen(
        [sys.executable, str(SUPPORT / "hook_child.py"), str(tmp_path / "till"), receiver.url()],
        env={**os.environ, "PYTHONPATH": path},
    )
    assert arrived.wait(60)
    child.kill()
    child.wait(20)
    till = ShopTill(tmp_path / "till", webhooks=[hook(receiver.url())])
    assert tell(till) == 1
    till.close()
    assert heard[0].headers["x-pos-delivery"] == heard[1].headers["x-pos-delivery"]
    assert heard[0].body == heard[1].body


def test_a_receiver_that_refuses_an_event_for_good_holds_up_no_other(till: ShopTill, receiver: Receiver) -> None:
    receiver.answers = [Answer(302, {"Location": receiver.url(path="/elsewhere")})] + [Answer(400)] * 7
    till.sold(), till.sold()
    for _ in range(8):
        tell(till)
        till.clock.sleep(400)
    assert {one.path for one in receiver.heard} == {"/hook"}
    (given_up,) = till.agent.status()["webhooks"][0]["set_aside"]
    assert (given_up["event"], given_up["reason"]) == ("sale.fiscalised", "HTTP 400")
    assert len({one.headers["x-pos-delivery"] for one in receiver.heard}) == 2
    till.restart()
    assert [one["id"] for one in till.agent.status()["webhooks"][0]["set_aside"]] == [given_up["id"]]


def test_one_refusal_after_an_outage_does_not_lose_an_event(till: ShopTill, receiver: Receiver) -> None:
    receiver.answers = [Answer(503)] * 9 + [Answer(404)]
    till.sold()
    for _ in range(11):
        tell(till)
        till.clock.sleep(400)
    assert till.agent.status()["webhooks"][0]["set_aside"] == []
    assert len(receiver.heard) == 11 and len({one.headers["x-pos-delivery"] for one in receiver.heard}) == 1


def test_each_hook_hears_what_it_asked_for_and_none_waits_for_another(tmp_path: Path, receiver: Receiver) -> None:
    quiet = Receiver()
    quiet.usual = Answer(500)
    hooks = [hook(quiet.url()), hook(receiver.url(), "wms", events=("unit.refused",))]
    till = ShopTill(tmp_path / "till", webhooks=hooks)
    _, (mark,) = till.sold()
    till.scan(till.open(), mark.text)
    assert (tell(till, 0), tell(till, 1)) == (0, 1)
    assert names(receiver) == ["unit.refused"]
    till.close()
    quiet.close()


def test_a_new_hook_hears_what_happens_from_then_on(tmp_path: Path, receiver: Receiver) -> None:
    before = ShopTill(tmp_path / "till")
    before.sold()
    before.close()
    till = ShopTill(tmp_path / "till", webhooks=[hook(receiver.url())])
    assert tell(till) == 0
    till.close()


def test_an_https_receiver_must_be_trusted(tmp_path: Path) -> None:
    certified = Receiver(tmp_path)
    trusting = hook(certified.url(), ca_file=str(tmp_path / "receiver.pem"))
    till = ShopTill(tmp_path / "till", webhooks=[trusting, hook(certified.url(), "other")])
    till.sold()
    assert (tell(till, 0), tell(till, 1)) == (1, 0)
    assert "CERTIFICATE_VERIFY_FAILED" in till.agent.status()["webhooks"][1]["error"]
    till.close()
    certified.close()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("url", "http://erp.shop.kz/hook"), ("url", "http://127.0.0.1.evil.kz/"), ("url", "ftp://erp.shop.kz"),
        ("url", "https://user:word@erp.shop.kz/"), ("secret", "word"), ("events", ["sale.made"]), ("events", []),
        ("name", "a b"),
    ],
)  # fmt: skip
def test_a_hook_that_cannot_be_is_refused_with_its_key(key: str, value: Any) -> None:
    good = {"name": "erp", "url": "https://erp.shop.kz/hook", "secret": "env:X", "events": list(EVENTS)}
    assert from_mapping({"webhooks": [good]}, environment={}).webhooks[0].name == "erp"
    with pytest.raises(ConfigError, match=rf"webhooks\.0\.{key}") as told:
        from_mapping({"webhooks": [{**good, key: value}]}, environment={})
    assert "word" not in str(told.value).replace("password", "")


def test_two_hooks_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="webhooks: two are called erp"):
        ShopTill(tmp_path / "till", webhooks=[hook("https://a.kz/"), hook("https://b.kz/")])
