"""The shop that stays open after the scenes: what a visitor may do to it, and the pages it lets a visitor into."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import pytest
from rich.console import Console

from pos_agent.demo.live import LiveShop
from pos_agent.demo.play import Play, addresses
from pos_agent.demo.scenes import Stage, said


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with LiveShop(tmp_path_factory.mktemp("shop"), seed=3, codes=300) as shop:
        assert shop.wait_ready()
        yield Stage(shop, Console(file=io.StringIO(), highlight=False, soft_wrap=True))


def told(stage: Stage) -> str:
    """What was printed since the last look."""
    file = stage.console.file
    assert isinstance(file, io.StringIO)
    text = file.getvalue()
    file.seek(0)
    file.truncate()
    return text


def test_a_visitor_sells_loses_an_answer_and_no_receipt_is_made_twice(stage: Stage) -> None:
    assert Play(stage).run(["s\n", "l\n", "P\n", "r\n", "q\n", "s\n"]) is True
    text = told(stage)
    assert said("receipt.found") in text
    assert "✖" in text
    witness = stage.shop.sim.witness()
    assert (witness.receipts, list(witness.sold_twice)) == (1, [])


def test_the_power_fails_in_the_middle_of_a_payment_and_there_is_one_receipt(stage: Stage) -> None:
    before = stage.shop.sim.witness().receipts
    head = stage.shop.agent.journal.head()[0]
    assert Play(stage).run(["s\n", "s\n", "c\n", "s\n", "p\n"]) is False
    agent = stage.shop.agent
    number = agent.journal.query("SELECT body ->> '$.document.number' FROM journal WHERE kind = 'document_made'")[-2][0]
    text = told(stage)
    assert said("play.c.dead") in text
    assert said("play.c.found", number=number) in text
    kinds = [row.kind for row in agent.journal.rows_after(head, 10**6)]
    assert kinds.count("agent_started") == 1 and "agent_stopped" not in kinds
    assert kinds.index("document_in_doubt") < kinds.index("agent_started") < kinds.index("document_made")
    witness = stage.shop.sim.witness()
    assert (witness.receipts - before, list(witness.sold_twice)) == (2, [])


def test_paper_network_and_scanner_go_and_come_back(stage: Stage) -> None:
    play = Play(stage)
    assert play.run(["b\n", "s\n", "p\n"]) is False
    assert stage.shop.agent.status()["printer"] != "ok"
    assert play.run(["b\n", "n\n", "s\n", "p\n", "n\n", "u\n"]) is False
    assert stage.shop.agent.status()["printer"] == "ok"
    assert stage.shop.scanner is not None
    assert not stage.shop.scanner.plugged
    assert play.run(["u\n"]) is False
    assert stage.shop.scanner.plugged
    text = told(stage)
    keys = ("play.b.out", "play.b.in", "play.n.cut", "play.n.back", "play.u.out", "play.u.in")
    assert [key for key in keys if said(key) not in text] == []


def test_whatever_else_is_typed_shows_the_letters(stage: Stage) -> None:
    told(stage)
    assert Play(stage).run(["\n", "?\n", "ы\n"]) is False
    assert told(stage).count(said("play.q")) == 4


def test_each_link_lets_one_browser_in_to_its_page(stage: Stage) -> None:
    for link, page in zip(addresses(stage), ("/till", "/it"), strict=True):
        address, _, code = link.partition("#")
        base = address.removesuffix("/sign-in")
        with httpx.Client(base_url=base, headers={"Origin": base}) as browser:
            answer = browser.post("/sign-in", data={"code": code})
            assert (answer.status_code, answer.headers["location"]) == (303, page)
            assert browser.get("/v1/status").status_code == 200
            assert browser.post("/sign-in", data={"code": code}).status_code == 403
