"""`pos-agent ofd` on a fiscal memory whose agent is stopped: what waits, a person's word, and never the token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from ofd_shop import AGAIN_S, TOKEN, Shop
from typer.testing import CliRunner, Result

from pos_agent.cli.main import app


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.register.close()


def configured(shop: Shop, url: str | None = None) -> Path:
    path = shop.store.with_name("agent.toml")
    path.write_text(f'[register]\nurl = "{shop.url if url is None else url}"\n')
    return path


def run(shop: Shop, *arguments: str, url: str | None = None) -> Result:
    return CliRunner().invoke(app, ["ofd", *arguments, "--config", str(configured(shop, url))])


@pytest.fixture
def refused(shop: Shop) -> Shop:
    """A sale with the operator, and one made without it that the operator then refuses."""
    shop.sell()
    shop.unplug()
    shop.sell(100_000)
    shop.server.faults.add("result", "TICKET", code=13, text="баға")
    shop.back_online()
    shop.stop()
    return shop


def test_a_memory_with_nothing_to_decide_is_well(shop: Shop) -> None:
    shop.sell()
    shop.stop()
    answer = run(shop, "status")
    assert answer.exit_code == 0 and "documents       1" in answer.output
    listed = run(shop, "documents")
    assert listed.exit_code == 0 and "900,00" in listed.output and "done" in listed.output


def test_what_waits_for_a_person_is_a_warning_with_the_way_out(refused: Shop) -> None:
    answer = run(refused, "status")
    assert answer.exit_code == 1
    assert "Look for it in the operator's cabinet, then: pos-agent ofd set-aside or again" in answer.stderr
    told = json.loads(run(refused, "status", "--json").stdout)
    assert [(doc["stage"], doc["held"]) for doc in told["waiting"]] == [("queued", True)]


def test_a_word_is_kept_and_the_agent_may_start(refused: Shop) -> None:
    number = str(json.loads(run(refused, "status", "--json").stdout)["waiting"][0]["number"])
    wrong = run(refused, "decide", number, "--made", "--by", "Ерлан", "--why", "?")
    assert wrong.exit_code == 2 and "`pos-agent ofd status` shows what waits" in wrong.stderr
    kept = run(refused, "set-aside", number, "--by", "Ерлан", "--why", "операторда жоқ")
    assert (kept.exit_code, kept.stdout) == (0, f"document {number}: aside; the agent may start\n")
    refused.start()
    refused.clock.sleep(AGAIN_S)
    assert refused.register.status().unsent == 0


def test_the_token_is_told_in_no_form(refused: Shop) -> None:
    csv = refused.store.with_name("documents.csv")
    told = [run(refused, *call).output for call in (("status",), ("status", "--json"), ("documents",),
                                                    ("documents", "--json"))]  # fmt: skip
    assert run(refused, "documents", "--csv", str(csv)).exit_code == 0
    told.append(csv.read_text(encoding="utf-8-sig"))
    spent = {str(doc["token"]) for doc in rows(refused)} | {str(TOKEN)}
    assert len(spent) > 1
    assert [token for token in spent if any(token in text for text in told)] == []
    assert all('"token"' not in text for text in told)


def rows(shop: Shop) -> list[dict[str, object]]:
    from dataclasses import asdict

    memory = shop.maintenance()
    try:
        return [asdict(doc) for doc in memory.documents()]
    finally:
        memory.close()


@pytest.mark.parametrize(
    ("url", "said", "hint"),
    [
        ("webkassa+https://kkm.webkassa.kz?cashbox=SWK00000001&login=a", "is no register in software", False),
        ("", "register.url is empty", False),
        ("ofd+tcp://localhost?id=1", "option", False),
    ],
)
def test_a_wrong_address_is_told_without_blaming_the_agent(shop: Shop, url: str, said: str, hint: bool) -> None:
    answer = run(shop, "status", url=url)
    assert answer.exit_code == 2 and said in answer.stderr
    assert ("Is the agent stopped?" in answer.stderr) is hint


def test_a_memory_that_the_agent_holds_is_said_to_be_held(shop: Shop) -> None:
    shop.sell()
    answer = run(shop, "status")
    assert answer.exit_code == 2 and "Is the agent stopped? It holds the memory while it runs." in answer.stderr


def test_a_memory_that_is_not_there_is_not_made(shop: Shop) -> None:
    missing = shop.url.replace("ofd.sqlite", "other.sqlite")
    answer = run(shop, "status", url=missing)
    assert answer.exit_code == 2 and "there is no such file" in answer.stderr
    assert not shop.store.with_name("other.sqlite").exists()
