"""`pos-agent ofd`: the token of a document is in no output, and a wrong address is not blamed on the agent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from ofd_shop import TOKEN, Shop
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
    memory = shop.maintenance()
    try:
        return [asdict(doc) for doc in memory.documents()]
    finally:
        memory.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("webkassa+https://kkm.webkassa.kz?cashbox=SWK00000001&login=a", "is no register in software"),
        ("", "register.url is empty"),
        ("ofd+tcp://localhost?id=1", "option"),
    ],
)
def test_a_wrong_address_is_told_without_blaming_the_agent(shop: Shop, url: str, said: str) -> None:
    answer = run(shop, "status", url=url)
    assert answer.exit_code == 2 and said in answer.stderr
    assert "Is the agent stopped?" not in answer.stderr
    shop.store.with_name("agent.toml").unlink()
    held = run(shop, "status")
    assert held.exit_code == 2 and "Is the agent stopped?" in held.stderr
