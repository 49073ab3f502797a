"""A support bundle of a till full of secrets holds none of them, and still says what support needs."""

from __future__ import annotations

import base64
import json
import logging
import zipfile
from pathlib import Path

import pytest
from api_server import TOKEN, api_of
from shop_till import ShopTill
from typer.testing import CliRunner, Result

from fiscal.register import Payment, PaymentKind
from hw_sim.registry import Fate
from pos_agent.cli.main import app
from pos_agent.log_file import open_log_file

PASSWORD, PIN, VARIABLE = "Кассаның-құпия-сөзі", "4829-pin-1177", "integrator-key-0123"
IIN, BIN, NAME = "850101400123", "990140000385", "Жұмагүл Сәрсенбайқызы"


def bundle(config: Path, target: Path, *arguments: object) -> Result:
    words = ["support-bundle", "--config", config, "--output", target, "--lang", "en", *arguments]
    return CliRunner().invoke(app, [str(word) for word in words])


def whole(target: Path) -> dict[str, str]:
    with zipfile.ZipFile(target) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[str]]:
    """A till whose configuration, environment, log and journal hold what must not leave it."""
    till = ShopTill(tmp_path / "data")
    sellable = [mark for mark in till.sim.shop.codes if mark.fate is Fate.SELLABLE]
    signed = [mark for mark in sellable if "\x1d92" in mark.text][:2]
    packs = [mark for mark in sellable if "\x1d" not in mark.text and mark.text != mark.ki][:1]
    sale, marks = till.open(), [*signed, *packs]
    assert len(marks) == 3
    for mark in marks:
        till.scan(sale, mark.text)
    till.agent.checkout.scan(sale, b"nonsense")
    till.agent.closing.pay(sale, [Payment(PaymentKind.CASH, till.total(sale))], customer_xin=IIN)
    till.silence(made=True)
    secret, pin = tmp_path / "password", tmp_path / "pin"
    secret.write_text(PASSWORD)
    pin.write_text(PIN)
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setenv("INTEGRATOR_API_KEY", VARIABLE)
    monkeypatch.setenv("POS_AGENT__TILL__CASHIER", NAME)
    handler = open_log_file(tmp_path / "data")
    logger = logging.getLogger(f"test.{tmp_path.name}")
    logger.propagate = False
    logger.addHandler(handler)
    raw = base64.b64encode(marks[0].text.encode()).decode()
    for text in (
        PASSWORD,
        PIN,
        VARIABLE,
        f"Bearer {TOKEN}x",
        marks[0].text,
        repr(marks[1].text),
        marks[2].text,
        IIN,
        BIN,
        NAME,
        raw,
    ):
        logger.warning("somebody logged %s here", text)
    handler.close()
    logger.removeHandler(handler)
    with (tmp_path / "data/agent.log").open("a", encoding="utf-8") as log:  # Written by an older version, uncleaned.
        log.write(f"{PASSWORD} {PIN} {marks[0].text} {marks[2].text} {BIN} {NAME}\n")
    with api_of(till.agent) as http:
        config = tmp_path / "agent.toml"
        config.write_text(
            f'[till]\nname = "{till.agent.journal.till}"\ndata = {json.dumps(str(till.folder))}\n'
            '[register]\nurl = "webkassa+http://127.0.0.1:9?cashbox=SWK00000001&login=a@b.kz"\n'
            f'secrets.webkassa_password = "file:{secret}"\nsecrets.webkassa_api_key = "file:{pin}"\n'
            f'[policy]\nown_tins = ["{BIN}"]\n'
            f'[api]\nport = {http.base_url.port}\nclients = [{{ name = "x", token = "file:{tmp_path / "token"}" }}]\n',
            encoding="utf-8",
        )
        target = tmp_path / "bundle.zip"
        answer = bundle(config, target)
        named = bundle(config, tmp_path / "named.zip", "--names")
    till.agent.close()
    assert (answer.exit_code, named.exit_code) == (0, 0), answer.output
    assert "log.jsonl" in answer.output and "Taken out" in answer.output
    tails = [mark.text.removeprefix(mark.ki).strip("\x1d") for mark in marks]
    pieces = [piece[2:] for tail in tails for piece in tail.split("\x1d") if len(piece) > 6]
    return target, [PASSWORD, PIN, VARIABLE, TOKEN, IIN, BIN, *tails, *pieces, raw]


def test_no_planted_secret_is_in_the_archive_and_names_only_when_wanted(planted: tuple[Path, list[str]]) -> None:
    target, secrets = planted
    for path, hidden in ((target, [*secrets, NAME, "Айгүл"]), (target.with_name("named.zip"), secrets)):
        parts = whole(path)
        assert len(hidden) >= 10 and all(len(secret) > 4 for secret in hidden), hidden
        forms = [(secret, form) for secret in hidden for form in (secret, json.dumps(secret)[1:-1])]
        found = [(form, name) for _, form in forms for name, text in parts.items() if form in text]
        assert found == []
    assert NAME in whole(target.with_name("named.zip"))["config.json"]


def test_the_archive_says_what_support_needs(planted: tuple[Path, list[str]]) -> None:
    parts = whole(planted[0])
    assert set(parts) == {
        "README.txt", "versions.json", "doctor.json", "config.json", "status.json", "journal.json", "log.jsonl",
        "service.txt", "devices.json", "environment.json",
    }  # fmt: skip
    data = {name: json.loads(text) for name, text in parts.items() if name.endswith(".json")}
    assert data["status.json"]["till"] == data["doctor.json"]["till"] == "demo-1"
    assert data["journal.json"]["kinds"]["scan_judged"]["rows"] >= 3
    last = data["journal.json"]["last"]
    assert {"number", "at", "kind", "hash"} <= set(last[-1])
    assert any(row.get("reason", "").startswith("M-") for row in last)
    password = next(row for row in data["config.json"]["values"] if row["key"] == "register.secrets.webkassa_password")
    assert (password["value"].startswith("file:"), password["secret"]["resolves"]) == (True, True)
    assert "somebody logged" in parts["log.jsonl"]
    assert "INTEGRATOR_API_KEY" in data["environment.json"]["names"]


def test_without_a_configuration_or_an_agent_there_is_a_bundle_all_the_same(tmp_path: Path) -> None:
    answer = bundle(tmp_path / "none.toml", tmp_path / "b.zip", "--json")
    facts = json.loads(answer.stdout)
    assert (answer.exit_code, {part["name"] for part in facts["parts"]} >= {"doctor.json", "versions.json"}) == (
        0,
        True,
    )
    again = bundle(tmp_path / "none.toml", tmp_path / "b.zip")
    assert (again.exit_code, "--output" in again.output) == (2, True)
