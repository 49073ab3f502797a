"""`pos-agent ofd` on the memory of a register in software, the agent stopped: what waits, and a person's word."""

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
    made.sell()
    yield made
    made.register.close()


def run(shop: Shop, *arguments: str, url: str = "") -> Result:
    config = shop.store.with_name("agent.toml")
    config.write_text(f'[till]\ndata = "{config.parent}"\n[register]\nurl = "{url or shop.url}"\ntest_only = true\n')
    return CliRunner().invoke(app, ["ofd", *arguments, "--config", str(config)])


def refused_by_the_operator(shop: Shop) -> None:
    """Two autonomous receipts; the operator will not have the first."""
    shop.unplug()
    shop.sell(100_000)
    shop.sell(200_000)
    shop.server.faults.add("result", "TICKET", code=13, text="баға қате")
    shop.back_online()
    shop.stop()


def test_the_memory_tells_how_the_register_is_and_never_its_token(shop: Shop) -> None:
    shop.stop()
    told = run(shop, "status")
    assert told.exit_code == 0, told.output
    assert "shift           1" in told.stdout and "shift_open      True" in told.stdout
    token = str(shop.device.token)
    facts = json.loads(run(shop, "status", "--json").stdout)
    assert facts["waiting"] == [] and facts["register"]["documents"] == 1
    assert token not in told.output and str(TOKEN) not in run(shop, "status", "--json").output


def test_what_waits_for_a_person_is_said_with_what_to_do(shop: Shop) -> None:
    refused_by_the_operator(shop)
    told = run(shop, "status")
    assert told.exit_code == 1 and "баға қате" in told.stdout
    assert "Look for it in the operator's cabinet, then: pos-agent ofd set-aside or again" in told.stderr
    assert [row["held"] for row in json.loads(run(shop, "status", "--json").stdout)["waiting"]] == [True, False]


def test_a_document_is_set_aside_with_name_and_reason_and_the_rest_goes_on(shop: Shop) -> None:
    refused_by_the_operator(shop)
    answer = run(shop, "set-aside", "2", "--by", "Ерлан", "--why", "акт 7")
    assert (answer.exit_code, answer.stdout) == (0, "document 2: aside; the agent may start\n")
    shop.start()
    shop.clock.sleep(AGAIN_S)
    assert shop.register.status().unsent == 0 and len(shop.ledger()) == 2
    shop.stop()
    rows = json.loads(run(shop, "documents", "--json").stdout)
    assert [row["stage"] for row in rows] == ["done", "aside", "done"] and "Ерлан: акт 7" in rows[1]["note"]


def test_a_document_is_sent_anew(shop: Shop) -> None:
    refused_by_the_operator(shop)
    assert run(shop, "again", "2", "--by", "Ерлан", "--why", "исправили справочник").exit_code == 0
    shop.start()
    shop.clock.sleep(AGAIN_S)
    assert shop.register.status().unsent == 0 and len(shop.ledger()) == 3


def test_a_doubt_is_ended_by_what_the_cabinet_shows(shop: Shop) -> None:
    shop.server.faults.add("result", "TICKET", code=8)
    shop.sell()
    shop.stop()
    told = run(shop, "status")
    assert told.exit_code == 1 and "decide --made|--not-made" in told.stderr
    wrong = run(shop, "decide", "2", "--made", "--by", "Ерлан", "--why", "кабинет")
    assert wrong.exit_code == 2 and "give the fiscal sign" in wrong.stderr
    done = run(shop, "decide", "2", "--not-made", "--by", "Ерлан", "--why", "кабинет")
    assert (done.exit_code, done.stdout) == (0, "document 2: refused; the agent may start\n")


def test_all_documents_go_into_a_spreadsheet(shop: Shop, tmp_path: Path) -> None:
    shop.sell(123_450)
    shop.stop()
    shown = run(shop, "documents")
    assert shown.stdout.splitlines()[0].split()[:4] == ["number", "stage", "kind", "total"]
    assert len(shown.stdout.splitlines()) == 3
    assert len(run(shop, "documents", "--after", "1").stdout.splitlines()) == 2
    file = tmp_path / "documents.csv"
    assert run(shop, "documents", "--csv", str(file)).exit_code == 0
    text = file.read_text("utf-8-sig")
    assert text.splitlines()[0].startswith("number;stage;kind;total") and ";1234,50;" in text
    missing = run(shop, "documents", "--csv", str(tmp_path / "no" / "where.csv"))
    assert missing.exit_code == 2 and "Name another file with --csv." in missing.stderr


def test_what_cannot_be_opened_or_decided_is_said_with_the_next_step(shop: Shop) -> None:
    running = run(shop, "status")
    assert running.exit_code == 2 and "Is the agent stopped?" in running.stderr
    shop.stop()
    nobody = run(shop, "set-aside", "9", "--by", "x", "--why", "y")
    assert nobody.exit_code == 2 and "document 9: there is none" in nobody.stderr
    wrong = run(shop, "again", "1", "--by", "x", "--why", "y")
    assert wrong.exit_code == 2 and "is done, this decision is for one that is queued" in wrong.stderr
    other = run(shop, "status", url="webkassa+https://kkm.webkassa.kz?cashbox=SWK00000001&login=a@b.kz")
    assert other.exit_code == 2 and "is no register in software" in other.stderr
    missing = run(shop, "status", url=shop.url.replace("ofd.sqlite", "other.sqlite"))
    assert missing.exit_code == 2 and "no such file" in missing.stderr
    assert not shop.store.with_name("other.sqlite").exists()
